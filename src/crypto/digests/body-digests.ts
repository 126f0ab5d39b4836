import { type Digest, type DigestAlgorithm, openDigest } from './digest.js';
import { DigestsOnThreads } from './threads.js';

/** Several digests of one body, which is given chunk by chunk. */
export interface BodyDigests {
  /** The chunk is no longer needed when this returns. Wait for what it answers before the next. */
  update(chunk: Uint8Array): Promise<void> | undefined;
  /** In the order of the algorithms. */
  finish(): Promise<readonly Buffer[]>;
  /** Frees what is held for a body that will not be finished. Idempotent, and harmless once finished. */
  abandon(): void;
}

/**
 * From so many bytes on a body is digested on threads: at some 500 MB/s, less would not hold up the requests beside it,
 * and handing it over has its price.
 */
const ON_THREADS = 512 * 1024;

/** `length`: of the body, bytes, where it is known. */
export function openDigests(algorithms: readonly DigestAlgorithm[], length: number | undefined): BodyDigests {
  return (length ?? 0) >= ON_THREADS ? new DigestsOnThreads(algorithms) : new DigestsHere(algorithms);
}

class DigestsHere implements BodyDigests {
  readonly #digests: readonly Digest[];

  constructor(algorithms: readonly DigestAlgorithm[]) {
    this.#digests = algorithms.map(openDigest);
  }

  update(chunk: Uint8Array): undefined {
    for (const digest of this.#digests) digest.update(chunk);
  }

  async finish(): Promise<readonly Buffer[]> {
    return this.#digests.map(digest => digest.digest());
  }

  abandon(): void {}
}
