import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FairQueue, QueueFull } from './fair-queue.js';

/** Work that ends when it is told to, and notes in which order it began. */
function works() {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  return {
    begun,
    work: (name: string) => () =>
      new Promise<string>(resolve => {
        begun.push(name);
        ends.push(() => resolve(name));
      }),
    async endNext() {
      ends.shift()!();
      await new Promise(resolve => setImmediate(resolve));
    },
  };
}

test('so much is done at a time, and owners take turns', async () => {
  const queue = new FairQueue({ width: 2, perOwner: 10, total: 100 });
  const { begun, work, endNext } = works();
  const all = [1, 2, 3, 4, 5].map(n => queue.run('flood', work(`flood ${n}`)));
  all.push(queue.run('alice', work('alice')), queue.run('bob', work('bob')));
  await new Promise(resolve => setImmediate(resolve));
  assert.deepEqual(begun, ['flood 1', 'flood 2']);
  for (let n = 0; n < 7; n++) await endNext();
  assert.deepEqual(begun, ['flood 1', 'flood 2', 'flood 3', 'alice', 'bob', 'flood 4', 'flood 5']);
  assert.equal((await Promise.all(all)).length, 7);
});

test('what fails makes room for the next', async () => {
  const queue = new FairQueue({ width: 1, perOwner: 1, total: 1 });
  const failing = queue.run('a', () => Promise.reject(new Error('failed')));
  const next = queue.run('a', async () => 'done');
  await assert.rejects(failing, /failed/);
  assert.equal(await next, 'done');
});

test('what waits is bounded for each owner and for all', async () => {
  const queue = new FairQueue({ width: 1, perOwner: 2, total: 3 });
  const { work, endNext } = works();
  const running = queue.run('a', work('a'));
  const waiting = [queue.run('a', work('a')), queue.run('a', work('a'))];
  await assert.rejects(queue.run('a', work('a')), QueueFull);
  waiting.push(queue.run('b', work('b')));
  await assert.rejects(queue.run('c', work('c')), QueueFull);
  for (let n = 0; n < 4; n++) await endNext();
  await Promise.all([running, ...waiting]);
});
