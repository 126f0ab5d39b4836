/** Settings that this server does not offer: asked for, they are what they are on a bucket that never had them set. */
import type { GetBucketReplicationRequest } from '@aws-sdk/client-s3';
import { bucketOperation } from '../bucket-operation.js';
import { s3Errors } from '../errors.js';
import type { BucketInput } from '../target.js';

export const GetBucketReplication = bucketOperation<GetBucketReplicationRequest, never>(
  's3:GetReplicationConfiguration',
  ({ name }) => {
    throw s3Errors.ReplicationConfigurationNotFoundError([], { members: { BucketName: name } });
  },
);

const refuse = () => {
  throw s3Errors.NoSuchConfiguration();
};

/** Configurations that have an id: there is none, and no list has one. */
const reading = (action: string) => bucketOperation<BucketInput, never>(action, refuse);
const listing = (action: string) =>
  bucketOperation<BucketInput, object>(action, () => ({ IsTruncated: false }));

/**
 * Tools that go through a bucket ask for these (LocalStack's recordings of AWS, test_s3_analytics_configurations and
 * test_s3_intelligent_tier_config). Putting one is not implemented.
 */
export const configurationsNeverSet = {
  DeleteBucketAnalyticsConfiguration: reading('s3:PutAnalyticsConfiguration'),
  DeleteBucketIntelligentTieringConfiguration: reading('s3:PutIntelligentTieringConfiguration'),
  DeleteBucketMetricsConfiguration: reading('s3:PutMetricsConfiguration'),
  GetBucketAnalyticsConfiguration: reading('s3:GetAnalyticsConfiguration'),
  GetBucketIntelligentTieringConfiguration: reading('s3:GetIntelligentTieringConfiguration'),
  GetBucketMetricsConfiguration: reading('s3:GetMetricsConfiguration'),
  ListBucketAnalyticsConfigurations: listing('s3:GetAnalyticsConfiguration'),
  ListBucketIntelligentTieringConfigurations: listing('s3:GetIntelligentTieringConfiguration'),
  ListBucketMetricsConfigurations: listing('s3:GetMetricsConfiguration'),
};
