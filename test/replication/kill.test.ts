/** Copies that a killed server owes are made by the next one. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { startServerProcess } from '../faults/server-process.js';
import { until } from '../support/until.js';
import { ACCOUNT, OBJECT_ACTIONS, Place, ruleTo, SOURCE_ACTIONS, TARGET_ACTIONS } from './place.js';

const FROM = 'copied';
const TO = 'copies';
const WRITERS = 8;
const ENOUGH = 150;

test('no acknowledged version is left without its copy, though the server is killed', async t => {
  const data = await mkdtemp(join(tmpdir(), 'karikagi-copies-'));
  t.after(() => rm(data, { recursive: true, force: true }));
  const start = (...more: string[]) => startServerProcess(data, ['--account', ACCOUNT, ...more]);
  const first = await start();
  const place = new Place(first.endpoint, first.credentials);
  await place.buckets([FROM, TO]);
  const role = await place.role('copier', [...SOURCE_ACTIONS, ...OBJECT_ACTIONS, ...TARGET_ACTIONS]);
  await place.replicate(FROM, role, [ruleTo(TO, { DeleteMarkerReplication: { Status: 'Enabled' } })]);
  const acknowledged = new Map<string, number>();
  const body = 'x'.repeat(40_000);
  const writer = async (name: number) => {
    for (let n = 0; ; n++) {
      // Of every fifth key there is a second version, of every seventh a delete marker.
      const Key = `${name}/${n - (n % 5 === 4 ? 1 : 0)}`;
      const Body = n % 3 === 0 ? body : 'x';
      const act = n % 7 === 6 ? new DeleteObjectCommand({ Bucket: FROM, Key }) : undefined;
      await (act ? place.s3.send(act) : place.s3.send(new PutObjectCommand({ Bucket: FROM, Key, Body })));
      acknowledged.set(Key, (acknowledged.get(Key) ?? 0) + 1);
    }
  };
  const writers = Promise.allSettled(Array.from({ length: WRITERS }, (_, name) => writer(name)));
  await until(() => acknowledged.size >= ENOUGH);
  await first.kill();
  await writers;
  place.destroy();

  const second = await start('--workers', '2');
  t.after(() => second.kill());
  const again = new Place(second.endpoint, second.credentials);
  t.after(() => again.destroy());
  for (const [key, times] of acknowledged) {
    const versions = await again.versions(FROM, key);
    assert.ok(versions.length >= times, key);
    await until(async () => (await again.versions(TO, key)).length === versions.length);
    assert.deepEqual(await again.versions(TO, key), versions);
    for (const version of versions.filter(one => one.includes('object'))) {
      const id = version.split(' ')[0]!;
      assert.equal(await again.settled(FROM, key, id), 'COMPLETED');
      const [from, to] = [
        await again.text(FROM, key, { VersionId: id }),
        await again.text(TO, key, { VersionId: id }),
      ];
      assert.equal(to, from);
    }
  }
  // What workers write, the process that keeps the directory copies.
  await again.s3.send(new PutObjectCommand({ Bucket: FROM, Key: 'after', Body: 'x' }));
  assert.equal(await again.settled(FROM, 'after'), 'COMPLETED');
});
