import type { UpdateObjectEncryptionRequest, UpdateObjectEncryptionResponse } from '@aws-sdk/client-s3';
import type { Call, Operation } from '../../../core/operation.js';
import { s3Errors } from '../../../core/s3-errors.js';
import type { Bucket, ObjectRecord } from '../../../objects/index.js';
import { dataKeyOf, rewrapped } from '../encryption/encryption.js';
import type { S3Ports } from '../ports.js';
import { existingTagKeys, onObject } from '../requirements.js';
import { keyOf, type OnVersion, versionOf } from '../target.js';
import { existingObject } from './get-object.js';

const KEY_ARN = /^arn:aws[-a-z0-9]*:kms:[-a-z0-9]*:(\d{12}):key\/.+$/;

/**
 * Puts the data key of an object under another KMS key; its bytes stay as they are. What it refuses and how:
 * "UpdateObjectEncryption", S3 API Reference.
 */
export const UpdateObjectEncryption: Operation<
  S3Ports,
  UpdateObjectEncryptionRequest,
  UpdateObjectEncryptionResponse,
  OnVersion
> = {
  resolve: async (input, call, ports) => ({ requires: [], subject: await versionOf(input, call, ports) }),

  requiresOfBody({ bucket, version }, input, call) {
    const keys = {
      ...existingTagKeys(version),
      's3:x-amz-server-side-encryption': 'aws:kms',
      's3:x-amz-server-side-encryption-aws-kms-key-id': input.ObjectEncryption?.SSEKMS?.KMSKeyArn,
    };
    return [onObject(bucket, call, 's3:UpdateObjectEncryption', keyOf(input), keys)];
  },

  async run(subject, input, call, ports) {
    if (call.caller.account === undefined) {
      throw invalid(
        'Requests that modify an object encryption configuration require AWS Signature Version 4. Modify the request to use AWS Signature Version 4, and then try again.',
      );
    }
    const { bucket } = subject;
    const keyArn = requestedKey(input, bucket);
    const record = await existingObject(subject, input, call);
    demandChangeable(record, call);
    const key = keyOf(input);
    const dataKey = await dataKeyOf(record, bucket, key, call, ports, {});
    const bucketKey = input.ObjectEncryption?.SSEKMS?.BucketKeyEnabled ?? false;
    const encryption = await rewrapped(dataKey!, { keyArn, bucketKey }, bucket, key, call, ports);
    await ports.objects.versions.update(bucket, key, input.VersionId, now => {
      // Another object stands there meanwhile, with another data key.
      if (now.id !== record.id) throw s3Errors.OperationAborted();
      demandChangeable(now, call);
      return { ...now, encryption };
    });
    return {};
  },
};

/** Throws InvalidRequest, AccessDenied. */
function requestedKey({ ObjectEncryption }: UpdateObjectEncryptionRequest, bucket: Bucket): string {
  const asked = ObjectEncryption?.SSEKMS;
  if (!asked) {
    throw invalid(
      'Requests that modify an object encryption configuration require a valid new encryption type. Valid values are SSEKMS. Modify the request to specify SSE-KMS for the updated encryption type, and then try again.',
    );
  }
  if (!asked.KMSKeyArn) {
    throw invalid(
      "Requests that modify an object's encryption type to SSE-KMS require an AWS KMS key Amazon Resource Name (ARN). Modify the request to specify a KMS key ARN, and then try again.",
    );
  }
  const account = KEY_ARN.exec(asked.KMSKeyArn)?.[1];
  if (account === undefined) {
    throw invalid(
      "Requests that modify an object's encryption type to SSE-KMS require a valid AWS KMS key Amazon Resource Name (ARN). Confirm that you have a correctly formatted KMS key ARN in your request, and then try again.",
    );
  }
  if (account === bucket.owner) return asked.KMSKeyArn;
  throw s3Errors.AccessDenied(
    'The AWS KMS key in the request must be owned by the same account as the bucket. Modify the request to specify a KMS key from the same account, and then try again.',
    { advice: 'Name a key of the account that owns the bucket.' },
  );
}

const LOCKED =
  'Wait until the retention of the version is over and no legal hold stands: nothing changes a locked version before.';

/** Throws InvalidRequest, AccessDenied. */
function demandChangeable({ encryption, retention, legalHold }: ObjectRecord, call: Call): void {
  const only = 'Only source objects encrypted with SSE-S3 or SSE-KMS are supported.';
  if (!encryption) {
    throw invalid(`The UpdateObjectEncryption operation doesn't support unencrypted source objects. ${only}`);
  }
  if (encryption.kind !== 'AES256' && encryption.kind !== 'aws:kms') {
    throw invalid(
      `The UpdateObjectEncryption operation doesn't support source objects with the encryption type DSSE-KMS or SSE-C. ${only}`,
    );
  }
  if (!legalHold && (retention === undefined || retention.until <= call.clock.now())) return;
  throw s3Errors.AccessDenied(
    "The encryption type for the specified object can't be updated because that object is protected by S3 Object Lock.",
    { advice: LOCKED },
  );
}

function invalid(why: string): Error {
  return s3Errors.InvalidRequest(why);
}
