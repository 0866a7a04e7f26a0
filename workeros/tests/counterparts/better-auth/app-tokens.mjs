/** The tokens of an end user, kept in `store`, say `localStorage`, and renewed in time. */
export function appTokens({ baseURL, store }) {
  const kept = () => JSON.parse(store.getItem('tokens'));
  const keep = ({ accessToken, refreshToken, expiresIn }) =>
    store.setItem('tokens', JSON.stringify({ accessToken, refreshToken, until: Date.now() + expiresIn * 1000 }));

  /** A token that is good for half a minute at least: for the requests of the page itself, too. */
  async function token() {
    const tokens = kept();
    if (!tokens || tokens.until - Date.now() > 30_000) return tokens?.accessToken;
    const response = await fetch(`${baseURL}/token/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refreshToken: tokens.refreshToken }),
    });
    if (response.ok) keep(await response.json());
    else if (response.status === 401) store.removeItem('tokens');
    return kept()?.accessToken;
  }

  function onSuccess({ data, request }) {
    if (data?.refreshToken) keep(data);
    else if (/\/(sign-out|revoke-sessions|delete-user|delete-anonymous-user)$/.test(request.url)) store.removeItem('tokens');
  }

  return { token, fetchOptions: { auth: { type: 'Bearer', token }, onSuccess } };
}
