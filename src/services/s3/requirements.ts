/** What S3's operations require: actions, ARNs and condition keys as the Service Authorization Reference has them. */

import type { Call, Requirement } from '../../core/operation.js';
import type { Bucket, Pairs, VersionRecord } from '../../objects/index.js';
import { compilePolicy, isPublicPolicy } from '../../policy/index.js';
import type { ContextValue, NamedPolicy, SetAside } from '../../policy/types.js';
import { aclsEnabled, ownerApart, writerOf } from './acl/acl.js';
import { bucketAcl, type ListDecision, missingObjectAcl, objectAcl, ownObjectAcl } from './acl/acl-policy.js';
import { blockCommand, blocker, blocks } from './bucket/public-access.js';

/** Condition keys; those that the request does not carry are `undefined` and left out. */
export type Keys = Readonly<Record<string, ContextValue | number | boolean | undefined>>;

/** `action` on the bucket itself. */
export function onBucket(bucket: Bucket, call: Call, action: string, keys: Keys = {}): Requirement {
  return require(bucket, call, action, bucketArn(bucket), keys);
}

/**
 * What it takes to learn that a key does not exist: the right to list it ("GetObject", S3 API Reference). The key is
 * the prefix, so that a right to list a prefix counts within it (as AWS does it, by github.com/ceph/ceph/pull/68577).
 */
export function onMissing(bucket: Bucket, call: Call, key: string): Requirement {
  return onBucket(bucket, call, 's3:ListBucket', { 's3:prefix': key });
}

/** `action` on an object of the bucket. */
export function onObject(
  bucket: Bucket,
  call: Call,
  action: string,
  key: string,
  keys: Keys = {},
): Requirement {
  return require(bucket, call, action, `${bucketArn(bucket)}/${key}`, keys);
}

/**
 * As `onObject` for an action that has a variant for a version asked for by its id: `s3:GetObject` and
 * `s3:GetObjectVersion`, `s3:GetObjectTagging` and `s3:GetObjectVersionTagging`.
 */
export function onVersion(
  bucket: Bucket,
  call: Call,
  action: string,
  input: { readonly Key: string | undefined; readonly VersionId?: string | undefined },
  keys: Keys = {},
): Requirement {
  const id = input.VersionId;
  const key = input.Key ?? '';
  // Locking a version is the same action whichever version it is.
  if (id === undefined || /Retention$|LegalHold$/.test(action))
    return onObject(bucket, call, action, key, keys);
  return onObject(bucket, call, versioned(action), key, { ...keys, 's3:VersionId': id });
}

/**
 * As `onVersion`, where the version that stands there is known: reading it and its list is decided by its owner and
 * its list, where lists count. Its tags and its locks are the bucket's affair ("PutObjectTagging", S3 API Reference).
 */
export function onFound(
  bucket: Bucket,
  call: Call,
  action: string,
  input: { readonly Key: string | undefined; readonly VersionId?: string | undefined },
  version: VersionRecord | undefined,
  keys: Keys = {},
): Requirement {
  const requirement = onVersion(bucket, call, action, input, keys);
  if (!aclsEnabled(bucket) || !/Object(Acl|Attributes)?$/.test(action)) return requirement;
  if (!version || version.marker) return withList(requirement, missingObjectAcl(bucket, bucketArn(bucket)));
  return {
    ...withList(requirement, objectAcl(bucket, requirement.resource, version)),
    objectOwner: ownerApart(bucket, version)?.account,
  };
}

/**
 * As `onVersion` for deleting: who owns what stands there may, with the right to write to the bucket, where lists
 * count.
 */
export function onDeleted(
  bucket: Bucket,
  call: Call,
  input: { readonly Key: string | undefined; readonly VersionId?: string | undefined },
  version: VersionRecord | undefined,
  keys: Keys,
): Requirement {
  const requirement = onVersion(bucket, call, 's3:DeleteObject', input, keys);
  const owner = version && !version.marker ? ownerApart(bucket, version)?.account : undefined;
  if (owner === undefined || owner !== writerOf(call).account) return requirement;
  return withList(requirement, ownObjectAcl(bucket, bucketArn(bucket)));
}

function versioned(action: string): string {
  return action.replace(/^(s3:[A-Z][a-z]+Object)/, '$1Version');
}

export function bucketArn(bucket: Pick<Bucket, 'partition' | 'name'>): string {
  return `arn:${bucket.partition}:s3:::${bucket.name}`;
}

