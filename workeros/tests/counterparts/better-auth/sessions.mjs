// One's own sessions.

import assert from 'node:assert/strict';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { PASSWORD } from './site.mjs';

export async function part(site) {
  const bob = await site.member('bob');
  const [phone, laptop] = [site.visitor(), site.visitor()];
  for (const visitor of [phone, laptop]) {
    expect.data(await visitor.client.signIn.email({ email: bob.email, password: PASSWORD }));
  }

  await check('listSessions', async () => {
    const sessions = expect.data(await bob.client.listSessions());
    assert.equal(sessions.length, 3);
    for (const session of sessions) expect.session(session, bob.user.id);
  });

  await check('listSessions without a session', async () => {
    expect.refused(await site.visitor().client.listSessions(), 401);
  });

  await check('revokeSession', async () => {
    const { id } = (await phone.session()).session;
    const sessions = expect.data(await bob.client.listSessions());
    const { token } = sessions.find((session) => session.id === id);
    assert.deepEqual(expect.data(await bob.client.revokeSession({ token })), { status: true });
    assert.equal(await phone.session(), null);
    assert.equal(expect.data(await bob.client.listSessions()).length, 2);
  });

  await check('revokeOtherSessions', async () => {
    assert.deepEqual(expect.data(await bob.client.revokeOtherSessions()), { status: true });
    assert.equal(await laptop.session(), null);
    assert.equal((await bob.session()).user.id, bob.user.id);
  });

  await check('revokeSessions', async () => {
    assert.deepEqual(expect.data(await bob.client.revokeSessions()), { status: true });
    assert.equal(await bob.session(), null);
  });
}
