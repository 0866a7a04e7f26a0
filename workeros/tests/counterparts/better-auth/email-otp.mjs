// Codes by mail.

import assert from 'node:assert/strict';

import { emailOTPClient } from 'better-auth/client/plugins';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { PASSWORD, address } from './site.mjs';

const NEW = 'another horse battery';

export async function part(site) {
  const plugins = [emailOTPClient()];

  await check('emailOtp.sendVerificationOtp and signIn.emailOtp', async () => {
    const [email, ida] = [address('ida'), site.visitor(plugins)];
    const asked = expect.data(await ida.client.emailOtp.sendVerificationOtp({ email, type: 'sign-in' }));
    assert.deepEqual(asked, { success: true });
    const otp = await site.mailbox.code(email);
    const wrong = await ida.client.signIn.emailOtp({ email, otp: other(otp) });
    expect.refused(wrong, 400, 'INVALID_OTP');
    const { token, user } = expect.data(await ida.client.signIn.emailOtp({ email, otp }));
    assert.equal(typeof token, 'string');
    assert.equal(user.emailVerified, true);
    assert.equal((await ida.session()).user.email, email);
    expect.refused(await site.visitor(plugins).client.signIn.emailOtp({ email, otp }), 400, 'INVALID_OTP');
  });

  await check('emailOtp.verifyEmail', async () => {
    const jon = await site.member('jon', plugins);
    const { email } = jon;
    expect.data(await jon.client.emailOtp.sendVerificationOtp({ email, type: 'email-verification' }));
    const verified = expect.data(await jon.client.emailOtp.verifyEmail({ email, otp: await site.mailbox.code(email) }));
    assert.equal(verified.status, true);
    assert.equal((await jon.session()).user.emailVerified, true);
  });

  await check('emailOtp.requestPasswordReset and emailOtp.resetPassword', async () => {
    const kim = await site.member('kim', plugins);
    const { email } = kim;
    const asked = expect.data(await kim.client.emailOtp.requestPasswordReset({ email }));
    assert.deepEqual(asked, { success: true });
    const otp = await site.mailbox.code(email);
    const checked = await kim.client.emailOtp.checkVerificationOtp({ email, type: 'forget-password', otp });
    assert.deepEqual(expect.data(checked), { success: true });
    const reset = expect.data(await kim.client.emailOtp.resetPassword({ email, otp, password: NEW }));
    assert.deepEqual(reset, { success: true });
    const visitor = site.visitor(plugins);
    const old = await visitor.client.signIn.email({ email, password: PASSWORD });
    expect.refused(old, 401, 'INVALID_EMAIL_OR_PASSWORD');
    expect.data(await visitor.client.signIn.email({ email, password: NEW }));
  });
}

/** A code of the same length that is another. */
function other(code) {
  return [...code].map((digit) => (Number(digit) + 1) % 10).join('');
}
