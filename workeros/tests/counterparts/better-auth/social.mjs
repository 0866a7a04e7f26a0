// Signing in at another provider: `oidc-provider.mjs`, which the server knows as
// `oidc` and whose issuer is in `WORKEROS_TEST_ISSUER`.

import assert from 'node:assert/strict';

import { signIn } from '../oidc-browser.mjs';
import { check } from '../report.mjs';
import * as expect from './expect.mjs';

export async function part(site) {
  const issuer = process.env.WORKEROS_TEST_ISSUER;
  const visitor = site.visitor();

  const callback = await check('signIn.social leads to the provider, and it back', async () => {
    const { url, redirect } = expect.data(await visitor.client.signIn.social({ provider: 'oidc', callbackURL: '/home' }));
    assert.equal(redirect, true);
    assert.equal(new URL(url).origin, issuer);
    return signIn(issuer, url, 'alice');
  });

  await check('the callback is of no use to another browser', async () => {
    const thief = site.visitor();
    await thief.fetch(callback);
    assert.equal(await thief.session(), null);
  });

  await check('the callback signs in and leads to the page', async () => {
    const page = await visitor.follow(callback);
    assert.deepEqual([page.pathname, page.search], ['/home', '']);
    expect.user((await visitor.session()).user, { email: 'alice@example.com', name: 'Alice', emailVerified: true });
  });

  await check('the callback is of use once', async () => {
    const again = site.visitor();
    await again.fetch(callback);
    assert.equal(await again.session(), null);
  });

  await check('listAccounts', async () => {
    const accounts = expect.data(await visitor.client.listAccounts());
    assert.deepEqual(accounts.map(({ providerId, accountId }) => [providerId, accountId]), [['oidc', 'alice']]);
  });
}
