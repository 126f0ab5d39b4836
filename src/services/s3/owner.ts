import type { Owner } from '@aws-sdk/client-s3';
import type { Account } from '../../identity/caller.js';
import type { Bucket } from '../../objects/index.js';
import type { S3Ports } from './ports.js';

/** An account as S3 names owners: by its canonical id. */
export function ownerOf(account: Account): Owner {
  return { ID: account.canonicalId };
}

/** The owner of a bucket, who owns all that is in it (ObjectOwnership BucketOwnerEnforced). */
export async function bucketOwner(bucket: Bucket, ports: S3Ports): Promise<Owner> {
  const account = await ports.accountOf(bucket.owner);
  return account ? ownerOf(account) : {};
}
