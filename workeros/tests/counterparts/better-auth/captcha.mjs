// A captcha, brought as better-auth's plugin has it: in a header.

import assert from 'node:assert/strict';

import { anonymousClient, emailOTPClient, magicLinkClient } from 'better-auth/client/plugins';

import { check } from '../report.mjs';
import * as expect from './expect.mjs';
import { PASSWORD, address } from './site.mjs';

export async function part(site) {
  const email = address('ann');
  const { client } = site.visitor([magicLinkClient(), emailOTPClient()]);
  let solved = 0;
  const person = () => brings(`person-${(solved += 1)}`);
  const guarded = {
    'signUp.email': (...more) => client.signUp.email({ email, password: PASSWORD, name: 'Ann' }, ...more),
    'signIn.email': (...more) => client.signIn.email({ email, password: PASSWORD }, ...more),
    requestPasswordReset: (...more) => client.requestPasswordReset({ email, redirectTo: '/reset' }, ...more),
    'signIn.magicLink': (...more) => client.signIn.magicLink({ email, callbackURL: '/' }, ...more),
    'emailOtp.sendVerificationOtp': (...more) => client.emailOtp.sendVerificationOtp({ email, type: 'sign-in' }, ...more),
    'signIn.anonymous': (more = {}) => site.visitor([anonymousClient()]).client.signIn.anonymous({ fetchOptions: more }),
  };

  for (const [name, call] of Object.entries(guarded)) {
    await check(`${name} without a captcha`, async () => expect.refused(await call(), 400, 'MISSING_RESPONSE'));
    await check(`${name} with one that is not solved`, async () => {
      expect.refused(await call(brings('program')), 403, 'VERIFICATION_FAILED');
    });
    await check(`${name} with one that is too long`, async () => {
      expect.refused(await call(brings('x'.repeat(4097))), 400, 'MISSING_RESPONSE');
    });
    await check(`${name} with one that is solved`, async () => expect.data(await call(person())));
    await check(`${name} with one that was used`, async () => {
      expect.refused(await call(brings(`person-${solved}`)), 403, 'VERIFICATION_FAILED');
    });
  }

  await check('getSession takes none', async () => {
    assert.equal(expect.data(await site.visitor().client.getSession()), null);
  });
}

function brings(response) {
  return { headers: { 'x-captcha-response': response } };
}
