// Signing in by a link in a mail.

import assert from 'node:assert/strict';

import { magicLinkClient } from 'better-auth/client/plugins';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { address } from './site.mjs';

export async function part(site) {
  const plugins = [magicLinkClient()];

  await check('signIn.magicLink and its link, by somebody new', async () => {
    const [email, gil] = [address('gil'), site.visitor(plugins)];
    const asked = expect.data(await gil.client.signIn.magicLink({ email, name: 'Gil', callbackURL: '/home' }));
    assert.deepEqual(asked, { status: true });
    const page = await gil.follow(await site.mailbox.link(email));
    assert.deepEqual([page.pathname, page.search], ['/home', '']);
    expect.user((await gil.session()).user, { email, name: 'Gil', emailVerified: true });
  });

  await check('magicLink.verify', async () => {
    const hal = await site.member('hal', plugins);
    const visitor = site.visitor(plugins);
    expect.data(await visitor.client.signIn.magicLink({ email: hal.email }));
    const token = (await site.mailbox.link(hal.email)).searchParams.get('token');
    const { user, session, token: opened } = expect.data(await visitor.client.magicLink.verify({ query: { token } }));
    assert.equal(typeof opened, 'string');
    assert.equal(user.email, hal.email);
    expect.session(session, user.id);
    assert.equal((await visitor.session()).user.emailVerified, true);
    const again = await visitor.client.magicLink.verify({ query: { token } });
    expect.refused(again, 400, 'INVALID_TOKEN');
  });
}
