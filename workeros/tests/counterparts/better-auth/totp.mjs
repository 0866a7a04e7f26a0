// The codes an authenticator app shows (RFC 6238).

import { createHmac } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The code of the app that read `uri`, some periods from now. */
export function totp(uri, periods = 0) {
  const { searchParams } = new URL(uri);
  const period = Number(searchParams.get('period') ?? 30);
  const digits = Number(searchParams.get('digits') ?? 6);
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / period) + periods));
  const mac = createHmac(searchParams.get('algorithm') ?? 'SHA1', key(searchParams.get('secret'))).update(counter).digest();
  const truncated = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
  return String(truncated % 10 ** digits).padStart(digits, '0');
}

function key(secret) {
  const bits = [...secret.replace(/=+$/, '')].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}
