/** Operations on buckets that need little more than the bucket. */
import type {
  DeleteBucketRequest,
  GetBucketLocationOutput,
  GetBucketLocationRequest,
  HeadBucketOutput,
  HeadBucketRequest,
} from '@aws-sdk/client-s3';
import { bucketOperation } from './bucket-operation.js';
import { locationConstraint } from './regions.js';
import { bucketArn } from './requirements.js';

export const headBucket = bucketOperation<HeadBucketRequest, HeadBucketOutput>(
  'HeadBucket',
  's3:ListBucket',
  bucket => ({ BucketRegion: bucket.region, BucketArn: bucketArn(bucket), AccessPointAlias: false }),
);

export const deleteBucket = bucketOperation<DeleteBucketRequest, object>(
  'DeleteBucket',
  's3:DeleteBucket',
  async (bucket, _input, { objects }) => {
    await objects.buckets.delete(bucket);
    return {};
  },
);

export const getBucketLocation = bucketOperation<GetBucketLocationRequest, GetBucketLocationOutput>(
  'GetBucketLocation',
  's3:GetBucketLocation',
  ({ region }) => ({
    LocationConstraint: locationConstraint(region) as GetBucketLocationOutput['LocationConstraint'],
  }),
);
