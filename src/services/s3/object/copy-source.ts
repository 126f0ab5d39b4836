/** The source of CopyObject and UploadPartCopy: named in a header, authorised and read beside the target. */

import type { Call, Requirement } from '../../../core/operation.js';
import { s3Errors } from '../../../core/s3-errors.js';
import type { Bucket, ObjectRecord } from '../../../objects/index.js';
import type { S3Ports } from '../ports.js';
import { existingTagKeys, onFound, onMissing, onVersion } from '../requirements.js';
import { bucketAnywhere, demandKey, type OnVersion } from '../target.js';
import { failedCondition } from './preconditions.js';

/** What the `x-amz-copy-source` header names. */
export interface SourceName {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string | undefined;
}

interface CopySourceInput {
  readonly CopySource: string | undefined;
  readonly CopySourceIfMatch?: string | undefined;
  readonly CopySourceIfNoneMatch?: string | undefined;
  readonly CopySourceIfModifiedSince?: Date | undefined;
  readonly CopySourceIfUnmodifiedSince?: Date | undefined;
  readonly ExpectedSourceBucketOwner?: string | undefined;
}

/** The source, found. */
export interface FoundSource {
  readonly bucket: Bucket;
  readonly key: string;
  readonly record: ObjectRecord;
}

/**
 * Reads `[/]bucket/key[?versionId=id]`, URL-encoded as a whole or in its parts, a plus being a space. An address with a
 * host is its path (LocalStack's recordings of AWS, test_response_structure). Throws InvalidArgument.
 */
export function sourceName(header: string | undefined): SourceName {
  const [path = '', query] = splitOnce((header ?? '').replace(/^(?:https?:\/\/[^/]+)?\//, ''), '?versionId=');
  const raw = path.includes('/') ? path : decoded(path);
  const [bucket, key] = splitOnce(raw, '/');
  const names = raw === path ? [decoded(bucket), key && decoded(key)] : [bucket, key];
  const [Bucket = '', Key = ''] = names;
  if (Bucket === '') throw invalid('Invalid copy source bucket name');
  if (Key === '') throw invalid('Invalid copy source object key');
  return { Bucket, Key, ...(query !== undefined && { VersionId: query }) };
}

function splitOnce(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalid('Invalid copy source encoding');
  }
}

/** S3 gives the header's name for its value as well (recorded). */
function invalid(why: string): Error {
  const members = { ArgumentName: 'x-amz-copy-source', ArgumentValue: 'x-amz-copy-source' };
  return s3Errors.InvalidArgument(why, { members });
}

/** The header's value as policies speak of it: `bucket/key`. */
export function sourcePath({ Bucket, Key }: SourceName): string {
  return `${Bucket}/${Key}`;
}

/** The source's bucket and version, by the name that the request gives. */
export interface OnSource extends OnVersion {
  readonly name: SourceName;
}

/** Finds the source, which may not be there. Throws as `bucketAnywhere`, KeyTooLongError, InvalidArgument. */
export async function sourceOf(input: CopySourceInput, call: Call, ports: S3Ports): Promise<OnSource> {
  const name = sourceName(input.CopySource);
  const owned = { Bucket: name.Bucket, ExpectedBucketOwner: input.ExpectedSourceBucketOwner };
  const { bucket, charged } = await bucketAnywhere(owned, call, ports);
  const version = await ports.objects.versions.find(bucket, demandKey(name.Key), name.VersionId);
  return { name, bucket, charged, version };
}

/** What reading the source takes. */
export function sourceRequirements(
  { name, bucket, version }: OnSource,
  call: Call,
  options: { readonly withTags?: boolean } = {},
): Requirement[] {
  const keys = existingTagKeys(version);
  const requirements = [onFound(bucket, call, 's3:GetObject', name, version, keys)];
  if (options.withTags && Object.keys(keys).length > 0) {
    requirements.push(onVersion(bucket, call, 's3:GetObjectTagging', name, keys));
  }
  return requirements;
}

/**
 * The source, which must exist and meet the request's conditions. Throws NoSuchKey (AccessDenied to callers who
 * may not list its bucket), NoSuchVersion, InvalidRequest for a delete marker, PreconditionFailed.
 */
export async function demandSource(
  { name, bucket, version }: OnSource,
  input: CopySourceInput,
  call: Call,
): Promise<FoundSource> {
  const { Key, VersionId } = name;
  if (version?.marker && VersionId !== undefined) {
    throw s3Errors.InvalidRequest(
      'The source of a copy request may not specifically refer to a delete marker by version id.',
    );
  }
  if (!version || version.marker) {
    await call.demand(onMissing(bucket, call, Key));
    if (VersionId !== undefined) throw s3Errors.NoSuchVersion({ members: { Key, VersionId } });
    throw s3Errors.NoSuchKey({ members: { Key } });
  }
  const failed = failedCondition(version, {
    ifMatch: input.CopySourceIfMatch,
    ifNoneMatch: input.CopySourceIfNoneMatch,
    ifModifiedSince: input.CopySourceIfModifiedSince,
    ifUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
    now: call.clock.now(),
  });
  if (failed === undefined) return { bucket, key: Key, record: version };
  throw s3Errors.PreconditionFailed({ members: { Condition: `x-amz-copy-source-${failed}` } });
}
