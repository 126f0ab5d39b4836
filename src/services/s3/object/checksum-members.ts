/** Checksums as S3's inputs and outputs carry them: a member for each algorithm. */

import type { HttpRequest } from '../../../core/http-message.js';
import type { Call } from '../../../core/operation.js';
import { s3Errors } from '../../../core/s3-errors.js';
import {
  type Checksum,
  type ChecksumAlgorithm,
  type Integrity,
  isChecksumAlgorithm,
} from '../../../objects/index.js';

export interface ChecksumMembers {
  ChecksumCRC32?: string | undefined;
  ChecksumCRC32C?: string | undefined;
  ChecksumCRC64NVME?: string | undefined;
  ChecksumMD5?: string | undefined;
  ChecksumSHA1?: string | undefined;
  ChecksumSHA256?: string | undefined;
  ChecksumSHA512?: string | undefined;
  ChecksumXXHASH3?: string | undefined;
  ChecksumXXHASH64?: string | undefined;
  ChecksumXXHASH128?: string | undefined;
}

const MEMBERS: Readonly<Record<ChecksumAlgorithm, keyof ChecksumMembers>> = {
  CRC32: 'ChecksumCRC32',
  CRC32C: 'ChecksumCRC32C',
  CRC64NVME: 'ChecksumCRC64NVME',
  MD5: 'ChecksumMD5',
  SHA1: 'ChecksumSHA1',
  SHA256: 'ChecksumSHA256',
  SHA512: 'ChecksumSHA512',
  XXHASH128: 'ChecksumXXHASH128',
  XXHASH3: 'ChecksumXXHASH3',
  XXHASH64: 'ChecksumXXHASH64',
};
const ALGORITHMS = Object.keys(MEMBERS) as ChecksumAlgorithm[];
const TRAILER_PREFIX = 'x-amz-checksum-';

/** The member that holds the value of one checksum. */
export function checksumMember(algorithm: ChecksumAlgorithm, value: string): ChecksumMembers {
  return { [MEMBERS[algorithm]]: value };
}

/** A stored checksum as the members of an output. */
export function checksumMembers(checksum: Checksum): ChecksumMembers & { ChecksumType: Checksum['type'] } {
  return { [MEMBERS[checksum.algorithm]]: checksum.value, ChecksumType: checksum.type };
}

interface IntegrityInput extends ChecksumMembers {
  readonly ContentMD5?: string | undefined;
  readonly ChecksumAlgorithm?: string | undefined;
}

/**
 * What a request says about its body, in headers or as a trailer to come. Throws InvalidRequest for several
 * checksums, an unknown one, or an algorithm named without a value.
 */
export function integrityOf(input: IntegrityInput, call: Call): Integrity {
  return integrityIn(input, call.http.headers);
}

/** As `integrityOf`, of a request's headers. */
export function integrityIn(input: IntegrityInput, headers: HttpRequest['headers']): Integrity {
  const given = givenChecksum(input);
  const trailer = trailerOf(headers);
  if (given && trailer) throw severalChecksums();
  const contentMd5 = input.ContentMD5;
  if (given) return { contentMd5, ...given };
  if (trailer) {
    const algorithm = algorithmOf(trailer.slice(TRAILER_PREFIX.length));
    return { contentMd5, algorithm, trailer };
  }
  if (headers.has('x-amz-sdk-checksum-algorithm')) {
    throw s3Errors.InvalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  return { contentMd5 };
}

/** The one checksum that an input carries. Throws InvalidRequest for several. */
export function givenChecksum(
  input: ChecksumMembers,
): { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined {
  let given: { algorithm: ChecksumAlgorithm; value: string } | undefined;
  for (const algorithm of ALGORITHMS) {
    const value = input[MEMBERS[algorithm]];
    if (value === undefined) continue;
    if (given) throw severalChecksums();
    given = { algorithm, value };
  }
  return given;
}

function trailerOf(headers: HttpRequest['headers']): string | undefined {
  const named = headers.get('x-amz-trailer');
  if (named === undefined) return undefined;
  const checksums = named
    .split(',')
    .map(name => name.trim().toLowerCase())
    .filter(name => name.startsWith(TRAILER_PREFIX));
  if (checksums.length > 1) throw severalChecksums();
  return checksums[0];
}

/** Throws InvalidRequest for an algorithm that is unknown. */
export function algorithmOf(name: string): ChecksumAlgorithm {
  const upper = name.toUpperCase();
  if (isChecksumAlgorithm(upper)) return upper;
  throw unsupported();
}

function severalChecksums(): Error {
  return s3Errors.InvalidRequest(
    'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
  );
}

function unsupported(): Error {
  return s3Errors.InvalidRequest(
    'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, MD5, SHA1, SHA256, SHA512, XXHASH128, XXHASH3, XXHASH64]',
  );
}
