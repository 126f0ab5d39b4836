/**
 * Owners as S3 shows them: by their canonical id alone, since November 2025 (recorded in February 2026). Only who
 * begins an upload has a name as well.
 */
import type { Initiator, Owner } from '@aws-sdk/client-s3';
import type { Call } from '../../../core/operation.js';
import type { Bucket, ObjectOwner } from '../../../objects/index.js';
import { ownerApart } from '../acl/acl.js';
import type { S3Ports } from '../ports.js';

/** What has an owner of its own: a version, an upload. */
interface Owned {
  readonly owner?: ObjectOwner | undefined;
}

/** The owner of a bucket, and of all in it that has no other owner. */
export async function bucketOwner(bucket: Bucket, ports: S3Ports): Promise<Owner> {
  const account = await ports.accountOf(bucket.owner);
  return account ? { ID: account.canonicalId } : {};
}

/** The owner of one version or upload. */
export async function recordOwner(bucket: Bucket, record: Owned, ports: S3Ports): Promise<Owner> {
  const apart = ownerApart(bucket, record);
  return apart ? { ID: apart.canonicalId } : bucketOwner(bucket, ports);
}

/** The owners of what a listing shows. */
export async function ownersIn(bucket: Bucket, ports: S3Ports): Promise<(record: Owned) => Owner> {
  const own = await bucketOwner(bucket, ports);
  return record => {
    const apart = ownerApart(bucket, record);
    return apart ? { ID: apart.canonicalId } : own;
  };
}

/** Who begins an upload: an account by its canonical id, anyone else by ARN ("ListParts", S3 API Reference). */
export function initiatorOf({ caller: { principal, account } }: Call): string {
  return principal.type === 'root' && account ? account.canonicalId : principal.arn;
}

export async function shownInitiator(initiator: string, ports: S3Ports): Promise<Initiator> {
  if (!initiator.startsWith('arn:')) {
    const account = await ports.accountOfCanonicalId(initiator);
    return { ID: initiator, ...(account && { DisplayName: account.name }) };
  }
  return { ID: initiator, DisplayName: initiator.slice(initiator.lastIndexOf('/') + 1) };
}
