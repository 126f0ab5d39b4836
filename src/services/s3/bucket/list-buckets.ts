import type { ListBucketsOutput, ListBucketsRequest } from '@aws-sdk/client-s3';
import type { Account } from '../../../core/caller.js';
import type { Operation } from '../../../core/operation.js';
import { invalidArgument } from '../../../core/s3-errors.js';
import { Slices } from '../../../core/slices.js';
import type { Bucket } from '../../../objects/index.js';
import { openToken, sealToken } from '../listing/tokens.js';
import type { S3Ports } from '../ports.js';
import { bucketArn } from '../requirements.js';
import type { S3Subject } from '../target.js';
import { accountOf } from './create-bucket.js';
import { demandRegionName, demandSignature } from './regions.js';

const MOST_BUCKETS = 10_000;
/** Buckets read at once where only those of one region are asked for. */
const BATCH = 1000;

interface Listing extends S3Subject {
  readonly account: Account;
}

export const ListBuckets: Operation<S3Ports, ListBucketsRequest, ListBucketsOutput, Listing> = {
  resolve(_input, call) {
    const account = accountOf(call);
    // Policies grant it on `*`, and many write it for all buckets: this ARN fits both.
    const resource = `arn:${account.partition}:s3:::*`;
    return { requires: [{ action: 's3:ListAllMyBuckets', resource }], subject: { account } };
  },

  async run({ account }, input, call, ports) {
    demandSignature(call.region, call);
    const limit = limitOf(input.MaxBuckets);
    const prefix = input.Prefix ?? '';
    const region = input.BucketRegion;
    if (region !== undefined) demandRegionName(account.partition, region);
    const found: Bucket[] = [];
    let after = openToken(input.ContinuationToken || undefined);
    let more = true;
    const slices = new Slices(account.id);
    while (more && found.length <= limit) {
      await slices.pause();
      const page = await ports.objects.buckets.list(account.id, {
        prefix,
        ...(after !== undefined && { after }),
        limit: Math.min(BATCH, limit + 1),
      });
      found.push(...page.buckets.filter(bucket => region === undefined || bucket.region === region));
      after = page.last;
      more = page.more;
    }
    const shown = found.slice(0, limit);
    // Only requests with parameters are answered regions (ListBuckets, S3 API Reference), all of them ARNs (recorded,
    // test_delete_bucket_with_content).
    const asks = (input.MaxBuckets ?? region ?? input.Prefix ?? input.ContinuationToken) !== undefined;
    return {
      Buckets: shown.map(bucket => ({
        Name: bucket.name,
        CreationDate: new Date(bucket.created),
        BucketArn: bucketArn(bucket),
        ...(asks && { BucketRegion: bucket.region }),
      })),
      Owner: { ID: account.canonicalId },
      ...(input.Prefix !== undefined && { Prefix: input.Prefix }),
      ...(found.length > limit && { ContinuationToken: sealToken(shown.at(-1)!.name) }),
    };
  },
};

function limitOf(asked: number | undefined): number {
  if (asked === undefined) return MOST_BUCKETS;
  if (Number.isInteger(asked) && asked >= 1 && asked <= MOST_BUCKETS) return asked;
  throw invalidArgument(
    'Argument max-buckets must be an integer between 1 and 10000.',
    'max-buckets',
    String(asked),
  );
}
