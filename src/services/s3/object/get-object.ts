/** GetObject and HeadObject: the same but for the body. */
import type {
  GetObjectOutput,
  GetObjectRequest,
  HeadObjectOutput,
  HeadObjectRequest,
} from '@aws-sdk/client-s3';
import type { Call, Operation, Resolution } from '../../../core/operation.js';
import { invalidArgument, s3Errors } from '../../../core/s3-errors.js';
import type { Bucket, ObjectRecord, Part } from '../../../objects/index.js';
import { demandCustomerKey } from '../encryption/customer-keys.js';
import { dataKeyOf, encryptionMembers } from '../encryption/encryption.js';
import { demandHeaderValue } from '../header-text.js';
import { expirationHeader } from '../lifecycle/lifecycle.js';
import type { S3Ports } from '../ports.js';
import { existingTagKeys, onFound, onMissing } from '../requirements.js';
import { keyOf, type OnVersion, versionOf, whileReplaced } from '../target.js';
import { attributeMembers, quoted, shownVersionId } from './attributes.js';
import { checksumMember, checksumMembers } from './checksum-members.js';
import { demandReadable } from './preconditions.js';
import { type Span, spanOf, spanOfPart } from './ranges.js';

type Body = Uint8Array | AsyncIterable<Uint8Array>;
export type GetObjectResult = Omit<GetObjectOutput, 'Body'> & { readonly Body: Body };
type ReadInput = GetObjectRequest & HeadObjectRequest;

export const GetObject: Operation<S3Ports, GetObjectRequest, GetObjectResult, OnVersion> = {
  resolve: resolveRead,
  run(subject, input, call, ports) {
    const again = () => versionOf(input, call, ports);
    return whileReplaced(subject, again, async found => {
      const { bucket, record, span, output } = await describe(found, input, call, ports);
      const dataKey = await dataKeyOf(record, bucket, keyOf(input), call, ports, input);
      const Body = await ports.objects.contents.read(bucket.id, record, { ...span, dataKey });
      return Object.assign(output, { Body });
    });
  },
};

export const HeadObject: Operation<S3Ports, HeadObjectRequest, HeadObjectOutput, OnVersion> = {
  resolve: resolveRead,
  run: async (subject, input, call, ports) => (await describe(subject, input, call, ports)).output,
};

/** Reading an object also takes what its version and its tags demand. */
async function resolveRead(input: ReadInput, call: Call, ports: S3Ports): Promise<Resolution<OnVersion>> {
  const subject = await versionOf(input, call, ports);
  const { bucket, version } = subject;
  return {
    requires: [onFound(bucket, call, 's3:GetObject', input, version, existingTagKeys(version))],
    subject,
  };
}

/** The object that the request names, and all of the answer but the body. */
async function describe(
  subject: OnVersion,
  input: ReadInput,
  call: Call,
  ports: S3Ports,
): Promise<{
  bucket: Bucket;
  record: ObjectRecord;
  span: Span | undefined;
  output: HeadObjectOutput & GetObjectOutput;
}> {
  demandSignedOverrides(input, call);
  demandNoEncryption(call);
  const { bucket } = subject;
  const record = await existingObject(subject, input, call);
  demandCustomerKey(record.encryption, input);
  demandReadable(record, {
    ifMatch: input.IfMatch,
    ifNoneMatch: input.IfNoneMatch,
    ifModifiedSince: input.IfModifiedSince,
    ifUnmodifiedSince: input.IfUnmodifiedSince,
    now: call.clock.now(),
  });
  const parts = input.PartNumber === undefined ? undefined : await partsOf(bucket, record, ports);
  const span = requestedSpan(input, record, parts);
  const output: HeadObjectOutput & GetObjectOutput = attributeMembers(record);
  Object.assign(output, encryptionMembers(record.encryption, input));
  output.AcceptRanges = 'bytes';
  output.ETag = quoted(record.etag);
  output.LastModified = new Date(record.modified);
  output.ContentLength = span ? span.end - span.start : record.size;
  output.VersionId = shownVersionId(bucket, record);
  if (input.VersionId === undefined) output.Expiration = expirationHeader(bucket, keyOf(input), record);
  if (span) output.ContentRange = `bytes ${span.start}-${span.end - 1}/${record.size}`;
  if (parts) output.PartsCount = parts.length;
  if (input.ChecksumMode === 'ENABLED') Object.assign(output, shownChecksum(input, record, span, parts));
  Object.assign(output, overrides(input));
  return { bucket, record, span, output };
}

/**
 * The version that the request names. Throws NoSuchKey, or AccessDenied to callers who may not know what the
 * bucket holds; NoSuchVersion; MethodNotAllowed for a delete marker asked for by its id. `shownKey`: as NoSuchKey names
 * it; GetObjectTagging's has the bucket before it (LocalStack's recordings of AWS, test_object_tagging_exc).
 */
