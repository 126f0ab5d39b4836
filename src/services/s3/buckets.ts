/** Operations on buckets that need little more than the bucket. */
import type {
  DeleteBucketRequest,
  GetBucketLocationOutput,
  GetBucketLocationRequest,
  HeadBucketOutput,
  HeadBucketRequest,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../operation.js';
import type { S3Ports } from './ports.js';
import { locationConstraint } from './regions.js';
import { bucketArn, onBucket } from './requirements.js';
import { bucketOf } from './target.js';

export const headBucket: Operation<S3Ports, HeadBucketRequest, HeadBucketOutput> = {
  name: 'HeadBucket',
  async requires(input, call, ports) {
    return [onBucket(await bucketOf(input, call, ports), call, 's3:ListBucket')];
  },
  async run(input, call, ports) {
    const bucket = await bucketOf(input, call, ports);
    return { BucketRegion: bucket.region, BucketArn: bucketArn(bucket), AccessPointAlias: false };
  },
};

export const deleteBucket: Operation<S3Ports, DeleteBucketRequest, object> = {
  name: 'DeleteBucket',
  async requires(input, call, ports) {
    return [onBucket(await bucketOf(input, call, ports), call, 's3:DeleteBucket')];
  },
  async run(input, call, ports) {
    await ports.objects.buckets.delete(await bucketOf(input, call, ports));
    return {};
  },
};

export const getBucketLocation: Operation<S3Ports, GetBucketLocationRequest, GetBucketLocationOutput> = {
  name: 'GetBucketLocation',
  async requires(input, call, ports) {
    return [onBucket(await bucketOf(input, call, ports), call, 's3:GetBucketLocation')];
  },
  async run(input, call, ports) {
    const { region } = await bucketOf(input, call, ports);
    const constraint = locationConstraint(region) as GetBucketLocationOutput['LocationConstraint'];
    return { LocationConstraint: constraint };
  },
};
