/** An inventory, from its configuration with the AWS SDK to the file that is read back. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import {
  CreateBucketCommand,
  DeleteBucketInventoryConfigurationCommand,
  GetBucketInventoryConfigurationCommand,
  GetObjectCommand,
  type InventoryConfiguration,
  ListBucketInventoryConfigurationsCommand,
  ListObjectsV2Command,
  PutBucketInventoryConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ManualClock, startServer, systemClock } from '../src/index.js';
import { until } from './support/until.js';

const ACCOUNT = '111122223333';

test('an inventory is written once a day into another bucket', async t => {
  const clock = new ManualClock(systemClock.now());
  const server = await startServer({ data: 'memory', port: 0, account: ACCOUNT, log: 'none', clock });
  t.after(() => server.close());
  const { accessKeyId, secretAccessKey } = server.root!;
  const s3 = new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
    systemClockOffset: clock.now() - systemClock.now(),
  });
  for (const Bucket of ['source', 'lists']) await s3.send(new CreateBucketCommand({ Bucket }));
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 's3.amazonaws.com' },
      Action: 's3:PutObject',
      Resource: 'arn:aws:s3:::lists/*',
      Condition: {
        ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::source' },
        StringEquals: { 'aws:SourceAccount': ACCOUNT, 's3:x-amz-acl': 'bucket-owner-full-control' },
      },
    },
  });
  await s3.send(new PutBucketPolicyCommand({ Bucket: 'lists', Policy }));
  for (const Key of ['a', 'b/c d']) await s3.send(new PutObjectCommand({ Bucket: 'source', Key, Body: Key }));
  const inventory: InventoryConfiguration = {
    Id: 'everything',
    IsEnabled: true,
    IncludedObjectVersions: 'Current',
    Schedule: { Frequency: 'Daily' },
    OptionalFields: ['Size', 'ETag'],
    Destination: { S3BucketDestination: { Bucket: 'arn:aws:s3:::lists', Format: 'CSV' } },
  };
  const source = { Bucket: 'source', Id: inventory.Id };
  await s3.send(new PutBucketInventoryConfigurationCommand({ ...source, InventoryConfiguration: inventory }));
  const stored = await s3.send(new GetBucketInventoryConfigurationCommand(source));
  assert.deepEqual(stored.InventoryConfiguration, inventory);
  const listed = await s3.send(new ListBucketInventoryConfigurationsCommand({ Bucket: 'source' }));
  assert.deepEqual(listed.InventoryConfigurationList, [inventory]);

  const keys = async () =>
    (await s3.send(new ListObjectsV2Command({ Bucket: 'lists' }))).Contents?.map(({ Key }) => Key!) ?? [];
  const bytes = async (Key: string) =>
    (await s3.send(new GetObjectCommand({ Bucket: 'lists', Key }))).Body!.transformToByteArray();
  // A minute passes by the server's clock, which the signatures of the SDK still hold for.
  clock.advance(61);
  await until(async () => (await keys()).some(key => key.endsWith('manifest.checksum')));
  const found = await keys();
  const manifest = await bytes(found.find(key => key.endsWith('manifest.json'))!);
  const checksum = await bytes(found.find(key => key.endsWith('manifest.checksum'))!);
  assert.equal(Buffer.from(checksum).toString(), createHash('md5').update(manifest).digest('hex'));
  const { files, fileSchema } = JSON.parse(Buffer.from(manifest).toString());
  assert.equal(fileSchema, 'Bucket, Key, Size, ETag');
  const file = await bytes(files[0].key);
  assert.equal(createHash('md5').update(file).digest('hex'), files[0].MD5checksum);
  const etag = (text: string) => createHash('md5').update(text).digest('hex');
  assert.equal(
    gunzipSync(file).toString(),
    `"source","a","1","${etag('a')}"\n"source","b/c%20d","5","${etag('b/c d')}"\n`,
  );
  await s3.send(new DeleteBucketInventoryConfigurationCommand(source));
  await assert.rejects(s3.send(new GetBucketInventoryConfigurationCommand(source)), {
    name: 'NoSuchConfiguration',
  });
});
