import { type BodyDigests, type Digest, type DigestAlgorithm, openDigest } from './digest.js';

import { DigestsOnThreads } from './threads.js';

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
