/** Operations on buckets that need little more than the bucket. */
import type {
  DeleteBucketRequest,
  GetBucketLocationOutput,
  GetBucketLocationRequest,
  HeadBucketOutput,
  HeadBucketRequest,
} from '@aws-sdk/client-s3';
import type { NamedOperation } from '../../../core/operation.js';
import { bucketOperation } from '../bucket-operation.js';
import type { S3Ports } from '../ports.js';
import { bucketArn, onBucket } from '../requirements.js';
import { bucketOf, namedBucket } from '../target.js';
import { locationConstraint } from './regions.js';

/** Tells the region to whoever is refused as well: clients find out by it where to sign for. */
export const headBucket: NamedOperation<S3Ports, HeadBucketRequest, HeadBucketOutput> = {
  name: 'HeadBucket',

  async requires(input, call, ports) {
    const bucket = await bucketOf(input, call, ports);
    const told = { 'x-amz-bucket-region': bucket.region };
    return [{ ...onBucket(bucket, call, 's3:ListBucket'), told }];
  },

  async run(input, call, ports) {
    const bucket = await bucketOf(input, call, ports);
    return { BucketRegion: bucket.region, BucketArn: bucketArn(bucket), AccessPointAlias: false };
  },
};

export const deleteBucket = bucketOperation<DeleteBucketRequest, object>(
  'DeleteBucket',
  's3:DeleteBucket',
  async (bucket, _input, { objects }) => {
    await objects.buckets.delete(bucket);
    return {};
  },
);

/** Asked from anywhere: this is how clients find out which region to sign for. */
export const getBucketLocation: NamedOperation<S3Ports, GetBucketLocationRequest, GetBucketLocationOutput> = {
  name: 'GetBucketLocation',

  async requires(input, call, ports) {
    const bucket = await namedBucket(input.Bucket ?? '', input.ExpectedBucketOwner, call, ports);
    return [onBucket(bucket, call, 's3:GetBucketLocation')];
  },

  async run(input, call, ports) {
    const bucket = await namedBucket(input.Bucket ?? '', input.ExpectedBucketOwner, call, ports);
    return {
      LocationConstraint: locationConstraint(bucket) as GetBucketLocationOutput['LocationConstraint'],
    };
  },
};
