// What the client is to find.

import assert from 'node:assert/strict';

const A_MINUTE_MS = 60_000;

/** The data of an answer that is no error. */
export function data({ data, error }) {
  assert.equal(error, null, `refused: ${JSON.stringify(error)}`);
  return data;
}

/** An answer that is an error with this status, and code where one is given. */
export function refused({ data, error }, status, code) {
  assert.equal(data, null, `not refused: ${JSON.stringify(data)}`);
  assert.equal(error.status, status, JSON.stringify(error));
  if (code) assert.equal(error.code, code, JSON.stringify(error));
  assert.equal(typeof error.message, 'string');
}

/** A user as the client types it, made just now. */
export function user(user, { email, name, emailVerified = false }) {
  assert.equal(typeof user.id, 'string');
  assert.equal(user.email, email);
  assert.equal(user.name, name);
  assert.equal(user.emailVerified, emailVerified);
  assert.equal(user.image ?? null, null);
  now(user.createdAt);
  now(user.updatedAt);
}

/** A session as the client types it, opened just now. */
export function session(session, userId) {
  assert.equal(typeof session.id, 'string');
  assert.equal(typeof session.token, 'string');
  assert.equal(session.userId, userId);
  now(session.createdAt);
  now(session.updatedAt);
  assert.ok(session.expiresAt instanceof Date && session.expiresAt > Date.now(), `over: ${session.expiresAt}`);
}

/** An instant that the client reads as one, and not long ago. */
export function now(instant) {
  assert.ok(instant instanceof Date, `not a date: ${instant}`);
  assert.ok(Math.abs(instant - Date.now()) < A_MINUTE_MS, `not now: ${instant.toISOString()}`);
}
