// Users without an account, and how they get one.

import assert from 'node:assert/strict';

import { anonymousClient, magicLinkClient } from 'better-auth/client/plugins';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { PASSWORD, address } from './site.mjs';

export async function part(site) {
  // Somebody else who runs the instance.
  await site.member('root');
  const visitor = site.visitor([anonymousClient(), magicLinkClient()]);

  const id = await check('signIn.anonymous', async () => {
    const { token, user } = expect.data(await visitor.client.signIn.anonymous());
    assert.equal(typeof token, 'string');
    assert.equal(user.isAnonymous, true);
    expect.now(user.createdAt);
    const session = await visitor.session();
    assert.deepEqual([session.user.id, session.user.isAnonymous], [user.id, true]);
    return user.id;
  });

  await check('signIn.anonymous in turn', async () => {
    const code = 'ANONYMOUS_USERS_CANNOT_SIGN_IN_AGAIN_ANONYMOUSLY';
    expect.refused(await visitor.client.signIn.anonymous(), 400, code);
  });

  await check('signUp.email keeps the user', async () => {
    const form = { email: address('uma'), password: PASSWORD, name: 'Uma' };
    const { user } = expect.data(await visitor.client.signUp.email(form));
    assert.equal(user.id, id);
    const session = await visitor.session();
    assert.deepEqual([session.user.id, session.user.email], [id, address('uma')]);
    assert.ok(!session.user.isAnonymous);
    const refused = await visitor.client.deleteAnonymousUser();
    expect.refused(refused, 403, 'USER_IS_NOT_ANONYMOUS');
  });

  await check('signIn.email as somebody who has an account', async () => {
    const other = site.visitor([anonymousClient()]);
    const { user } = expect.data(await other.client.signIn.anonymous());
    assert.notEqual(user.id, id);
    const back = await other.client.signIn.email({ email: address('uma'), password: PASSWORD });
    assert.equal(expect.data(back).user.id, id);
    assert.equal((await other.session()).user.id, id);
  });

  await check('deleteAnonymousUser', async () => {
    const other = site.visitor([anonymousClient()]);
    expect.data(await other.client.signIn.anonymous());
    assert.deepEqual(expect.data(await other.client.deleteAnonymousUser()), { success: true });
    assert.equal(await other.session(), null);
  });
}
