// Where a browser without hands keeps its passkeys.

/** An authenticator of the machine's own, which says yes by itself. */
export class Authenticator {
  #session;
  #id;

  static async attach(context, page) {
    const authenticator = new Authenticator();
    authenticator.#session = await context.newCDPSession(page);
    await authenticator.#session.send('WebAuthn.enable', { enableUI: false });
    const options = {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    };
    const { authenticatorId } = await authenticator.#session.send('WebAuthn.addVirtualAuthenticator', { options });
    authenticator.#id = authenticatorId;
    return authenticator;
  }

  /** The passkeys it holds. */
  async credentials() {
    return (await this.#send('WebAuthn.getCredentials')).credentials;
  }

  /** Whether who uses it shows that it is he. */
  async verifiesUser(isUserVerified) {
    await this.#send('WebAuthn.setUserVerified', { isUserVerified });
  }

  /** Loses all passkeys. */
  async clear() {
    await this.#send('WebAuthn.clearCredentials');
  }

  #send(method, parameters = {}) {
    return this.#session.send(method, { authenticatorId: this.#id, ...parameters });
  }
}
