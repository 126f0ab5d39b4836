import { createHash } from 'node:crypto';
import type { Claim } from '../../core/http-message.js';
import { s3Errors } from '../../core/s3-errors.js';
import { Slices } from '../../core/slices.js';
import { openDigests } from '../../crypto/digests/body-digests.js';
import { type CheckedPiece, type CrcName, joinCrcs } from '../../crypto/digests/crc.js';
import {
  type BodyDigests,
  type DigestAlgorithm,
  digestOf,
  loadDigests,
} from '../../crypto/digests/digest.js';

export type ChecksumAlgorithm = DigestAlgorithm;

/** `COMPOSITE`: over the checksums of the parts, written `value-N`. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** A checksum as it is stored and shown. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; `-N` behind it where composite. */
  readonly value: string;
  readonly type: ChecksumType;
}

/** What S3 stores where the client asked for nothing. */
export const DEFAULT_ALGORITHM: ChecksumAlgorithm = 'CRC64NVME';

const LENGTHS: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  MD5: 16,
  SHA1: 20,
  SHA256: 32,
  SHA512: 64,
  XXHASH128: 16,
  XXHASH3: 8,
  XXHASH64: 8,
};

export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return Object.hasOwn(LENGTHS, name);
}

/** Whether `value` is base64 of as many bytes as the algorithm gives. */
function isChecksumValue(algorithm: ChecksumAlgorithm, value: string): boolean {
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === LENGTHS[algorithm] && bytes.toString('base64') === value;
}

/** What a client says about a body that it sends. */
export interface Integrity {
  /** `Content-MD5`, base64. */
  readonly contentMd5?: string | undefined;
  readonly algorithm?: ChecksumAlgorithm | undefined;
  /** The value of `algorithm`, base64, where it came in a header. */
  readonly value?: string | undefined;
  /** Lower-case name of the trailer that brings the value. */
  readonly trailer?: string | undefined;
  /** The checksum to keep, where it is not the one that the client gives. */
  readonly keep?: ChecksumAlgorithm | undefined;
}

/** Throws InvalidDigest for a Content-MD5 that is not base64 of 16 bytes. */
function demandValidMd5(contentMd5: string | undefined): void {
  if (contentMd5 === undefined || isChecksumValue('MD5', contentMd5)) return;
  throw s3Errors.InvalidDigest({ members: { 'Content-MD5': contentMd5 } });
}

/** What is to be found out of a body, its MD5 for the ETag and the checksum, and what the client says it is. */
export class Digesting {
  readonly #integrity: Integrity;
  readonly #claim: Claim | undefined;
  /** What the client's checksum is of. */
  readonly #algorithm: ChecksumAlgorithm;
  readonly #keep: ChecksumAlgorithm;
  /** Each once. */
  readonly #algorithms: readonly ChecksumAlgorithm[];

