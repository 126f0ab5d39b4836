import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ManualClock } from '../core/clock.js';
import type { Kv } from './kv.js';
import { holdLease } from './lease.js';
import { openMemoryKv } from './memory/memory.js';

/** Milliseconds that a lease lasts which is not renewed. */
const LENGTH = 10_000;
const STEPS = 200;

/** A server that wants the lease; its name is among `leading` while it has it. */
function contender(kv: Kv, clock: ManualClock, leading: Set<string>, name: string) {
  return holdLease(kv, {
    name: 'work',
    length: LENGTH,
    scheduler: clock,
    failed: () => undefined,
    begin: () => {
      leading.add(name);
      return async () => void leading.delete(name);
    },
  });
}

/** Lets twice the time pass that a lease lasts, in small steps; `look` is called after each. */
async function pass(clock: ManualClock, look = () => {}): Promise<void> {
  for (let step = 0; step < STEPS; step++) {
    clock.advance((2 * LENGTH) / STEPS / 1000);
    // A store in memory has answered by then.
    await turn();
    look();
  }
}

test('one of several servers leads, and another follows when it gives up', async () => {
  const kv = openMemoryKv();
  const clock = new ManualClock();
  const leading = new Set<string>();
  const ends = new Map(['a', 'b', 'c'].map(name => [name, contender(kv, clock, leading, name)]));
  const led = new Set<string>();
  for (let round = 0; round < 3; round++) {
    let most = 0;
    await pass(clock, () => {
      most = Math.max(most, leading.size);
    });
    assert.deepEqual([most, leading.size], [1, 1]);
    const [leader] = leading;
    led.add(leader!);
    await ends.get(leader!)!();
    assert.ok(!leading.has(leader!));
  }
  assert.equal(led.size, 3);
});

test('a leader that cannot reach the store ends its work before another begins', async () => {
  const kv = openMemoryKv();
  const clock = new ManualClock();
  const leading = new Set<string>();
  let isCut = false;
  const cutKv: Kv = {
    ...kv,
    get: key => (isCut ? Promise.reject(new Error('cut off')) : kv.get(key)),
    getMany: keys => kv.getMany(keys),
    commit: (checks, writes) => (isCut ? Promise.reject(new Error('cut off')) : kv.commit(checks, writes)),
  };
  const endA = contender(cutKv, clock, leading, 'a');
  await pass(clock);
  assert.deepEqual([...leading], ['a']);
  const endB = contender(kv, clock, leading, 'b');
  isCut = true;
  let most = 0;
  let between = false;
  await pass(clock, () => {
    most = Math.max(most, leading.size);
    between ||= leading.size === 0;
  });
  assert.deepEqual([most, between, ...leading], [1, true, 'b']);
  await endA();
  await endB();
});
