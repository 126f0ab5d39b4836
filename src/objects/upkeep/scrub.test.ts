import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../core/clock.js';
import { openDamageableKv } from '../../store/damage.test.support.js';
import type { Key } from '../../store/kv.js';
import { openMemoryBlobs } from '../../store/memory/memory-blobs.js';
import {
  blobReferenceKey,
  contentKey,
  EMPTY,
  keyStateKey,
  type ObjectRecord,
  objectKey,
  openObjects,
  partLists,
  type ScrubReport,
  scrubObjects,
  versionKey,
} from '../index.js';
import { bodyOf } from '../testing.test.support.js';
import { versionRecords } from '../versions/version-records.js';

const DAY = 24 * 3600;

async function opened() {
  const clock = new ManualClock(1_700_000_000_000);
  const kv = openDamageableKv();
  const blobs = openMemoryBlobs(() => clock.now());
  const rootKey = Buffer.alloc(32, 1);
  const objects = await openObjects({ kv, blobs, clock, rootKey, inlineLimit: 8 });
  const owner = { owner: '111122223333', partition: 'aws', region: 'us-east-1' };
  const made = await objects.buckets.create({ name: 'bucket', ...owner });
  await objects.buckets.update(made, () => ({ versioning: 'Enabled' }));
  const bucket = await objects.buckets.get('bucket');
  const put = async (key: string, body: string): Promise<ObjectRecord> => {
    const received = await objects.contents.receive(bodyOf(body), body.length, {});
    return objects.versions.put(bucket, key, { headers: {}, metadata: [] }, received);
  };
  const write = (key: Key, value: Uint8Array | undefined) => kv.commit([], [{ key, value }]);
  const scrub = (): Promise<ScrubReport> => scrubObjects({ kv, blobs, keys: objects.keys, now: clock.now() });
  return { clock, kv, blobs, objects, bucket, put, write, scrub };
}

const large = 'a body that is long enough for a blob';
const blobOf = ({ content }: ObjectRecord) => (content.kind === 'blob' ? content.blob : assert.fail());

test('what does not fit together is damage, by the name of the version', async () => {
  const { bucket, blobs, put, write, scrub } = await opened();
  await put('sound', large);
  const unreferenced = await put('a reference is missing', large);
  await write(blobReferenceKey(blobOf(unreferenced), unreferenced.id), undefined);
  const bodiless = await put('b body is missing', 'small');
  await write(contentKey(bucket.id, bodiless.id), undefined);
  const blobless = await put('c blob is missing', large);
  await blobs.delete(blobOf(blobless));
  const longer = await put('d body is too short', large);
  await write(objectKey(bucket.id, 'd body is too short'), versionRecords.encode({ ...longer, size: 100 }));
  await put('e latest is missing', 'small');
  await write(objectKey(bucket.id, 'e latest is missing'), undefined);
  const parted = await put('f parts are missing', 'small');
  const content = { kind: 'parts', count: 2 } as const;
  await write(objectKey(bucket.id, 'f parts are missing'), versionRecords.encode({ ...parted, content }));
  await write(contentKey(bucket.id, parted.id), partLists.encode([]));
  await write(objectKey(bucket.id, 'g record is something else'), Buffer.from('no record'));

  const { damaged, versions } = await scrub();
  assert.deepEqual(
    damaged.map(({ bucket, key, problem }) => [bucket, key, problem.replace(/[0-9a-fA-V]{32}/, 'ID')]),
    [
      ['bucket', 'a reference is missing', 'nothing keeps its blob ID from being deleted'],
      ['bucket', 'b body is missing', 'its body is missing'],
      ['bucket', 'c blob is missing', 'no blob ID'],
      ['bucket', 'd body is too short', `its body has ${large.length} bytes in place of 100`],
      ['bucket', 'f parts are missing', 'its list of parts is not its own'],
      ['bucket', 'g record is something else', 'a stored record is damaged'],
      ['bucket', 'e latest is missing', 'its latest version ID is missing'],
    ],
  );
  assert.equal(versions, 6);
});

test('a record that cannot be read is named by the id that it is deleted by', async () => {
  const { kv, objects, bucket, put, scrub } = await opened();
  const first = await put('k', 'small');
  const second = await put('k', large);
  await kv.damage(objectKey(bucket.id, 'k'));
  await kv.damage(versionKey(bucket.id, 'k', first.id));
  const named = async () => (await scrub()).damaged.map(({ key, versionId }) => [key, versionId]);
  const both = [
    ['k', second.id],
    ['k', first.id],
  ];
  assert.deepEqual(new Set((await named()).map(String)), new Set(both.map(String)));
  for (const { id } of [first, second]) await objects.versions.deleteVersion(bucket, 'k', id);
  await objects.buckets.update(bucket, { versioning: 'Suspended' });
  const suspended = await objects.buckets.get('bucket');
  await objects.versions.delete(suspended, 'k');
  const received = await objects.contents.receive(bodyOf('x'), 1, {});
  await objects.versions.put(suspended, 'k', { headers: {}, metadata: [] }, received);
  await kv.damage(objectKey(bucket.id, 'k'));
  assert.deepEqual(await named(), [['k', 'null']]);
  await objects.versions.deleteVersion(suspended, 'k', 'null');
  const { damaged, leftovers } = await scrub();
  assert.deepEqual(damaged, []);
  assert.equal(leftovers.rows, 3, 'what the damaged records referred to');
});

test('a record in no keyspace is damage, by its key', async () => {
  const { write, scrub } = await opened();
  await write(['elsewhere', 1], EMPTY);
  const problem = 'no part of this version of Karikagi writes such a record';
  assert.deepEqual((await scrub()).damaged, [{ row: '["elsewhere",1]', problem }]);
});

test('what nothing refers to is left over, not damage', async () => {
  const { clock, kv, blobs, bucket, put, write, scrub } = await opened();
  const record = await put('k', large);
  await put('k', 'small');
  await write(blobReferenceKey(blobOf(record), 'a version that is gone'), EMPTY);
  await write(contentKey(bucket.id, 'another'), Buffer.from('body'));
  await blobs.write(bodyOf('left behind by a crash'));
  assert.deepEqual((await scrub()).leftovers, { blobs: 0, bytes: 0, rows: 2 });
  clock.advance(DAY + 1);
  const report = await scrub();
  assert.deepEqual(report.leftovers, { blobs: 1, bytes: 22, rows: 2 });
  assert.deepEqual(report.damaged, []);
  await kv.close();
});

test('what changes while it is read is not damage', async () => {
  const { kv, blobs, clock, objects, bucket, put } = await opened();
  for (const key of ['a', 'b', 'c']) await put(key, large);
  const pace = async () => {
    for (const key of ['a', 'b', 'c']) {
      await objects.versions.deleteVersion(bucket, key, (await objects.versions.find(bucket, key))!.id);
      await put(key, `${large}, again`);
    }
    await objects.settle();
  };
  const report = await scrubObjects({ kv, blobs, now: clock.now(), pace });
  assert.deepEqual(report.damaged, []);
  assert.deepEqual(report.leftovers, { blobs: 0, bytes: 0, rows: 0 });
  assert.ok((await kv.get(keyStateKey(bucket.id, 'a'))) !== undefined);
});
