/** The end of uploads of many parts: what is left of them afterwards, and after a crash in the midst of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../core/clock.js';
import { type Kv, under } from '../../store/kv.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { openMemoryBlobs } from '../../store/memory/memory-blobs.js';
import { type Objects, openObjects } from '../index.js';
import { blobReferenceKey, EMPTY, endedUploadKey, partKey, partRecords, uploadKey } from '../records.js';
import { bodyOf, code } from '../testing.test.support.js';

const OWNER = '111122223333';
const PARTS = 1200;
const SIZE = 5 * 1024 * 1024;

async function open(kv: Kv = openMemoryKv()): Promise<{ kv: Kv; objects: Objects }> {
  const clock = new ManualClock(0);
  return { kv, objects: await openObjects({ kv, blobs: openMemoryBlobs(() => clock.now()), clock }) };
}

const nameOf = (number: number) => `blob-${number}`;
const etagOf = (number: number) => number.toString(16).padStart(32, '0');

/** As if so many parts had been put, bodies apart. */
async function putParts(kv: Kv, id: string, count = PARTS): Promise<void> {
  for (let number = 1; number <= count; number++) {
    const etag = etagOf(number);
    const checksum = Buffer.alloc(8, number).toString('base64');
    const part = { number, size: SIZE, blob: nameOf(number), etag, checksum, modified: 0 };
    const row = { key: partKey(id, number), value: partRecords.encode({ ...part, salt: undefined }) };
    await kv.commit([], [row, { key: blobReferenceKey(part.blob, id), value: EMPTY }]);
  }
}

async function begun(kv: Kv, objects: Objects) {
  const bucket = await objects.buckets.create({
    name: 'b',
    owner: OWNER,
    partition: 'aws',
    region: 'us-east-1',
  });
  const upload = { initiator: 'arn:aws:iam::111122223333:root', headers: {}, metadata: [], owner: OWNER };
  const { id } = await objects.uploads.create(bucket, 'k', upload as never);
  await putParts(kv, id);
  return { bucket, id };
}

async function rowsIn(kv: Kv, ...table: string[]): Promise<number> {
  return (await kv.list(under(table))).length;
}

const named = Array.from({ length: PARTS }, (_, i) => ({ number: i + 1, etag: etagOf(i + 1) }));

test('of an upload that is completed the parts go, but for what the object is made of', async () => {
  const { kv, objects } = await open();
  const { bucket, id } = await begun(kv, objects);
  const parts = named.slice(0, PARTS - 1);
  const record = await objects.uploads.complete(bucket, 'k', id, { parts }, {});
  assert.equal(record.size, SIZE * (PARTS - 1));
  assert.equal(await rowsIn(kv, 'part'), 0);
  assert.equal(await rowsIn(kv, 'ended-upload'), 0);
  assert.equal(await rowsIn(kv, 'upload'), 0);
  assert.equal(await rowsIn(kv, 'blob'), PARTS - 1);
  assert.equal(await rowsIn(kv, 'blob', nameOf(PARTS)), 0);
  assert.equal((await objects.uploads.complete(bucket, 'k', id, { parts }, {})).id, record.id);
});

test('of an upload that is aborted nothing is left', async () => {
  const { kv, objects } = await open();
  const { bucket, id } = await begun(kv, objects);
  await objects.uploads.abort(bucket, 'k', id);
  for (const table of ['part', 'ended-upload', 'upload', 'blob']) assert.equal(await rowsIn(kv, table), 0);
  await assert.rejects(objects.uploads.abort(bucket, 'k', id), code('NoSuchUpload'));
});

test('what a crash left of an upload that ended goes at the next start', async () => {
  const { kv, objects } = await open();
  const { bucket, id } = await begun(kv, objects);
  const end = { key: uploadKey(bucket.id, 'k', id), value: undefined };
  await kv.commit([], [end, { key: endedUploadKey(id), value: EMPTY }]);
  const { objects: next } = await open(kv);
  for (const table of ['part', 'ended-upload', 'upload', 'blob']) assert.equal(await rowsIn(kv, table), 0);
  await assert.rejects(next.uploads.get(bucket, 'k', id), code('NoSuchUpload'));
});

test('a part that is replaced while its upload is completed is no part of the object', async () => {
  const { kv, objects } = await open();
  const { bucket, id } = await begun(kv, objects);
  let replaced = false;
  const changing: Kv = {
    ...kv,
    get: key => kv.get(key),
    getMany: keys => kv.getMany(keys),
    list: range => kv.list(range),
    close: () => kv.close(),
    commit: async (checks, writes) => {
      // The commit that makes the object.
      if (writes.length > PARTS && !replaced) {
        replaced = true;
        await objects.uploads.putPart(bucket, 'k', id, 7, bodyOf('another'), undefined, {});
      }
      return kv.commit(checks, writes);
    },
  };
  const { objects: racing } = await open(changing);
  await assert.rejects(racing.uploads.complete(bucket, 'k', id, { parts: named }, {}), code('InvalidPart'));
  assert.ok(replaced);
  assert.equal(await rowsIn(kv, 'upload'), 1);
  const parts = named.filter(({ number }) => number !== 7);
  assert.equal((await objects.uploads.complete(bucket, 'k', id, { parts }, {})).size, SIZE * (PARTS - 1));
});
