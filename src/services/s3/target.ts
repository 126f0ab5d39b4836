/** What a request is about, read once per request: what was authorised is what is worked on. */

import { type Call, PerCall } from '../../core/operation.js';
import type { Bucket, VersionRecord } from '../../objects/index.js';
import { demandRegion, demandSignature } from './bucket/regions.js';
import { s3Errors } from './errors.js';
import type { S3Ports } from './ports.js';

export interface BucketInput {
  readonly Bucket: string | undefined;
  readonly ExpectedBucketOwner?: string | undefined;
}

export interface ObjectInput extends BucketInput {
  readonly Key: string | undefined;
  readonly VersionId?: string | undefined;
}

/** Keys are at most so many bytes of UTF-8 ("Naming Amazon S3 objects"). */
const LONGEST_KEY = 1024;
/** The longest that there ever were, in us-east-1 before 2018 ("Bucket naming rules"). */
const LONGEST_BUCKET = 255;

interface Found {
  /** Of the few buckets that a request names. */
  readonly buckets: { readonly name: string; readonly bucket: Promise<Bucket> }[];
  version?: Promise<VersionRecord | undefined> | undefined;
  /** What came of each key of DeleteObjects. */
  deletions?: readonly Deletion[];
}

/** One key of DeleteObjects. */
export interface Deletion {
  readonly key: string;
  readonly versionId?: string | undefined;
  /** Absent where it was done. */
  readonly errorCode?: string | undefined;
}

const found = new PerCall<Found>();

function foundBy(call: Call): Found {
  let known = found.get(call);
  if (!known) found.set(call, (known = { buckets: [] }));
  return known;
}

/** What a request has looked at, to be told of once it has ended. */
export function lookedAt(call: Call): Readonly<Found> {
  return foundBy(call);
}

/** Notes what came of each key of DeleteObjects. */
export function noteDeletions(call: Call, deletions: readonly Deletion[]): void {
  foundBy(call).deletions = deletions;
}

/**
 * The bucket that the request is about. Throws NoSuchBucket, AccessDenied where another owner was expected, and the
 * errors of a request that is signed for another region.
 */
export function bucketOf(input: BucketInput, call: Call, ports: S3Ports): Promise<Bucket> {
  const demand = (bucket: Bucket) => {
    demandSignature(bucket.region, call);
    if (ports.otherRegions === 'redirected') demandRegion(bucket, call);
  };
  return namedBucket(input.Bucket ?? '', input.ExpectedBucketOwner, call, ports, demand);
}

/** As `bucketOf`, for a bucket of any region: the source of a copy. `demand` may refuse it when it is first read. */
export function namedBucket(
  name: string,
  expectedOwner: string | undefined,
  call: Call,
  ports: S3Ports,
  demand?: (bucket: Bucket) => void,
): Promise<Bucket> {
  if (name.length > LONGEST_BUCKET) throw s3Errors.InvalidBucketName([], { members: { BucketName: name } });
  const { buckets } = foundBy(call);
  let bucket = buckets.find(known => known.name === name)?.bucket;
  if (!bucket) buckets.push({ name, bucket: (bucket = ports.objects.buckets.get(name, demand)) });
  return expectedOwner === undefined ? bucket : ownedBy(expectedOwner, bucket);
}

async function ownedBy(expectedOwner: string, bucket: Promise<Bucket>): Promise<Bucket> {
  demandOwner(await bucket, expectedOwner);
  return bucket;
}

function demandOwner(bucket: Bucket, expected: string): void {
  if (expected === bucket.owner) return;
  if (!/^\d{12}$/.test(expected)) throw s3Errors.InvalidBucketOwnerAWSAccountID([expected]);
  throw s3Errors.AccessDenied(['Access Denied'], {
    reason: `x-amz-expected-bucket-owner is ${expected}, but the bucket belongs to ${bucket.owner}`,
    owner: bucket.owner,
    advice: `The bucket does not belong to account ${expected}, as x-amz-expected-bucket-owner has it: check the name of the bucket, or the account.`,
  });
}

/**
 * The key of a new object. Throws KeyTooLongError; BadRequest for one that climbs above its root: "Relative path elements"
 * resolve, and what lies above is refused ("Naming Amazon S3 objects", S3 User Guide; versitygw,
 * PutObject_invalid_object_names).
 */
export function newKeyOf(input: { readonly Key: string | undefined }): string {
  const key = keyOf(input);
  if (!key.includes('..')) return key;
  let depth = 0;
  for (const segment of key.split('/')) {
    if (segment === '..') depth--;
    else if (segment !== '' && segment !== '.') depth++;
    if (depth < 0) throw s3Errors.BadRequest(['An error occurred when parsing the HTTP request.']);
  }
  return key;
}

/** The key that the request is about. Throws KeyTooLongError. */
export function keyOf(input: { readonly Key: string | undefined }): string {
  return demandKey(input.Key ?? '');
}

/** Throws KeyTooLongError. */
export function demandKey(key: string): string {
  // No UTF-8 is longer than three bytes a UTF-16 unit.
  const size = key.length * 3 <= LONGEST_KEY ? 0 : Buffer.byteLength(key);
  if (size <= LONGEST_KEY) return key;
  throw s3Errors.KeyTooLongError([], {
    members: { Size: String(size), MaxSizeAllowed: String(LONGEST_KEY) },
  });
}

/** The version that the request is about, a delete marker included; undefined where there is none. */
export function versionOf(
  input: ObjectInput,
  call: Call,
  ports: S3Ports,
): Promise<VersionRecord | undefined> {
  const known = foundBy(call);
  known.version ??= bucketOf(input, call, ports).then(bucket =>
    ports.objects.versions.find(bucket, keyOf(input), input.VersionId),
  );
  return known.version;
}

/** Forgets what `versionOf` found: its content is gone, and what stands there now is to be found. */
export function forgetVersion(call: Call): void {
  foundBy(call).version = undefined;
}

/** Throws AccessDenied for anonymous callers, whatever a policy allows them. */
export function demandSigned(call: Call, doing: string): void {
  if (call.caller.principal.type !== 'anonymous') return;
  throw s3Errors.AccessDenied([`Anonymous users cannot ${doing}. Please authenticate.`], {
    advice: 'Sign the request: no policy opens this to anonymous callers.',
  });
}
