import type {
  DeleteBucketEncryptionRequest,
  GetBucketEncryptionOutput,
  GetBucketEncryptionRequest,
  PutBucketEncryptionRequest,
  ServerSideEncryptionRule,
} from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import type { DefaultEncryption } from '../../../objects/index.js';
import { bucketOperation } from '../bucket-operation.js';
import { notImplemented } from '../object/attributes.js';
import { PRESET } from './encryption.js';

export const PutBucketEncryption = bucketOperation<PutBucketEncryptionRequest, object>(
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
    throw s3Errors.InvalidArgument(
      'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
      { members: { ArgumentName: 'ApplyServerSideEncryptionByDefault' } },
    );
  }
  const customerKeys = customerKeysOf(rule);
  return {
    kind,
    ...(keyId !== undefined && { keyId }),
    bucketKey: rule.BucketKeyEnabled ?? false,
    ...(customerKeys && { customerKeys }),
  };
}

/** Nothing but SSE-C can be blocked; NONE unblocks it (BlockedEncryptionTypes, S3 API Reference). */
function customerKeysOf({
  BlockedEncryptionTypes,
}: ServerSideEncryptionRule): DefaultEncryption['customerKeys'] {
  if (BlockedEncryptionTypes === undefined) return undefined;
  const [type, ...others] = BlockedEncryptionTypes.EncryptionType ?? [];
  if (others.length > 0 || (type !== 'SSE-C' && type !== 'NONE')) throw s3Errors.MalformedXML();
  return type === 'SSE-C' ? 'blocked' : 'allowed';
}

export const GetBucketEncryption = bucketOperation<GetBucketEncryptionRequest, GetBucketEncryptionOutput>(
  's3:GetEncryptionConfiguration',
  ({ encryption }) => {
    const { kind, keyId, bucketKey, customerKeys } = encryption ?? PRESET;
    return {
      ServerSideEncryptionConfiguration: {
        Rules: [
          {
            ApplyServerSideEncryptionByDefault: { SSEAlgorithm: kind, KMSMasterKeyID: keyId },
            BucketKeyEnabled: bucketKey,
            ...(customerKeys && {
              BlockedEncryptionTypes: { EncryptionType: [customerKeys === 'blocked' ? 'SSE-C' : 'NONE'] },
            }),
          },
        ],
      },
    };
  },
);

export const DeleteBucketEncryption = bucketOperation<DeleteBucketEncryptionRequest, object>(
  's3:PutEncryptionConfiguration',
  async (bucket, _input, { objects }) => {
    await objects.buckets.update(bucket, { encryption: undefined });
    return {};
  },
);
