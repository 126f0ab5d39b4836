/** UploadPart and UploadPartCopy. */
import type {
  UploadPartCopyOutput,
  UploadPartCopyRequest,
  UploadPartOutput,
  UploadPartRequest,
} from '@aws-sdk/client-s3';
import type { RequestBody } from '../../../core/http-message.js';
import type { Operation } from '../../../core/operation.js';
import { invalidArgument, s3Errors } from '../../../core/s3-errors.js';
import { type Integrity, LARGEST_BODY } from '../../../objects/index.js';
import { demandUploadKey, sourceKeyInput } from '../encryption/customer-keys.js';
import { dataKeyOf, encryptionMembers } from '../encryption/encryption.js';
import { quoted, writtenVersionId } from '../object/attributes.js';
import { type ChecksumMembers, checksumMember, integrityOf } from '../object/checksum-members.js';
import {
  demandSource,
  type OnSource,
  sourceOf,
  sourcePath,
  sourceRequirements,
} from '../object/copy-source.js';
import { lengthOf } from '../object/put-object.js';
import type { Span } from '../object/ranges.js';
import { uploadEncryptionKeys } from '../object/write-requirements.js';
import type { S3Ports } from '../ports.js';
import { onObject } from '../requirements.js';
import { bucketOf, keyOf, type OnKey, whileReplaced } from '../target.js';
import { MOST_PARTS } from './multipart.js';

/** The upload's key, and what is copied to it. */
interface Copying extends OnKey {
  readonly source: OnSource;
}

type UploadPartInput = Omit<UploadPartRequest, 'Body'> & { readonly Body?: RequestBody | undefined };

export const UploadPart: Operation<S3Ports, UploadPartInput, UploadPartOutput, OnKey> = {
  async resolve(input, call, ports) {
    const { bucket, charged } = await bucketOf(input, call, ports);
    const key = keyOf(input);
    const encryption = await uploadEncryptionKeys(bucket, input, ports);
    const keys = { ...encryption, 's3:ObjectCreationOperation': false };
    const requires = [onObject(bucket, call, 's3:PutObject', key, keys)];
    return { requires, subject: { bucket, charged, key } };
  },

  async run({ bucket, key }, input, call, ports) {
    const number = partNumberOf(input.PartNumber);
    const body = input.Body ?? bodyOf(new Uint8Array(0));
    const integrity = integrityOf(input, call);
    const { uploads } = ports.objects;
    const id = input.UploadId ?? '';
    const upload = await uploads.get(bucket, key, id);
    demandUploadKey(upload.encryption, input);
    const dataKey = await dataKeyOf(upload, bucket, key, call, ports, input);
    const part = await uploads.putPart(bucket, key, id, number, body, lengthOf(body), integrity, dataKey);
    return {
      ETag: quoted(part.etag),
      ...encryptionMembers(upload.encryption, input),
      ...confirmed(integrity, body),
    };
  },
};

export const UploadPartCopy: Operation<S3Ports, UploadPartCopyRequest, UploadPartCopyOutput, Copying> = {
  async resolve(input, call, ports) {
    const { bucket, charged } = await bucketOf(input, call, ports);
    const key = keyOf(input);
    const source = await sourceOf(input, call, ports);
    const encryption = await uploadEncryptionKeys(bucket, input, ports);
    const keys = {
      ...encryption,
      's3:ObjectCreationOperation': false,
      's3:x-amz-copy-source': sourcePath(source.name),
    };
    return {
      requires: [...sourceRequirements(source, call), onObject(bucket, call, 's3:PutObject', key, keys)],
      subject: { bucket, charged: charged || source.charged, key, source },
    };
  },

  async run({ bucket, key, source: first }, input, call, ports) {
    const number = partNumberOf(input.PartNumber);
    const { contents, uploads } = ports.objects;
    const id = input.UploadId ?? '';
    const again = () => sourceOf(input, call, ports);
    return whileReplaced(first, again, async found => {
      const source = await demandSource(found, input, call);
      const { start, end } = copiedSpan(input.CopySourceRange, source.record.size);
      const upload = await uploads.get(bucket, key, id);
      const sourceKey = await dataKeyOf(
        source.record,
        source.bucket,
        source.key,
        call,
        ports,
        sourceKeyInput(input),
      );
      demandUploadKey(upload.encryption, input);
      const dataKey = await dataKeyOf(upload, bucket, key, call, ports, input);
      const span = { start, end, dataKey: sourceKey };
      const content = await contents.read(source.bucket.id, source.record, span);
      const body = bodyOf(content, end - start);
      // S3 makes the checksum of what it copies.
      const integrity = { algorithm: upload.algorithm };
      const part = await uploads.putPart(bucket, key, id, number, body, end - start, integrity, dataKey);
      return {
        ...encryptionMembers(upload.encryption, input),
        CopyPartResult: {
          ETag: quoted(part.etag),
          LastModified: new Date(part.modified),
          ...(upload.checksumAsked && checksumMember(upload.algorithm, part.checksum)),
        },
        CopySourceVersionId: writtenVersionId(source.record),
      };
    });
  },
};

/** Throws InvalidArgument. */
function partNumberOf(number: number | undefined): number {
  if (number !== undefined && number >= 1 && number <= MOST_PARTS) return number;
  throw invalidArgument(
    'Part number must be an integer between 1 and 10000, inclusive',
    'partNumber',
    String(number),
  );
}

/** The checksum that the client gave, which was found to be true. */
function confirmed({ algorithm, value, trailer }: Integrity, body: RequestBody): ChecksumMembers {
  const given = value ?? (trailer && body.trailers.get(trailer));
  return algorithm && given ? checksumMember(algorithm, given) : {};
}

/** `bytes=first-last`, both given and within the source. Throws InvalidArgument, InvalidRequest. */
function copiedSpan(header: string | undefined, size: number): Span {
  const span = header === undefined ? { start: 0, end: size } : explicitSpan(header, size);
  if (span.end - span.start <= LARGEST_BODY) return span;
  throw s3Errors.InvalidRequest(
    `The specified copy source is larger than the maximum allowable size for a copy source: ${LARGEST_BODY}`,
  );
}

function explicitSpan(header: string, size: number): Span {
  const members = { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: header };
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header) ?? [];
  if (first === undefined || Number(last) < Number(first)) {
    throw s3Errors.InvalidArgument(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      { members },
    );
  }
  // Beyond the source, and partly beyond it, are two sentences (recorded, test_upload_part_copy_range).
  if (Number(first) >= size) {
    throw s3Errors.InvalidRequest('The specified copy range is invalid for the source object size');
  }
  if (Number(last) >= size) {
    throw s3Errors.InvalidArgument(`Range specified is not valid for source object of size: ${size}`, {
      members,
    });
  }
  return { start: Number(first), end: Number(last) + 1 };
}

function bodyOf(content: Uint8Array | AsyncIterable<Uint8Array>, length = 0): RequestBody {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    if (content instanceof Uint8Array) yield content;
    else yield* content;
  }
  return { length, trailers: new Map(), [Symbol.asyncIterator]: chunks };
}
