import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from '../../test/support/until.js';
import { ownBoot } from '../core/directories/process-identity.js';
import { silentLogger } from '../core/log.js';
import { StoreDamaged, type TreeDamage, type TreeReport } from '../store/lmdb/lmdb-tree.js';
import { lookForDamage } from './store-damage.js';

const MIB = 2 ** 20;
const bound = { from: Buffer.of(1), to: Buffer.of(2) };
const somewhere: TreeDamage = { problem: 'page 7 is empty', ...bound, near: bound };
const anywhere: TreeDamage = {
  problem: 'page 1 is empty',
  near: { from: undefined, to: undefined },
};
const SECOND_BOOT = {
  skip: (await ownBoot()) === undefined && 'the system does not tell one boot from another',
};

/** A data directory whose store has so many bytes. */
async function directoryWith(t: TestContext, bytes: number) {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-look-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'data.mdb');
  await writeFile(file, '');
  await truncate(file, bytes);
  /** Starts and ends a server. Answers whether it looked before it served. */
  const start = async (afterCrash: boolean, damage: readonly TreeDamage[] = [], ends = true) => {
    let looks = 0;
    let answer!: (report: TreeReport) => void;
    const verify = () => {
      looks++;
      return new Promise<TreeReport>(resolve => {
        answer = resolve;
      });
    };
    const report = { pages: 1, entries: 1, damage };
    const starting = lookForDamage({ file, verify }, silentLogger, { directory, afterCrash });
    let serves = false;
    const served = starting.then(() => {
      serves = true;
    });
    await Promise.race([served, until(() => serves || looks > 0)]);
    const first = !serves;
    if (first) answer(report);
    const look = await starting;
    assert.equal(looks, first ? 1 : 0);
    if (!first && ends) {
      look.begin();
      answer(report);
      await look.ended();
    }
    return first;
  };
  return { directory, file, start };
}

test('a small store is looked through before it is used, a large one meanwhile', async t => {
  const small = await directoryWith(t, 16 * MIB);
  assert.equal(await small.start(false), true);
  const large = await directoryWith(t, 64 * MIB);
  assert.equal(await large.start(false), false);
});

test(
  'after a crash it is looked through first, unless the server before had done so',
  SECOND_BOOT,
  async t => {
    const { start } = await directoryWith(t, 64 * MIB);
    assert.equal(await start(true), true);
    assert.equal(await start(true), false, 'the one before had looked');
    assert.equal(await start(true, [], false), false);
    assert.equal(await start(true), true, 'the one before ended while it looked');
  },
);

test('a file that was copied, or a machine that was started since, is looked through after a crash', async t => {
  const copied = await directoryWith(t, 64 * MIB);
  await copied.start(false);
  const moved = await directoryWith(t, 64 * MIB);
  await copyFile(join(copied.directory, 'server.whole'), join(moved.directory, 'server.whole'));
  assert.equal(await moved.start(true), true);
  const fresh = await directoryWith(t, 64 * MIB);
  await writeFile(join(fresh.directory, 'server.whole'), 'another-boot 1 2\n');
  assert.equal(await fresh.start(true), true);
});

test('damage that was found is looked for first at the next start', async t => {
  const { start } = await directoryWith(t, 64 * MIB);
  assert.equal(await start(false, [somewhere]), false);
  assert.equal(await start(true, [somewhere]), true);
});

test('a store that cannot be relied on at all does not serve', async t => {
  const { start } = await directoryWith(t, 16 * MIB);
  await assert.rejects(start(false, [anywhere]), StoreDamaged);
});
