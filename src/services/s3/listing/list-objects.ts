/** ListObjectsV2 and its predecessor. */
import type {
  ListObjectsOutput,
  ListObjectsRequest,
  ListObjectsV2Output,
  ListObjectsV2Request,
} from '@aws-sdk/client-s3';
import type { Call, Operation, Resolution } from '../../../core/operation.js';
import { invalidArgument } from '../../../core/s3-errors.js';
import { type Bucket, entryName } from '../../../objects/index.js';
import { ownersIn } from '../bucket/owner.js';
import type { S3Ports } from '../ports.js';
import { onBucket } from '../requirements.js';
import { bucketOf, type OnBucket } from '../target.js';
import { type Listed, listed } from './contents.js';
import { openToken, sealToken } from './tokens.js';
import { keyWriter } from './url-encoding.js';

const MOST_ENTRIES = 1000;

/** The bucket's region goes in a header, which the model of listings does not have. */
type Listing<O> = Omit<O, keyof Listed> & Listed & { readonly BucketRegion: string };

export const ListObjectsV2: Operation<
  S3Ports,
  ListObjectsV2Request,
  Listing<ListObjectsV2Output>,
  OnBucket
> = {
  resolve: resolveListing,

  async run({ bucket }, input, call, ports) {
    const write = keyWriter(input.EncodingType);
    const limit = entriesAsked(input.MaxKeys, 'max-keys');
    const { Prefix: prefix = '', Delimiter: delimiter } = input;
    const after = openToken(input.ContinuationToken) ?? input.StartAfter;
    const { entries, more } = await ports.objects.list(bucket, { prefix, delimiter, after, limit });
    const ownerOf = input.FetchOwner ? await shownOwners(bucket, call, ports) : undefined;
    return {
      BucketRegion: bucket.region,
      Name: bucket.name,
      Prefix: write(prefix),
      Delimiter: delimiter ? write(delimiter) : undefined,
      // A token has the place of it, so that it is not repeated (recorded).
      ...(input.ContinuationToken === undefined && {
        StartAfter: input.StartAfter && write(input.StartAfter),
      }),
      MaxKeys: limit,
      EncodingType: input.EncodingType,
      KeyCount: entries.length,
      IsTruncated: more,
      ContinuationToken: input.ContinuationToken,
      ...(more && { NextContinuationToken: sealToken(entryName(entries.at(-1)!)) }),
      ...listed(entries, input.EncodingType, ownerOf),
    };
  },
};

export const ListObjects: Operation<S3Ports, ListObjectsRequest, Listing<ListObjectsOutput>, OnBucket> = {
  resolve: resolveListing,

  async run({ bucket }, input, call, ports) {
    const write = keyWriter(input.EncodingType);
    const limit = entriesAsked(input.MaxKeys, 'max-keys');
    const { Prefix: prefix = '', Delimiter: delimiter, Marker = '' } = input;
    const after = Marker === '' ? undefined : Marker;
    const { entries, more } = await ports.objects.list(bucket, { prefix, delimiter, after, limit });
    return {
      BucketRegion: bucket.region,
      Name: bucket.name,
      Prefix: write(prefix),
      Delimiter: delimiter ? write(delimiter) : undefined,
      Marker: write(Marker),
      MaxKeys: limit,
      EncodingType: input.EncodingType,
      IsTruncated: more,
      // Without a delimiter, clients go on behind the last key (ListObjects, S3 API Reference).
      ...(more && delimiter && { NextMarker: write(entryName(entries.at(-1)!)) }),
      ...listed(entries, input.EncodingType, await shownOwners(bucket, call, ports)),
    };
  },
};

/** Who has no account sees no owners (LocalStack's recordings of AWS, test_bucket_name_with_dots). */
async function shownOwners(bucket: Bucket, { caller }: Call, ports: S3Ports) {
  return caller.account && ownersIn(bucket, ports);
}

interface ListInput {
  readonly Bucket: string | undefined;
  readonly ExpectedBucketOwner?: string | undefined;
  readonly Prefix?: string | undefined;
  readonly Delimiter?: string | undefined;
  readonly MaxKeys?: number | undefined;
}

async function resolveListing(input: ListInput, call: Call, ports: S3Ports): Promise<Resolution<OnBucket>> {
  const subject = await bucketOf(input, call, ports);
  return { requires: [onBucket(subject.bucket, call, 's3:ListBucket', listKeys(input))], subject };
}

/** The condition keys of a listing. */
export function listKeys(input: ListInput): Record<string, string | number | undefined> {
  return { 's3:prefix': input.Prefix, 's3:delimiter': input.Delimiter, 's3:max-keys': input.MaxKeys };
}

/** How many entries a page has. Throws InvalidArgument for a negative number. */
export function entriesAsked(asked: number | undefined, name: string): number {
  if (asked === undefined) return MOST_ENTRIES;
  if (asked >= 0 && asked <= 0x7fffffff) return Math.min(asked, MOST_ENTRIES);
  throw invalidArgument(`Argument ${name} must be an integer between 0 and 2147483647`, name, String(asked));
}
