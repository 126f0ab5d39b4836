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
  const late = new Promise(resolve => setImmediate(() => resolve(ask('c'))));
  await Promise.all([...asked, late]);
  assert.deepEqual(done(), ['xx', 'ab', 'ac', 'aa', 'a']);
});

test('an owner of many short pieces does as much in its turn as an owner of a long one', async () => {
  const { turns, work, done } = counted();
  const long = async () => {
    const slices = new Slices('long', turns);
    for (let step = 0; step < 3; step++) {
      work('L', 10);
      await slices.pause();
    }
  };
  const short = (times: number) =>
    Array.from({ length: times }, () => turns.run('short', () => work('s', 0.5)));
  turns.hasTime();
  work('-', 10);
  await Promise.all([...short(6), long()]);
  assert.deepEqual(done(), ['-L', 'ssssL', 'ssL']);
});

test('what follows on a piece that has waited goes with it while there is time', async () => {
  const { turns, work, done } = counted();
  const ask = async (name: string) => {
    for (const step of [1, 2, 3]) await turns.run(name, () => work(`${name}${step} `, 3));
  };
  await Promise.all([...'xabc'].map(ask));
  assert.deepEqual(done(), ['x1 a1 b1 c1 ', 'x2 x3 a2 a3 ', 'b2 b3 c2 c3 ']);
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
  const ask = (source: string) => turns.next(source).then(() => work(source, 2));
  await Promise.all([...'aaabcb'].map(ask));
  assert.deepEqual(done(), ['a', 'b', 'c', 'a', 'b', 'a']);
});

test('others have their turn between slices of long work, and several pieces of it share one', async () => {
  const { turns, work, done } = counted();
  const long = async (name: string) => {
    const slices = new Slices(name, turns);
    for (let step = 0; step < 5; step++) {
      work(name, 3);
      await slices.pause();
    }
  };
  await Promise.all([long('a'), long('b'), long('c')]);
  assert.deepEqual(done(), ['abcabca', 'bbb', 'ccc', 'aa']);
});

test('what has been begun and finds no time left has every other place', async () => {
  const { turns, work, done } = counted();
  const ask = async (name: string) => {
    for (const step of [1, 2, 3]) await turns.run(name, () => work(`${name}${step} `, 6));
  };
  turns.hasTime();
  work('-', 10);
  await Promise.all([...'abcd'].map(ask));
  assert.deepEqual(done(), ['-', 'a1 a2 ', 'a3 b1 ', 'b2 b3 ', 'c1 c2 ', 'c3 d1 ', 'd2 d3 ']);
});
