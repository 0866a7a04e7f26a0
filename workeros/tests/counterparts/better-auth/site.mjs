// A site and those who visit it.

import { createAuthClient } from 'better-auth/client';

import { Jar } from '../jar.mjs';

export const PASSWORD = 'correct horse battery';

export class Site {
  constructor({ plane, baseURL, origin, mailbox }) {
    Object.assign(this, { plane, baseURL, origin, mailbox });
  }

  /** Somebody nobody knows yet, on a page of the site. */
  visitor(plugins = []) {
    return this.plane === 'app' ? this.bearer(undefined, plugins) : new Visitor(this, { jar: new Jar(), plugins });
  }

  /** Somebody who has no cookies and sends a token; that of the last answer which has one. */
  bearer(token, plugins = []) {
    return new Visitor(this, { token, plugins });
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

  constructor(site, { jar, token, plugins }) {
    this.#site = site;
    this.#jar = jar;
    this.token = token;
    this.client = createAuthClient({
      baseURL: site.baseURL,
      plugins,
      fetchOptions: {
        customFetchImpl: (url, init) => this.fetch(url, init),
        ...(jar ? {} : { auth: { type: 'Bearer', token: () => this.token } }),
        onSuccess: ({ data }) => { if (data?.token) this.token = data.token; },
      },
    });
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
