/**
 * The XXH checksums of S3, by hash-wasm. Its hashers are made asynchronously and hold one state at a time: there is one
 * of each for all bodies of a thread, and a digest in progress keeps its state apart from it.
 */
import type { IHasher } from 'hash-wasm';

export type XxhName = 'XXHASH3' | 'XXHASH64' | 'XXHASH128';

let hashers: Readonly<Record<XxhName, IHasher>> | undefined;
let loading: Promise<void> | undefined;

/** What must be waited for before an `Xxh` is made; undefined once that is done. */
export function loadXxh(): Promise<void> | undefined {
  if (hashers) return undefined;
  return (loading ??= load());
}

async function load(): Promise<void> {
  const { createXXHash3, createXXHash64, createXXHash128 } = await import('hash-wasm');
  const [XXHASH3, XXHASH64, XXHASH128] = await Promise.all([
    createXXHash3(),
    createXXHash64(),
    createXXHash128(),
  ]);
  hashers = { XXHASH3, XXHASH64, XXHASH128 };
}

/** Big-endian, the canonical form of xxHash. */
export class Xxh {
  readonly #hasher: IHasher;
  #state: Uint8Array;

  /** Throws where `loadXxh` was not waited for. */
  constructor(name: XxhName) {
    if (!hashers) throw new Error(`${name} is not loaded`);
    this.#hasher = hashers[name];
    this.#state = this.#hasher.init().save();
  }

  update(chunk: Uint8Array): void {
    this.#state = this.#hasher.load(this.#state).update(chunk).save();
  }

  digest(): Buffer {
    return Buffer.from(this.#hasher.load(this.#state).digest('binary'));
  }
}
