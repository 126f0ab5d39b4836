/** Settings that this server does not offer: asked for, they are what they are on a bucket that never had them set. */
import type { GetBucketReplicationRequest } from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import { bucketOperation } from '../bucket-operation.js';

export const GetBucketReplication = bucketOperation<GetBucketReplicationRequest, never>(
  's3:GetReplicationConfiguration',
  ({ name }) => {
    throw s3Errors.ReplicationConfigurationNotFoundError({ members: { BucketName: name } });
  },
);
