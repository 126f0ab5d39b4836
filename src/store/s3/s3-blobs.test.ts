import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { after, before, type TestContext, test } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Fault, startFaultyEndpoint } from '../../../test/support/faulty-endpoint.js';
import { ManualClock, systemClock } from '../../core/clock.js';
import { type RunningServer, startServer } from '../../index.js';
import { BlobDamaged, type Blobs } from '../blobs.js';
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

/** A store behind an endpoint that fails as `faultOf` says; the server's own bucket. */
async function openFaulty(t: TestContext, more: object = {}) {
  const { store: plain, bucket } = await openFresh();
  const faulty = await startFaultyEndpoint(server.endpoint);
  const settings = { ...config(), ...more, endpoint: faulty.endpoint };
  const store = await openS3Blobs({ bucket, prefix: 'some/prefix/', client: settings });
  t.after(async () => {
    await faulty.close();
    await store.close();
    await plain.close();
  });
  /** Fails the first request of each kind; `kindOf`: its name, undefined where it is let through. */
  const failFirst = (fault: Fault, kindOf: (request: IncomingMessage) => string | undefined) => {
    const failed = new Set<string>();
    faulty.fault = (_, request) => {
      const kind = kindOf(request);
      if (kind === undefined || failed.has(kind)) return undefined;
      failed.add(kind);
      return fault;
    };
  };
  return { store, plain, faulty, failFirst };
}

async function idsOf(store: Blobs): Promise<string[]> {
  const ids = [];
  for await (const { id } of store.list()) ids.push(id);
  return ids;
}

test('a write whose answer was lost has been done', async t => {
  const { store, plain, faulty, failFirst } = await openFaulty(t);
  // One object, and the end of an upload in parts: what is sent again meets what is there.
  for (const [lengths, methods] of [
    [[1000], /^PUT/],
    [Array.from({ length: 20 }, () => 500_000), /^POST.*uploadId/],
  ] as const) {
    failFirst('half', ({ method, url }) => (methods.test(`${method}${url}`) ? 'write' : undefined));
    const before = faulty.faults;
    const { id } = await store.write(chunks(...lengths));
    assert.equal(faulty.faults - before, 1);
    assert.ok((await wholeOf(chunks(...lengths))).equals(await wholeOf(plain.read(id))));
  }
  assert.equal((await idsOf(plain)).length, 2);
});

test('what another wrote under the same name is not taken for one’s own', async t => {
  const { store } = await openFaulty(t);
  const { id } = await store.write(chunks(1000));
  await assert.rejects(store.write(chunks(1001), id), /PreconditionFailed/);
});

test('a body that breaks off goes on where it was', async t => {
  const { store, faulty, failFirst } = await openFaulty(t);
  const lengths = [2_000_000, 1_500_000];
  const content = await wholeOf(chunks(...lengths));
  const { id } = await store.write(chunks(...lengths));
  const segment = 64 * 1024 + 16;
  for (const read of [
    () => store.read(id),
    () => store.read(id, 0, content.length, segment),
    () => store.read(id, segment, undefined, segment),
  ]) {
    failFirst('half', ({ method, headers }) => (method === 'GET' ? headers.range : undefined));
    const before = faulty.faults;
    const found = await wholeOf(read());
    assert.ok(content.subarray(content.length - found.length).equals(found));
    assert.ok(faulty.faults > before);
  }
});

test('a store that hangs is said to be unavailable, and so is one that says so', async t => {
  const { store, faulty } = await openFaulty(t, {
    requestHandler: { socketTimeout: 200 },
    maxAttempts: 2,
  });
  const { id } = await store.write(chunks(1000));
  for (const fault of ['silent', 'busy', 'cut'] as const) {
    faulty.fault = () => fault;
    await assert.rejects(wholeOf(store.read(id)), StoreUnavailable);
    await assert.rejects(store.write(chunks(10_000_000, 10_000_000)), StoreUnavailable);
    await assert.rejects(store.delete(id), StoreUnavailable);
    await assert.rejects(idsOf(store), StoreUnavailable);
  }
  faulty.fault = () => undefined;
  assert.equal((await wholeOf(store.read(id))).length, 1000);
});

test('readers who take their time keep no others waiting', async () => {
  const { store, release } = await openFresh();
  const { id } = await store.write(chunks(3_000_000));
  const readers = Array.from({ length: 60 }, () =>
    store.read(id, 0, 3_000_000, 65_552)[Symbol.asyncIterator](),
  );
  await Promise.all(readers.map(reader => reader.next()));
  assert.equal((await wholeOf(store.read(id))).length, 3_000_000);
  await Promise.all(readers.map(reader => reader.return?.()));
  await release();
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
