import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../test/support/until.js';
import { Chores } from '../../core/chores.js';
import { ManualClock } from '../../core/clock.js';
import { BlobDamaged, type Blobs } from '../../store/blobs.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { openMemoryBlobs } from '../../store/memory/memory-blobs.js';
import {
  ContentGone,
  holdBlobs,
  type ObjectRecord,
  objectKey,
  openObjects,
  type ReadElsewhere,
  startHousekeeping,
} from '../index.js';
import { bodyOf, wholeOf } from '../testing.test.support.js';

const attributes = { headers: {}, metadata: [] };
const text = 'a body that is long enough for a blob';

async function opened(readElsewhere?: ReadElsewhere, deletionDelay = 0) {
  const clock = new ManualClock(1_700_000_000_000);
  const blobs = openMemoryBlobs(() => clock.now());
  const kv = openMemoryKv();
  const objects = await openObjects({
    kv,
    blobs,
    clock,
    scheduler: clock,
    inlineLimit: 8,
    readElsewhere,
    deletionDelay,
  });
  const bucket = await objects.buckets.create({
    name: 'bucket',
    owner: '111122223333',
    partition: 'aws',
    region: 'us-east-1',
  });
  const put = async (body: string): Promise<ObjectRecord> => {
    const received = await objects.contents.receive(bodyOf(body), body.length, {});
    return objects.versions.put(bucket, 'k', attributes, received);
  };
  return { clock, blobs, kv, objects, bucket, put };
}

async function count(blobs: Blobs): Promise<number> {
  let blobCount = 0;
  for await (const _ of blobs.list()) blobCount++;
  return blobCount;
}

async function idsOf(blobs: Blobs): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of blobs.list()) ids.push(id);
  return ids;
}

async function* chunks(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content);
}

test('a sweep takes what nothing refers to, once it is old, and nothing else', async () => {
  const { clock, blobs, objects, put } = await opened();
  await put(text);
  await blobs.write(chunks('left behind by a crash'));
  assert.equal(await objects.sweep(), 0);
  clock.advance(24 * 3600 + 1);
  await blobs.write(chunks('on its way into a commit'));
  assert.equal(await objects.sweep(), 1);
  assert.equal(await count(blobs), 2);
});

test('a reader of a replaced object finishes, and then its blob goes', async () => {
  const { blobs, objects, bucket, put } = await opened();
  const before = await put(text);
  const reading = await objects.contents.read(bucket.id, before);
  await put(`another ${text}`);
  await objects.settle();
  assert.equal(await count(blobs), 2);
  assert.equal((await wholeOf(reading)).toString(), text);
  await objects.settle();
  assert.equal(await count(blobs), 1);
});

test('a reader that gives up lets go of the blob', async () => {
  const { blobs, objects, bucket, put } = await opened();
  const reading = await objects.contents.read(bucket.id, await put(text));
  await put('small');
  if (Symbol.asyncIterator in reading) {
    for await (const _ of reading) break;
  }
  await objects.settle();
  assert.equal(await count(blobs), 0);
});

test('content that is gone is told before anything is answered', async () => {
  const { objects, bucket, put } = await opened();
  for (const body of [text, 'small']) {
    const before = await put(body);
    await put('other');
    await objects.settle();
    await assert.rejects(objects.contents.read(bucket.id, before), ContentGone);
  }
});

test('damage is never served', async () => {
  const { kv, objects, bucket, put } = await opened();
  const record = await put('small');
  await kv.commit([], [{ key: ['content', bucket.id, record.id], value: Buffer.from('smell') }]);
  await assert.rejects(objects.contents.read(bucket.id, record), BlobDamaged);
  await kv.commit([], [{ key: objectKey(bucket.id, 'k'), value: Buffer.from('nonsense') }]);
  await assert.rejects(objects.versions.find(bucket, 'k'));
});

