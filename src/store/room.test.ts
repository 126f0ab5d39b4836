import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../../test/support/until.js';
import { ManualClock } from '../core/clock.js';
import { openFileBlobs } from './files/files.js';
import { NoRoom, watchRoom } from './room.js';

const disk = (mebibytes: number, free: number) => async () => ({
  bsize: 4096,
  blocks: mebibytes * 256,
  bavail: free * 256,
});

test('64 MiB are kept, or a twentieth of a smaller disk', async () => {
  for (const [size, free, isLow] of [
    [10_000, 65, false],
    [10_000, 63, true],
    [100, 6, false],
    [100, 4, true],
  ] as const) {
    const room = await watchRoom('/', disk(size, free));
    if (isLow) assert.throws(() => room.demand(), NoRoom);
    else room.demand();
    room.demandLast();
    room.close();
  }
});

test('what was freed is noticed, and a system that does not tell counts as having room', async () => {
  let usage = disk(100, 0);
  const clock = new ManualClock();
  const room = await watchRoom('/', () => usage(), clock);
  assert.throws(() => room.demand(), { code: 'ENOSPC' });
  assert.throws(() => room.demandLast(), { code: 'ENOSPC' });
  usage = disk(100, 50);
  clock.advance(0.1);
  await until(hasRoom);
  room.close();
  (await watchRoom('/', () => Promise.reject(new Error('not here')))).demand();

  function hasRoom(): boolean {
    try {
      room.demand();
      return true;
    } catch {
      return false;
    }
  }
});

test('a body that is under way when the room goes ends there, and leaves nothing', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-room-'));
  t.after(() => rm(directory, { recursive: true }));
  let written = 0;
  const blobs = await openFileBlobs(
    directory,
    () => 0,
    () => {
      if (written > 3_000_000) throw new NoRoom();
    },
  );
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      yield Buffer.alloc(100_000);
      written += 100_000;
    }
  }
  await assert.rejects(blobs.write(endless()), NoRoom);
  assert.ok(written < 10_000_000);
  assert.deepEqual(await readdir(join(directory, 'tmp')), []);
  await blobs.close();
});
