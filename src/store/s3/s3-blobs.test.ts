import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ManualClock, systemClock } from '../../core/clock.js';
import { type RunningServer, startServer } from '../../index.js';
import { BlobDamaged } from '../blobs.js';
import { StoreUnavailable } from '../kv.js';
import { s3PlaceOf } from '../open.js';
import { testBlobs } from '../suite/suite-blobs.js';
import { openS3Blobs } from './s3-blobs.js';

/** By the second, as S3 tells times; close to the machine's, by which requests are signed. */
const now = Math.floor(systemClock.now() / 1000) * 1000;
let server: RunningServer;
let client: S3Client;
let made = 0;

const config = () => ({
  endpoint: server.endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: server.root!,
});

before(async () => {
  server = await startServer({ data: 'memory', port: 0, log: 'none', clock: new ManualClock(now) });
  client = new S3Client(config());
});
after(async () => {
  client.destroy();
  await server.close();
});

async function openFresh() {
  const bucket = `bodies-${++made}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const store = await openS3Blobs({ bucket, prefix: 'some/prefix/', client: config() });
  return { store, bucket, release: () => store.close() };
}

async function* chunks(...lengths: number[]): AsyncGenerator<Uint8Array> {
  for (const length of lengths) yield Buffer.alloc(length, length % 251);
}

async function wholeOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

testBlobs('S3', openFresh, now, 6);

test('a body of several parts is whole, and its checksums go with it', async () => {
  const { store, bucket, release } = await openFresh();
  const lengths = Array.from({ length: 40 }, (_, index) => 500_000 + index);
  const { id, size } = await store.write(chunks(...lengths));
  const content = await wholeOf(chunks(...lengths));
  assert.equal(size, content.length);
  assert.ok(content.equals(await wholeOf(store.read(id))));
  assert.ok(
    content.subarray(9_000_000, 17_000_000).equals(await wholeOf(store.read(id, 9_000_000, 17_000_000))),
  );
  const object = { Bucket: bucket, Key: `some/prefix/${id.slice(0, 2)}/${id}` };
  const stored = await client.send(new GetObjectCommand(object));
  const bytes = Buffer.from(await stored.Body!.transformToByteArray());
  bytes[10_000_000]! ^= 1;
  await client.send(new PutObjectCommand({ ...object, Body: bytes }));
  await assert.rejects(wholeOf(store.read(id)), BlobDamaged);
  assert.equal((await wholeOf(store.read(id, 0, 1_000_000))).length, 1_000_000);
  await client.send(new PutObjectCommand({ ...object, Body: bytes.subarray(0, 5_000_001) }));
  await assert.rejects(wholeOf(store.read(id)), BlobDamaged);
  await release();
});

test('a store that does not answer is said to be unavailable', async () => {
  const { store, bucket } = await openFresh();
  await store.close();
  const nowhere = { ...config(), endpoint: 'http://127.0.0.1:9', maxAttempts: 1 };
  await assert.rejects(openS3Blobs({ bucket, prefix: '', client: nowhere }), StoreUnavailable);
});

test('the URL names bucket, prefix, endpoint and region, and never keys', () => {
  assert.deepEqual(s3PlaceOf('s3://bucket/a/b/?endpoint=https://rgw.example.com&region=eu-west-1'), {
    bucket: 'bucket',
    prefix: 'a/b/',
    client: { endpoint: 'https://rgw.example.com', forcePathStyle: true, region: 'eu-west-1' },
  });
  assert.deepEqual(s3PlaceOf('s3://bucket'), { bucket: 'bucket', prefix: '', client: {} });
  assert.throws(() => s3PlaceOf('s3://AKIA:secret@bucket'), /keys do not stand in the URL/);
});
