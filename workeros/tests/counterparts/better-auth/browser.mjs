// The client in a page: `visit(baseURL)` is somebody with the passkeys of the browser.

import { passkeyClient } from '@better-auth/passkey/client';
import { createAuthClient } from 'better-auth/client';

globalThis.visit = (baseURL) => {
  let token;
  const client = createAuthClient({
    baseURL,
    plugins: [passkeyClient()],
    fetchOptions: {
      auth: { type: 'Bearer', token: () => token },
      onSuccess: ({ data }) => { token = data?.accessToken ?? token; },
    },
  });
  return client;
};
