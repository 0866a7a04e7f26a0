// The tokens of end users: how a page keeps them, and that others can check them.

import assert from 'node:assert/strict';

import { createAuthClient } from 'better-auth/client';
import { jwtClient } from 'better-auth/client/plugins';
import { createRemoteJWKSet, jwtVerify } from 'jose';

import { check } from '../report.mjs';
import { appTokens } from './app-tokens.mjs';
import * as expect from './expect.mjs';
import { PASSWORD, address } from './site.mjs';

export async function part({ baseURL }) {
  const store = new Store();
  const { token, fetchOptions } = appTokens({ baseURL, store });
  const plugins = [jwtClient({ jwks: { jwksPath: '/jwks.json' } })];
  const client = createAuthClient({ baseURL, fetchOptions, plugins });
  const signUp = { email: address('ann'), password: PASSWORD, name: 'Ann', image: 'https://example.com/ann.png' };
  const { user } = expect.data(await client.signUp.email(signUp));
  const kept = () => JSON.parse(store.getItem('tokens'));

  await check('a token is kept, and sent', async () => {
    assert.equal(await token(), kept().accessToken);
    const query = { disableCookieCache: true, disableRefresh: true };
    const seen = expect.data(await client.getSession({ query }));
    assert.deepEqual([seen.user.id, seen.user.image], [user.id, signUp.image]);
  });

  await check('one that is too old is renewed before it is sent, also by two at once', async () => {
    const before = kept();
    store.setItem('tokens', JSON.stringify({ ...before, until: 0 }));
    await Promise.all([token(), token()]);
    assert.notEqual(kept().refreshToken, before.refreshToken);
    assert.ok(kept().until > Date.now());
    assert.equal(expect.data(await client.getSession()).user.id, user.id);
  });

  await check('jwks, and a service that verifies a token by them', async () => {
    const { keys } = expect.data(await client.jwks());
    assert.ok(keys.length > 0 && keys.every((key) => key.crv === 'Ed25519' && !('d' in key)));
    const backend = baseURL.replace(/\/api\/t\/.*/, '');
    for (const url of [`${baseURL}/jwks.json`, `${backend}/.well-known/jwks.json`]) {
      const published = createRemoteJWKSet(new URL(url));
      const expected = { issuer: backend, audience: 'default', typ: 'at+jwt', algorithms: ['EdDSA'] };
      const { payload } = await jwtVerify(await token(), published, expected);
      assert.equal(payload.sub, user.id);
      await assert.rejects(jwtVerify(await token(), published, { ...expected, audience: 'shop' }), { claim: 'aud' });
    }
  });

  await check('signOut', async () => {
    const { refreshToken } = kept();
    expect.data(await client.signOut());
    assert.equal(await token(), undefined);
    assert.equal(expect.data(await client.getSession()), null);
    store.setItem('tokens', JSON.stringify({ accessToken: 'x', refreshToken, until: 0 }));
    assert.equal(await token(), undefined);
    assert.equal(kept(), null);
  });
}

/** What `localStorage` is in a page. */
class Store {
  #items = new Map();

  getItem(name) {
    return this.#items.get(name) ?? null;
  }

  setItem(name, value) {
    this.#items.set(name, value);
  }

  removeItem(name) {
    this.#items.delete(name);
  }
}
