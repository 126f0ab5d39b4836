import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ahead, beside } from './parallel.js';

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

suite('work beside its reader', () => {
  const source = async function* () {
    for (let item = 0; item < 3; item++) yield item;
  };
  const turns = async () => {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  };

  test('items come at once, so many, and the end comes when all work has ended', async () => {
    const ends: (() => void)[] = [];
    const items = beside(source(), 2, item => new Promise(resolve => (ends[item] = resolve)));
    assert.deepEqual((await items.next()).value, 0);
    assert.deepEqual((await items.next()).value, 1);
    let third: unknown;
    const next = items.next().then(({ value }) => (third = value));
    await turns();
    assert.equal(third, undefined);
    ends[1]!();
    await next;
    assert.equal(third, 2);
    let ended = false;
    const last = items.next().then(({ done }) => (ended = done === true));
    ends[2]!();
    await turns();
    assert.equal(ended, false);
    ends[0]!();
    await last;
    assert.equal(ended, true);
  });

  test('a failure is thrown for the next item, or at the end', async () => {
    const failAt = async (at: number) => {
      const items: number[] = [];
      const work = async (item: number) => {
        if (item === at) throw new Error('no');
      };
      await assert.rejects(async () => {
        for await (const item of beside(source(), 1, work)) items.push(item);
      }, /no/);
      return items;
    };
    assert.deepEqual(await failAt(0), [0]);
    assert.deepEqual(await failAt(2), [0, 1, 2]);
  });
});
