import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Kv } from './kv.js';
import { holdLease } from './lease.js';
import { openMemoryKv } from './memory/memory.js';

const LENGTH = 300;

/** A server that wants the lease; `isLeading` while it has it. */
function contender(kv: Kv, leading: Set<string>, name: string) {
  return holdLease(kv, {
    name: 'work',
    length: LENGTH,
    failed: () => undefined,
    begin: () => {
      leading.add(name);
      return async () => void leading.delete(name);
    },
  });
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'it did not happen');
    await pause(10);
  }
}

test('one of several servers leads, and another follows when it gives up', async () => {
  const kv = openMemoryKv();
  const leading = new Set<string>();
  const ends = new Map(['a', 'b', 'c'].map(name => [name, contender(kv, leading, name)]));
  for (let round = 0; round < 3; round++) {
    await until(() => leading.size > 0);
    await pause(LENGTH);
    assert.equal(leading.size, 1);
    const [leader] = leading;
    await ends.get(leader!)!();
    assert.ok(!leading.has(leader!));
  }
});

test('a leader that cannot reach the store ends its work before another begins', async () => {
  const kv = openMemoryKv();
  const leading = new Set<string>();
  let isCut = false;
  const cutKv: Kv = {
    ...kv,
    get: key => (isCut ? Promise.reject(new Error('cut off')) : kv.get(key)),
    commit: (checks, writes) => (isCut ? Promise.reject(new Error('cut off')) : kv.commit(checks, writes)),
  };
  const endA = contender(cutKv, leading, 'a');
  await until(() => leading.has('a'));
  const endB = contender(kv, leading, 'b');
  isCut = true;
  let most = 0;
  await until(() => {
    most = Math.max(most, leading.size);
    return leading.has('b');
  });
  assert.equal(most, 1);
  await endA();
  await endB();
});
