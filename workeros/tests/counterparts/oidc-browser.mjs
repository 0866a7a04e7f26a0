// Somebody who signs in at the OpenID provider, without a browser.

import { Jar } from './jar.mjs';

const MOST_STEPS = 20;

/** Goes where he is sent and fills in what he is asked, until he is sent away from the issuer: where to. */
export async function signIn(issuer, url, login) {
  const jar = new Jar();
  let next = { url: new URL(url) };
  for (let step = 0; step < MOST_STEPS; step += 1) {
    if (next.url.origin !== issuer) return next.url.href;
    const response = await fetch(next.url, {
      method: next.form ? 'POST' : 'GET',
      body: next.form,
      headers: { cookie: jar.header() },
      redirect: 'manual',
    });
    jar.take(response);
    next = response.headers.has('location')
      ? { url: new URL(response.headers.get('location'), next.url) }
      : fill(await response.text(), next.url, login);
  }
  throw new Error('sent around in circles');
}

function fill(page, url, login) {
  const action = page.match(/action="([^"]+)"/)?.[1];
  const prompt = page.match(/name="prompt" value="([^"]+)"/)?.[1];
  if (!action || !prompt) throw new Error(`nothing to fill in at ${url}: ${page}`);
  return { url: new URL(action, url), form: new URLSearchParams({ prompt, login, password: 'any' }) };
}
