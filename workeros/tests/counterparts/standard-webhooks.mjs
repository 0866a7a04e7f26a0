// A receiver of webhooks on a free port of this machine, which verifies them by
// the library of the Standard Webhooks specification:
//
//   node standard-webhooks.mjs <secret>
//
// Its first line is `{url, signed}`, where `signed` is a message of its own:
// `{id, timestamp, signature, body}`. What is not genuine is answered with 401.
// Whoever is to become a user is called `Verified`, but for who is called
// `Mallory`, who is refused; access tokens say that the plan is `gold`. It ends
// with its input.

import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

import { Webhook } from 'standardwebhooks';

import { tell } from './report.mjs';

const ANSWERS = {
  'user.before_create': ({ user }) => (user.name === 'Mallory'
    ? { refuse: { message: 'not you', code: 'NOT_YOU' } }
    : { name: 'Verified' }),
  'token.claims': () => ({ claims: { plan: 'gold' } }),
};

const webhook = new Webhook(process.argv[2]);
const server = createServer(async (request, response) => {
  try {
    const { type, data } = webhook.verify(await text(request), request.headers);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ANSWERS[type](data)));
  } catch (error) {
    response.writeHead(401).end(String(error));
  }
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));

const now = new Date();
const body = '{"type":"user.created","data":{"name":"Grüße"}}';
const signed = {
  id: 'msg_from_there',
  timestamp: Math.floor(now.getTime() / 1000),
  signature: webhook.sign('msg_from_there', now, body),
  body,
};
tell({ url: `http://127.0.0.1:${server.address().port}/hooks`, signed });
process.stdin.resume().on('end', () => process.exit(0));
