import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ahead } from './parallel.js';

suite('work ahead of its reader', () => {
  /** A task for each number, which the test ends, and which of them have begun. */
  function tasks() {
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const fails: ((error: Error) => void)[] = [];
    const work = (item: number) =>
      new Promise<number>((resolve, reject) => {
        begun.push(item);
        ends[item] = () => resolve(item * 10);
        fails[item] = reject;
      });
    return { begun, ends, fails, work };
  }
  const turns = async () => {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  };

  test('results come in order, and no more is begun than may be', async () => {
    const { begun, ends, work } = tasks();
    const results = ahead([0, 1, 2, 3], 2, work);
    const first = results.next();
    await turns();
    assert.deepEqual(begun, [0, 1]);
    ends[1]!();
    ends[0]!();
    assert.deepEqual(await first, { done: false, value: 0 });
    const second = results.next();
    await turns();
    assert.deepEqual(begun, [0, 1, 2]);
    assert.deepEqual(await second, { done: false, value: 10 });
    for (const end of [2, 3]) {
      const next = results.next();
      await turns();
      ends[end]!();
      assert.deepEqual(await next, { done: false, value: end * 10 });
    }
    assert.equal((await results.next()).done, true);
  });

  test('after a failure it ends once what was begun has ended, and asks for no more', async () => {
    const { begun, ends, fails, work } = tasks();
    let closed = false;
    const source = (async function* () {
      try {
        for (let item = 0; ; item++) yield item;
      } finally {
        closed = true;
      }
    })();
    const results = ahead(source, 2, work);
    const first = results.next();
    let ended = false;
    const failure = assert.rejects(first, /no/).then(() => {
      ended = true;
    });
    await turns();
    fails[0]!(new Error('no'));
    await turns();
    assert.deepEqual([begun, ended, closed], [[0, 1], false, false]);
    ends[1]!();
    await failure;
    assert.equal(closed, true);
  });

  test('what the source throws comes behind the results before it', async () => {
    const source = (async function* () {
      yield 1;
      throw new Error('broken');
    })();
    const results = ahead(source, 3, async item => item);
    assert.deepEqual(await results.next(), { done: false, value: 1 });
    await assert.rejects(results.next(), /broken/);
  });
});
