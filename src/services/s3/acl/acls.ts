/** Reading and setting the access control lists of buckets and objects. */
import { isDeepStrictEqual } from 'node:util';
import type {
  GetBucketAclOutput,
  GetBucketAclRequest,
  GetObjectAclOutput,
  GetObjectAclRequest,
  Grant,
  Grantee,
  Owner,
  PutBucketAclRequest,
  PutObjectAclRequest,
} from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import type { AclGrant, Bucket } from '../../../objects/index.js';
import { bucketOwner, recordOwner } from '../bucket/owner.js';
import { bucketOperation, versionOperation } from '../bucket-operation.js';
import { causeOf } from '../causes.js';
import { demandNoMarker, existingObject } from '../object/get-object.js';
import { aclKeys } from '../object/write-requirements.js';
import type { S3Ports } from '../ports.js';
import { bucketArn } from '../requirements.js';
import { keyOf } from '../target.js';
import { aclsEnabled, listsDisabled, ownerApart } from './acl.js';
import {
  type AclInput,
  type AclOwners,
  canonicalIdOf,
  demandNotBlocked,
  hasGrantHeaders,
  requestedGrants,
} from './acl-input.js';

export const GetBucketAcl = bucketOperation<GetBucketAclRequest, GetBucketAclOutput>(
  's3:GetBucketAcl',
  async (bucket, _input, ports) => shown(await bucketOwner(bucket, ports), bucket, bucket.acl),
);

export const GetObjectAcl = versionOperation<GetObjectAclRequest, GetObjectAclOutput>(
  () => ['s3:GetObjectAcl'],
  async (subject, input, ports, call) => {
    const { bucket } = subject;
    const record = await existingObject(subject, input, call);
    return shown(await recordOwner(bucket, record, ports), bucket, record.acl);
  },
);

/** A list that does not count is shown as what counts in its stead ("Controlling ownership of objects"). */
function shown(
  owner: Owner,
  bucket: Bucket,
  acl: readonly AclGrant[] | undefined,
): { Owner: Owner; Grants: Grant[] } {
  const own: AclGrant = { grantee: owner.ID!, permission: 'FULL_CONTROL' };
  const grants = (aclsEnabled(bucket) ? acl : undefined) ?? [own];
  return { Owner: owner, Grants: grants.map(shownGrant) };
}

/** A grant as documents have it. */
export function shownGrant({ grantee, permission }: AclGrant): Grant {
  const Grantee: Grantee = grantee.startsWith('http:')
    ? { Type: 'Group', URI: grantee }
    : { Type: 'CanonicalUser', ID: grantee };
  return { Grantee, Permission: permission };
}

export const PutBucketAcl = bucketOperation<PutBucketAclRequest, object>(
  's3:PutBucketAcl',
  async (bucket, input, ports, call) => {
    const owner = () => canonicalIdOf(bucket.owner, call, ports);
    const acl = await settableGrants(bucket, input, { owner, bucketOwner: owner }, ports);
    if (!aclsEnabled(bucket)) return {};
    demandNotBlocked(bucket, acl, call, { action: 's3:PutBucketAcl', resource: bucketArn(bucket) });
    await ports.objects.buckets.update(bucket, now => {
      if (!aclsEnabled(now)) throw listsDisabled(bucket);
      return { acl };
    });
    return {};
  },
  { keys: aclKeys },
);

export const PutObjectAcl = versionOperation<PutObjectAclRequest, object>(
  () => ['s3:PutObjectAcl'],
  async (subject, input, ports, call) => {
    const { bucket } = subject;
    demandNoMarker(subject, call);
    const record = await existingObject(subject, input, call);
    const bucketOwner = () => canonicalIdOf(bucket.owner, call, ports);
    const apart = ownerApart(bucket, record);
    const owner = apart ? async () => apart.canonicalId : bucketOwner;
    const acl = await settableGrants(bucket, input, { owner, bucketOwner }, ports);
    if (!aclsEnabled(bucket)) return {};
    const key = keyOf(input);
    demandNotBlocked(bucket, acl, call, {
      action: 's3:PutObjectAcl',
      resource: `${bucketArn(bucket)}/${key}`,
    });
    // "Supported event types": a list that changes nothing is no event.
    if (isDeepStrictEqual(acl, record.acl)) return {};
    const cause = causeOf(call, 'ObjectAcl:Put');
    await ports.objects.versions.update(bucket, key, input.VersionId, now => ({ ...now, acl }), cause);
    return {};
  },
  { keys: aclKeys },
);

/**
 * The grants that are to be set. Throws MissingSecurityHeader where the request names none, and
 * AccessControlListNotSupported where lists are disabled and this one is not the full control of the bucket's owner
 * ("PutObjectAcl", S3 API Reference).
 */
async function settableGrants(
  bucket: Bucket,
  input: AclInput,
  owners: AclOwners,
  ports: S3Ports,
): Promise<readonly AclGrant[] | undefined> {
  if (input.ACL === undefined && !input.AccessControlPolicy && !hasGrantHeaders(input)) {
    throw s3Errors.MissingSecurityHeader({ members: { MissingHeaderName: 'x-amz-acl' } });
  }
  const grants = await requestedGrants(input, owners, ports);
  if (aclsEnabled(bucket)) return grants;
  const [first, ...others] = grants ?? [];
  const ownersOnly =
    input.ACL === undefined
      ? first?.permission === 'FULL_CONTROL' && first.grantee === (await owners.bucketOwner())
      : input.ACL === 'bucket-owner-full-control';
  if (!ownersOnly || others.length > 0) throw listsDisabled(bucket);
  return undefined;
}
