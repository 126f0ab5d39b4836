import type {
  DeleteBucketEncryptionRequest,
  GetBucketEncryptionOutput,
  GetBucketEncryptionRequest,
  PutBucketEncryptionRequest,
} from '@aws-sdk/client-s3';
import type { DefaultEncryption } from '../../objects/index.js';
import { notImplemented } from './attributes.js';
import { bucketOperation } from './bucket-operation.js';
import { PRESET } from './encryption.js';
import { s3Errors } from './errors.js';

export const putBucketEncryption = bucketOperation<PutBucketEncryptionRequest, object>(
  'PutBucketEncryption',
  's3:PutEncryptionConfiguration',
  async (bucket, input, { objects, keys }) => {
    const encryption = settingOf(input);
    if (encryption.kind === 'AES256' ? !objects.keys : !keys) throw notImplemented('SSEAlgorithm');
    await objects.buckets.update(bucket, { encryption });
    return {};
  },
);

/** Throws MalformedXML, InvalidArgument. */
function settingOf({ ServerSideEncryptionConfiguration }: PutBucketEncryptionRequest): DefaultEncryption {
  const rules = ServerSideEncryptionConfiguration?.Rules ?? [];
  const [rule] = rules;
  if (rules.length !== 1 || !rule?.ApplyServerSideEncryptionByDefault) throw s3Errors.MalformedXML();
  const { SSEAlgorithm: kind, KMSMasterKeyID: keyId } = rule.ApplyServerSideEncryptionByDefault;
  if (kind !== 'AES256' && kind !== 'aws:kms' && kind !== 'aws:kms:dsse') throw s3Errors.MalformedXML();
  if (kind === 'AES256' && keyId !== undefined) {
    throw s3Errors.InvalidArgument([
      'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms',
    ]);
  }
  return { kind, ...(keyId !== undefined && { keyId }), bucketKey: rule.BucketKeyEnabled ?? false };
}

export const getBucketEncryption = bucketOperation<GetBucketEncryptionRequest, GetBucketEncryptionOutput>(
  'GetBucketEncryption',
  's3:GetEncryptionConfiguration',
  ({ encryption }) => {
    const { kind, keyId, bucketKey } = encryption ?? PRESET;
    return {
      ServerSideEncryptionConfiguration: {
        Rules: [
          {
            ApplyServerSideEncryptionByDefault: { SSEAlgorithm: kind, KMSMasterKeyID: keyId },
            BucketKeyEnabled: bucketKey,
          },
        ],
      },
    };
  },
);

export const deleteBucketEncryption = bucketOperation<DeleteBucketEncryptionRequest, object>(
  'DeleteBucketEncryption',
  's3:PutEncryptionConfiguration',
  async (bucket, _input, { objects }) => {
    await objects.buckets.update(bucket, { encryption: undefined });
    return {};
  },
);
