import type { CreateBucketOutput, CreateBucketRequest, Tag } from '@aws-sdk/client-s3';
import { ApiError } from '../../errors.js';
import type { Account } from '../../identity/caller.js';
import type { Bucket } from '../../objects/index.js';
import type { Call, Operation } from '../../operation.js';
import { demandBucketName } from './bucket-names.js';
import { s3Errors } from './errors.js';
import type { S3Ports } from './ports.js';
import { DEFAULT_PUBLIC_ACCESS_BLOCK } from './public-access.js';
import { FIRST_REGION, regionOfNewBucket } from './regions.js';
import { bucketArn, type Keys, present } from './requirements.js';
import { bucketTags } from './tags.js';
import { aclKeys } from './write-requirements.js';

export const createBucket: Operation<S3Ports, CreateBucketRequest, CreateBucketOutput> = {
  name: 'CreateBucket',

  requires(input, call) {
    const name = input.Bucket ?? '';
    demandBucketName(name);
    const partition = call.caller.account?.partition ?? 'aws';
    const resource = bucketArn({ partition, name });
    const { LocationConstraint, Tags = [] } = input.CreateBucketConfiguration ?? {};
    const tags = requestedTagKeys(Tags);
    const keys: Keys = {
      ...aclKeys(input),
      ...tags,
      's3:LocationConstraint': LocationConstraint,
      's3:x-amz-object-ownership': input.ObjectOwnership,
    };
    const requirement = (action: string, own: Keys = {}) => ({ action, resource, context: present(own) });
    const requirements = [requirement('s3:CreateBucket', keys)];
    if (input.ObjectLockEnabledForBucket) {
      requirements.push(
        requirement('s3:PutBucketObjectLockConfiguration'),
        requirement('s3:PutBucketVersioning'),
      );
    }
    if (input.ObjectOwnership) requirements.push(requirement('s3:PutBucketOwnershipControls'));
    if (Tags.length > 0) requirements.push(requirement('s3:TagResource', tags));
    return requirements;
  },

  async run(input, call, { objects, newBuckets = 'closed' }) {
    const account = accountOf(call);
    const { LocationConstraint, Tags } = input.CreateBucketConfiguration ?? {};
    demandNoAcl(input, newBuckets);
    const region = regionOfNewBucket(account.partition, LocationConstraint, call.region);
    const lock = input.ObjectLockEnabledForBucket ? { objectLock: {}, versioning: 'Enabled' as const } : {};
    const bucket = await objects.buckets
      .create({
        name: input.Bucket!,
        owner: account.id,
        partition: account.partition,
        region,
        ...(newBuckets === 'closed' && { publicAccessBlock: DEFAULT_PUBLIC_ACCESS_BLOCK }),
        ownership: input.ObjectOwnership ?? defaultOwnership(newBuckets),
        ...lock,
        ...(Tags?.length ? { tags: bucketTags(Tags) } : {}),
      })
      .catch(error => ownedInFirstRegion(error, region, input.Bucket!, objects.buckets));
    return { Location: `/${bucket.name}`, BucketArn: bucketArn(bucket) };
  },
};

/** `aws:RequestTag/…` and `aws:TagKeys` of tags that a request brings. */
function requestedTagKeys(tags: readonly Tag[]): Keys {
  if (tags.length === 0) return {};
  const keys: Record<string, string | string[]> = {};
  for (const { Key, Value } of tags) keys[`aws:RequestTag/${Key}`] = Value ?? '';
  return { ...keys, 'aws:TagKeys': tags.map(({ Key }) => Key ?? '') };
}

/** The caller's account; operations that need one refuse anonymous callers. */
export function accountOf(call: Call): Account {
  if (call.caller.account) return call.caller.account;
  throw s3Errors.AccessDenied(['Access Denied']);
}

/** Closed, new buckets enforce the owner's control ("Controlling ownership of objects"). */
function defaultOwnership(newBuckets: S3Ports['newBuckets']): Bucket['ownership'] {
  return newBuckets === 'open' ? undefined : 'BucketOwnerEnforced';
}

/** Where the owner's control is enforced, ACLs have nothing to grant. */
function demandNoAcl(input: CreateBucketRequest, newBuckets: S3Ports['newBuckets']): void {
  const { GrantFullControl, GrantRead, GrantReadACP, GrantWrite, GrantWriteACP } = input;
  const grants = GrantFullControl ?? GrantRead ?? GrantReadACP ?? GrantWrite ?? GrantWriteACP;
  if (grants === undefined && (input.ACL === undefined || input.ACL === 'private')) return;
  if ((input.ObjectOwnership ?? defaultOwnership(newBuckets)) === 'BucketOwnerEnforced') {
    throw s3Errors.InvalidBucketAclWithObjectOwnership();
  }
  throw s3Errors.AccessControlListNotSupported();
}

/** In us-east-1, making one's own bucket again succeeds (CreateBucket, S3 API Reference). */
async function ownedInFirstRegion(
  error: unknown,
  region: string,
  name: string,
  buckets: S3Ports['objects']['buckets'],
): Promise<Bucket> {
  if (!(error instanceof ApiError) || error.code !== 'BucketAlreadyOwnedByYou') throw error;
  const existing = await buckets.get(name);
  if (region !== FIRST_REGION || existing.region !== FIRST_REGION) throw error;
  return existing;
}
