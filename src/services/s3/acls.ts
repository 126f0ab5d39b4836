/**
 * Access control lists. The bucket's owner owns and controls everything in it, which is all that its lists say
 * ("Controlling ownership of objects and disabling ACLs for your bucket", S3 User Guide).
 */
import type {
  GetBucketAclOutput,
  GetBucketAclRequest,
  GetObjectAclOutput,
  GetObjectAclRequest,
  Grant,
  Owner,
  PutBucketAclRequest,
  PutObjectAclRequest,
} from '@aws-sdk/client-s3';
import type { Bucket } from '../../objects/index.js';
import { notImplemented } from './attributes.js';
import { bucketOperation, versionOperation } from './bucket-operation.js';
import { s3Errors } from './errors.js';
import { existingObject } from './get-object.js';
import { bucketOwner } from './owner.js';
import { aclKeys } from './write-requirements.js';

export const getBucketAcl = bucketOperation<GetBucketAclRequest, GetBucketAclOutput>(
  'GetBucketAcl',
  's3:GetBucketAcl',
  async (bucket, _input, ports) => fullControl(await bucketOwner(bucket, ports)),
);

export const getObjectAcl = versionOperation<GetObjectAclRequest, GetObjectAclOutput>(
  'GetObjectAcl',
  () => ['s3:GetObjectAcl'],
  async (bucket, input, ports, call) => {
    await existingObject(input, call, ports);
    return fullControl(await bucketOwner(bucket, ports));
  },
);

function fullControl(owner: Owner): { Owner: Owner; Grants: Grant[] } {
  return {
    Owner: owner,
    Grants: [{ Grantee: { Type: 'CanonicalUser', ...owner }, Permission: 'FULL_CONTROL' }],
  };
}

export const putBucketAcl = bucketOperation<PutBucketAclRequest, object>(
  'PutBucketAcl',
  's3:PutBucketAcl',
  (bucket, input) => {
    demandSettable(bucket, input.ACL === 'private');
    return {};
  },
  aclKeys,
);

export const putObjectAcl = versionOperation<PutObjectAclRequest, object>(
  'PutObjectAcl',
  () => ['s3:PutObjectAcl'],
  async (bucket, input, ports, call) => {
    await existingObject(input, call, ports);
    demandSettable(bucket, input.ACL === 'private' || input.ACL === 'bucket-owner-full-control');
    return {};
  },
  aclKeys,
);

/** Throws AccessControlListNotSupported where lists are disabled, NotImplemented for one that would grant more. */
function demandSettable(bucket: Bucket, sameAsNow: boolean): void {
  if ((bucket.ownership ?? 'BucketOwnerEnforced') === 'BucketOwnerEnforced') {
    throw s3Errors.AccessControlListNotSupported();
  }
  if (!sameAsNow) throw notImplemented('x-amz-acl');
}
