// Somebody of the team who acts as a user.

import assert from 'node:assert/strict';

import { adminClient } from 'better-auth/client/plugins';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { address } from './site.mjs';

const REASON = 'ticket 4711';

export async function part(site, team) {
  await (site.isApp ? asEndUser(site, team) : asMember(site));
}

/** Who runs the instance acts as somebody of the team, in his browser. */
async function asMember(site) {
  const root = await site.member('root', [adminClient()]);
  const bob = await site.member('bob', [adminClient()]);

  await check('admin.impersonateUser without a reason', async () => {
    expect.refused(await root.client.admin.impersonateUser({ userId: bob.user.id }), 422);
  });

  await check('admin.impersonateUser', async () => {
    const started = await root.client.admin.impersonateUser({ userId: bob.user.id, reason: REASON });
    const { session, user } = expect.data(started);
    assert.equal(user.email, address('bob'));
    expect.session(session, bob.user.id);
    assert.equal(session.impersonatedBy, root.user.id);
    const seen = await root.session();
    assert.deepEqual([seen.user.id, seen.session.impersonatedBy], [bob.user.id, root.user.id]);
    const sessions = expect.data(await bob.client.listSessions());
    assert.deepEqual(sessions.map((one) => one.impersonatedBy), [root.user.id, undefined]);
  });

  await check('what it does not do', async () => {
    const renamed = await root.client.updateUser({ name: 'Rob' });
    expect.refused(renamed, 403);
    const nested = await root.client.admin.impersonateUser({ userId: bob.user.id, reason: REASON });
    expect.refused(nested, 403);
  });

  await check('admin.stopImpersonating', async () => {
    const { user } = expect.data(await root.client.admin.stopImpersonating());
    assert.equal(user.id, root.user.id);
    assert.equal((await root.session()).user.id, root.user.id);
    expect.refused(await root.client.admin.stopImpersonating(), 400, 'NOT_IMPERSONATING');
  });

  await check('who may not', async () => {
    const tried = await bob.client.admin.impersonateUser({ userId: root.user.id, reason: REASON });
    expect.refused(tried, 403);
  });
}

/** An admin of the workspace acts as one of its end users, by tokens. */
async function asEndUser(site, team) {
  const uma = await site.member('uma', [adminClient()]);
  const root = await signUp(site, team);

  const token = await check('POST /api/app-users/{id}/impersonate', async () => {
    const path = `${team}/api/app-users/${uma.user.id}/impersonate`;
    const answer = await post(path, { reason: REASON }, root.token);
    assert.equal(answer.session.impersonatedBy, root.user.id);
    return answer.token;
  });
  const acting = site.visitor([adminClient()]);
  acting.token = token;

  await check('getSession', async () => {
    const { session, user } = await acting.session();
    assert.deepEqual([user.id, session.impersonatedBy], [uma.user.id, root.user.id]);
    expect.refused(await acting.client.updateUser({ name: 'Ruma' }), 403);
  });

  await check('admin.stopImpersonating', async () => {
    const stopped = await acting.client.admin.stopImpersonating();
    assert.deepEqual(expect.data(stopped), { session: null, user: null });
    assert.equal(await acting.session(), null);
    assert.equal((await uma.session()).user.id, uma.user.id);
  });
}

async function signUp(site, team) {
  const form = { email: address('root'), password: 'correct horse battery', name: 'Root' };
  return post(`${team}/api/auth/sign-up/email`, form);
}

async function post(url, body, token) {
  const headers = { 'content-type': 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}
