// Another address, and leaving.

import assert from 'node:assert/strict';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { PASSWORD, address } from './site.mjs';

export async function part(site) {
  // Somebody else who runs the instance.
  await site.member('root');
  const olga = await site.member('olga');
  const [first, second] = [address('olga.first'), address('olga.second')];

  await check('changeEmail, confirmed at the new address', async () => {
    const change = { newEmail: first, callbackURL: '/settings' };
    assert.deepEqual(expect.data(await olga.client.changeEmail(change)), { status: true });
    await confirm(site, olga, await site.mailbox.link(first));
    const { user } = await olga.session();
    assert.deepEqual([user.email, user.emailVerified], [first, true]);
  });

  await check('changeEmail, agreed to at an address that is verified', async () => {
    expect.data(await olga.client.changeEmail({ newEmail: second, callbackURL: '/settings' }));
    await confirm(site, olga, await site.mailbox.link(first));
    assert.equal((await olga.session()).user.email, first);
    await confirm(site, olga, await site.mailbox.link(second));
    assert.equal((await olga.session()).user.email, second);
  });

  await check('deleteUser with a wrong password', async () => {
    const wrong = await olga.client.deleteUser({ password: 'wrong horse battery' });
    expect.refused(wrong, 403, 'INVALID_PASSWORD');
  });

  await check('deleteUser', async () => {
    assert.equal(expect.data(await olga.client.deleteUser({ password: PASSWORD })).success, true);
    assert.equal(await olga.session(), null);
    const gone = await site.visitor().client.signIn.email({ email: second, password: PASSWORD });
    expect.refused(gone, 401, 'INVALID_EMAIL_OR_PASSWORD');
  });
}

/** Presses the button of the page a link leads to; of an app, does what its page does. */
async function confirm(site, visitor, link) {
  if (!site.isApp) {
    const response = await visitor.fetch(link, { method: 'POST' });
    assert.equal(response.headers.get('location'), '/settings', await response.text());
    return;
  }
  const token = (await visitor.follow(link)).searchParams.get('token');
  expect.data(await visitor.client.$fetch('/change-email/confirm', { method: 'POST', query: { token } }));
}
