/**
 * Access control lists as the policies that they amount to, for the one place that decides: a statement for each
 * grant, with the actions of its permission.
 */

import type { Call } from '../../../core/operation.js';
import type { AclGrant, Bucket, ObjectOwner, ObjectRecord, Permission } from '../../../objects/index.js';
import { type CompiledPolicy, compilePolicy } from '../../../policy/index.js';
import type { NamedPolicy, SetAside } from '../../../policy/types.js';
import { blockCommand, blocker, blocks } from '../bucket/public-access.js';
import {
  ALL_USERS,
  ANONYMOUS_OWNER,
  AUTHENTICATED_USERS,
  isPublicGrant,
  LOG_DELIVERY,
  ownerApart,
  writerOf,
} from './acl.js';

type Actions = Readonly<Record<Exclude<Permission, 'FULL_CONTROL'>, readonly string[]>>;

/** "Mapping of ACL permissions and access policy permissions", S3 User Guide. */
const ON_BUCKET: Actions = {
  READ: ['s3:ListBucket', 's3:ListBucketVersions', 's3:ListBucketMultipartUploads'],
  WRITE: ['s3:PutObject'],
  READ_ACP: ['s3:GetBucketAcl'],
  WRITE_ACP: ['s3:PutBucketAcl'],
};
const ON_OBJECT: Actions = {
  READ: ['s3:GetObject', 's3:GetObjectVersion'],
  WRITE: [],
  READ_ACP: ['s3:GetObjectAcl', 's3:GetObjectVersionAcl'],
  WRITE_ACP: ['s3:PutObjectAcl', 's3:PutObjectVersionAcl'],
};
const ON_UPLOAD: Actions = {
  READ: ['s3:ListMultipartUploadParts'],
  WRITE: ['s3:AbortMultipartUpload'],
  READ_ACP: [],
  WRITE_ACP: [],
};
/** Callers who may list the bucket learn that there is no such object ("GetObject", S3 API Reference). */
const ON_NO_OBJECT: Actions = { READ: ON_OBJECT.READ, WRITE: [], READ_ACP: [], WRITE_ACP: [] };

/**
 * Who may write to a bucket may delete what is theirs in it: WRITE "allows grantee to create new objects in the bucket.
 * For the bucket and object owners of existing objects, also allows deletions and overwrites of those objects" ("Access
 * control list (ACL) overview"; LocalStack's recordings of AWS, test_s3_batch_delete_public_objects_using_requests).
 */
const ON_OWN_OBJECT: Actions = { READ: [], WRITE: ['s3:DeleteObject'], READ_ACP: [], WRITE_ACP: [] };

/** What a list says, and for the trace of a denial what a setting takes out of it. */
export interface ListDecision {
  readonly acl: NamedPolicy | undefined;
  readonly setAside?: readonly SetAside[];
}

/** The bucket's list. `arn`: the bucket's. */
export function bucketAcl(bucket: Bucket, arn: string): ListDecision {
  return policyOf(bucket, arn, bucket.acl ?? ownedBy(bucket.owner), ON_BUCKET);
}

/** The list of an object in the bucket. `arn`: the object's. */
export function objectAcl(bucket: Bucket, arn: string, record: ObjectRecord): ListDecision {
  const owner = ownerApart(bucket, record)?.canonicalId ?? bucket.owner;
  return policyOf(bucket, arn, record.acl ?? ownedBy(owner), ON_OBJECT);
}

/** What the bucket's list says of an object in it to the object's owner. `arn`: the bucket's. */
export function ownObjectAcl(bucket: Bucket, arn: string): ListDecision {
  return policyOf(bucket, arn, bucket.acl ?? ownedBy(bucket.owner), ON_OWN_OBJECT);
}

/** What the bucket's list says of reading an object that is not there. `arn`: the bucket's. */
export function missingObjectAcl(bucket: Bucket, arn: string): ListDecision {
  return policyOf(bucket, arn, bucket.acl ?? ownedBy(bucket.owner), ON_NO_OBJECT);
}

/** What who writes an object may do with the list that comes along. `arn`: the object's. */
export function newObjectAcl(bucket: Bucket, arn: string, call: Call): ListDecision {
  return policyOf(bucket, arn, ownedBy(writerOf(call).canonicalId), ON_OBJECT);
}

