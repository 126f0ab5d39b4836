/** Whose a new object is, and what is granted on it. */

import type { Call } from '../../../core/operation.js';
import type { Bucket, ObjectAttributes, ObjectOwner } from '../../../objects/index.js';
import { writerOf } from '../acl/acl.js';
import { type AclInput, canonicalIdOf, demandNotBlocked, requestedGrants } from '../acl/acl-input.js';
import type { S3Ports } from '../ports.js';
import { bucketArn } from '../requirements.js';
import { keyOf } from '../target.js';

/**
 * In a bucket where lists count. Throws what
 * `requestedGrants` and `demandNotBlocked` throw.
 */
export async function newObjectAccess(
  bucket: Bucket,
  input: AclInput & { readonly Key: string | undefined },
  call: Call,
  ports: S3Ports,
): Promise<Pick<ObjectAttributes, 'owner' | 'acl'>> {
  const owner = newOwner(bucket, input.ACL, call);
  const bucketOwner = () => canonicalIdOf(bucket.owner, call, ports);
  const owners = { owner: owner ? async () => owner.canonicalId : bucketOwner, bucketOwner };
  const acl = await requestedGrants(input, owners, ports);
  const resource = `${bucketArn(bucket)}/${keyOf(input)}`;
  demandNotBlocked(bucket, acl, call, { action: 's3:PutObject', resource });
  return { ...(owner && { owner }), ...(acl && { acl }) };
}

/**
 * Who will own what a request writes, where that is not the bucket's owner: the writer, unless the bucket's owner is
 * preferred and is given full control by the canned list of that name.
 */
function newOwner(bucket: Bucket, canned: string | undefined, call: Call): ObjectOwner | undefined {
  if (bucket.ownership === 'BucketOwnerPreferred' && canned === 'bucket-owner-full-control') return undefined;
  const writer = writerOf(call);
  return writer.account === bucket.owner ? undefined : writer;
}
