// A second factor: an authenticator app, and codes for when it is lost. Nobody
// may try more than three times within ten seconds, hence several users.

import assert from 'node:assert/strict';

import { twoFactorClient } from 'better-auth/client/plugins';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { PASSWORD } from './site.mjs';
import { totp } from './totp.mjs';

const PLUGINS = [twoFactorClient()];

export async function part(site) {
  await withAnApp(site);
  await withoutTheApp(site);
}

async function withAnApp(site) {
  const leo = await site.member('leo', PLUGINS);

  await check('twoFactor.enable with a wrong password', async () => {
    const wrong = await leo.client.twoFactor.enable({ password: 'wrong horse battery' });
    assert.equal(wrong.data, null);
  });

  const totpURI = await check('twoFactor.enable', async () => {
    const enabled = expect.data(await leo.client.twoFactor.enable({ password: PASSWORD }));
    assert.match(enabled.totpURI, /^otpauth:\/\/totp\//);
    assert.ok(enabled.backupCodes.length >= 8, `${enabled.backupCodes.length} codes`);
    assert.notEqual((await leo.session()).user.twoFactorEnabled, true);
    return enabled.totpURI;
  });

  await check('twoFactor.verifyTotp turns it on', async () => {
    const { token, user } = expect.data(await leo.client.twoFactor.verifyTotp({ code: totp(totpURI) }));
    assert.equal(typeof token, 'string');
    assert.equal(user.email, leo.email);
    assert.equal((await leo.session()).user.twoFactorEnabled, true);
  });

  const phone = site.visitor(PLUGINS);
  await check('signIn.email leads to the second factor', async () => {
    const signedIn = expect.data(await phone.client.signIn.email({ email: leo.email, password: PASSWORD }));
    assert.equal(signedIn.twoFactorRedirect, true);
    assert.ok(signedIn.twoFactorMethods.includes('totp'), JSON.stringify(signedIn));
    assert.equal(await phone.session(), null);
  });

  await check('twoFactor.verifyTotp with a wrong code', async () => {
    const wrong = await phone.client.twoFactor.verifyTotp({ code: '000000', ...phone.waiting() });
    expect.refused(wrong, 401, 'INVALID_CODE');
    assert.equal(await phone.session(), null);
  });

  await check('twoFactor.verifyTotp signs in', async () => {
    // The code that turned it on is used up.
    expect.data(await phone.client.twoFactor.verifyTotp({ code: totp(totpURI, 1), ...phone.waiting() }));
    assert.equal((await phone.session()).user.email, leo.email);
  });

  await check('twoFactor.disable', async () => {
    assert.equal(expect.data(await phone.client.twoFactor.disable({ password: PASSWORD })).status, true);
    const laptop = site.visitor(PLUGINS);
    const { token } = expect.data(await laptop.client.signIn.email({ email: leo.email, password: PASSWORD }));
    assert.equal(typeof token, 'string');
  });
}

async function withoutTheApp(site) {
  const mia = await site.member('mia', PLUGINS);
  const { totpURI, backupCodes } = expect.data(await mia.client.twoFactor.enable({ password: PASSWORD }));
  expect.data(await mia.client.twoFactor.verifyTotp({ code: totp(totpURI) }));

  await check('twoFactor.verifyBackupCode signs in, once', async () => {
    const [laptop, thief] = [site.visitor(PLUGINS), site.visitor(PLUGINS)];
    for (const visitor of [laptop, thief]) {
      expect.data(await visitor.client.signIn.email({ email: mia.email, password: PASSWORD }));
    }
    expect.data(await laptop.client.twoFactor.verifyBackupCode({ code: backupCodes[0], ...laptop.waiting() }));
    assert.equal((await laptop.session()).user.email, mia.email);
    const again = await thief.client.twoFactor.verifyBackupCode({ code: backupCodes[0], ...thief.waiting() });
    expect.refused(again, 401, 'INVALID_BACKUP_CODE');
    assert.equal(await thief.session(), null);
  });

  await check('twoFactor.getTotpUri', async () => {
    const { totpURI: uri } = expect.data(await mia.client.twoFactor.getTotpUri({ password: PASSWORD }));
    assert.equal(new URL(uri).searchParams.get('secret'), new URL(totpURI).searchParams.get('secret'));
  });

  await check('twoFactor.generateBackupCodes', async () => {
    const { status, backupCodes: fresh } = expect.data(await mia.client.twoFactor.generateBackupCodes({ password: PASSWORD }));
    assert.equal(status, true);
    assert.ok(!fresh.includes(backupCodes[1]));
  });
}
