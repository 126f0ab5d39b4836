/** What requests of S3 are about. */

import type { Call } from '../../core/operation.js';
import { s3Errors } from '../../core/s3-errors.js';
import { type Bucket, ContentGone, type VersionRecord } from '../../objects/index.js';
import { aclsEnabled } from './acl/acl.js';
import { demandRegion, demandSignature } from './bucket/regions.js';
import type { S3Ports } from './ports.js';
import { hasPublicPolicy } from './requirements.js';
import { demandTerms } from './terms.js';

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

/** A bucket that a request works on, whose terms it meets. */
export interface OnBucket {
  readonly bucket: Bucket;
  /** Whether the request is on the account of the caller instead of the owner's ("Requester Pays"). */
  readonly charged: boolean;
}

/** A version in it, a delete marker included; absent where there is none. */
export interface OnVersion extends OnBucket {
  readonly version: VersionRecord | undefined;
}

/** A key in it that is written. */
export interface OnKey extends OnBucket {
  readonly key: string;
}

/** What the operations of S3 find out, as far as the access log and the answer to a requester who pays go by it. */
export interface S3Subject extends Partial<OnVersion> {
  /** Of a copy. */
  readonly source?: OnVersion | undefined;
  /** What came of each key of DeleteObjects. */
  readonly deletions?: readonly Deletion[] | undefined;
}

/** One key of DeleteObjects. */
export interface Deletion {
  readonly key: string;
  readonly versionId?: string | undefined;
  /** Absent where it was done. */
  readonly errorCode?: string | undefined;
}

/**
 * The bucket that a request names. Throws NoSuchBucket, AccessDenied where another owner was expected, and the errors
 * of a request that is signed for another region.
 */
export function findBucket(input: BucketInput, call: Call, ports: S3Ports): Promise<Bucket> {
  const demand = (bucket: Bucket) => {
    demandSignature(bucket.region, call);
    if (ports.otherRegions === 'redirected') demandRegion(bucket, call);
  };
  return namedBucket(input, call, ports, demand);
}

/** As `findBucket`, where the request meets the bucket's terms. Throws AccessDenied and InvalidRequest as well. */
export async function bucketOf(input: BucketInput, call: Call, ports: S3Ports): Promise<OnBucket> {
  return onTerms(await findBucket(input, call, ports), call);
}

/** As `bucketOf`, for a bucket of any region: the source of a copy, and what is asked from anywhere. */
export async function bucketAnywhere(input: BucketInput, call: Call, ports: S3Ports): Promise<OnBucket> {
  return onTerms(await namedBucket(input, call, ports), call);
}

/** `demand` may refuse the bucket before anything else is said of it. */
async function namedBucket(
  { Bucket: name = '', ExpectedBucketOwner: expectedOwner }: BucketInput,
  { caller }: Call,
  { objects }: S3Ports,
  demand?: (bucket: Bucket) => void,
): Promise<Bucket> {
  if (name.length > LONGEST_BUCKET) throw s3Errors.InvalidBucketName({ members: { BucketName: name } });
  const bucket = await objects.buckets.get(name, demand);
  if (expectedOwner !== undefined) demandOwner(bucket, expectedOwner);
  // What the owner's account blocks is read where that can make a difference: few buckets are public.
  const byPolicy = caller.account?.id !== bucket.owner && hasPublicPolicy(bucket);
  return byPolicy || aclsEnabled(bucket) ? objects.accountBlocks.over(bucket) : bucket;
}

function onTerms(bucket: Bucket, call: Call): OnBucket {
  return { bucket, charged: demandTerms(bucket, call) };
}

function demandOwner(bucket: Bucket, expected: string): void {
  if (expected === bucket.owner) return;
  if (!/^\d{12}$/.test(expected)) throw s3Errors.InvalidBucketOwnerAWSAccountID(expected);
  throw s3Errors.AccessDenied('Access Denied', {
    reason: `x-amz-expected-bucket-owner is ${expected}, but the bucket belongs to ${bucket.owner}`,
    owner: bucket.owner,
    advice: `The bucket does not belong to account ${expected}, as x-amz-expected-bucket-owner has it: check the name of the bucket, or the account.`,
  });
}

/**
 * The key of a new object. Throws KeyTooLongError; BadRequest for one that climbs above its root: "Relative path
 * elements" resolve, and what lies above is refused ("Naming Amazon S3 objects", S3 User Guide; versitygw,
 * PutObject_invalid_object_names).
 */
export function newKeyOf(input: { readonly Key: string | undefined }): string {
  const key = keyOf(input);
  if (!key.includes('..')) return key;
  let depth = 0;
  for (const segment of key.split('/')) {
    if (segment === '..') depth--;
    else if (segment !== '' && segment !== '.') depth++;
    if (depth < 0) throw s3Errors.BadRequest('An error occurred when parsing the HTTP request.');
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
  throw s3Errors.KeyTooLongError({
    members: { Size: String(size), MaxSizeAllowed: String(LONGEST_KEY) },
  });
}

/** The version that the request is about, in its bucket. Throws as `bucketOf`, and KeyTooLongError. */
export async function versionOf(input: ObjectInput, call: Call, ports: S3Ports): Promise<OnVersion> {
  const { bucket, charged } = await bucketOf(input, call, ports);
  return {
    bucket,
    charged,
    version: await ports.objects.versions.find(bucket, keyOf(input), input.VersionId),
  };
}

/** A version that is replaced again and again while it is read is given up after so many tries. */
const ATTEMPTS = 10;

/**
 * Works on what was found; where the content is gone meanwhile, on what `again` finds then. Throws `ContentGone` where
 * that happens too often.
 */
export async function whileReplaced<T, O>(
  subject: T,
  again: () => Promise<T>,
  work: (subject: T) => Promise<O>,
): Promise<O> {
  let now = subject;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(now);
    } catch (error) {
      if (!(error instanceof ContentGone) || attempt === ATTEMPTS) throw error;
      now = await again();
    }
  }
}

/** Throws AccessDenied for anonymous callers, whatever a policy allows them. */
export function demandSigned(call: Call, doing: string): void {
  if (call.caller.principal.type !== 'anonymous') return;
  throw s3Errors.AccessDenied(`Anonymous users cannot ${doing}. Please authenticate.`, {
    advice: 'Sign the request: no policy opens this to anonymous callers.',
  });
}