export async function existingObject(
  { bucket, version }: OnVersion,
  input: { readonly Key: string | undefined; readonly VersionId?: string | undefined },
  call: Call,
  shownKey?: string,
): Promise<ObjectRecord> {
  if (version && !version.marker) return version;
  const Key = keyOf(input);
  const headers: Record<string, string> = version
    ? { 'x-amz-delete-marker': 'true', 'x-amz-version-id': shownVersionId(bucket, version)! }
    : {};
  if (input.VersionId !== undefined && version) {
    headers['last-modified'] = new Date(version.modified).toUTCString();
    throw markerRefused(call, headers);
  }
  await call.demand(onMissing(bucket, call, Key));
  if (input.VersionId === undefined) {
    throw s3Errors.NoSuchKey({ members: { Key: shownKey ?? Key }, headers });
  }
  throw s3Errors.NoSuchVersion({ members: { Key, VersionId: input.VersionId } });
}

/** What a delete marker answers to all but DELETE. */
function markerRefused(call: Call, headers: Record<string, string> = {}): Error {
  const members = { Method: call.http.method, ResourceType: 'DeleteMarker' };
  return s3Errors.MethodNotAllowed({ members, headers: { ...headers, allow: 'DELETE' } });
}

/**
 * Refuses what changes or reads the tags, and what changes the list, of a delete marker, also where it is the latest
 * version of its key (LocalStack's recordings of AWS, test_object_tagging_versioned and
 * test_put_object_acl_on_delete_marker). Throws MethodNotAllowed.
 */
export function demandNoMarker({ version }: OnVersion, call: Call): void {
  if (version?.marker) throw markerRefused(call);
}

async function partsOf(
  bucket: Bucket,
  record: ObjectRecord,
  ports: S3Ports,
): Promise<readonly Part[] | undefined> {
  if (record.content.kind !== 'parts' || !record.etag.includes('-')) return undefined;
  return ports.objects.contents.parts(bucket.id, record.id);
}

function requestedSpan(
  input: ReadInput,
  record: ObjectRecord,
  parts: readonly Part[] | undefined,
): Span | undefined {
  if (input.PartNumber === undefined) return spanOf(input.Range, record.size);
  if (input.Range !== undefined) {
    throw s3Errors.InvalidRequest('Cannot specify both Range header and partNumber query parameter');
  }
  const span = spanOfPart(input.PartNumber, record, parts);
  // An empty object has no range to speak of.
  return record.size === 0 ? undefined : span;
}

/**
 * With `partNumber`, the part's checksum where that of the whole is made of theirs. With a range or a part that is not
 * the whole, none: the stored one covers the whole object (LocalStack's recordings of AWS, test_get_object_part and
 * test_get_object_part_checksum).
 */
function shownChecksum(
  input: ReadInput,
  record: ObjectRecord,
  span: Span | undefined,
  parts: readonly Part[] | undefined,
): object {
  if (parts && input.PartNumber !== undefined && record.checksum.type === 'COMPOSITE') {
    const part = parts[input.PartNumber - 1]!;
    return {
      ...checksumMember(record.checksum.algorithm, part.checksum),
      ChecksumType: record.checksum.type,
    };
  }
  if (span && span.end - span.start < record.size) return {};
  return checksumMembers(record.checksum);
}

/** Reads do not choose an encryption; only a customer's key comes along ("GetObject", S3 API Reference). */
function demandNoEncryption(call: Call): void {
  if (!call.http.headers.has('x-amz-server-side-encryption')) return;
  throw invalidArgument(
    'x-amz-server-side-encryption header is not supported for this operation.',
    'x-amz-server-side-encryption',
  );
}

/** Overrides are for requests that someone answers for ("GetObject", S3 API Reference). */
function demandSignedOverrides(input: ReadInput, call: Call): void {
  if (call.caller.principal.type === 'anonymous' && Object.keys(overrides(input)).length > 0) {
    throw s3Errors.InvalidRequest(
      'Request specific response headers cannot be used for anonymous GET requests.',
    );
  }
}

/** Throws InvalidArgument for what no header can be. */
function overrides(input: ReadInput): Partial<GetObjectOutput> {
  const output: Partial<GetObjectOutput> = {};
  if (input.ResponseCacheControl !== undefined) output.CacheControl = input.ResponseCacheControl;
  if (input.ResponseContentDisposition !== undefined)
    output.ContentDisposition = input.ResponseContentDisposition;
  if (input.ResponseContentEncoding !== undefined) output.ContentEncoding = input.ResponseContentEncoding;
  if (input.ResponseContentLanguage !== undefined) output.ContentLanguage = input.ResponseContentLanguage;
  if (input.ResponseContentType !== undefined) output.ContentType = input.ResponseContentType;
  if (input.ResponseExpires !== undefined) output.Expires = input.ResponseExpires;
  demandHeaderValue('response-cache-control', output.CacheControl);
  demandHeaderValue('response-content-disposition', output.ContentDisposition);
  demandHeaderValue('response-content-encoding', output.ContentEncoding);
  demandHeaderValue('response-content-language', output.ContentLanguage);
  demandHeaderValue('response-content-type', output.ContentType);
  return output;
}
