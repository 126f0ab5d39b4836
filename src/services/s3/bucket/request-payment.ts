/** Requester Pays: who reads a bucket of another account says that the reading is on their account. */
import type {
  GetBucketRequestPaymentOutput,
  GetBucketRequestPaymentRequest,
  PutBucketRequestPaymentRequest,
} from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import { bucketOperation, ownAccountOnly } from '../bucket-operation.js';

/** What S3 calls the setting where it says that others may not. */
const SETTING = 'REQUEST_PAYMENT';

/** "This configuration parameter enables the bucket owner (only)" (S3 API Reference, PutBucketRequestPayment). */
export const PutBucketRequestPayment = ownAccountOnly(
  SETTING,
  bucketOperation<PutBucketRequestPaymentRequest, object>(
    's3:PutBucketRequestPayment',
    async (bucket, { RequestPaymentConfiguration }, { objects }) => {
      const payer = RequestPaymentConfiguration?.Payer;
      if (payer !== 'Requester' && payer !== 'BucketOwner') throw s3Errors.MalformedXML();
      await objects.buckets.update(bucket, { requesterPays: payer === 'Requester' ? true : undefined });
      return {};
    },
  ),
);

/** "you must be the bucket owner" (S3 API Reference, GetBucketRequestPayment). */
export const GetBucketRequestPayment = ownAccountOnly(
  SETTING,
  bucketOperation<GetBucketRequestPaymentRequest, GetBucketRequestPaymentOutput>(
    's3:GetBucketRequestPayment',
    ({ requesterPays }) => ({ Payer: requesterPays ? 'Requester' : 'BucketOwner' }),
  ),
);
