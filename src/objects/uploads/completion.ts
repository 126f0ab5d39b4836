/** What holds when a multipart upload is begun and completed: the checks, without the storing. */

import { s3Errors } from '../../core/s3-errors.js';
import {
  allowsFullObject,
  type Checksum,
  type ChecksumAlgorithm,
  type ChecksumType,
  DEFAULT_ALGORITHM,
  isSameChecksum,
  multipartChecksum,
} from '../bodies/checksums.js';
import type { PartRecord, UploadRecord } from '../records.js';

/** Every part but the last has at least so many bytes ("Amazon S3 multipart upload limits"). */
export const SMALLEST_PART = 5 * 1024 * 1024;

/** A part as the client that completes an upload names it. */
export interface NamedPart {
  readonly number: number;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined;
}

/** What the client says of the whole object when it completes an upload. */
export interface Completion {
  readonly parts: readonly NamedPart[];
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined;
  readonly checksumType?: ChecksumType | undefined;
  /** Bytes. */
  readonly size?: number | undefined;
}

/** "Checking object integrity", S3 User Guide: the types that a multipart upload may have, and their defaults. */
export function checksumTypeOf(
  algorithm: ChecksumAlgorithm = DEFAULT_ALGORITHM,
  asked: ChecksumType | undefined,
): ChecksumType {
  const type = asked ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  const possible = type === 'FULL_OBJECT' ? allowsFullObject(algorithm) : algorithm !== 'CRC64NVME';
  if (possible) return type;
  throw s3Errors.InvalidRequest(
    `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
  );
}

/** Throws InvalidRequest for a checksum by another algorithm than the upload's. */
export function demandAlgorithm(upload: UploadRecord, given: ChecksumAlgorithm | undefined): void {
  if (!upload.checksumAsked || given === undefined || given === upload.algorithm) return;
  throw mismatch(upload, given.toLowerCase());
}

/**
 * As `demandAlgorithm`; where the checksum of the whole is made of the parts', each part that is sent must bring its
 * own (versity/versitygw#1342). Throws InvalidRequest.
 */
export function demandPartAlgorithm(upload: UploadRecord, given: ChecksumAlgorithm | undefined): void {
  if (upload.checksumAsked && upload.checksumType === 'COMPOSITE' && given === undefined) {
    throw mismatch(upload, 'null');
  }
  demandAlgorithm(upload, given);
}

function mismatch({ algorithm }: UploadRecord, actual: string): Error {
  return s3Errors.InvalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${algorithm.toLowerCase()}, actual checksum Type: ${actual}`,
  );
}

/**
 * Before the parts are looked at (recorded, test_multipart_parts_checksum_exceptions_composite). Throws InvalidRequest.
 */
export function demandChecksumType(
  { checksumAsked, checksumType }: UploadRecord,
  { checksumType: given }: Completion,
): void {
  const asked = checksumAsked ? checksumType : null;
  if (given === undefined || given === asked) return;
  throw s3Errors.InvalidRequest(
    `The upload was created using the ${asked} checksum mode. The complete request must use the same checksum mode.`,
  );
}

/** The stored parts that the client named, checked one by one. */
export function chosenParts<P extends PartRecord>(
  id: string,
  upload: UploadRecord,
  { parts }: Completion,
  stored: readonly P[],
): P[] {
  const byNumber = new Map(stored.map(part => [part.number, part]));
  let previous = 0;
  const chosen = parts.map(named => {
    if (named.number <= previous) throw s3Errors.InvalidPartOrder({ members: { UploadId: id } });
    previous = named.number;
    const part = byNumber.get(named.number);
    if (!part || part.etag !== named.etag || !agrees(part, named, upload)) {
      throw s3Errors.InvalidPart({
        members: { UploadId: id, PartNumber: String(named.number), ETag: named.etag },
      });
    }
    return part;
  });
  for (const part of chosen.slice(0, -1)) {
    if (part.size >= SMALLEST_PART) continue;
    const { number, etag, size } = part;
    const members = { ProposedSize: String(size), MinSizeAllowed: String(SMALLEST_PART) };
    throw s3Errors.EntityTooSmall({ members: { ...members, PartNumber: String(number), ETag: etag } });
  }
  return chosen;
}

/**
 * Whether what the client says of a part's checksum holds. Composite checksums are made of those that the client
 * confirms; an upload that asked for none takes none, right or wrong (LocalStack's recordings of AWS,
 * test_complete_multipart_parts_checksum_* and test_multipart_parts_checksum_exceptions_composite). Throws BadDigest
 * for a checksum of another algorithm.
 */
function agrees(part: PartRecord, { number, checksum }: NamedPart, upload: UploadRecord): boolean {
  if (checksum && !upload.checksumAsked) return false;
  if (checksum && checksum.algorithm !== upload.algorithm) {
    throw s3Errors.BadDigest(checksum.algorithm.toLowerCase(), number);
  }
  if (checksum) return checksum.value === part.checksum;
  if (upload.checksumAsked && upload.checksumType === 'COMPOSITE') {
    throw s3Errors.InvalidRequest(
      `The upload was created using a ${upload.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
    );
  }
  return true;
}

/** What the client says of the whole object holds. Answers its checksum. */
export async function demandWhole(
  upload: UploadRecord,
  completion: Completion,
  parts: readonly PartRecord[],
): Promise<Checksum> {
  const { algorithm, checksumType } = upload;
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (completion.size !== undefined && completion.size !== size) {
    throw s3Errors.InvalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${completion.size} does not match what was computed: ${size}`,
    );
  }
  const checksum = await multipartChecksum(algorithm, checksumType, parts);
  const given = completion.checksum;
  if (given) demandAlgorithm(upload, given.algorithm);
  if (given?.algorithm === algorithm && !isSameChecksum(given.value, checksum))
    throw s3Errors.BadDigest(algorithm.toLowerCase());
  return checksum;
}