/** What who began a multipart upload may do with it. `arn`: the object's. */
export function uploadAcl(bucket: Bucket, arn: string, owner: ObjectOwner): ListDecision {
  return policyOf(bucket, arn, ownedBy(owner.canonicalId), ON_UPLOAD);
}

/** `owner`: a canonical id, or an account id. */
function ownedBy(owner: string): readonly AclGrant[] {
  return [{ grantee: owner, permission: 'FULL_CONTROL' }];
}

function policyOf(bucket: Bucket, arn: string, grants: readonly AclGrant[], actions: Actions): ListDecision {
  const ignoring = blocks(bucket, 'ignorePublicAcls');
  const counted = ignoring ? grants.filter(grant => !letsAnyoneIn(grant)) : grants;
  const acl = named(`ACL of ${arn}`, counted, actions);
  if (counted.length === grants.length) return { acl };
  const policy = named(`ACL of ${arn}`, grants, actions);
  return { acl, ...(policy && { setAside: [ignoredGrants(bucket, policy)] }) };
}

function named(name: string, grants: readonly AclGrant[], actions: Actions): NamedPolicy | undefined {
  const policy = compiled(grants, actions);
  return policy && { name, policy };
}

/** For the trace of a denial: the list as it would count with its public grants. */
function ignoredGrants(bucket: Bucket, policy: NamedPolicy): SetAside {
  return {
    as: 'acl',
    policy,
    by: 'IgnorePublicAcls',
    advice: `the grant is to everyone, and the ${blocker(bucket, 'ignorePublicAcls')}'s Block Public Access ignores such grants. Grant it to the callers by a policy, or switch IgnorePublicAcls off (${blockCommand(bucket, 'ignorePublicAcls')} …).`,
  };
}

/** Public grants, and those to who uploads unsigned: that is anyone as well. */
function letsAnyoneIn(grant: AclGrant): boolean {
  return isPublicGrant(grant) || grant.grantee === ANONYMOUS_OWNER.canonicalId;
}

/** Lists are few: most objects of a bucket have the same. */
const MOST_KEPT = 1000;
const kept = new Map<string, CompiledPolicy | undefined>();

function compiled(grants: readonly AclGrant[], actions: Actions): CompiledPolicy | undefined {
  const name = JSON.stringify([grants, actions.READ[0], actions.WRITE[0], actions.READ_ACP[0]]);
  if (kept.has(name)) return kept.get(name);
  // A list may say the same more than once, and say what means nothing here.
  const counted = grants.filter(({ permission }) => granted(permission, actions).length > 0);
  const statements = new Map(counted.map(grant => [sidOf(grant), statementOf(grant, actions)]));
  const Statement = [...statements.values()];
  const text = JSON.stringify({ Version: '2012-10-17', Statement });
  const policy = Statement.length === 0 ? undefined : compilePolicy(text, 'resource');
  if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(name, policy);
  return policy;
}

function sidOf({ grantee, permission }: AclGrant): string {
  return `${permission} to ${grantee}`;
}

function granted(permission: Permission, actions: Actions): readonly string[] {
  return permission === 'FULL_CONTROL' ? Object.values(actions).flat() : actions[permission];
}

function statementOf(grant: AclGrant, actions: Actions): object {
  return {
    Sid: sidOf(grant),
    Effect: 'Allow',
    ...principalOf(grant.grantee),
    Action: granted(grant.permission, actions),
    Resource: '*',
  };
}

function principalOf(grantee: string): object {
  switch (grantee) {
    case ALL_USERS:
      return { Principal: '*' };
    case AUTHENTICATED_USERS:
      return { Principal: '*', Condition: { Null: { 'aws:PrincipalAccount': 'false' } } };
    case LOG_DELIVERY:
      return { Principal: { Service: 'logging.s3.amazonaws.com' } };
    case ANONYMOUS_OWNER.canonicalId:
      return { Principal: '*', Condition: { StringEquals: { 'aws:PrincipalType': 'Anonymous' } } };
    default:
      return { Principal: /^\d{12}$/.test(grantee) ? { AWS: grantee } : { CanonicalUser: grantee } };
  }
}
