// A second factor: an authenticator app, and codes for when it is lost.

import assert from 'node:assert/strict';

import { twoFactorClient } from 'better-auth/client/plugins';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { PASSWORD } from './site.mjs';
import { totp } from './totp.mjs';

export async function part(site) {
  const plugins = [twoFactorClient()];
  const leo = await site.member('leo', plugins);
  const { email } = leo;

  await check('twoFactor.enable with a wrong password', async () => {
    const { data } = await leo.client.twoFactor.enable({ password: 'wrong horse battery' });
    assert.equal(data, null);
  });

  const { totpURI, backupCodes } = await check('twoFactor.enable', async () => {
    const enabled = expect.data(await leo.client.twoFactor.enable({ password: PASSWORD }));
    assert.match(enabled.totpURI, /^otpauth:\/\/totp\//);
    assert.ok(enabled.backupCodes.length >= 8, `${enabled.backupCodes.length} codes`);
    return enabled;
  });

  await check('twoFactor.verifyTotp turns it on', async () => {
    const { token, user } = expect.data(await leo.client.twoFactor.verifyTotp({ code: totp(totpURI) }));
    assert.equal(typeof token, 'string');
    assert.equal(user.email, email);
    assert.equal((await leo.session()).user.twoFactorEnabled, true);
  });

  const phone = site.visitor(plugins);
  await check('signIn.email leads to the second factor', async () => {
    const signedIn = expect.data(await phone.client.signIn.email({ email, password: PASSWORD }));
    assert.equal(signedIn.twoFactorRedirect, true);
    assert.ok(signedIn.twoFactorMethods.includes('totp'), JSON.stringify(signedIn));
    assert.equal(await phone.session(), null);
  });

  await check('twoFactor.verifyTotp signs in', async () => {
    const { data } = await phone.client.twoFactor.verifyTotp({ code: '000000' });
    assert.equal(data, null);
    // The code that turned it on is used up.
    expect.data(await phone.client.twoFactor.verifyTotp({ code: totp(totpURI, 1) }));
    assert.equal((await phone.session()).user.email, email);
  });

  await check('twoFactor.verifyBackupCode signs in, once', async () => {
    const [laptop, thief] = [site.visitor(plugins), site.visitor(plugins)];
    for (const visitor of [laptop, thief]) {
      expect.data(await visitor.client.signIn.email({ email, password: PASSWORD }));
    }
    expect.data(await laptop.client.twoFactor.verifyBackupCode({ code: backupCodes[0] }));
    assert.equal((await laptop.session()).user.email, email);
    const again = await thief.client.twoFactor.verifyBackupCode({ code: backupCodes[0] });
    assert.equal(again.data, null);
  });

  await check('twoFactor.getTotpUri', async () => {
    const { totpURI: uri } = expect.data(await phone.client.twoFactor.getTotpUri({ password: PASSWORD }));
    assert.equal(new URL(uri).searchParams.get('secret'), new URL(totpURI).searchParams.get('secret'));
  });

  await check('twoFactor.generateBackupCodes', async () => {
    const { status, backupCodes: fresh } = expect.data(await phone.client.twoFactor.generateBackupCodes({ password: PASSWORD }));
    assert.equal(status, true);
    assert.ok(!fresh.includes(backupCodes[1]));
  });

  await check('twoFactor.disable', async () => {
    assert.equal(expect.data(await phone.client.twoFactor.disable({ password: PASSWORD })).status, true);
    const visitor = site.visitor(plugins);
    const { token } = expect.data(await visitor.client.signIn.email({ email, password: PASSWORD }));
    assert.equal(typeof token, 'string');
  });
}
