// A person at the page, in a browser: run by `browser.rs`.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

const PASSWORD = 'correct horse battery';

/** `printed` is the file of what the program prints. */
export async function part({ page, url, args: [printed], authenticator, check }) {
  const press = (name) => page.getByRole('button', { name, exact: true }).click();
  const type = (label, text) => page.getByLabel(label, { exact: true }).fill(text);
  const says = (text) => page.getByRole('status').filter({ hasText: text }).waitFor();
  const is = (who) => page.locator('#who').filter({ hasText: who }).waitFor();
  const signOut = async () => {
    await press('Sign out');
    await is('Not signed in');
  };

  await check('the page comes up', async () => {
    await page.goto(url);
    await is('Not signed in');
  });

  await check('the first user signs up and is the administrator', async () => {
    await type('E-mail', 'ann@example.com');
    await type('Password', PASSWORD);
    await press('Sign up');
    await is('ann@example.com (administrator)');
  });

  await check('she shows that the address is hers', async () => {
    await press('Verify my address');
    await says('A link is on its way.');
    await page.goto(await link(printed, 'verify-email'));
    await is('ann@example.com (administrator)');
    await page.locator('#verify').waitFor({ state: 'hidden' });
  });

  await check('she defines the collection and keeps a note', async () => {
    await press('Create notes and its permissions');
    await type('New note', 'buy <b>tea</b>');
    await press('Add');
    await page.getByText('buy <b>tea</b>', { exact: true }).waitFor();
  });

  await check('she signs in with her password', async () => {
    await signOut();
    await press('I have an account');
    await type('E-mail', 'ann@example.com');
    await type('Password', 'wrong horse battery');
    await press('Sign in');
    await says('invalid e-mail or password');
    await type('Password', PASSWORD);
    await press('Sign in');
    await is('ann@example.com');
  });

  await check('she adds a passkey and signs in with it', async () => {
    await press('Add a passkey');
    await says('The passkey is kept.');
    assert.equal((await authenticator.credentials()).length, 1);
    await press('Add a passkey');
    await says('This device has a passkey of yours already.');
    await signOut();
    await press('Use a passkey');
    await is('ann@example.com');
  });

  await check('she signs in by a link, and keeps her password and passkey', async () => {
    await signOut();
    await type('E-mail', 'ann@example.com');
    await press('Mail me a link');
    await says('A link is on its way.');
    await page.goto(await link(printed, 'magic-link'));
    await is('ann@example.com');
    await page.getByText('Passkey', { exact: true }).waitFor();
    await signOut();
    await press('I have an account');
    await type('E-mail', 'ann@example.com');
    await type('Password', PASSWORD);
    await press('Sign in');
    await is('ann@example.com');
  });

  await check('she deletes the passkey, and it is of no more use', async () => {
    await press('Delete “Passkey”');
    await says('The passkey is gone.');
    await signOut();
    await press('Use a passkey');
    await page.locator('#status.bad').waitFor();
    assert.equal(await page.locator('#who').textContent(), 'Not signed in');
  });

  await check('somebody new signs in by a link that is printed', async () => {
    await type('E-mail', 'bob@example.com');
    await press('Mail me a link');
    await says('A link is on its way.');
    await page.goto(await link(printed, 'magic-link', 2));
    await is('bob@example.com');
    await page.getByText('Your notes, and what is shared').waitFor();
    assert.equal(await page.getByText('buy <b>tea</b>').count(), 0);
  });

  await check('the link is good once', async () => {
    await signOut();
    await page.goto(await link(printed, 'magic-link', 2));
    await says('That link was used, or is too old.');
    await is('Not signed in');
  });
}

/** A link to somewhere that the program has printed: the first one, or a later one. */
async function link(printed, where, nth = 1) {
  for (let tries = 0; tries < 200; tries += 1) {
    const links = (await readFile(printed, 'utf8')).match(/http:\/\/\S+/g) ?? [];
    const found = links.filter((link) => link.includes(where))[nth - 1];
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`no link to ${where} was printed`);
}
