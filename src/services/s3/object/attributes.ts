/** What a client sets with an object, from the inputs that bring it to the outputs that show it. */
import type { GetObjectOutput, PutObjectRequest } from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import {
  type Bucket,
  type ContentHeaders,
  type ObjectAttributes,
  type ObjectRecord,
  type Pairs,
  replicationStatus,
} from '../../../objects/index.js';
import { aclsEnabled, listsDisabled } from '../acl/acl.js';
import { demandHeaderValue, demandMetadata } from '../header-text.js';
import { lockAttributes, lockMembers } from '../lock/object-lock.js';
import { headerTags } from '../tags.js';

/** Names and values of user metadata together ("Working with object metadata"), bytes. */
const LARGEST_METADATA = 2048;

/** Classes whose objects are read at once; the archives need a restore that this server does not have. */
const STORAGE_CLASSES = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
]);
const ARCHIVE_CLASSES = new Set(['GLACIER', 'DEEP_ARCHIVE']);

export type AttributesInput = Pick<
  PutObjectRequest,
  | 'ACL'
  | 'GrantFullControl'
  | 'GrantRead'
  | 'GrantReadACP'
  | 'GrantWriteACP'
  | 'CacheControl'
  | 'ContentDisposition'
  | 'ContentEncoding'
  | 'ContentLanguage'
  | 'ContentType'
  | 'Expires'
  | 'Metadata'
  | 'StorageClass'
  | 'Tagging'
  | 'WebsiteRedirectLocation'
  | 'ServerSideEncryption'
  | 'SSECustomerAlgorithm'
  | 'SSECustomerKey'
  | 'SSECustomerKeyMD5'
  | 'SSEKMSKeyId'
  | 'SSEKMSEncryptionContext'
  | 'BucketKeyEnabled'
  | 'ObjectLockMode'
  | 'ObjectLockRetainUntilDate'
  | 'ObjectLockLegalHoldStatus'
  | 'ObjectLockEventHold'
>;

/** S3's type of objects that came without one. */
const DEFAULT_TYPE = 'binary/octet-stream';

/**
 * Reads and checks all of them but the list of a bucket where lists count: that is `newObjectAccess`'s. `now`:
 * milliseconds since the epoch. Throws what S3 answers to each.
 */
export function attributesOf(input: AttributesInput, bucket: Bucket, now: number): ObjectAttributes {
  if (!aclsEnabled(bucket)) demandNoAcl(bucket, input);
  if (input.ObjectLockEventHold !== undefined) throw notImplemented('x-amz-object-lock-event-hold');
  const tags = headerTags(input.Tagging);
  const storageClass = storageClassOf(input.StorageClass);
  return {
    headers: contentHeaders(input),
    metadata: metadataOf(input.Metadata),
    ...(tags && { tags }),
    ...(storageClass !== undefined && { storageClass }),
    ...lockAttributes(input, bucket, now),
  };
}

function contentHeaders(input: AttributesInput): ContentHeaders {
  const {
    CacheControl,
    ContentDisposition,
    ContentEncoding,
    ContentLanguage,
    Expires,
    WebsiteRedirectLocation,
  } = input;
  demandHeaderValue('Cache-Control', CacheControl);
  demandHeaderValue('Content-Disposition', ContentDisposition);
  demandHeaderValue('Content-Encoding', ContentEncoding);
  demandHeaderValue('Content-Language', ContentLanguage);
  demandHeaderValue('Content-Type', input.ContentType);
  demandHeaderValue('x-amz-website-redirect-location', WebsiteRedirectLocation);
  const encoding = withoutChunking(ContentEncoding);
  demandRedirect(WebsiteRedirectLocation);
  return {
    contentType: input.ContentType || DEFAULT_TYPE,
    ...(CacheControl !== undefined && { cacheControl: CacheControl }),
    ...(ContentDisposition !== undefined && { contentDisposition: ContentDisposition }),
    ...(encoding !== undefined && { contentEncoding: encoding }),
    ...(ContentLanguage !== undefined && { contentLanguage: ContentLanguage }),
    ...(Expires !== undefined && { expires: Expires.getTime() }),
    ...(WebsiteRedirectLocation !== undefined && { websiteRedirectLocation: WebsiteRedirectLocation }),
  };
}

