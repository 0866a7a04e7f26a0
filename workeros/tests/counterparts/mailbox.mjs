// The mails a server has sent, as the test hands them out.

const PAUSE_MS = 50;
const PATIENCE_MS = 20_000;

export class Mailbox {
  #url;
  #read = new Map();

  /** `url` answers `<url>/<address>` with a JSON array of `{subject, text}`, oldest first. */
  constructor(url) {
    this.#url = url;
  }

  /** The next mail to an address, once it is there. */
  async next(address) {
    const read = this.#read.get(address) ?? 0;
    const end = Date.now() + PATIENCE_MS;
    while (Date.now() < end) {
      const mails = await (await fetch(`${this.#url}/${address}`)).json();
      if (mails.length > read) {
        this.#read.set(address, read + 1);
        return mails[read];
      }
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
    throw new Error(`no mail to ${address}`);
  }

  /** The link in the next mail to an address. */
  async link(address) {
    const { text } = await this.next(address);
    const link = text.match(/https?:\/\/\S+/);
    if (!link) throw new Error(`no link: ${text}`);
    return new URL(link[0]);
  }

  /** The code in the next mail to an address. */
  async code(address) {
    const { text } = await this.next(address);
    const code = text.match(/\b\d{6,8}\b/);
    if (!code) throw new Error(`no code: ${text}`);
    return code[0];
  }
}
