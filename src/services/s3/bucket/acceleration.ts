/** Transfer Acceleration: there is nothing to be faster than, but its endpoint is open only to buckets that have it. */
import type {
  GetBucketAccelerateConfigurationOutput,
  GetBucketAccelerateConfigurationRequest,
  PutBucketAccelerateConfigurationRequest,
} from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import { bucketOperation } from '../bucket-operation.js';

export const PutBucketAccelerateConfiguration = bucketOperation<
  PutBucketAccelerateConfigurationRequest,
  object
>('s3:PutAccelerateConfiguration', async (bucket, { AccelerateConfiguration }, { objects }) => {
  if (bucket.name.includes('.')) {
    throw s3Errors.InvalidRequest(
      'S3 Transfer Acceleration is not supported for buckets with periods (.) in their names',
    );
  }
  const acceleration = AccelerateConfiguration?.Status;
  if (acceleration !== 'Enabled' && acceleration !== 'Suspended') throw s3Errors.MalformedXML();
  // What was never on cannot be suspended: it stays without a state.
  if (acceleration === 'Suspended' && bucket.acceleration === undefined) return {};
  await objects.buckets.update(bucket, { acceleration });
  return {};
});

export const GetBucketAccelerateConfiguration = bucketOperation<
  GetBucketAccelerateConfigurationRequest,
  GetBucketAccelerateConfigurationOutput
>('s3:GetAccelerateConfiguration', ({ acceleration }) => ({
  Status: acceleration,
}));
