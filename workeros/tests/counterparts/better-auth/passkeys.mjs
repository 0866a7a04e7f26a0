// Passkeys, by better-auth's client in Chromium:
//
//   node chromium.mjs better-auth/passkeys.mjs <base URL of the endpoints>

import assert from 'node:assert/strict';

const EMAIL = 'ann@example.com';
const PASSWORD = 'correct horse battery';

export async function part({ page, url, authenticator, check, bundle }) {
  await page.goto(new URL('/', url).href);
  await page.addScriptTag({ content: await bundle('./better-auth/browser.mjs') });
  await page.evaluate((base) => { globalThis.client = visit(base); }, url);
  const call = (path, body) => page.evaluate(async ([path, body]) => {
    const method = path.split('.').reduce((object, name) => object[name], client);
    const { data, error } = await method(body);
    return { data, error: error && { ...error } };
  }, [path, body]);
  const data = async (path, body) => {
    const { data, error } = await call(path, body);
    assert.equal(error, null, JSON.stringify(error));
    return data;
  };

  await data('signUp.email', { email: EMAIL, password: PASSWORD, name: 'Ann' });

  await check('passkey.addPasskey', async () => {
    const passkey = await data('passkey.addPasskey', { name: 'Laptop' });
    assert.equal(passkey.name, 'Laptop');
    const [credential, ...others] = await authenticator.credentials();
    assert.equal(others.length, 0);
    assert.equal(credential.isResidentCredential, true);
    assert.equal(credential.rpId, 'localhost');
  });

  await check('passkey.addPasskey once more on the same authenticator', async () => {
    const { data, error } = await call('passkey.addPasskey', { name: 'Laptop' });
    assert.equal(data, null);
    assert.equal(error.code, 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED');
  });

  const id = await check('passkey.listUserPasskeys', async () => {
    const [passkey, ...others] = await data('passkey.listUserPasskeys');
    assert.equal(others.length, 0);
    assert.equal(passkey.name, 'Laptop');
    assert.ok(passkey.createdAt instanceof Date);
    return passkey.id;
  });

  await check('passkey.updatePasskey', async () => {
    await data('passkey.updatePasskey', { id, name: 'Old laptop' });
    assert.equal((await data('passkey.listUserPasskeys'))[0].name, 'Old laptop');
  });

  await check('signIn.passkey', async () => {
    await data('signOut');
    assert.equal(await data('getSession'), null);
    await data('signIn.passkey');
    assert.equal((await data('getSession')).user.email, EMAIL);
  });

  await check('signIn.passkey by who cannot show that it is he', async () => {
    await data('signOut');
    await authenticator.verifiesUser(false);
    const { data: signedIn } = await call('signIn.passkey');
    assert.equal(signedIn, null);
    assert.equal(await data('getSession'), null);
    await authenticator.verifiesUser(true);
  });

  await check('passkey.deletePasskey', async () => {
    await data('signIn.passkey');
    await data('passkey.deletePasskey', { id });
    assert.deepEqual(await data('passkey.listUserPasskeys'), []);
    await data('signOut');
    const { error } = await call('signIn.passkey');
    assert.equal(error.status, 401);
  });
}
