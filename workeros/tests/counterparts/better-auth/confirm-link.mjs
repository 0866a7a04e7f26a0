// A link in a mail, followed in another browser than the one it was asked in:
//
//   node chromium.mjs better-auth/confirm-link.mjs <base URL of the endpoints> <mails URL>

import assert from 'node:assert/strict';

import { Mailbox } from '../mailbox.mjs';

const EMAIL = 'ann@example.com';

export async function part({ page, url, args: [mails], check }) {
  const user = async () => {
    const answer = await page.context().request.get(`${url}/get-session`);
    return (await answer.json())?.user.email;
  };
  const asked = await fetch(`${url}/sign-in/magic-link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: EMAIL, callbackURL: '/home' }),
  });
  assert.equal(asked.status, 200);
  const link = await new Mailbox(mails).link(EMAIL);

  await check('the link asks first', async () => {
    await page.goto(link.href);
    assert.match(await page.textContent('body'), /signed in as ann@example\.com/);
    assert.equal(await user(), undefined);
  });

  await check('the button signs in', async () => {
    await page.click('button');
    await page.waitForURL('**/home');
    assert.equal(await user(), EMAIL);
  });
}
