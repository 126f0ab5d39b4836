/** The tokens of IMDSv2: nothing is kept of them, they carry their end and a seal of this process. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.js';

/** Seconds that a token may be asked to live at most (EC2 User Guide, "Use IMDSv2"). */
const LONGEST_TTL = 21_600;

const NONCE = 16;
const HEAD = NONCE + 6;

export class SessionTokens {
  readonly #clock: Clock;
  readonly #key = randomBytes(32);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `ttl`: seconds, 1 to 21,600. */
  issue(ttl: number): string {
    const head = randomBytes(HEAD);
    head.writeUIntBE(this.#clock.now() + ttl * 1000, NONCE, 6);
    return Buffer.concat([head, this.#seal(head)]).toString('base64url');
  }

  /** Seconds that the token has left; 0 for one that is not of this process, was changed or has ended. */
  secondsLeft(token: string): number {
    const bytes = Buffer.from(token, 'base64url');
    const head = bytes.subarray(0, HEAD);
    const seal = bytes.subarray(HEAD);
    if (seal.length !== 32 || !timingSafeEqual(seal, this.#seal(head))) return 0;
    const end = head.readUIntBE(NONCE, 6);
    return Math.max(0, Math.ceil((end - this.#clock.now()) / 1000));
  }

  #seal(head: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(head).digest();
  }
}

/** Seconds, or `undefined` for what is no TTL. */
export function readTtl(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,5}$/.test(text)) return undefined;
  const ttl = Number(text);
  return ttl >= 1 && ttl <= LONGEST_TTL ? ttl : undefined;
}
