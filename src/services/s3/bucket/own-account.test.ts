/** Operations that S3 keeps to the bucket's own account, whatever its policy grants. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  allow,
  anonymous,
  code,
  openTestS3,
  rootOf,
  type TestS3,
  testAccount,
  userOf,
} from '../testing.test.support.js';

const Bucket = 'example-bucket';
const everything = (Principal: unknown) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal,
        Action: 's3:*',
        Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
      },
    ],
  });
const own = testAccount('111122223333');
const beta = testAccount('444455556666');
const inputs: Readonly<Record<string, object>> = {
  PutBucketPolicy: { Policy: everything('*') },
  PutBucketLogging: { BucketLoggingStatus: {} },
  PutBucketRequestPayment: { RequestPaymentConfiguration: { Payer: 'Requester' } },
};

/** What the SDK's copy of the S3 API Reference says of an operation. */
function reference(operation: string): string {
  const path = fileURLToPath(import.meta.resolve('@aws-sdk/client-s3/package.json'));
  const text = readFileSync(
    path.replace(/package\.json$/, `dist-types/commands/${operation}Command.d.ts`),
    'utf8',
  );
  return text.replace(/<[^>]*>/g, '').replace(/\s*\n\s*\*?\s*/g, ' ');
}

const KEPT =
  /belong to the bucket owner's account|(?<!By default, |MFA Delete, )you must be the bucket owner|bucket owner \(only\)/;
/**
 * "To retrieve the versioning state of a bucket, you must be the bucket owner", says the reference; the S3 User Guide
 * ("Setting up permissions for live replication", buckets of different accounts) grants s3:GetBucketVersioning to
 * another account in its example, so that others may.
 */
const GRANTED_TO_OTHERS = ['GetBucketVersioning'];

describe('operations of the bucket’s own account', () => {
  let s3: TestS3;
  let operations: string[];

  beforeEach(async () => {
    s3 = await openTestS3();
    operations = [...s3.service.operations.keys()].filter(
      name => KEPT.test(reference(name)) && !GRANTED_TO_OTHERS.includes(name),
    );
    await s3.send('CreateBucket', { Bucket });
    await s3.send('DeletePublicAccessBlock', { Bucket });
  });

  test('are those of which the S3 API Reference says so', () => {
    assert.deepEqual(operations.sort(), [
      'DeleteBucketPolicy',
      'GetBucketPolicy',
      'GetBucketRequestPayment',
      'PutBucketLogging',
      'PutBucketPolicy',
      'PutBucketRequestPayment',
    ]);
  });

  test('are refused to others whom the policy allows everything: 405', async () => {
    await s3.send('PutBucketPolicy', { Bucket, Policy: everything({ AWS: beta.id }) });
    for (const as of [rootOf(beta), userOf(beta, 'admin', allow('*'))])
      for (const operation of operations)
        await assert.rejects(
          s3.send(operation, { Bucket, ...inputs[operation] }, { as }),
          code('MethodNotAllowed', 405),
          operation,
        );
    await s3.send('PutBucketPolicy', { Bucket, Policy: everything('*') });
    for (const operation of operations)
      await assert.rejects(
        s3.send(operation, { Bucket, ...inputs[operation] }, { as: anonymous }),
        code('MethodNotAllowed', 405),
        operation,
      );
    assert.deepEqual(await s3.send('GetBucketRequestPayment', { Bucket }), { Payer: 'BucketOwner' });
  });

  test('are denied to others without the permission: 403 comes first', async () => {
    await s3.send('PutBucketPolicy', { Bucket, Policy: everything({ AWS: beta.id }) });
    for (const operation of operations)
      await assert.rejects(
        s3.send(operation, { Bucket, ...inputs[operation] }, { as: userOf(beta, 'guest') }),
        code('AccessDenied', 403),
        operation,
      );
  });

  test('are open to users of the account', async () => {
    const as = userOf(own, 'admin', allow('s3:*'));
    await s3.send('PutBucketPolicy', { Bucket, Policy: everything({ AWS: beta.id }) });
    for (const operation of operations.filter(name => name !== 'DeleteBucketPolicy'))
      await s3.send(operation, { Bucket, ...inputs[operation] }, { as });
    await s3.send('DeleteBucketPolicy', { Bucket }, { as });
  });

  // S3 User Guide, "Setting up permissions for live replication": the owner of the destination grants it to the
  // source's role.
  test('leave other settings to whom the policy grants them', async () => {
    await s3.send('PutBucketPolicy', { Bucket, Policy: everything({ AWS: beta.id }) });
    const as = rootOf(beta);
    await s3.send('GetBucketVersioning', { Bucket }, { as });
    await s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } }, { as });
    await s3.send('GetBucketPolicyStatus', { Bucket }, { as });
  });
});
