/** Requester Pays: who reads a bucket of another account says that the reading is on their account. */
import type {
  GetBucketRequestPaymentOutput,
  GetBucketRequestPaymentRequest,
  PutBucketRequestPaymentRequest,
} from '@aws-sdk/client-s3';
import { bucketOperation } from './bucket-operation.js';
import { s3Errors } from './errors.js';

export const putBucketRequestPayment = bucketOperation<PutBucketRequestPaymentRequest, object>(
  'PutBucketRequestPayment',
  's3:PutBucketRequestPayment',
  async (bucket, { RequestPaymentConfiguration }, { objects }) => {
    const payer = RequestPaymentConfiguration?.Payer;
    if (payer !== 'Requester' && payer !== 'BucketOwner') throw s3Errors.MalformedXML();
    await objects.buckets.update(bucket, { requesterPays: payer === 'Requester' ? true : undefined });
    return {};
  },
);

export const getBucketRequestPayment = bucketOperation<
  GetBucketRequestPaymentRequest,
  GetBucketRequestPaymentOutput
>('GetBucketRequestPayment', 's3:GetBucketRequestPayment', ({ requesterPays }) => ({
  Payer: requesterPays ? 'Requester' : 'BucketOwner',
}));
