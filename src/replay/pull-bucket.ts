/** Copies the policy of a bucket and what blocks it. It runs in a browser too. */
import {
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetPublicAccessBlockCommand,
  type PublicAccessBlockConfiguration,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { AccountCopy } from '../policy/replay/index.js';
import { type PullOptions, tagsOf } from './pull-options.js';

/** Errors that mean that a setting is not there. */
const NOT_SET =
  /^(?:NoSuchBucketPolicy|NoSuchPublicAccessBlockConfiguration|OwnershipControlsNotFoundError|NoSuchTagSet|NoSuchTagSetError)$/;

type Read = <T>(what: string, ask: () => Promise<T>) => Promise<T | undefined>;

/** Asks, and answers `undefined` for what is not set, and for what cannot be read after it was reported. */
export function readerOf(failed: PullOptions['failed']): Read {
  return async (what, ask) => {
    try {
      return await ask();
    } catch (error) {
      const { name, message } = error as Error;
      if (!NOT_SET.test(name)) failed(what, message);
      return undefined;
    }
  };
}

export interface BucketPlace {
  readonly name: string;
  readonly region: string;
}

export async function bucketOf(
  { name, region }: BucketPlace,
  s3: S3Client,
  read: Read,
): Promise<AccountCopy['buckets'][number]> {
  const Bucket = name;
  const [policy, block, ownership, tagging] = await Promise.all([
    read(`policy of bucket ${name}`, () => s3.send(new GetBucketPolicyCommand({ Bucket }))),
    read(`Block Public Access of bucket ${name}`, () => s3.send(new GetPublicAccessBlockCommand({ Bucket }))),
    read(`ownership of bucket ${name}`, () => s3.send(new GetBucketOwnershipControlsCommand({ Bucket }))),
    read(`tags of bucket ${name}`, () => s3.send(new GetBucketTaggingCommand({ Bucket }))),
  ]);
  return {
    ...{ name, region },
    policy: policy?.Policy,
    publicAccessBlock: blockOf(block?.PublicAccessBlockConfiguration),
    ownership: ownership?.OwnershipControls?.Rules?.[0]?.ObjectOwnership,
    ...(tagging?.TagSet && { tags: tagsOf(tagging.TagSet) }),
  };
}

export function blockOf(block: PublicAccessBlockConfiguration | undefined): AccountCopy['publicAccessBlock'] {
  return (
    block && {
      BlockPublicAcls: block.BlockPublicAcls ?? false,
      IgnorePublicAcls: block.IgnorePublicAcls ?? false,
      BlockPublicPolicy: block.BlockPublicPolicy ?? false,
      RestrictPublicBuckets: block.RestrictPublicBuckets ?? false,
    }
  );
}