test('housekeeping runs at once, and tells what failed', async () => {
  const { objects, bucket, clock, put } = await opened();
  await put(text);
  const rule = { id: 'r', enabled: true, filter: {}, expiration: { days: 1 } };
  await objects.buckets.update(bucket, { lifecycle: [rule] });
  clock.advance(3 * 24 * 3600);
  const failures: unknown[] = [];
  const stop = startHousekeeping(objects, error => failures.push(error), new Chores(clock), clock);
  const listed = async () => objects.list(await objects.buckets.get('bucket'), { limit: 1 });
  await until(async () => (await listed()).entries.length === 0);
  await stop();
  const broken = Object.create(objects, {
    applyLifecycle: { value: () => Promise.reject(new Error('disk')) },
  });
  await startHousekeeping(broken, error => failures.push(String(error)), new Chores(clock), clock)();
  assert.deepEqual(failures, ['Error: disk']);
});

test('what another process reads is left to it', async () => {
  const read = new Set<string>();
  const { blobs, objects, put } = await opened(async asked => new Set(asked.filter(blob => read.has(blob))));
  const { content } = await put(text);
  assert.ok(content.kind === 'blob');
  read.add(content.blob);
  const { content: next } = await put(`another ${text}`);
  await put('short');
  await objects.settle();
  assert.ok(next.kind === 'blob');
  assert.deepEqual(await idsOf(blobs), [content.blob]);
});

test('a process that is asked deletes what it reads when its readers are done', async () => {
  const { blobs, objects, bucket, put } = await opened();
  const record = await put(text);
  assert.ok(record.content.kind === 'blob');
  const { blob } = record.content;
  assert.deepEqual(objects.leaveToReaders([blob]), []);
  const reading = await objects.contents.read(bucket.id, record);
  assert.deepEqual(objects.leaveToReaders([blob, 'unknown']), [blob]);
  await objects.versions.delete(bucket, 'k');
  assert.equal((await wholeOf(reading)).toString(), text);
  await objects.settle();
  assert.deepEqual(await idsOf(blobs), []);
});

test('while blobs are held none is deleted; then those go with the next', async () => {
  const { clock, blobs, kv, objects, put } = await opened();
  const hold = await holdBlobs(kv, clock);
  for (const body of [text, `${text}, again`, `${text}, and again`]) await put(body);
  await objects.settle();
  assert.equal(await count(blobs), 3);
  hold.demand();
  await hold.release();
  await put(text);
  await objects.settle();
  assert.equal(await count(blobs), 1);
});

test('a blob whose time comes while all are held goes with those of a later time', async () => {
  const { clock, blobs, kv, objects, put } = await opened(undefined, 60_000);
  const hold = await holdBlobs(kv, clock);
  await put(text);
  await put(`${text}, again`);
  clock.advance(61);
  await objects.settle();
  assert.equal(await count(blobs), 2);
  hold.demand();
  await hold.release();
  await put(`${text}, and again`);
  await objects.settle();
  assert.equal(await count(blobs), 3, 'before its time');
  clock.advance(61);
  await objects.settle();
  assert.equal(await count(blobs), 1);
});

test('a hold whose holder is gone runs out', async t => {
  const { clock, blobs, kv, objects, put } = await opened();
  const hold = await holdBlobs(kv, clock);
  t.after(() => hold.release());
  await put(text);
  clock.advance(301);
  assert.throws(() => hold.demand(), /may have been deleted/);
  await put(`${text}, again`);
  await objects.settle();
  assert.equal(await count(blobs), 1);
});

test('without room nothing is taken in, and everything can be deleted', async () => {
  const clock = new ManualClock(1_700_000_000_000);
  const blobs = openMemoryBlobs(() => clock.now());
  const full = Object.assign(new Error('no room'), { code: 'ENOSPC' });
  let isFull = false;
  const demandRoom = () => {
    if (isFull) throw full;
  };
  const objects = await openObjects({ kv: openMemoryKv(), blobs, clock, inlineLimit: 8, demandRoom });
  const owner = { owner: '111122223333', partition: 'aws', region: 'us-east-1' };
  const bucket = await objects.buckets.create({ name: 'bucket', ...owner });
  for (const body of ['small', text]) {
    const received = await objects.contents.receive(bodyOf(body), body.length, {});
    await objects.versions.put(bucket, body, attributes, received);
  }
  isFull = true;
  for (const body of ['small', text]) {
    await assert.rejects(objects.contents.receive(bodyOf(body), body.length, {}), full);
    await objects.versions.delete(bucket, body);
  }
  await objects.settle();
  assert.equal(await count(blobs), 0);
});
