// Signing up, in and out, and who that makes one.

import assert from 'node:assert/strict';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { PASSWORD, address } from './site.mjs';

export async function part(site) {
  const email = address('ann');
  const ann = site.visitor();

  await check('nobody is signed in', async () => assert.equal(expect.data(await site.visitor().client.getSession()), null));

  await check('signUp.email', async () => {
    const { token, user } = expect.data(await ann.client.signUp.email({ email, password: PASSWORD, name: 'Ann' }));
    assert.equal(typeof token, 'string');
    expect.user(user, { email, name: 'Ann' });
  });

  await check('getSession', async () => {
    const { session, user } = expect.data(await ann.client.getSession());
    expect.user(user, { email, name: 'Ann' });
    expect.session(session, user.id);
  });

  await check('getSession with a bearer token', async () => {
    const { user } = expect.data(await site.bearer(ann.token).client.getSession());
    assert.equal(user.email, email);
  });

  await check('signUp.email with an address that is taken', async () => {
    const again = await site.visitor().client.signUp.email({ email, password: PASSWORD, name: 'Eve' });
    expect.refused(again, 422, 'USER_ALREADY_EXISTS');
  });

  await check('signUp.email with a password that is too short', async () => {
    const short = await site.visitor().client.signUp.email({ email: address('eve'), password: 'short', name: 'Eve' });
    expect.refused(short, 422, 'PASSWORD_TOO_SHORT');
  });

  await check('signIn.email with a wrong password', async () => {
    const wrong = await site.visitor().client.signIn.email({ email, password: 'wrong horse battery' });
    expect.refused(wrong, 401, 'INVALID_EMAIL_OR_PASSWORD');
  });

  await check('signIn.email of nobody', async () => {
    const nobody = await site.visitor().client.signIn.email({ email: address('nobody'), password: PASSWORD });
    expect.refused(nobody, 401, 'INVALID_EMAIL_OR_PASSWORD');
  });

  const again = site.visitor();
  await check('signIn.email', async () => {
    const signedIn = expect.data(await again.client.signIn.email({ email, password: PASSWORD, callbackURL: '/home' }));
    assert.deepEqual([signedIn.redirect, signedIn.url], [true, '/home']);
    expect.user(signedIn.user, { email, name: 'Ann' });
    assert.equal((await again.session()).user.email, email);
  });

  await check('updateUser', async () => {
    assert.deepEqual(expect.data(await again.client.updateUser({ name: 'Anna' })), { status: true });
    assert.equal((await again.session()).user.name, 'Anna');
    assert.equal((await ann.session()).user.name, 'Anna');
  });

  await check('signUp.email and updateUser with a language', async () => {
    const eve = site.visitor();
    const chosen = async () => (await eve.session()).user.locale;
    const signUp = { email: address('eve'), password: PASSWORD, name: 'Eve', locale: 'fr' };
    assert.equal(expect.data(await eve.client.signUp.email(signUp)).user.locale, 'fr');
    assert.equal(await chosen(), 'fr');
    expect.data(await eve.client.updateUser({ locale: 'de-CH' }));
    assert.equal(await chosen(), 'de-ch');
    expect.data(await eve.client.updateUser({ name: 'Eva' }));
    assert.equal(await chosen(), 'de-ch');
    expect.refused(await eve.client.updateUser({ locale: 'of no country' }), 422);
    expect.data(await eve.client.updateUser({ locale: null }));
    assert.equal(await chosen(), null);
  });

  await check('signOut', async () => {
    assert.equal(expect.data(await again.client.signOut()).success, true);
    assert.equal(await again.session(), null);
    assert.equal((await ann.session()).user.email, email);
  });
}
