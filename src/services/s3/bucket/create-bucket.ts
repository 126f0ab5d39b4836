import type { CreateBucketOutput, CreateBucketRequest, Tag } from '@aws-sdk/client-s3';
import type { Account } from '../../../core/caller.js';
import { ApiError } from '../../../core/errors.js';
import type { Call, Operation } from '../../../core/operation.js';
import { s3Errors } from '../../../core/s3-errors.js';
import type { AclGrant, Bucket, BucketSettings, NewBucket } from '../../../objects/index.js';
import { aclsEnabled, isPublicAcl } from '../acl/acl.js';
import { hasGrantHeaders, requestedGrants } from '../acl/acl-input.js';
import { notImplemented } from '../object/attributes.js';
import { aclKeys } from '../object/write-requirements.js';
import type { S3Ports } from '../ports.js';
import { bucketArn, type Keys, present } from '../requirements.js';
import { newBucketTags } from '../tags.js';
import type { S3Subject } from '../target.js';
import { demandBucketName } from './bucket-names.js';
import { blocks, DEFAULT_PUBLIC_ACCESS_BLOCK } from './public-access.js';
import { demandSignature, demandSigningRegion, FIRST_REGION, regionOfNewBucket } from './regions.js';

/** What will be there, and whose. */
interface Creating extends S3Subject {
  readonly name: string;
  readonly account: Account;
}

export const CreateBucket: Operation<S3Ports, CreateBucketRequest, CreateBucketOutput, Creating> = {
  resolve(input, call) {
    const name = input.Bucket ?? '';
    demandBucketName(name);
    demandGlobal(input);
    return { requires: [], subject: { name, account: accountOf(call) } };
  },

  requiresOfBody({ name, account }, input) {
    const resource = bucketArn({ partition: account.partition, name });
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
    // "CreateBucket", S3 API Reference: a private list takes nothing more.
    const list = input.ACL !== undefined && input.ACL !== 'private';
    if (list || hasGrantHeaders(input)) requirements.push(requirement('s3:PutBucketAcl', aclKeys(input)));
    if (input.ObjectOwnership) requirements.push(requirement('s3:PutBucketOwnershipControls'));
    if (Tags.length > 0) requirements.push(requirement('s3:TagResource', tags));
    return requirements;
  },

  async run({ name, account }, input, call, ports) {
    const { objects } = ports;
    const { LocationConstraint, Tags } = input.CreateBucketConfiguration ?? {};
    const settings = {
      ...beginningOf(ports),
      ...(input.ObjectOwnership && { ownership: input.ObjectOwnership }),
    };
    const accountBlock = await objects.accountBlocks.find(account.id);
    const acl = await newBucketAcl(input, { ...settings, accountBlock }, account, ports);
    demandSignature(call.region, call);
    if (ports.otherRegions === 'redirected') demandSigningRegion(call.signedRegion, FIRST_REGION);
    const region = regionOfNewBucket(account.partition, LocationConstraint, call.region);
    const lock = input.ObjectLockEnabledForBucket ? { objectLock: {}, versioning: 'Enabled' as const } : {};
    const wanted: NewBucket = {
      name,
      owner: account.id,
      partition: account.partition,
      region,
      ...(LocationConstraint === 'EU' && { oldLocation: LocationConstraint }),
      ...settings,
      ...(acl && { acl }),
      ...lock,
      ...(Tags?.length ? { tags: newBucketTags(Tags) } : {}),
    };
    const bucket = await objects.buckets
      .create(wanted)
      .catch(error => madeAgain(error, wanted, objects.buckets));
    const path =
      bucket.region === FIRST_REGION ? `/${bucket.name}` : `http://${bucket.name}.s3.amazonaws.com/`;
    return { Location: path, BucketArn: bucketArn(bucket) };
  },
};

/**
 * There is one namespace of buckets: one of an account's own ("Namespaces for general purpose buckets", S3 User Guide)
 * is not made as if it were of the global one. Throws NotImplemented.
 */
function demandGlobal({ BucketNamespace: namespace = 'global' }: CreateBucketRequest): void {
  if (namespace !== 'global') throw notImplemented('x-amz-bucket-namespace');
}

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
  throw s3Errors.AccessDenied('Access Denied', {
    advice: 'Sign the request: a bucket belongs to the account that makes it, and only accounts list theirs.',
  });
}

/** What a bucket begins with: closed, it enforces its owner's control and blocks what is public. */
function beginningOf({ newBuckets }: S3Ports): Pick<BucketSettings, 'ownership' | 'publicAccessBlock'> {
  if (newBuckets === 'open') return {};
  return { ownership: 'BucketOwnerEnforced', publicAccessBlock: DEFAULT_PUBLIC_ACCESS_BLOCK };
}

/**
 * The list of a new bucket. Throws InvalidBucketAclWithObjectOwnership where lists are disabled and the request
 * names one that is more than the owner's, InvalidBucketAclWithBlockPublicAccessError for a public one where the
 * bucket begins by blocking such.
 */
async function newBucketAcl(
  input: CreateBucketRequest,
  beginning: Pick<Bucket, 'ownership' | 'publicAccessBlock' | 'accountBlock'>,
  { canonicalId }: Account,
  ports: S3Ports,
): Promise<readonly AclGrant[] | undefined> {
  const owner = async () => canonicalId;
  const acl = await requestedGrants(input, { owner, bucketOwner: owner }, ports);
  if (!acl) return undefined;
  if (!aclsEnabled(beginning)) throw s3Errors.InvalidBucketAclWithObjectOwnership();
  if (blocks(beginning, 'blockPublicAcls') && isPublicAcl(acl)) {
    throw s3Errors.InvalidBucketAclWithBlockPublicAccessError();
  }
  return acl;
}

/**
 * In us-east-1, making one's own bucket again succeeds, and gives it the list that the request names ("CreateBucket",
 * S3 API Reference, BucketAlreadyOwnedByYou); not with tags (LocalStack's recordings of AWS,
 * test_create_existing_bucket_with_tags).
 */
async function madeAgain(
  error: unknown,
  { name, region, acl, tags }: NewBucket,
  buckets: S3Ports['objects']['buckets'],
): Promise<Bucket> {
  if (!(error instanceof ApiError) || error.code !== 'BucketAlreadyOwnedByYou') throw error;
  const existing = await buckets.get(name);
  if (region !== FIRST_REGION || existing.region !== FIRST_REGION || tags) throw error;
  if (acl || existing.acl) await buckets.update(existing, { acl });
  return existing;
}
