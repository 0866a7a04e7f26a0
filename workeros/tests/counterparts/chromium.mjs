// Chromium, without a window and with an authenticator for passkeys, and somebody
// who does in it what a script says:
//
//   node chromium.mjs <script> <URL> [<argument>…]
//
// The script, whose path is absolute or begins here, exports `part({ page, url, args, authenticator, check, bundle })`.
// Passkeys want the URL to be one of `http://localhost`. What a page complains
// of, and what the browser refuses on the way, fails the check it happens in.

import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

import { Authenticator } from './authenticator.mjs';
import { check, run } from './report.mjs';

const PATIENCE_MS = 15_000;

const [script, url, ...args] = process.argv.slice(2);
const { part } = await import(new URL(script, import.meta.url));
const browser = await chromium.launch({
  executablePath: process.env.WORKEROS_TEST_CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints = listen(page);
  const authenticator = await Authenticator.attach(context, page);
  const checked = (name, work) => check(name, async () => {
    const result = await work();
    if (complaints.length > 0) throw new Error(complaints.splice(0).join('\n'));
    return result;
  });
  await run(script, () => part({ page, url, args, authenticator, check: checked, bundle }));
} finally {
  await browser.close();
}

/** A module beside this one, with what it imports, as a script for a page. */
async function bundle(module) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(module, import.meta.url))],
    bundle: true,
    format: 'iife',
    preserveSymlinks: true,
    write: false,
  });
  return outputFiles[0].text;
}

/** What a page complains of from now on. A request that is refused is the page's to tell. */
function listen(page) {
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error.stack ?? error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/^Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  return complaints;
}
