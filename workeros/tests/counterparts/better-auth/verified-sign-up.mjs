// A site whose users have to verify their address before they may sign in by
// password.

import assert from 'node:assert/strict';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { PASSWORD, address } from './site.mjs';

export async function part(site) {
  const [email, paul] = [address('paul'), site.visitor()];
  const credentials = { email, password: PASSWORD };
  const signUp = { ...credentials, name: 'Paul', callbackURL: '/welcome' };

  await check('signUp.email signs nobody in yet', async () => {
    const { token, user } = expect.data(await paul.client.signUp.email(signUp));
    assert.equal(token, null);
    expect.user(user, { email, name: 'Paul' });
    assert.equal(await paul.session(), null);
  });

  const link = await site.mailbox.link(email);

  await check('signIn.email of an address that is not verified', async () => {
    expect.refused(await paul.client.signIn.email(credentials), 403, 'EMAIL_NOT_VERIFIED');
  });

  await check('signUp.email tells nobody that an address is taken', async () => {
    const eve = await site.visitor().client.signUp.email({ ...signUp, name: 'Eve', password: 'the battery of Eve' });
    const { token, user } = expect.data(eve);
    assert.equal(token, null);
    expect.user(user, { email, name: 'Eve' });
  });

  await check('the link leads to the page, and then the password is good', async () => {
    const page = await paul.follow(link);
    assert.deepEqual([page.pathname, page.search], ['/welcome', '']);
    expect.data(await paul.client.signIn.email(credentials));
    const { user } = await paul.session();
    assert.deepEqual([user.name, user.emailVerified], ['Paul', true]);
  });
}
