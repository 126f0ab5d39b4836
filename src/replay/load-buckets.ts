/** Makes the buckets of a copy, empty, with their policies and what blocks them. */
import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  type ObjectOwnership,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { PutPublicAccessBlockCommand as PutAccountBlockCommand } from '@aws-sdk/client-s3-control';
import type { AccountCopy } from '../policy/replay/index.js';
import type { AccountClients } from './account-clients.js';
import { compact } from './compact.js';

/** Makes something; what cannot be made is reported, and answered as `false`. */
export type Attempt = (what: string, make: () => Promise<unknown>) => Promise<boolean>;

/** Blocks come last: BlockPublicPolicy would refuse a policy that is there already on the original. */
export async function loadBuckets(
  copy: AccountCopy,
  clients: AccountClients,
  attempt: Attempt,
): Promise<void> {
  for (const bucket of copy.buckets) await loadBucket(bucket, clients, attempt);
  const { account: AccountId, publicAccessBlock } = copy;
  if (!publicAccessBlock) return;
  const input = { AccountId, PublicAccessBlockConfiguration: publicAccessBlock };
  await attempt('Block Public Access of the account', () =>
    clients.s3control.send(new PutAccountBlockCommand(input)),
  );
}

async function loadBucket(
  bucket: AccountCopy['buckets'][number],
  clients: AccountClients,
  attempt: Attempt,
): Promise<void> {
  const { name: Bucket, region, policy, publicAccessBlock, ownership, tags = {} } = bucket;
  const s3 = clients.s3(region);
  const place = { LocationConstraint: region as BucketLocationConstraint };
  const input = { Bucket, ...(region !== 'us-east-1' && { CreateBucketConfiguration: place }) };
  const made = await attempt(`bucket ${Bucket}`, async () => {
    try {
      await s3.send(new CreateBucketCommand(input));
    } catch (error) {
      if ((error as Error).name !== 'BucketAlreadyOwnedByYou') throw error;
    }
  });
  if (!made) return;
  const of = (what: string) => `${what} of bucket ${Bucket}`;
  if (ownership !== undefined) {
    const OwnershipControls = { Rules: [{ ObjectOwnership: ownership as ObjectOwnership }] };
    await attempt(of('ownership'), () =>
      s3.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls })),
    );
  }
  // New buckets are given one.
  await attempt(of('Block Public Access'), () => s3.send(new DeletePublicAccessBlockCommand({ Bucket })));
  if (policy !== undefined)
    await attempt(of('policy'), () =>
      s3.send(new PutBucketPolicyCommand({ Bucket, Policy: compact(policy) })),
    );
  const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  if (TagSet.length > 0)
    await attempt(of('tags'), () => s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } })));
  if (!publicAccessBlock) return;
  const block = { Bucket, PublicAccessBlockConfiguration: publicAccessBlock };
  await attempt(of('Block Public Access'), () => s3.send(new PutPublicAccessBlockCommand(block)));
}