  /**
   * `claim`: of a body that is read without it. Throws InvalidDigest, or InvalidRequest for a checksum that cannot be
   * one.
   */
  static async of(integrity: Integrity, claim?: Claim): Promise<Digesting> {
    const digesting = new Digesting(integrity, claim);
    await loadDigests(digesting.#algorithms);
    return digesting;
  }

  private constructor(integrity: Integrity, claim: Claim | undefined) {
    demandValidMd5(integrity.contentMd5);
    const algorithm = integrity.algorithm ?? integrity.keep ?? DEFAULT_ALGORITHM;
    if (integrity.value !== undefined) demandValidChecksum(algorithm, integrity.value, 'header');
    const { keep = algorithm } = integrity;
    this.#integrity = integrity;
    this.#claim = claim;
    this.#algorithm = algorithm;
    this.#keep = keep;
    const algorithms: ChecksumAlgorithm[] = ['MD5', algorithm, keep];
    if (claim) algorithms.push('SHA256');
    this.#algorithms = [...new Set(algorithms)];
  }

  /** Of a body at hand. Throws as `check` does. */
  whole(body: Uint8Array, trailers: ReadonlyMap<string, string>): Digested {
    return this.check(
      this.#algorithms.map(algorithm => digestOf(algorithm, body)),
      trailers,
    );
  }

  /** Of a body that comes in chunks: give what it finds to `check`. `length`: where it is known. */
  open(length: number | undefined): BodyDigests {
    return openDigests(this.#algorithms, length);
  }

  /**
   * Compares with what the client said. `trailers` must be complete.
   * Throws what the claim throws, BadDigest, or InvalidRequest for a trailer that is missing or malformed.
   */
  check(digests: readonly Buffer[], trailers: ReadonlyMap<string, string>): Digested {
    const found = (algorithm: ChecksumAlgorithm) => digests[this.#algorithms.indexOf(algorithm)]!;
    const md5 = found('MD5');
    const { contentMd5, trailer } = this.#integrity;
    this.#claim?.demand(found('SHA256'));
    if (contentMd5 !== undefined && contentMd5 !== md5.toString('base64')) {
      throw s3Errors.BadDigest('Content-MD5', undefined, {
        members: {
          ExpectedDigest: Buffer.from(contentMd5, 'base64').toString('hex'),
          CalculatedDigest: md5.toString('base64'),
        },
      });
    }
    let expected = this.#integrity.value;
    if (trailer !== undefined) {
      expected = trailers.get(trailer);
      if (expected === undefined) throw malformed(this.#algorithm, 'trailing header');
      demandValidChecksum(this.#algorithm, expected, 'trailing header');
    }
    if (expected !== undefined && expected !== found(this.#algorithm).toString('base64')) {
      throw s3Errors.BadDigest(this.#algorithm);
    }
    const value = found(this.#keep).toString('base64');
    return { md5, checksum: { algorithm: this.#keep, value, type: 'FULL_OBJECT' } };
  }
}

/** What a body was found to be. */
export interface Digested {
  readonly md5: Buffer;
  readonly checksum: Checksum;
}

function demandValidChecksum(algorithm: ChecksumAlgorithm, value: string, where: string): void {
  if (!isChecksumValue(algorithm, value)) throw malformed(algorithm, where);
}

function malformed(algorithm: ChecksumAlgorithm, where: string): Error {
  return s3Errors.InvalidRequest(`Value for x-amz-checksum-${algorithm.toLowerCase()} ${where} is invalid.`);
}

/** The checksum of a body at hand, base64. Throws as `digestOf`. */
export function checksumOf(algorithm: ChecksumAlgorithm, body: Uint8Array): string {
  return digestOf(algorithm, body).toString('base64');
}

/** One part of a multipart upload, as far as digests go. */
interface DigestedPart {
  /** Hexadecimal MD5. */
  readonly etag: string;
  readonly size: number;
  /** Base64. */
  readonly checksum: string;
}

/** The ETag of an object made of parts: the MD5 of their MD5s, and how many they are. */
export function multipartETag(parts: readonly DigestedPart[]): string {
  const md5s = Buffer.concat(parts.map(part => Buffer.from(part.etag, 'hex')));
  return `${createHash('md5').update(md5s).digest('hex')}-${parts.length}`;
}

/**
 * The checksum of an object made of parts. A full-object checksum exists only for the CRCs, whose values can
 * be joined.
 */
export async function multipartChecksum(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly DigestedPart[],
): Promise<Checksum> {
  const digests = parts.map(part => ({ digest: Buffer.from(part.checksum, 'base64'), size: part.size }));
  if (type === 'FULL_OBJECT') {
    if (!allowsFullObject(algorithm)) throw new TypeError(`${algorithm} values cannot be joined`);
    return { algorithm, type, value: (await joined(algorithm, digests)).toString('base64') };
  }
  const all = Buffer.concat(digests.map(({ digest }) => digest));
  await loadDigests([algorithm]);
  return { algorithm, type, value: `${checksumOf(algorithm, all)}-${parts.length}` };
}

/** Pieces whose checks are joined at once. */
const AT_ONCE = 500;

/** As `joinCrcs`, in slices. */
async function joined(name: CrcName, pieces: readonly CheckedPiece[]): Promise<Buffer> {
  const slices = new Slices();
  let whole = joinCrcs(name, pieces.slice(0, AT_ONCE));
  for (let at = AT_ONCE; at < pieces.length; at += AT_ONCE) {
    await slices.pause();
    whole = joinCrcs(name, [{ digest: whole, size: 0 }, ...pieces.slice(at, at + AT_ONCE)]);
  }
  return whole;
}

/** Whether a client means that checksum: it may leave out the number of parts. */
export function isSameChecksum(given: string, { value }: Checksum): boolean {
  return given === value || given === value.replace(/-\d+$/, '');
}

/** Whether a multipart upload with the algorithm may have a full-object checksum. */
export function allowsFullObject(
  algorithm: ChecksumAlgorithm,
): algorithm is 'CRC32' | 'CRC32C' | 'CRC64NVME' {
  return algorithm.startsWith('CRC');
}
