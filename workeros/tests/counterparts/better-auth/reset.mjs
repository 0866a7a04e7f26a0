// Another password, by somebody who reads the mail.

import assert from 'node:assert/strict';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { PASSWORD, address } from './site.mjs';

const NEW = 'another horse battery';

export async function part(site) {
  const dan = await site.member('dan');
  const visitor = site.visitor();

  await check('requestPasswordReset', async () => {
    for (const email of [dan.email, address('nobody')]) {
      const asked = expect.data(await visitor.client.requestPasswordReset({ email, redirectTo: '/choose' }));
      assert.equal(asked.status, true);
    }
  });

  const token = await check('the link leads to the page', async () => {
    const page = await visitor.follow(await site.mailbox.link(dan.email));
    assert.equal(page.pathname, '/choose');
    return page.searchParams.get('token');
  });

  await check('resetPassword', async () => {
    assert.deepEqual(expect.data(await visitor.client.resetPassword({ newPassword: NEW, token })), { status: true });
    assert.equal(await dan.session(), null);
  });

  await check('resetPassword with a link that was used', async () => {
    expect.refused(await visitor.client.resetPassword({ newPassword: NEW, token }), 400, 'INVALID_TOKEN');
  });

  await check('signIn.email with the new password alone', async () => {
    const old = await site.visitor().client.signIn.email({ email: dan.email, password: PASSWORD });
    expect.refused(old, 401, 'INVALID_EMAIL_OR_PASSWORD');
    expect.data(await visitor.client.signIn.email({ email: dan.email, password: NEW }));
  });
}
