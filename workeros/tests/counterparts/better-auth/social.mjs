// Signing in at another provider: that of `oidc-provider.mjs`, which the server
// knows as `oidc`. A browser is signed in when it is back; an app is sent a token
// to sign in by.

import assert from 'node:assert/strict';

import { oneTimeTokenClient } from 'better-auth/client/plugins';

import { signIn } from '../oidc-browser.mjs';
import { check } from '../report.mjs';
import * as expect from './expect.mjs';

const PLUGINS = [oneTimeTokenClient()];

export async function part(site, issuer) {
  const visitor = site.visitor(PLUGINS);

  const { callback, browserToken } = await check('signIn.social leads to the provider, and it back', async () => {
    const left = expect.data(await visitor.client.signIn.social({ provider: 'oidc', callbackURL: '/home' }));
    assert.equal(left.redirect, true);
    assert.equal(new URL(left.url).origin, issuer);
    return { ...left, callback: await signIn(issuer, left.url, 'alice') };
  });

  await check('the callback is of no use to another browser', async () => {
    const thief = site.visitor(PLUGINS);
    assert.equal((await thief.fetch(callback)).status, 400);
    assert.equal(await thief.session(), null);
  });

  await check('the callback signs in and leads to the page', async () => {
    const page = await visitor.follow(callback);
    assert.equal(page.pathname, '/home');
    if (site.isApp) {
      const token = page.searchParams.get('token');
      expect.data(await visitor.client.oneTimeToken.verify({ token, browserToken }));
    } else {
      assert.equal(page.search, '');
    }
    expect.user((await visitor.session()).user, { email: 'alice@example.com', name: 'Alice', emailVerified: true });
  });

  await check('the callback is of use once', async () => {
    assert.equal((await visitor.fetch(callback)).status, 400);
  });

  await check('listAccounts', async () => {
    const accounts = expect.data(await visitor.client.listAccounts());
    assert.deepEqual(accounts.map(({ providerId, accountId }) => [providerId, accountId]), [['oidc', 'alice']]);
  });

  await check('linkSocial, listAccounts and unlinkAccount', async () => {
    const nora = await site.member('nora');
    const { url } = expect.data(await nora.client.linkSocial({ provider: 'oidc', callbackURL: '/settings' }));
    const page = await nora.follow(await signIn(issuer, url, 'nobody'));
    assert.deepEqual([page.pathname, page.searchParams.get('error')], ['/settings', null]);
    const accounts = expect.data(await nora.client.listAccounts());
    const added = accounts.find(({ providerId }) => providerId === 'oidc');
    assert.equal(added.accountId, 'nobody');
    assert.equal(accounts.length, 2);
    assert.equal(expect.data(await nora.client.unlinkAccount({ accountId: added.id })).status, true);
    assert.equal(expect.data(await nora.client.listAccounts()).length, 1);
  });

  await check('somebody without an address of his own does not get the account of another', async () => {
    const mallory = site.visitor(PLUGINS);
    const victim = await site.member('victim');
    const pages = { callbackURL: '/home', errorCallbackURL: '/error' };
    const { url } = expect.data(await mallory.client.signIn.social({ provider: 'oidc', ...pages }));
    const page = await mallory.follow(await signIn(issuer, url, 'mallory'));
    assert.deepEqual([page.pathname, page.searchParams.get('error')], ['/error', 'ACCOUNT_EXISTS']);
    assert.equal(await mallory.session(), null);
    assert.equal((await victim.session()).user.email, 'victim@example.com');
  });
}
