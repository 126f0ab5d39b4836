/** One-time codes of virtual MFA devices: TOTP (RFC 6238) over HMAC-SHA-1, six digits, steps of 30 seconds. */
import { createHmac } from 'node:crypto';

const STEP = 30_000;
const DIGITS = 6;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The step that a time (milliseconds since the epoch) is in. */
export function stepOf(time: number): number {
  return Math.floor(time / STEP);
}

/** The code of a step. Source: RFC 4226, section 5.3; RFC 6238, section 4. */
export function codeOf(seed: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', seed).update(counter).digest();
  const truncated = mac.readUInt32BE(mac[mac.length - 1]! & 15) & 0x7fffffff;
  return String(truncated % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** Base32 (RFC 4648, section 6) of whole groups of five bytes, as authenticator apps take it. */
export function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31];
    held &= 31;
  }
  return text;
}
