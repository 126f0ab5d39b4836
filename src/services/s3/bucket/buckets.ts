/** Operations on buckets that need little more than the bucket. */
import type {
  DeleteBucketRequest,
  GetBucketLocationOutput,
  GetBucketLocationRequest,
  HeadBucketOutput,
  HeadBucketRequest,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../../core/operation.js';
import { bucketOperation } from '../bucket-operation.js';
import type { S3Ports } from '../ports.js';
import { bucketArn, onBucket } from '../requirements.js';
import { bucketAnywhere, bucketOf, type OnBucket } from '../target.js';
import { locationConstraint } from './regions.js';

/** Refusals give the region as well: clients find out by it where to sign for. */
export const HeadBucket: Operation<S3Ports, HeadBucketRequest, HeadBucketOutput, OnBucket> = {
  async resolve(input, call, ports) {
    const subject = await bucketOf(input, call, ports);
    const denialHeaders = { 'x-amz-bucket-region': subject.bucket.region };
    return { requires: [{ ...onBucket(subject.bucket, call, 's3:ListBucket'), denialHeaders }], subject };
  },

  async run({ bucket }) {
    return { BucketRegion: bucket.region, BucketArn: bucketArn(bucket), AccessPointAlias: false };
  },
};

export const DeleteBucket = bucketOperation<DeleteBucketRequest, object>(
  's3:DeleteBucket',
  async (bucket, _input, { objects }) => {
    await objects.buckets.delete(bucket);
    return {};
  },
);

/** Asked from anywhere: this is how clients find out which region to sign for. */
export const GetBucketLocation: Operation<
  S3Ports,
  GetBucketLocationRequest,
  GetBucketLocationOutput,
  OnBucket
> = {
  async resolve(input, call, ports) {
    const subject = await bucketAnywhere(input, call, ports);
    return { requires: [onBucket(subject.bucket, call, call.action)], subject };
  },

  async run({ bucket }) {
    return {
      LocationConstraint: locationConstraint(bucket) as GetBucketLocationOutput['LocationConstraint'],
    };
  },
};
