/** Settings that this server does not offer: asked for, they are what they are on a bucket that never had them set. */
import type { GetBucketReplicationRequest } from '@aws-sdk/client-s3';
import type { NamedOperation } from '../../../core/operation.js';
import { bucketOperation } from '../bucket-operation.js';
import { s3Errors } from '../errors.js';
import type { S3Ports } from '../ports.js';
import type { BucketInput } from '../target.js';

export const getBucketReplication = bucketOperation<GetBucketReplicationRequest, never>(
  'GetBucketReplication',
  's3:GetReplicationConfiguration',
  ({ name }) => {
    throw s3Errors.ReplicationConfigurationNotFoundError([], { members: { BucketName: name } });
  },
);

/** Reading and deleting configurations that have an id: there is none, and no list has one. */
function never(name: string): readonly NamedOperation<S3Ports>[] {
  const refuse = () => {
    throw s3Errors.NoSuchConfiguration();
  };
  const read = `s3:Get${name}Configuration`;
  return [
    bucketOperation<BucketInput, object>(`ListBucket${name}Configurations`, read, () => ({
      IsTruncated: false,
    })),
    bucketOperation<BucketInput, never>(`GetBucket${name}Configuration`, read, refuse),
    bucketOperation<BucketInput, never>(
      `DeleteBucket${name}Configuration`,
      `s3:Put${name}Configuration`,
      refuse,
    ),
  ] as NamedOperation<S3Ports>[];
}

/**
 * Tools that go through a bucket ask for these (LocalStack's recordings of AWS, test_s3_analytics_configurations and
 * test_s3_intelligent_tier_config). Putting one is not implemented.
 */
export const configurationsNeverSet: readonly NamedOperation<S3Ports>[] = [
  'Analytics',
  'IntelligentTiering',
  'Metrics',
].flatMap(never);