/**
 * `aws-chunked` is how the body travelled, not what it is ("Signature calculations: transferring payload in chunks").
 */
function withoutChunking(encoding: string | undefined): string | undefined {
  if (encoding === undefined || !/aws-chunked/i.test(encoding)) return encoding;
  const kept = encoding.split(',').filter(name => name.trim().toLowerCase() !== 'aws-chunked');
  return kept.length === 0 ? undefined : kept.join(',').trim();
}

function demandRedirect(location: string | undefined): void {
  if (location === undefined || /^(https?:\/\/|\/)/.test(location)) return;
  throw s3Errors.InvalidRedirectLocation();
}

/** Throws MetadataTooLarge, InvalidArgument for what no header can be. */
function metadataOf(metadata: Record<string, string> | undefined): Pairs {
  if (!metadata) return [];
  const pairs = Object.entries(metadata);
  for (const [name, value] of pairs) {
    demandMetadata(name, value);
  }
  const size = pairs.reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
  if (size <= LARGEST_METADATA) return pairs;
  const members = { Size: String(size), MaxSizeAllowed: String(LARGEST_METADATA) };
  throw s3Errors.MetadataTooLarge({ members });
}

/** STANDARD is what is not stored. Throws InvalidStorageClass, NotImplemented for the archives. */
export function storageClassOf(name: string | undefined): string | undefined {
  if (name === undefined || name === 'STANDARD') return undefined;
  if (STORAGE_CLASSES.has(name)) return name;
  if (ARCHIVE_CLASSES.has(name)) throw notImplemented('x-amz-storage-class');
  throw s3Errors.InvalidStorageClass({ members: { StorageClassRequested: name } });
}

/** `why`: what S3 adds of some headers. */
export function notImplemented(header: string, why?: string): Error {
  return s3Errors.NotImplemented(undefined, {
    members: { Header: header, ...(why !== undefined && { additionalMessage: why }) },
  });
}

/**
 * With BucketOwnerEnforced there are no ACLs to set: only the one that says the same is accepted
 * ("Controlling ownership of objects", S3 User Guide).
 */
function demandNoAcl(bucket: Bucket, input: AttributesInput): void {
  const grant = input.GrantFullControl ?? input.GrantRead ?? input.GrantReadACP ?? input.GrantWriteACP;
  if (grant === undefined && (input.ACL === undefined || input.ACL === 'bucket-owner-full-control')) return;
  throw listsDisabled(bucket);
}

/** The stored attributes of a version as GetObject and HeadObject show them. */
export function attributeMembers(record: ObjectRecord): GetObjectOutput {
  const { headers, metadata, storageClass } = record;
  const output: GetObjectOutput = {
    ContentType: headers.contentType,
    CacheControl: headers.cacheControl,
    ContentDisposition: headers.contentDisposition,
    ContentEncoding: headers.contentEncoding,
    ContentLanguage: headers.contentLanguage,
    WebsiteRedirectLocation: headers.websiteRedirectLocation,
    Metadata: metadata.length === 0 ? undefined : Object.fromEntries(metadata),
    StorageClass: storageClass as GetObjectOutput['StorageClass'],
  };
  if (record.retention || record.legalHold !== undefined) Object.assign(output, lockMembers(record));
  if (headers.expires !== undefined) output.Expires = new Date(headers.expires);
  if (record.tags?.length) output.TagCount = record.tags.length;
  if (record.replication) output.ReplicationStatus = replicationStatus(record.replication);
  return output;
}

/** The version id as clients see it; undefined in buckets that never had versioning. */
export function shownVersionId(
  bucket: Pick<Bucket, 'versioning'>,
  version: { readonly id: string; readonly isNull: boolean },
): string | undefined {
  if (!bucket.versioning) return undefined;
  return version.isNull ? 'null' : version.id;
}

/** The version id that the answer to a write tells: only that of a new version beside others. */
export function writtenVersionId(version: {
  readonly id: string;
  readonly isNull: boolean;
}): string | undefined {
  return version.isNull ? undefined : version.id;
}

export function quoted(etag: string): string {
  return `"${etag}"`;
}
