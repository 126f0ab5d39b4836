import { createHash } from 'node:crypto';
import { type Crc, Crc32, Crc32c, Crc64Nvme, joinCrcs } from './crc.js';
import { s3Errors } from './errors.js';

/** What S3 computes over a whole object or over its parts ("Checking object integrity", S3 User Guide). */
export const CHECKSUM_ALGORITHMS = [
  'CRC32',
  'CRC32C',
  'CRC64NVME',
  'MD5',
  'SHA1',
  'SHA256',
  'SHA512',
] as const;

export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

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

interface Digest {
  update(chunk: Uint8Array): unknown;
  digest(): Buffer;
}

const LENGTHS: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  MD5: 16,
  SHA1: 20,
  SHA256: 32,
  SHA512: 64,
};

function openDigest(algorithm: ChecksumAlgorithm): Crc | Digest {
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

export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return Object.hasOwn(LENGTHS, name);
}

/** Whether `value` is base64 of as many bytes as the algorithm gives. */
export function isChecksumValue(algorithm: ChecksumAlgorithm, value: string): boolean {
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
export function demandValidMd5(contentMd5: string | undefined): void {
  if (contentMd5 === undefined || isChecksumValue('MD5', contentMd5)) return;
  throw s3Errors.InvalidDigest([], { members: { 'Content-MD5': contentMd5 } });
}

/** Digests a body in one pass: MD5 for the ETag, and the checksum. */
export class BodyDigest {
  readonly algorithm: ChecksumAlgorithm;
  readonly #integrity: Integrity;
  readonly #md5 = createHash('md5');
  readonly #checksum: Digest | undefined;
  readonly #kept: Digest | undefined;
  size = 0;

  /** Throws InvalidDigest, or InvalidRequest for a checksum that cannot be one. */
  constructor(integrity: Integrity) {
    demandValidMd5(integrity.contentMd5);
    this.#integrity = integrity;
    this.algorithm = integrity.algorithm ?? integrity.keep ?? DEFAULT_ALGORITHM;
    if (integrity.value !== undefined) demandValidChecksum(this.algorithm, integrity.value, 'header');
    this.#checksum = this.algorithm === 'MD5' ? undefined : openDigest(this.algorithm);
    const { keep = this.algorithm } = integrity;
    this.#kept = keep === this.algorithm ? undefined : openDigest(keep);
  }

  update(chunk: Uint8Array): void {
    this.size += chunk.length;
    this.#md5.update(chunk);
    this.#checksum?.update(chunk);
    this.#kept?.update(chunk);
  }

  /**
   * Compares with what the client said. `trailers` must be complete.
   * Throws BadDigest, or InvalidRequest for a trailer that is missing or malformed.
   */
  finish(trailers: ReadonlyMap<string, string>): { readonly md5: Buffer; readonly checksum: Checksum } {
    const md5 = this.#md5.digest();
    const { contentMd5, trailer } = this.#integrity;
    if (contentMd5 !== undefined && contentMd5 !== md5.toString('base64')) {
      throw s3Errors.BadDigest(['Content-MD5'], {
        members: { ExpectedDigest: contentMd5, CalculatedDigest: md5.toString('base64') },
      });
    }
    const value = (this.#checksum?.digest() ?? md5).toString('base64');
    let expected = this.#integrity.value;
    if (trailer !== undefined) {
      expected = trailers.get(trailer);
      if (expected === undefined) throw malformed(this.algorithm, 'trailing header');
      demandValidChecksum(this.algorithm, expected, 'trailing header');
    }
    if (expected !== undefined && expected !== value) throw s3Errors.BadDigest([this.algorithm]);
    if (!this.#kept) return { md5, checksum: { algorithm: this.algorithm, value, type: 'FULL_OBJECT' } };
    const kept = this.#kept.digest().toString('base64');
    return { md5, checksum: { algorithm: this.#integrity.keep!, value: kept, type: 'FULL_OBJECT' } };
  }
}

function demandValidChecksum(algorithm: ChecksumAlgorithm, value: string, where: string): void {
  if (!isChecksumValue(algorithm, value)) throw malformed(algorithm, where);
}

function malformed(algorithm: ChecksumAlgorithm, where: string): Error {
  return s3Errors.InvalidRequest([
    `Value for x-amz-checksum-${algorithm.toLowerCase()} ${where} is invalid.`,
  ]);
}

/** The checksum of a body at hand, base64. */
export function checksumOf(algorithm: ChecksumAlgorithm, body: Uint8Array): string {
  const digest = openDigest(algorithm);
  digest.update(body);
  return digest.digest().toString('base64');
}

/** One part of a multipart upload, as far as digests go. */
export interface DigestedPart {
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
export function multipartChecksum(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly DigestedPart[],
): Checksum {
  const digests = parts.map(part => ({ digest: Buffer.from(part.checksum, 'base64'), size: part.size }));
  if (type === 'FULL_OBJECT') {
    if (!allowsFullObject(algorithm)) throw new TypeError(`${algorithm} values cannot be joined`);
    return { algorithm, type, value: joinCrcs(algorithm, digests).toString('base64') };
  }
  const joined = Buffer.concat(digests.map(({ digest }) => digest));
  return { algorithm, type, value: `${checksumOf(algorithm, joined)}-${parts.length}` };
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
