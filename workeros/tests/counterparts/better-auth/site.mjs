// A site and those who visit it.

import { createAuthClient } from 'better-auth/client';

import { Jar } from '../jar.mjs';

export const PASSWORD = 'correct horse battery';

export class Site {
  constructor({ plane, baseURL, origin, mailbox }) {
    Object.assign(this, { isApp: plane === 'app', baseURL, origin, mailbox });
  }

  /** A browser that nobody knows yet, on a page of the site. */
  visitor(plugins = []) {
    return new Visitor(this, { jar: new Jar(), sendsToken: this.isApp, plugins });
  }

  /** Somebody without cookies, who sends a token. */
  bearer(token) {
    return new Visitor(this, { token, sendsToken: true });
  }

  /** Somebody who has just signed up. */
  async member(name, plugins = []) {
    const visitor = this.visitor(plugins);
    const { data, error } = await visitor.client.signUp.email({ email: address(name), password: PASSWORD, name });
    if (error) throw new Error(`${name} cannot sign up: ${JSON.stringify(error)}`);
    return Object.assign(visitor, { email: address(name), user: data.user });
  }
}

export function address(name) {
  return `${name}@example.com`;
}

class Visitor {
  #site;
  #jar;
  #waiting;

  constructor(site, { jar, token, sendsToken, plugins }) {
    this.#site = site;
    this.#jar = jar;
    this.token = token;
    this.client = createAuthClient({
      baseURL: site.baseURL,
      plugins,
      fetchOptions: {
        customFetchImpl: (url, init) => this.fetch(url, init),
        ...(sendsToken && { auth: { type: 'Bearer', token: () => this.token } }),
        onSuccess: ({ data }) => {
          this.token = data?.token ?? this.token;
          this.#waiting = data?.twoFactorToken ?? this.#waiting;
        },
      },
    });
  }

  /** What an app adds when it shows a second factor; a browser has a cookie. */
  waiting() {
    return this.#site.isApp ? { twoFactorToken: this.#waiting } : {};
  }

  /** A request as a browser sends it, which is left where it leads. */
  async fetch(url, init = {}) {
    const headers = new Headers(init.headers);
    headers.set('origin', this.#site.origin);
    const cookie = this.#jar?.header();
    if (cookie) headers.set('cookie', cookie);
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    this.#jar?.take(response);
    return response;
  }

  /** Follows a link: where it leads to. */
  async follow(link) {
    const response = await this.fetch(link);
    const location = response.headers.get('location');
    if (!location) throw new Error(`${link} leads nowhere: ${response.status} ${await response.text()}`);
    return new URL(location, this.#site.origin);
  }

  /** Whoever the server says is signed in, or null. */
  async session() {
    const { data, error } = await this.client.getSession();
    if (error && error.status !== 401) throw new Error(JSON.stringify(error));
    return data;
  }
}
