// An OpenID provider on a free port of this machine:
//
//   node oidc-provider.mjs <redirect URI>…
//
// Its first line is `{issuer, clientId, clientSecret, users}`. It insists on PKCE. A line
// `{"url": <authorization URL>, "login": <user>}` on standard input is somebody
// who goes there, signs in and agrees; the answer is `{"callback": <URL>}`,
// where he is sent to in the end, or `{"error": …}`. A line `{"audience": <URL>}`
// is a program that asks for an access token for itself; the answer is
// `{"token": <JWT>}`. It ends with its input.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import { signIn } from './oidc-browser.mjs';
import { tell } from './report.mjs';

// The library warns of what is right for a test.
console.info = console.warn = () => {};
const { default: Provider } = await import('oidc-provider');

const USERS = {
  alice: { email: 'alice@example.com', email_verified: true, name: 'Alice' },
  mallory: { email: 'victim@example.com', email_verified: false, name: 'Mallory' },
  nobody: { name: 'Nobody' },
};

const client = { id: 'workeros', secret: randomBytes(32).toString('base64url') };
const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: client.id,
    client_secret: client.secret,
    redirect_uris: process.argv.slice(2),
    grant_types: ['authorization_code', 'client_credentials', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  conformIdTokenClaims: false,
  cookies: { keys: [randomBytes(32).toString('hex')] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: { enabled: true, getResourceServerInfo: resourceServer },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...USERS[id] }) }),
  jwks: { keys: [signingKey()] },
  pkce: { required: () => true },
  ttl: { AccessToken: 300, ClientCredentials: 300, AuthorizationCode: 60, Grant: 3600, IdToken: 300, Interaction: 600, Session: 3600 },
});
server.on('request', provider.callback());

tell({ issuer, clientId: client.id, clientSecret: client.secret, users: USERS });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const { url, login, audience } = JSON.parse(line);
    if (audience) tell({ token: await accessToken(audience) });
    else tell({ callback: await signIn(issuer, url, login) });
  } catch (error) {
    tell({ error: String(error?.stack ?? error) });
  }
}
process.exit();

function resourceServer(_, resource) {
  return { scope: '', audience: resource, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };
}

async function accessToken(resource) {
  const secret = Buffer.from(`${client.id}:${client.secret}`).toString('base64');
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${secret}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
  });
  const { access_token: token, ...other } = await answer.json();
  if (!token) throw new Error(JSON.stringify(other));
  return token;
}

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' };
}
