/**
 * Access control lists: whose a bucket or an object is, and what is granted on it ("Access control list (ACL)
 * overview", "Controlling ownership of objects", S3 User Guide).
 */
import type { ApiError } from '../../../core/errors.js';
import type { Call } from '../../../core/operation.js';
import { s3Errors } from '../../../core/s3-errors.js';
import type { AclGrant, Bucket, ObjectOwner } from '../../../objects/index.js';

export const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers';
export const AUTHENTICATED_USERS = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers';
export const LOG_DELIVERY = 'http://acs.amazonaws.com/groups/s3/LogDelivery';

/** The owner of what anonymous requests put. */
export const ANONYMOUS_OWNER: ObjectOwner = {
  account: 'anonymous',
  canonicalId: '65a011a29cdf8ec533ec3d1ccaae921c',
};

/** Whether lists count. A bucket without ownership controls is as one of ObjectWriter. */
export function aclsEnabled({ ownership }: Pick<Bucket, 'ownership'>): boolean {
  return ownership !== 'BucketOwnerEnforced';
}

/** Whether anyone, or anyone with an account, is granted something ("The meaning of 'public'"). */
export function isPublicAcl(grants: readonly AclGrant[] | undefined): boolean {
  return grants?.some(isPublicGrant) ?? false;
}

export function isPublicGrant({ grantee }: AclGrant): boolean {
  return grantee === ALL_USERS || grantee === AUTHENTICATED_USERS;
}

/** Who owns a version or an upload, where that is not the bucket's owner. */
export function ownerApart(
  bucket: Bucket,
  { owner }: { readonly owner?: ObjectOwner | undefined },
): ObjectOwner | undefined {
  return aclsEnabled(bucket) ? owner : undefined;
}

/** Who makes a request, as an owner of what it writes. */
export function writerOf({ caller: { account } }: Call): ObjectOwner {
  return account ? { account: account.id, canonicalId: account.canonicalId } : ANONYMOUS_OWNER;
}

/** The refusal of a list by a bucket that has lists disabled. */
export function listsDisabled(
  { name, owner }: Pick<Bucket, 'name' | 'owner'>,
  message = 'The bucket does not allow ACLs',
): ApiError {
  return s3Errors.AccessControlListNotSupported(message, {
    owner,
    advice: `Lists are disabled in the bucket (Object Ownership is BucketOwnerEnforced): leave the list out (ACL, x-amz-grant-…) and let a bucket policy grant access, or let the owner enable lists: aws s3api put-bucket-ownership-controls --bucket ${name} --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerPreferred}]'`,
  });
}
