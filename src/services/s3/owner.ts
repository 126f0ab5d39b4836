/** Owners as S3 shows them: by their canonical id, and by name for people. */
import type { Initiator, Owner } from '@aws-sdk/client-s3';
import type { Account } from '../../identity/caller.js';
import type { Bucket, ObjectOwner } from '../../objects/index.js';
import type { Call } from '../../operation.js';
import { ownerApart } from './acl.js';
import type { S3Ports } from './ports.js';

/** What has an owner of its own: a version, an upload. */
interface Owned {
  readonly owner?: ObjectOwner | undefined;
}

export function ownerOf({ canonicalId, name }: Account): Owner {
  return { ID: canonicalId, DisplayName: name };
}

/** The owner of a canonical id: by that alone where it is no account's. */
export async function ownerOfCanonicalId(id: string, ports: S3Ports): Promise<Owner> {
  const account = await ports.accountOfCanonicalId(id);
  return account ? ownerOf(account) : { ID: id };
}

/** The owner of a bucket, and of all that is in it and belongs to nobody else. */
export async function bucketOwner(bucket: Bucket, ports: S3Ports): Promise<Owner> {
  const account = await ports.accountOf(bucket.owner);
  return account ? ownerOf(account) : {};
}

/** The owner of one version or upload. */
export async function recordOwner(bucket: Bucket, record: Owned, ports: S3Ports): Promise<Owner> {
  const apart = ownerApart(bucket, record);
  return apart ? ownerOfCanonicalId(apart.canonicalId, ports) : bucketOwner(bucket, ports);
}

/** The owners of what a listing shows, each looked up once. */
export async function ownersIn(
  bucket: Bucket,
  records: readonly Owned[],
  ports: S3Ports,
): Promise<(record: Owned) => Owner> {
  const own = await bucketOwner(bucket, ports);
  const ids = new Set<string>();
  for (const record of records) {
    const apart = ownerApart(bucket, record);
    if (apart) ids.add(apart.canonicalId);
  }
  if (ids.size === 0) return () => own;
  const others = new Map<string, Owner>();
  for (const id of ids) others.set(id, await ownerOfCanonicalId(id, ports));
  return ({ owner }) => (owner && others.get(owner.canonicalId)) ?? own;
}

/** Who begins an upload: an account by its canonical id, anyone else by ARN ("ListParts", S3 API Reference). */
export function initiatorOf({ caller: { principal, account } }: Call): string {
  return principal.type === 'root' && account ? account.canonicalId : principal.arn;
}

export async function shownInitiator(initiator: string, ports: S3Ports): Promise<Initiator> {
  if (!initiator.startsWith('arn:')) return ownerOfCanonicalId(initiator, ports);
  return { ID: initiator, DisplayName: initiator.slice(initiator.lastIndexOf('/') + 1) };
}
