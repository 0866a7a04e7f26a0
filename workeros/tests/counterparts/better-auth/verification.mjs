// Whether somebody reads the mail at his address.

import assert from 'node:assert/strict';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';

export async function part(site) {
  const [eve, fay] = [await site.member('eve'), await site.member('fay')];

  await check('sendVerificationEmail', async () => {
    const asked = expect.data(await eve.client.sendVerificationEmail({ email: eve.email, callbackURL: '/welcome' }));
    assert.equal(asked.status, true);
  });

  await check('the link verifies and leads to the page', async () => {
    const page = await eve.follow(await site.mailbox.link(eve.email));
    assert.deepEqual([page.pathname, page.search], ['/welcome', '']);
    assert.equal((await eve.session()).user.emailVerified, true);
  });

  await check('verifyEmail', async () => {
    expect.data(await fay.client.sendVerificationEmail({ email: fay.email }));
    const token = (await site.mailbox.link(fay.email)).searchParams.get('token');
    assert.equal(expect.data(await fay.client.verifyEmail({ query: { token } })).status, true);
    assert.equal((await fay.session()).user.emailVerified, true);
    expect.refused(await fay.client.verifyEmail({ query: { token } }), 400, 'INVALID_TOKEN');
  });
}
