/** Beginning, listing, completing and aborting multipart uploads. */
import type {
  AbortMultipartUploadRequest,
  CompletedPart,
  CompleteMultipartUploadOutput,
  CompleteMultipartUploadRequest,
  CreateMultipartUploadOutput,
  CreateMultipartUploadRequest,
} from '@aws-sdk/client-s3';
import { type HttpRequest, serverNamedBy } from '../../../core/http-message.js';
import type { Operation } from '../../../core/operation.js';
import { s3Errors } from '../../../core/s3-errors.js';
import type { NamedPart, UploadRecord } from '../../../objects/index.js';
import { aclsEnabled } from '../acl/acl.js';
import { initiatorOf } from '../bucket/owner.js';
import { causeOf } from '../causes.js';
import { demandUploadKey } from '../encryption/customer-keys.js';
import { encryptionFor, encryptionMembers } from '../encryption/encryption.js';
import { attributesOf, quoted, writtenVersionId } from '../object/attributes.js';
import { algorithmOf, checksumMembers, givenChecksum } from '../object/checksum-members.js';
import { newObjectAccess } from '../object/new-object-access.js';
import { writeConditions } from '../object/put-object.js';
import { onUpload, uploadEncryptionKeys, writeRequirements } from '../object/write-requirements.js';
import type { S3Ports } from '../ports.js';
import { onObject } from '../requirements.js';
import { bucketOf, demandSigned, keyOf, newKeyOf, type OnKey } from '../target.js';

export const MOST_PARTS = 10_000;

export const CreateMultipartUpload: Operation<
  S3Ports,
  CreateMultipartUploadRequest,
  CreateMultipartUploadOutput,
  OnKey
> = {
  async resolve(input, call, ports) {
    const { bucket, charged } = await bucketOf(input, call, ports);
    const key = newKeyOf(input);
    const requires = writeRequirements(bucket, call, input, { creates: false });
    return { requires, subject: { bucket, charged, key } };
  },

  async run({ bucket, key }, input, call, ports) {
    demandSigned(call, 'initiate multipart uploads');
    const attributes = attributesOf(input, bucket, call.clock.now());
    const access = aclsEnabled(bucket) ? await newObjectAccess(bucket, input, call, ports) : undefined;
    const algorithm = input.ChecksumAlgorithm && algorithmOf(input.ChecksumAlgorithm);
    if (input.ChecksumType !== undefined && algorithm === undefined) {
      throw s3Errors.InvalidRequest(
        'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
      );
    }
    const initiator = initiatorOf(call);
    const checksumType = input.ChecksumType;
    const { encryption } = await encryptionFor(input, bucket, key, call, ports);
    const created = await ports.objects.uploads.create(bucket, key, {
      ...attributes,
      ...access,
      encryption,
      initiator,
      algorithm,
      checksumType,
    });
    return {
      Bucket: bucket.name,
      Key: key,
      UploadId: created.id,
      ...encryptionMembers(encryption, input),
      ...(algorithm && { ChecksumAlgorithm: algorithm, ChecksumType: created.upload.checksumType }),
    };
  },
};

export const CompleteMultipartUpload: Operation<
  S3Ports,
  CompleteMultipartUploadRequest,
  CompleteMultipartUploadOutput,
  OnKey
> = {
  async resolve(input, call, ports) {
    const { bucket, charged } = await bucketOf(input, call, ports);
    const key = keyOf(input);
    const encryption = await uploadEncryptionKeys(bucket, input, ports);
    const keys = {
      ...encryption,
      's3:ObjectCreationOperation': true,
      's3:if-match': input.IfMatch,
      's3:if-none-match': input.IfNoneMatch,
    };
    const requires = [onObject(bucket, call, 's3:PutObject', key, keys)];
    return { requires, subject: { bucket, charged, key } };
  },

  async run({ bucket, key }, input, call, ports) {
    const { uploads } = ports.objects;
    const upload = await uploads.known(bucket, key, input.UploadId ?? '');
    const parts = input.MultipartUpload?.Parts ?? [];
    if (parts.length === 0) throw s3Errors.InvalidRequest('You must specify at least one part');
    if (parts.length > MOST_PARTS) throw s3Errors.MalformedXML();
    const completion = {
      parts: parts.map(namedPart),
      checksum: givenChecksum(input),
      checksumType: input.ChecksumType,
      size: input.MpuObjectSize,
    };
    // Where there is a checksum to make, the key must come along ("CompleteMultipartUpload", S3 API Reference).
    if (upload?.checksumAsked || (upload && input.SSECustomerKey)) demandUploadKey(upload.encryption, input);
    const record = await uploads.complete(
      bucket,
      key,
      input.UploadId ?? '',
      completion,
      writeConditions(input),
      causeOf(call, 'ObjectCreated:CompleteMultipartUpload'),
    );
    return {
      Location: locationOf(call.http, bucket.name, key),
      Bucket: bucket.name,
      Key: key,
      ETag: quoted(record.etag),
      ...encryptionMembers(record.encryption, input),
      ...(upload && isUntold(upload) ? {} : checksumMembers(record.checksum)),
      VersionId: writtenVersionId(record),
    };
  },
};

/**
 * Whether the completion does not tell the checksum: S3 adds it by itself where none was asked for, and keeps it to
 * itself where KMS or the customer has the key (LocalStack's recordings of AWS, test_s3_multipart_upload_sse and
 * test_multipart_upload_sse_c).
 */
function isUntold({ checksumAsked, encryption }: UploadRecord): boolean {
  return !checksumAsked && encryption !== undefined && encryption.kind !== 'AES256';
}

export const AbortMultipartUpload: Operation<S3Ports, AbortMultipartUploadRequest, object, OnKey> = {
  async resolve(input, call, ports) {
    const { bucket, charged } = await bucketOf(input, call, ports);
    const requires = [await onUpload(bucket, call, call.action, input, ports)];
    return { requires, subject: { bucket, charged, key: keyOf(input) } };
  },

  async run({ bucket, key }, input, _call, ports) {
    await ports.objects.uploads.abort(bucket, key, input.UploadId ?? '');
    return {};
  },
};

/** Throws MalformedXML for a part without number or ETag. */
function namedPart(part: CompletedPart): NamedPart {
  const { PartNumber: number, ETag } = part;
  if (number === undefined || ETag === undefined) throw s3Errors.MalformedXML();
  return { number, etag: ETag.replace(/^"(.*)"$/, '$1'), checksum: givenChecksum(part) };
}

function locationOf(http: HttpRequest, bucket: string, key: string): string {
  const path = key.split('/').map(encodeURIComponent).join('/');
  const host = http.headers.get('host');
  if (host === undefined) return `/${bucket}/${path}`;
  const server = serverNamedBy(http);
  return host.startsWith(`${bucket}.`) ? `${server}/${path}` : `${server}/${bucket}/${path}`;
}