function require(bucket: Bucket, call: Call, action: string, resource: string, keys: Keys): Requirement {
  const policy = compiledFor(bucket);
  const restricted = policy !== undefined && isRestricted(bucket, policy.isPublic, call);
  const requirement: Requirement = {
    action,
    resource,
    resourceAccount: bucket.owner,
    resourcePolicy: restricted ? undefined : policy?.named,
    setAside: restricted ? [restrictedPolicy(bucket, policy.named)] : undefined,
    resourceKind: 'resource',
    context: { 's3:ResourceAccount': bucket.owner, ...bucketTagKeys(bucket), ...present(keys) },
  };
  return aclsEnabled(bucket) ? withList(requirement, bucketAcl(bucket, bucketArn(bucket))) : requirement;
}

/** The requirement with a list in the place of the one that it has. */
export function withList(requirement: Requirement, { acl, setAside: ignored }: ListDecision): Requirement {
  const policies = requirement.setAside?.filter(({ as }) => as !== 'acl') ?? [];
  const setAside = [...policies, ...(ignored ?? [])];
  return { ...requirement, acl, setAside: setAside.length > 0 ? setAside : undefined };
}

/** `aws:ResourceTag/…` and `s3:BucketTag/…`, of the bucket and its objects alike, where its tags decide. */
function bucketTagKeys({ tagsDecide, tags }: Bucket): Record<string, ContextValue> | undefined {
  if (!tagsDecide || !tags) return undefined;
  const keys: Record<string, ContextValue> = {};
  for (const [name, value] of tags) {
    keys[`aws:ResourceTag/${name}`] = value;
    keys[`s3:BucketTag/${name}`] = value;
  }
  return keys;
}

/** The keys that the request carries, as condition values. */
export function present(keys: Keys): Record<string, ContextValue> {
  const context: Record<string, ContextValue> = {};
  for (const [name, value] of Object.entries(keys)) {
    if (value !== undefined) context[name] = typeof value === 'object' ? value : String(value);
  }
  return context;
}

/** `s3:RequestObjectTag/…` and `s3:RequestObjectTagKeys` of tags that a request brings. */
export function requestTagKeys(tags: Pairs | undefined): Keys {
  if (!tags) return {};
  const keys: Record<string, ContextValue> = {};
  for (const [name, value] of tags) keys[`s3:RequestObjectTag/${name}`] = value;
  return { ...keys, 's3:RequestObjectTagKeys': tags.map(([name]) => name) };
}

/** `s3:ExistingObjectTag/…` of a version that stands there. */
export function existingTagKeys(version: VersionRecord | undefined): Keys {
  if (!version || version.marker || !version.tags) return {};
  return Object.fromEntries(version.tags.map(([name, value]) => [`s3:ExistingObjectTag/${name}`, value]));
}

/** Compiled policies, kept with the bucket record that they stand in. */
const compiled = new WeakMap<Bucket, { readonly named: NamedPolicy; readonly isPublic: boolean }>();

function compiledFor(
  bucket: Bucket,
): { readonly named: NamedPolicy; readonly isPublic: boolean } | undefined {
  if (bucket.policy === undefined) return undefined;
  let policy = compiled.get(bucket);
  if (!policy) {
    const named = {
      name: `bucket policy of ${bucket.name}`,
      policy: compilePolicy(bucket.policy, 'resource'),
      place: { kind: 'bucket', bucket: bucket.name },
    } as const;
    policy = { named, isPublic: isPublicPolicy(named.policy.document) };
    compiled.set(bucket, policy);
  }
  return policy;
}

/**
 * Whether RestrictPublicBuckets sets the policy aside: it leaves a public policy in force only for the owner's account
 * ("Blocking public access to your Amazon S3 storage").
 */
function isRestricted(bucket: Bucket, isPublic: boolean, { caller }: Call): boolean {
  return isPublic && blocks(bucket, 'restrictPublicBuckets') && caller.account?.id !== bucket.owner;
}

/** For the trace of a denial. */
function restrictedPolicy(bucket: Bucket, policy: NamedPolicy): SetAside {
  return {
    as: 'resource',
    policy,
    by: 'RestrictPublicBuckets',
    advice: `the policy is public, and the ${blocker(bucket, 'restrictPublicBuckets')}'s Block Public Access leaves it in force for account ${bucket.owner} alone. Name the callers in the policy instead of everyone, or switch RestrictPublicBuckets off (${blockCommand(bucket, 'restrictPublicBuckets')} …).`,
  };
}

/** The bucket's policy, as it counts for a service of AWS, which is not the public. */
export function policyForService(bucket: Bucket): NamedPolicy | undefined {
  return compiledFor(bucket)?.named;
}

/** Whether the bucket's policy gives access to the public. */
export function hasPublicPolicy(bucket: Bucket): boolean {
  return compiledFor(bucket)?.isPublic ?? false;
}
