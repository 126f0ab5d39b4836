import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slices, Turns } from './slices.js';

/** Turns of 10 ms by a clock that work alone moves on; `seen`: what was done, by turn of the event loop. */
function counted() {
  let time = 0;
  let turn = 0;
  const seen: string[][] = [[]];
  const count = () => {
    seen[++turn] = [];
    setImmediate(count).unref();
  };
  setImmediate(count).unref();
  return {
    turns: new Turns(10, () => time),
    work: (name: string, takes: number) => {
      time += takes;
      seen[turn]!.push(name);
      return name;
    },
    /** The turns in which anything was done. */
    done: () => seen.filter(names => names.length > 0).map(names => names.join('')),
  };
}

test('a turn takes work until its time is over, whoever asks, and the rest goes into later turns', async () => {
  const { turns, work, done } = counted();
  const names = [...'abcdefghij'];
  const results = names.map(name => turns.run(name, () => work(name, 4)));
  assert.deepEqual(results.slice(0, 3), ['a', 'b', 'c']);
  assert.deepEqual(await Promise.all(results), names);
  assert.deepEqual(done(), ['abc', 'def', 'ghi', 'j']);
});

test('what comes while others wait does not go before them; owners have turns', async () => {
  const { turns, work, done } = counted();
  const ask = (owner: string) => turns.run(owner, () => work(owner, 5));
  const asked = [...'xxaaaaab'].map(ask);
  await asked[2];
  await Promise.all([...asked, ask('c')]);
  assert.deepEqual(done(), ['xx', 'ab', 'ac', 'aa', 'a']);
});

test('work that fails fails for who asked for it', async () => {
  const turns = new Turns(0, () => 0);
  const failing = () =>
    turns.run('a', () => {
      throw new RangeError('it fails');
    });
  turns.hasTime();
  await assert.rejects(async () => failing(), RangeError);
  await assert.rejects(async () => turns.run('a', () => Promise.reject(new RangeError())), RangeError);
  assert.equal(await turns.run('a', () => 'done'), 'done');
});

test('work of unknown length begins in a turn of its own, the owners in turn', async () => {
  const { turns, work, done } = counted();
  const ask = (source: string) => turns.next(source).then(() => work(source, 1));
  await Promise.all([...'aaabcb'].map(ask));
  assert.deepEqual(done(), ['a', 'b', 'c', 'a', 'b', 'a']);
});

test('others have their turn between slices of long work, and several pieces of it share one', async () => {
  let turn = 0;
  const count = () => {
    turn++;
    setImmediate(count).unref();
  };
  setImmediate(count).unref();
  const begun = new Map<number, number>();
  const work = () => {
    begun.set(turn, (begun.get(turn) ?? 0) + 1);
    for (const end = performance.now() + 3; performance.now() < end; );
  };
  const long = async () => {
    const slices = new Slices();
    for (let step = 0; step < 20; step++) {
      work();
      await slices.pause();
    }
  };
  await Promise.all([long(), long(), long()]);
  assert.equal(
    [...begun.values()].reduce((sum, count) => sum + count),
    60,
  );
  // Four steps of 3 ms fill 10 ms; two pieces that have just begun take one step each before they look.
  assert.ok(Math.max(...begun.values()) <= 6, JSON.stringify([...begun]));
});
