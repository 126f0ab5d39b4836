import type { Owner } from '@aws-sdk/client-s3';
import type { Account } from '../../identity/caller.js';
import type { Bucket, ObjectOwner } from '../../objects/index.js';
import { ownerApart } from './acl.js';
import type { S3Ports } from './ports.js';

/** An account as S3 names owners: by its canonical id. */
export function ownerOf(account: Account): Owner {
  return { ID: account.canonicalId };
}

/** The owner of a bucket, and of all that is in it and belongs to nobody else. */
export async function bucketOwner(bucket: Bucket, ports: S3Ports): Promise<Owner> {
  const account = await ports.accountOf(bucket.owner);
  return account ? ownerOf(account) : {};
}

/** The owner of a version or an upload. `owner`: the bucket's. */
export function recordOwner(
  bucket: Bucket,
  record: { readonly owner?: ObjectOwner | undefined },
  owner: Owner,
): Owner {
  const apart = ownerApart(bucket, record);
  return apart ? { ID: apart.canonicalId } : owner;
}
