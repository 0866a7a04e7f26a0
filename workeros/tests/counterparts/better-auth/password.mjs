// Another password, by somebody who knows the one before.

import assert from 'node:assert/strict';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { PASSWORD } from './site.mjs';

const NEW = 'another horse battery';
const NEWEST = 'yet another battery';

export async function part(site) {
  const cid = await site.member('cid');
  const phone = site.visitor();
  expect.data(await phone.client.signIn.email({ email: cid.email, password: PASSWORD }));

  await check('changePassword with a wrong one', async () => {
    const change = { currentPassword: 'wrong horse battery', newPassword: NEW };
    expect.refused(await cid.client.changePassword(change), 403, 'INVALID_PASSWORD');
  });

  await check('changePassword', async () => {
    const change = { currentPassword: PASSWORD, newPassword: NEW };
    const changed = expect.data(await cid.client.changePassword(change));
    assert.equal(changed.token, null);
    assert.equal(changed.user.email, cid.email);
    assert.equal((await phone.session()).user.email, cid.email);
  });

  await check('changePassword and revokeOtherSessions', async () => {
    const change = { currentPassword: NEW, newPassword: NEWEST, revokeOtherSessions: true };
    const changed = expect.data(await cid.client.changePassword(change));
    assert.equal(typeof changed.token, 'string');
    assert.equal(await phone.session(), null);
    assert.equal((await cid.session()).user.email, cid.email);
  });

  await check('signIn.email with the new password alone', async () => {
    const old = await site.visitor().client.signIn.email({ email: cid.email, password: NEW });
    expect.refused(old, 401, 'INVALID_EMAIL_OR_PASSWORD');
    expect.data(await site.visitor().client.signIn.email({ email: cid.email, password: NEWEST }));
  });
}
