import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from './clock.js';

test('what is due when a manual clock moves is done once, the earliest first', async () => {
  const clock = new ManualClock(0);
  const done: string[] = [];
  clock.after(3000, () => done.push('after 3 s'));
  clock.every(1000, () => done.push('every second'));
  const paused = clock.pause(2000).then(() => done.push('paused 2 s'));
  clock.advance(0.5);
  assert.deepEqual(done, []);
  clock.advance(0.5);
  assert.deepEqual(done.splice(0), ['every second']);
  clock.advance(60);
  await paused;
  assert.deepEqual(done.splice(0), ['every second', 'after 3 s', 'paused 2 s']);
  clock.advance(1);
  assert.deepEqual(done, ['every second']);
  assert.deepEqual([clock.now(), clock.elapsed()], [62_000, 62_000]);
});

test('a manual clock that goes back lets no time pass', () => {
  const clock = new ManualClock(10_000);
  let times = 0;
  clock.every(1000, () => times++);
  clock.set(0);
  clock.advance(0.5);
  assert.deepEqual([clock.now(), clock.elapsed(), times], [500, 500, 0]);
  clock.set(1000);
  assert.equal(times, 1);
});

test('what was called off is not done, also by something that is due at the same time', () => {
  const clock = new ManualClock(0);
  const done: number[] = [];
  clock.after(1, () => {
    done.push(1);
    second();
  });
  const second = clock.after(2, () => done.push(2));
  const third = clock.every(1, () => done.push(3));
  third();
  clock.advance(1);
  assert.deepEqual(done, [1]);
});
