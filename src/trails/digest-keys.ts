/** The pairs of RSA keys that digests are signed with: one after the other, each region its own. */
import { createHash, createPrivateKey, generateKeyPair, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../core/clock.js';
import { DAY_MS } from '../core/time.js';
import { Box } from '../crypto/sealing.js';
import type { Database } from '../store/tables.js';
import { type DigestKey, tables } from './records.js';

/** How long a key signs. */
const VALID = 365 * DAY_MS;
const BITS = 2048;
/** One transaction after the other in a region. */
const LINE = 'digest keys';

const generate = promisify(generateKeyPair);

export interface PublicKey {
  readonly fingerprint: string;
  readonly key: DigestKey;
}

export class DigestKeys {
  readonly #store: Database;
  readonly #clock: Clock;
  readonly #box: Box;

  /** `rootKeys`: of 32 bytes, the current one first. */
  constructor(store: Database, clock: Clock, rootKeys: readonly [Uint8Array, ...Uint8Array[]]) {
    this.#store = store;
    this.#clock = clock;
    this.#box = new Box(rootKeys, 'karikagi trail digests');
  }

  /** Those that were valid at some time between the two, milliseconds since the epoch. */
  async between(region: string, from: number, to: number): Promise<PublicKey[]> {
    const all = await this.#all(region);
    return all.filter(({ key }) => key.from <= to && key.to >= from);
  }

  /** The fingerprint of the key that signs in the region now. */
  async current(region: string): Promise<string> {
    const now = this.#clock.now();
    const found = (await this.#all(region)).find(one => signs(one, now));
    return found?.fingerprint ?? (await this.#make(region));
  }

  /** The hexadecimal signature, SHA256withRSA (PKCS #1 1.5): of one text always the same. */
  async sign(region: string, fingerprint: string, text: string): Promise<string> {
    const stored = await this.#store.get(tables.keys, region, fingerprint);
    if (!stored?.privateKey) throw new Error(`the key ${fingerprint} of ${region} signs no more`);
    const secret = this.#box.open(stored.privateKey, fingerprint);
    try {
      const key = createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' });
      return sign('sha256', Buffer.from(text), key).toString('hex');
    } finally {
      secret.fill(0);
    }
  }

  /** Seals private keys under the current root key; answers how many had another one. */
  async reseal(signal: AbortSignal): Promise<number> {
    let resealed = 0;
    for (const { parts } of await this.#store.list(tables.keys, [])) {
      if (signal.aborted) break;
      const changed = await this.#store.transact(LINE, async transaction => {
        const key = await transaction.get(tables.keys, ...parts);
        const privateKey = key?.privateKey && this.#box.reseal(key.privateKey, String(parts[1]));
        if (!key || !privateKey) return false;
        transaction.put(tables.keys, parts, { ...key, privateKey });
        return true;
      });
      if (changed) resealed++;
    }
    return resealed;
  }

  async #all(region: string): Promise<PublicKey[]> {
    const rows = await this.#store.list(tables.keys, [region]);
    return rows.map(({ parts, value }) => ({ fingerprint: String(parts[1]), key: value }));
  }

  /** What signed before keeps its public key alone. */
  async #make(region: string): Promise<string> {
    const pair = await generate('rsa', {
      modulusLength: BITS,
      publicKeyEncoding: { type: 'pkcs1', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    });
    const fingerprint = createHash('sha256').update(pair.publicKey).digest('hex').slice(0, 32);
    const privateKey = this.#box.seal(pair.privateKey, fingerprint);
    pair.privateKey.fill(0);
    const from = this.#clock.now();
    return await this.#store.transact(LINE, async transaction => {
      const rows = await transaction.list(tables.keys, [region]);
      for (const { parts } of rows) {
        const key = await transaction.get(tables.keys, ...parts);
        if (key?.privateKey)
          transaction.put(tables.keys, parts, { publicKey: key.publicKey, from: key.from, to: key.to });
      }
      const made: DigestKey = { publicKey: pair.publicKey, privateKey, from, to: from + VALID };
      transaction.put(tables.keys, [region, fingerprint], made);
      return fingerprint;
    });
  }
}

/** A clock that was moved back finds keys of the future: they sign, too. */
function signs({ key }: PublicKey, now: number): boolean {
  return key.privateKey !== undefined && now < key.to;
}
