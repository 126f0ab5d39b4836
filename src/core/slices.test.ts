import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FairTurns, inSlices } from './slices.js';

test('others have their turn between slices of long work', async () => {
  let turns = 0;
  let going = true;
  const count = () => {
    turns++;
    if (going) setImmediate(count);
  };
  setImmediate(count);
  let done = 0;
  await inSlices(Array.from({ length: 50 }), () => {
    for (const end = performance.now() + 3; performance.now() < end; );
    done++;
  });
  going = false;
  assert.equal(done, 50);
  assert.ok(turns >= 5, `${turns} turns`);
});

test('who asks for much waits for itself', async () => {
  const fair = new FairTurns();
  const order: string[] = [];
  const ask = (source: string) => fair.turn(source).then(() => order.push(source));
  await Promise.all([ask('a'), ask('a'), ask('a'), ask('b'), ask('c'), ask('b')]);
  assert.deepEqual(order, ['a', 'b', 'c', 'a', 'b', 'a']);
});
