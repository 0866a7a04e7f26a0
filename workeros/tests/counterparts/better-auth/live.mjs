// What a page shows by itself, and anew when it changes: the hook `useSession` of
// the frameworks is this store.

import assert from 'node:assert/strict';

import { check } from '../report.mjs';
import { PASSWORD, address } from './site.mjs';

const PATIENCE_MS = 10_000;

export async function part(site) {
  const { client } = site.visitor();

  await check('useSession', async () => {
    const session = watch(client.useSession);
    await client.signUp.email({ email: address('ann'), password: PASSWORD, name: 'Ann' });
    const { user } = await session.becomes((data) => data?.user);
    assert.equal(user.name, 'Ann');
    await client.updateUser({ name: 'Anna' });
    await session.becomes((data) => data.user.name === 'Anna');
    await client.useSession.get().refetch({ query: { disableCookieCache: true } });
    assert.equal(client.useSession.get().error, null);
    await client.signOut();
    await session.becomes((data) => data === null);
  });
}

/** Somebody who looks at a store. */
function watch(store) {
  const seen = [];
  let look = () => {};
  store.subscribe((value) => {
    seen.push(value);
    look();
  });
  return {
    /** Waits until what is shown is so. */
    becomes: (holds) => new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(JSON.stringify(seen.at(-1)))), PATIENCE_MS);
      look = () => {
        const { data, isPending } = seen.at(-1);
        if (isPending || !holds(data)) return;
        clearTimeout(late);
        resolve(data);
      };
      look();
    }),
  };
}
