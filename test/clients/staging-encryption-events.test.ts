/** What the events say of the keys that S3 uses for its callers. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import { startServer } from '../../src/index.js';
import { eventsIn } from '../support/event-lines.js';

const Bucket = 'watched';

test('each use of a key stands beside the request that it was for', async t => {
  const data = await mkdtemp(join(tmpdir(), 'karikagi-events-'));
  t.after(() => rm(data, { recursive: true, force: true }));
  const server = await startServer({ data, port: 0, region: 'us-east-1', log: 'none' });
  t.after(() => server.close());
  const { accessKeyId, secretAccessKey } = server.root!;
  const config = {
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
  };
  const s3 = new S3Client(config);
  const kms = new KMSClient(config);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const { KeyId, Arn } = KeyMetadata!;
  await s3.send(new CreateBucketCommand({ Bucket }));
  const object = { Bucket, Key: 'object' };
  const put = await s3.send(
    new PutObjectCommand({ ...object, Body: 'x', ServerSideEncryption: 'aws:kms', SSEKMSKeyId: KeyId }),
  );
  const got = await s3.send(new GetObjectCommand(object));
  await got.Body!.transformToByteArray();
  await kms.send(new DisableKeyCommand({ KeyId }));
  let refused: string | undefined;
  await assert.rejects(s3.send(new GetObjectCommand(object)), (error: S3ServiceException) => {
    refused = error.$metadata.requestId;
    return error.name === 'KMS.DisabledException';
  });
  await server.close();
  const events = await eventsIn(data);
  const root = events.find(({ eventName }) => eventName === 'PutObject')!.userIdentity;
  const uses = events.filter(({ userIdentity }) => userIdentity?.invokedBy !== undefined);
  assert.deepEqual(
    uses.map(({ eventTime, eventID, arrived, requestParameters, ...rest }) => rest),
    [
      ['GenerateDataKey', put.$metadata.requestId, {}] as const,
      ['Decrypt', got.$metadata.requestId, {}] as const,
      ['Decrypt', refused, { errorCode: 'DisabledException', errorMessage: `${Arn} is disabled.` }] as const,
    ].map(([eventName, requestID, outcome]) => ({
      eventVersion: '1.11',
      eventSource: 'kms.amazonaws.com',
      eventName,
      awsRegion: 'us-east-1',
      sourceIPAddress: 's3.amazonaws.com',
      userAgent: 's3.amazonaws.com',
      requestID,
      userIdentity: { ...root, invokedBy: 's3.amazonaws.com' },
      responseElements: null,
      readOnly: true,
      resources: [{ accountId: server.accountId, type: 'AWS::KMS::Key', ARN: Arn }],
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: server.accountId,
      eventCategory: 'Management',
      ...outcome,
    })),
  );
  const context = { 'aws:s3:arn': 'arn:aws:s3:::watched/object' };
  assert.deepEqual(uses[0]!.requestParameters, {
    keyId: Arn,
    encryptionContext: context,
    keySpec: 'AES_256',
  });
  for (const { requestID } of uses) {
    const both = events.filter(event => event.requestID === requestID).map(({ eventSource }) => eventSource);
    assert.deepEqual(both.sort(), ['kms.amazonaws.com', 's3.amazonaws.com']);
  }
});
