import { hash, randomBytes } from 'node:crypto';
import { randomForId } from '../../core/random.js';
import { Box, Unsealable } from '../../crypto/sealing.js';
import { BlobDamaged } from '../../store/blobs.js';
import type { KeyOf } from '../../store/keyspace.js';
import type { Entry, Kv } from '../../store/kv.js';
import type { Encryption } from '../records.js';
import { unwrapKey } from './encryption.js';

/** The engine's own key, as it is stored. */
const OWN_KEY: KeyOf<'objects'> = ['object-encryption-key'];
/** What its sealed form is bound to. */
const ABOUT = 'object-encryption-key';
const LENGTH = 32;
const SEED = 16;
/** Of the derivation's one step. */
const COUNTER = Buffer.of(0, 0, 0, 1);

/** What is kept beside an object under SSE-S3. */
type OwnEncryption = Extract<Encryption, { kind: 'AES256' }>;

/** What a wrapped data key is bound to. `bucket`: its id. */
export function ownerOf(bucket: string, key: string): string {
  return `${bucket}/${key}`;
}

/**
 * The keys of objects under SSE-S3. Data keys are derived from the engine's own key, and that one is wrapped under the
 * server's root key: when the root key is replaced, one record is rewrapped.
 */
export class OwnKeys {
  readonly #kv: Kv;
  readonly #box: Box;
  #own: Promise<Buffer> | undefined;

  constructor(kv: Kv, rootKey: Uint8Array, formerRootKeys: readonly Uint8Array[] = []) {
    this.#kv = kv;
    this.#box = new Box([rootKey, ...formerRootKeys], 'karikagi object encryption');
  }

  /** A new data key of 32 bytes, and what to keep beside the object. */
  async create(): Promise<{ readonly dataKey: Buffer; readonly encryption: OwnEncryption }> {
    const { dataKey, seed } = deriveDataKey(await this.#key());
    return { dataKey, encryption: { kind: 'AES256', seed } };
  }

  /**
   * `owner`: see `ownerOf`. A wrong seed gives a key that nothing opens under. Throws `BlobDamaged` for a wrapped key
   * that was not wrapped for `owner`.
   */
  async open(owner: string, { seed, wrapped }: OwnEncryption): Promise<Buffer> {
    const own = await this.#key();
    return seed === undefined ? unwrapKey(own, wrapped, owner) : derivedDataKey(own, seed);
  }

  /** Whether the root keys are those of this store: they open what is stored, if there is anything. */
  async fit(): Promise<boolean> {
    const entry = await this.#kv.get(OWN_KEY);
    if (!entry) return true;
    try {
      this.#box.open(entry.value, ABOUT).fill(0);
      return true;
    } catch (error) {
      if (error instanceof Unsealable) return false;
      throw error;
    }
  }

  /** Wraps the engine's own key under the current root key, if it is not. Answers how many keys that were. */
  async reseal(): Promise<number> {
    for (;;) {
      const entry = await this.#kv.get(OWN_KEY);
      if (!entry) return 0;
      const value = this.#box.reseal(entry.value, ABOUT);
      if (!value) return 0;
      if (await this.#kv.commit([{ key: OWN_KEY, version: entry.version }], [{ key: OWN_KEY, value }]))
        return 1;
    }
  }

  #key(): Promise<Buffer> {
    this.#own ??= this.#load().catch(error => {
      this.#own = undefined;
      throw error;
    });
    return this.#own;
  }

  async #load(): Promise<Buffer> {
    for (;;) {
      const entry = await this.#kv.get(OWN_KEY);
      if (entry) return this.#open(entry);
      const value = this.#box.seal(randomBytes(LENGTH), ABOUT);
      await this.#kv.commit([{ key: OWN_KEY, version: undefined }], [{ key: OWN_KEY, value }]);
    }
  }

  #open({ value }: Entry): Buffer {
    try {
      return this.#box.open(value, ABOUT);
    } catch (cause) {
      throw new BlobDamaged("the key of the objects' keys does not open", { cause });
    }
  }
}

/** A new data key of 32 bytes out of one that serves many objects, and the seed that gives it again. */
export function deriveDataKey(from: Uint8Array): { readonly dataKey: Buffer; readonly seed: Buffer } {
  const seed = Buffer.from(randomForId(SEED));
  return { dataKey: derivedDataKey(from, seed), seed };
}

/** One-step key derivation with SHA-256 (NIST SP 800-56C, option 1): `from` has 32 bytes, the seed is what is fixed. */
export function derivedDataKey(from: Uint8Array, seed: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([COUNTER, from, seed]), 'buffer');
}
