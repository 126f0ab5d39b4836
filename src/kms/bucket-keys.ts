import { MINUTE_MS } from '../core/time.js';

/** How long a bucket key serves, milliseconds. AWS calls it short-lived and names no time. */
const BUCKET_KEY_LIFE = 5 * MINUTE_MS;

/** Of those opened lately; the oldest go first. */
const KEPT = 1000;

export interface BucketKey {
  /** 32 bytes; never changed. */
  readonly plaintext: Buffer;
  readonly ciphertext: Uint8Array;
  /** Who was seen to use it: a use is noted once for each ("Reducing the cost of SSE-KMS", S3 User Guide). */
  readonly users: Set<string>;
}

/**
 * The bucket keys that are in use. They spare making, opening and noting a data key for each object; whether the caller
 * may use the KMS key is decided for each all the same.
 */
export class BucketKeys {
  readonly #keys = new Map<string, BucketKey & { readonly until: number }>();

  /** `now`: milliseconds since the epoch. */
  find(name: string, now: number): BucketKey | undefined {
    const key = this.#keys.get(name);
    return key && now < key.until && now >= key.until - BUCKET_KEY_LIFE ? key : undefined;
  }

  keep(name: string, plaintext: Buffer, ciphertext: Uint8Array, now: number): BucketKey {
    const key = { plaintext, ciphertext, users: new Set<string>(), until: now + BUCKET_KEY_LIFE };
    this.#keys.delete(name);
    this.#keys.set(name, key);
    const [oldest] = this.#keys.keys();
    if (this.#keys.size > KEPT) this.#keys.delete(oldest!);
    return key;
  }
}
