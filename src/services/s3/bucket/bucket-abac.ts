/** Whether the bucket's tags count in decisions ("Enabling ABAC in general purpose buckets", S3 User Guide). */
import type { GetBucketAbacOutput, GetBucketAbacRequest, PutBucketAbacRequest } from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import type { Bucket } from '../../../objects/index.js';
import { bucketOperation } from '../bucket-operation.js';

export const PutBucketAbac = bucketOperation<PutBucketAbacRequest, object>(
  's3:PutBucketABAC',
  async (bucket, { AbacStatus }, { objects }) => {
    const status = AbacStatus?.Status;
    if (status !== 'Enabled' && status !== 'Disabled') throw s3Errors.MalformedXML();
    await objects.buckets.update(bucket, { tagsDecide: status === 'Enabled' ? true : undefined });
    return {};
  },
);

export const GetBucketAbac = bucketOperation<GetBucketAbacRequest, GetBucketAbacOutput>(
  's3:GetBucketABAC',
  ({ tagsDecide }) => ({ AbacStatus: { Status: tagsDecide ? 'Enabled' : 'Disabled' } }),
);

/**
 * Tags that decide are not changed with the rights of before ("PutBucketAbac", S3 API Reference). What AWS says to that
 * is written nowhere: the words are ours. Throws InvalidRequest.
 */
export function demandTagsOpen({ tagsDecide }: Bucket): void {
  if (!tagsDecide) return;
  throw s3Errors.InvalidRequest(
    'The tags of a bucket with ABAC enabled cannot be changed by PutBucketTagging or DeleteBucketTagging.',
  );
}
