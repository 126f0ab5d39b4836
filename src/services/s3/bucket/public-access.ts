/** Block Public Access: what counts as public, and what new buckets are given. */
import type { Bucket, PublicAccessBlock } from '../../../objects/index.js';

/** New buckets have all four on, as on AWS since April 2023. */
export const DEFAULT_PUBLIC_ACCESS_BLOCK: PublicAccessBlock = {
  blockPublicAcls: true,
  ignorePublicAcls: true,
  blockPublicPolicy: true,
  restrictPublicBuckets: true,
};

/**
 * Whether the bucket or its owner's account blocks that: "Amazon S3 applies the most restrictive combination of the
 * bucket-level and account-level settings" ("Blocking public access to your Amazon S3 storage", S3 User Guide).
 */
export function blocks(
  { publicAccessBlock, accountBlock }: Blocked,
  setting: keyof PublicAccessBlock,
): boolean {
  return (publicAccessBlock?.[setting] ?? false) || (accountBlock?.[setting] ?? false);
}

type Blocked = Pick<Bucket, 'publicAccessBlock' | 'accountBlock'>;

/** Whose block it is, for advice: the account's counts first, since the bucket's alone opens nothing then. */
export function blocker({ accountBlock }: Blocked, setting: keyof PublicAccessBlock): 'account' | 'bucket' {
  return accountBlock?.[setting] ? 'account' : 'bucket';
}

/** The command that changes that block, for advice. */
export function blockCommand(
  bucket: Blocked & Pick<Bucket, 'name' | 'owner'>,
  setting: keyof PublicAccessBlock,
): string {
  return blocker(bucket, setting) === 'account'
    ? `aws s3control put-public-access-block --account-id ${bucket.owner}`
    : `aws s3api put-public-access-block --bucket ${bucket.name}`;
}
