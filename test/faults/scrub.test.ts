/** `karikagi scrub`: finds nothing where nothing is, also beside a server at work, and names what was damaged. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Damage, ScrubReport } from '../../src/index.js';
import { bucketKey, bucketRecords, contentKey, objectKey } from '../../src/objects/records.js';
import { versionRecords } from '../../src/objects/versions/version-records.js';
import { openLmdb } from '../../src/store/lmdb/lmdb.js';
import { AllKinds, s3Of } from '../support/all-kinds.js';
import { startServerProcess } from './server-process.js';

const cli = resolve(import.meta.dirname, '../../src/bundle/karikagi.js');

async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-scrub-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function scrub(data: string, ...flags: string[]): Promise<{ status: number; report: ScrubReport }> {
  const child = spawn(process.execPath, [cli, 'scrub', '--data', data, '--json', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  const status = child.exitCode ?? (await new Promise<number>(done => child.once('exit', done)));
  return { status, report: JSON.parse(output) };
}

/** Puts and deletes until `stop`. */
async function work(s3: S3Client, Bucket: string, id: number, isOver: () => boolean): Promise<void> {
  for (let round = 0; !isOver(); round++) {
    const Key = `${id}/${round % 7}`;
    const Body = Buffer.alloc(round % 2 === 0 ? 1000 : 100_000, round);
    await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    if (round % 3 === 0) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  }
}

test('everything is found whole, while the server works and once it has stopped', async t => {
  const data = await scratch(t);
  const server = await startServerProcess(data);
  t.after(() => server.kill());
  const kinds = new AllKinds('kinds');
  await kinds.fill(server);
  const s3 = s3Of(server);
  t.after(() => s3.destroy());
  const buckets = ['busy', 'versions'];
  for (const Bucket of buckets) await s3.send(new CreateBucketCommand({ Bucket }));
  let over = false;
  const working = [0, 1, 2, 3].map(id => work(s3, buckets[id % 2]!, id, () => over));
  for (let round = 0; round < 3; round++) {
    const { status, report } = await scrub(data);
    assert.deepEqual(report.damaged, []);
    assert.equal(status, 0);
  }
  over = true;
  await Promise.all(working);
  await kinds.check(server);
  assert.equal(await server.stop(), 0);
  const { status, report } = await scrub(data, '--rate', '1000');
  assert.equal(status, 0);
  assert.deepEqual(report.damaged, []);
  assert.deepEqual(report.leftovers, { blobs: 0, bytes: 0, rows: 0 });
  assert.equal(report.buckets, 3);
  assert.equal(report.markers, 1);
  assert.equal(report.parts, 2);
  assert.equal(report.sealed, 3, 'SSE-KMS, DSSE-KMS, SSE-C');
  assert.ok(report.versions >= kinds.kept.length);
  const bodies = kinds.kept.reduce((sum, { body }) => sum + body.length, 0);
  assert.ok(report.bytes > bodies);
});

/** The files of blobs that a put made. */
async function newBlobs(data: string, put: () => Promise<unknown>): Promise<string[]> {
  const before = await blobFiles(data);
  await put();
  return (await blobFiles(data)).filter(file => !before.includes(file));
}

async function blobFiles(data: string): Promise<string[]> {
  const files = await readdir(join(data, 'blobs'), { recursive: true });
  return files.filter(file => /[0-9a-f]{32}$/.test(file)).map(file => join(data, 'blobs', file));
}

/** The body of an object in the KV, as it is stored: encrypted. */
async function storedInline(data: string, bucketName: string, key: string): Promise<Buffer> {
  const kv = await openLmdb(join(data, 'kv'));
  const bucket = bucketRecords.decode((await kv.get(bucketKey(bucketName)))!.value);
  const { id } = versionRecords.decode((await kv.get(objectKey(bucket.id, key)))!.value);
  const { value } = (await kv.get(contentKey(bucket.id, id)))!;
  await kv.close();
  return Buffer.from(value);
}

/** Flips a bit in each copy of some bytes: pages that were replaced stay in the file. */
async function flip(path: string, bytes?: Buffer): Promise<void> {
  const file = await readFile(path);
  let found = 0;
  for (let at = bytes ? file.indexOf(bytes) : 1000; at >= 0; at = bytes ? file.indexOf(bytes, at + 1) : -1) {
    file[at + 3]! ^= 16;
    found++;
  }
  assert.ok(found > 0);
  await writeFile(path, file);
}

test('what was damaged is named, is not served, and harms nothing else', async t => {
  const data = await scratch(t);
  let server = await startServerProcess(data);
  t.after(() => server.kill());
  const kinds = new AllKinds('kinds');
  await kinds.fill(server);
  const Bucket = 'damaged';
  const s3 = s3Of(server);
  await s3.send(new CreateBucketCommand({ Bucket }));
  const put = (Key: string, Body: Buffer, more = {}) =>
    newBlobs(data, () => s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more })));
  const body = Buffer.alloc(100_000, 'some content ');
  const [flipped] = await put('flipped', body);
  const [gone] = await put('gone', body);
  const [short] = await put('short', body);
  const [sealed] = await put('sealed', body, { ServerSideEncryption: 'AES256' });
  await put('inline', Buffer.from('the bytes of the inline body'));
  await put('record', Buffer.from('x'), { Metadata: { mark: 'a mark within the record' } });
  await put('sound', body);
  s3.destroy();
  await server.stop();

  await flip(flipped!);
  await unlink(gone!);
  await truncate(short!, 50_000);
  await flip(sealed!);
  await flip(join(data, 'kv', 'data.mdb'), await storedInline(data, Bucket, 'inline'));
  await flip(join(data, 'kv', 'data.mdb'), Buffer.from('a mark within the record'));
  const names = ['flipped', 'gone', 'inline', 'record', 'sealed', 'short'];
  const damagedKeys = (damaged: readonly Damage[]) =>
    damaged.map(({ bucket, key }) => `${bucket}/${key}`).sort();

  const { status, report } = await scrub(data);
  assert.equal(status, 2);
  assert.deepEqual(
    damagedKeys(report.damaged),
    names.map(name => `${Bucket}/${name}`),
  );

  server = await startServerProcess(data);
  const again = s3Of(server);
  t.after(() => again.destroy());
  for (const Key of names) {
    const reading = again
      .send(new GetObjectCommand({ Bucket, Key }))
      .then(({ Body }) => Body!.transformToByteArray());
    await assert.rejects(reading, `${Key} was served`);
  }
  await assert.rejects(again.send(new ListObjectsV2Command({ Bucket })), { name: 'InternalError' });
  const { Body } = await again.send(new GetObjectCommand({ Bucket, Key: 'sound' }));
  assert.ok(body.equals(await Body!.transformToByteArray()));
  await kinds.check(server);
  assert.deepEqual(damagedKeys((await scrub(data)).report.damaged), damagedKeys(report.damaged));

  await again.send(new DeleteObjectCommand({ Bucket, Key: 'record' }));
  const listed = async () => (await again.send(new ListObjectsV2Command({ Bucket }))).Contents ?? [];
  assert.deepEqual(
    (await listed()).map(({ Key }) => Key),
    [...names, 'sound'].filter(name => name !== 'record').sort(),
  );
  for (const Key of names) await again.send(new PutObjectCommand({ Bucket, Key, Body: body }));
  assert.equal((await listed()).length, names.length + 1);
  for (const Key of names) {
    const { Body: bytes } = await again.send(new GetObjectCommand({ Bucket, Key }));
    assert.ok(body.equals(await bytes!.transformToByteArray()));
  }
  assert.equal((await scrub(data)).status, 0);
});
