// The cookies of a browser that knows one site.

export class Jar {
  #cookies = new Map();

  /** Keeps what a response sets, and forgets what it takes away. */
  take(response) {
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';').map((part) => part.trim());
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      if (attributes.some(isOver)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }

  /** What goes into the header `cookie`; empty for none. */
  header() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

function isOver(attribute) {
  const [name, value] = attribute.split('=');
  switch (name.toLowerCase()) {
    case 'max-age': return Number(value) <= 0;
    case 'expires': return Date.parse(value) <= Date.now();
    default: return false;
  }
}
