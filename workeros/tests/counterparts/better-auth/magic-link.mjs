// Signing in by a link in a mail. A browser that asked for it is signed in by
// following it; an app is sent a token to sign in by.

import assert from 'node:assert/strict';

import { magicLinkClient } from 'better-auth/client/plugins';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { address } from './site.mjs';

const PLUGINS = [magicLinkClient()];

export async function part(site) {
  await check('signIn.magicLink and its link, by somebody new', async () => {
    const [email, gil] = [address('gil'), site.visitor(PLUGINS)];
    const asked = expect.data(await gil.client.signIn.magicLink({ email, name: 'Gil', callbackURL: '/home' }));
    assert.deepEqual(asked, { status: true });
    const page = await gil.follow(await site.mailbox.link(email));
    assert.equal(page.pathname, '/home');
    if (site.isApp) await verify(site, gil, page.searchParams.get('token'));
    else assert.equal(page.search, '');
    expect.user((await gil.session()).user, { email, name: 'Gil', emailVerified: true });
  });

  await check('a link that was used leads to the page that says so', async () => {
    const [email, ian] = [address('ian'), site.visitor(PLUGINS)];
    const pages = { callbackURL: '/home', errorCallbackURL: '/error' };
    expect.data(await ian.client.signIn.magicLink({ email, ...pages }));
    const link = await site.mailbox.link(email);
    const page = await ian.follow(link);
    if (site.isApp) await verify(site, ian, page.searchParams.get('token'));
    const again = await ian.follow(link);
    assert.deepEqual([again.pathname, again.searchParams.get('error')], ['/error', 'INVALID_TOKEN']);
  });

  await check('magicLink.verify', async () => {
    const hal = await site.member('hal', PLUGINS);
    const visitor = site.visitor(PLUGINS);
    expect.data(await visitor.client.signIn.magicLink({ email: hal.email }));
    const token = (await site.mailbox.link(hal.email)).searchParams.get('token');
    const { token: opened, user } = expect.data(await verify(site, visitor, token));
    assert.equal(typeof opened, 'string');
    assert.equal(user.email, hal.email);
    assert.equal((await visitor.session()).user.emailVerified, true);
    expect.refused(await verify(site, visitor, token), 400, 'INVALID_TOKEN');
    // She had not shown before that the address is hers.
    assert.equal(await hal.session(), null);
  });

  await check('a link signs no other browser in by itself', async () => {
    const [email, kay] = [address('kay'), site.visitor(PLUGINS)];
    expect.data(await kay.client.signIn.magicLink({ email, callbackURL: '/home' }));
    const [link, scanner] = [await site.mailbox.link(email), site.visitor(PLUGINS)];
    await scanner.fetch(link);
    assert.equal(await scanner.session(), null);
    const page = await kay.follow(link);
    assert.deepEqual([page.pathname, page.searchParams.get('error')], ['/home', null]);
  });
}

/** An app sends the token itself, where a browser would follow the link. */
function verify(site, visitor, token) {
  return visitor.client.magicLink.verify({ query: { token }, fetchOptions: site.isApp ? { method: 'POST' } : {} });
}
