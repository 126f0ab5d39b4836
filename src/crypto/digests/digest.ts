import { createHash, hash } from 'node:crypto';
import { type Crc, Crc32, Crc32c, Crc64Nvme } from './crc.js';
import { loadXxh, Xxh, type XxhName } from './xxhash.js';

/** What S3 computes over a whole object or over its parts ("Checking object integrity", S3 User Guide). */
export const DIGEST_ALGORITHMS = [
  'CRC32',
  'CRC32C',
  'CRC64NVME',
  'MD5',
  'SHA1',
  'SHA256',
  'SHA512',
  'XXHASH128',
  'XXHASH3',
  'XXHASH64',
] as const;

export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];

/** A digest in progress. */
export interface Digest {
  update(chunk: Uint8Array): unknown;
  digest(): Buffer;
}

/**
 * What must be waited for before digests of these algorithms are made: the code of some is loaded with their first use.
 * Undefined where nothing is missing.
 */
export function loadDigests(algorithms: readonly DigestAlgorithm[]): Promise<void> | undefined {
  return algorithms.some(isXxh) ? loadXxh() : undefined;
}

function isXxh(algorithm: DigestAlgorithm): algorithm is XxhName {
  return algorithm.startsWith('XXH');
}

/** Throws where the algorithm's code was not waited for: see `loadDigests`. */
export function openDigest(algorithm: DigestAlgorithm): Crc | Digest {
  if (isXxh(algorithm)) return new Xxh(algorithm);
  switch (algorithm) {
    case 'CRC32':
      return new Crc32();
    case 'CRC32C':
      return new Crc32c();
    case 'CRC64NVME':
      return new Crc64Nvme();
    default:
      return createHash(algorithm.toLowerCase());
  }
}

/** Of a body at hand: for a few kilobytes twice as fast as a digest in progress. Throws as `openDigest`. */
export function digestOf(algorithm: DigestAlgorithm, body: Uint8Array): Buffer {
  if (!/^(CRC|XXH)/.test(algorithm)) return hash(algorithm.toLowerCase(), body, 'buffer');
  const digest = openDigest(algorithm);
  digest.update(body);
  return digest.digest();
}

/** Several digests of one body, which is given chunk by chunk. */
export interface BodyDigests {
  /** The chunk is no longer needed when this returns. Wait for what it answers before the next. */
  update(chunk: Uint8Array): Promise<void> | undefined;
  /** In the order of the algorithms. */
  finish(): Promise<readonly Buffer[]>;
  /** Frees what is held for a body that will not be finished. Idempotent, and harmless once finished. */
  abandon(): void;
}
