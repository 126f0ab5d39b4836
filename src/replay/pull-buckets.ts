/** Copies the policies of an account's buckets and what blocks them. */
import {
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetPublicAccessBlockCommand,
  type PublicAccessBlockConfiguration,
  paginateListBuckets,
  type S3Client,
} from '@aws-sdk/client-s3';
import { GetPublicAccessBlockCommand as GetAccountBlockCommand } from '@aws-sdk/client-s3-control';
import type { AccountCopy } from '../policy/replay/index.js';
import type { AccountClients } from './account-clients.js';
import { type PullOptions, tagsOf } from './pull-options.js';

/** Errors that mean that a setting is not there. */
const NOT_SET =
  /^(?:NoSuchBucketPolicy|NoSuchPublicAccessBlockConfiguration|OwnershipControlsNotFoundError|NoSuchTagSet|NoSuchTagSetError)$/;

/** Buckets that are asked about at once. */
const AT_ONCE = 8;

type Buckets = Pick<AccountCopy, 'buckets' | 'publicAccessBlock'>;

export async function pullBuckets(clients: AccountClients, options: PullOptions): Promise<Buckets> {
  const { account, failed } = options;
  const read = async <T>(what: string, ask: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await ask();
    } catch (error) {
      const { name, message } = error as Error;
      if (!NOT_SET.test(name)) failed(what, message);
      return undefined;
    }
  };
  const block = await read('Block Public Access of the account', () =>
    clients.s3control.send(new GetAccountBlockCommand({ AccountId: account })),
  );
  const places = (await read('buckets', () => listBuckets(clients))) ?? [];
  const buckets: AccountCopy['buckets'][number][] = [];
  for (let at = 0; at < places.length; at += AT_ONCE) {
    const some = places.slice(at, at + AT_ONCE);
    buckets.push(...(await Promise.all(some.map(place => bucketOf(place, clients.s3(place.region), read)))));
  }
  return { buckets, publicAccessBlock: blockOf(block?.PublicAccessBlockConfiguration) };
}

interface Place {
  readonly name: string;
  readonly region: string;
}

async function listBuckets({ s3, region }: AccountClients): Promise<Place[]> {
  const found: Place[] = [];
  for await (const { Buckets = [] } of paginateListBuckets({ client: s3(region) }, {})) {
    for (const { Name = '', BucketRegion = region } of Buckets)
      found.push({ name: Name, region: BucketRegion });
  }
  return found;
}

type Read = <T>(what: string, ask: () => Promise<T>) => Promise<T | undefined>;

async function bucketOf(
  { name, region }: Place,
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

function blockOf(block: PublicAccessBlockConfiguration | undefined): AccountCopy['publicAccessBlock'] {
  return (
    block && {
      BlockPublicAcls: block.BlockPublicAcls ?? false,
      IgnorePublicAcls: block.IgnorePublicAcls ?? false,
      BlockPublicPolicy: block.BlockPublicPolicy ?? false,
      RestrictPublicBuckets: block.RestrictPublicBuckets ?? false,
    }
  );
}
