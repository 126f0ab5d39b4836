import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CreateBucketCommand,
  ListObjectsV2Command,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ManualClock, startServer } from '../src/index.js';
import { until } from './support/until.js';

test('a server whose scheduler is a manual clock does its upkeep as the clock moves', async t => {
  const clock = new ManualClock();
  const server = await startServer({ data: 'memory', port: 0, log: 'none', clock, scheduler: clock });
  t.after(() => server.close(0));
  const s3 = new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: server.root!,
  });
  t.after(() => s3.destroy());
  const Bucket = 'drafts';
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: {
        Rules: [{ ID: 'day', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }],
      },
    }),
  );
  await s3.send(new PutObjectCommand({ Bucket, Key: 'draft', Body: 'text' }));
  const count = async () => (await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount;
  assert.equal(await count(), 1);
  clock.advance(3 * 86_400);
  await until(async () => (await count()) === 0);
});
