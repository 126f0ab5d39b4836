/** Copies the policies of an account's buckets and what blocks them. */
import { paginateListBuckets } from '@aws-sdk/client-s3';
import { GetPublicAccessBlockCommand as GetAccountBlockCommand } from '@aws-sdk/client-s3-control';
import type { AccountCopy } from '../policy/replay/index.js';
import type { AccountClients } from './account-clients.js';
import { type BucketPlace, blockOf, bucketOf, readerOf } from './pull-bucket.js';
import type { PullOptions } from './pull-options.js';

/** Buckets that are asked about at once. */
const AT_ONCE = 8;

type Buckets = Pick<AccountCopy, 'buckets' | 'publicAccessBlock'>;

export async function pullBuckets(clients: AccountClients, options: PullOptions): Promise<Buckets> {
  const { account, failed } = options;
  const read = readerOf(failed);
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

async function listBuckets({ s3, region }: AccountClients): Promise<BucketPlace[]> {
  const found: BucketPlace[] = [];
  for await (const { Buckets = [] } of paginateListBuckets({ client: s3(region) }, {})) {
    for (const { Name = '', BucketRegion = region } of Buckets)
      found.push({ name: Name, region: BucketRegion });
  }
  return found;
}
