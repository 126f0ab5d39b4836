import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedMutex } from './keyed-mutex.js';

test('one at a time for a name, in the order of asking, whatever fails', async () => {
  const mutex = new KeyedMutex();
  const seen: string[] = [];
  let working = 0;
  const work = (name: string, index: number) => async () => {
    working++;
    assert.equal(working, 1);
    await Promise.resolve();
    seen.push(`${name}${index}`);
    working--;
    if (index === 1) throw new Error('one fails');
    return index;
  };
  const results = await Promise.allSettled([0, 1, 2, 3].map(index => mutex.run('a', work('a', index))));
  assert.deepEqual(seen, ['a0', 'a1', 'a2', 'a3']);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  assert.equal(mutex.isContended('a'), false);
});

test('names do not wait for each other', async () => {
  const mutex = new KeyedMutex();
  let free!: () => void;
  const blocked = mutex.run('a', () => new Promise<void>(resolve => (free = resolve)));
  assert.equal(await mutex.run('b', async () => 'done'), 'done');
  assert.deepEqual([mutex.isContended('a'), mutex.isContended('b')], [true, false]);
  await Promise.resolve();
  free();
  await blocked;
});
