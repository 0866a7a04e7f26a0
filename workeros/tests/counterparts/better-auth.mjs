// A front end written for better-auth's own client, against a live server:
//
//   node better-auth.mjs <plane> <base URL> <origin> <mails> <part> [<argument>…]
//
// `plane` is `platform` (cookies, or a session's token as bearer) or `app`
// (bearer alone), `base URL` where its endpoints are, `origin` the page the
// visitors are on, `mails` where the test hands out mails. A part is a file in
// `better-auth/`.

import { Mailbox } from './mailbox.mjs';
import { run } from './report.mjs';
import { Site } from './better-auth/site.mjs';

const [plane, baseURL, origin, mails, name, ...args] = process.argv.slice(2);
const site = new Site({ plane, baseURL, origin, mailbox: new Mailbox(mails) });
const { part } = await import(`./better-auth/${name}.mjs`);
await run(name, () => part(site, ...args));
