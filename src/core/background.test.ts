import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Background } from './background.js';

/** An event loop whose time passes with work and rest alone; `busy`: the share of a rest that others take. */
function loopOf(busy: number) {
  const loop = { time: 0, waited: 0, rested: 0, turn: () => {} };
  return {
    loop,
    background: new Background({
      now: () => loop.time,
      idle: () => loop.waited,
      async rest(time) {
        loop.time += time;
        loop.rested += time;
        loop.waited += time * (1 - busy);
      },
      turn(turned) {
        loop.turn = turned;
      },
    }),
  };
}

test('work goes on without a pause for a slice, and then rests', async () => {
  const { loop, background } = loopOf(0);
  assert.equal(background.pause(), undefined);
  loop.time += 0.9;
  assert.equal(background.pause(), undefined);
  loop.time += 0.1;
  await background.pause();
  assert.equal(loop.rested, 1);
  assert.equal(background.pause(), undefined, 'a slice has begun');
});

for (const [others, busy, rest] of [
  ['nothing else', 0, 2],
  ['requests half of the time', 0.5, 4],
  ['requests all of the time', 1, 40],
] as const) {
  test(`after two milliseconds in a process that does ${others} it rests for ${rest}`, async () => {
    const { loop, background } = loopOf(busy);
    loop.time += 2;
    await background.pause();
    assert.equal(loop.rested, rest);
  });
}

test('time that it waited for something is no work', async () => {
  const { loop, background } = loopOf(0);
  loop.time += 10;
  loop.waited += 9.5;
  loop.turn();
  await background.pause();
  assert.equal(loop.rested, 0);
  loop.time += 10;
  await background.pause();
  assert.equal(loop.rested, 10, 'what follows on it is work again');
});

test('work that waited is not kept from going on, however busy others were meanwhile', async () => {
  const { loop, background } = loopOf(1);
  for (let step = 0; step < 3; step++) {
    loop.time += 10;
    loop.turn();
    assert.equal(background.pause(), undefined);
  }
});

test('in a process, its idle time is seen', async () => {
  const background = new Background();
  for (const began = performance.now(); performance.now() - began < 3; );
  const before = performance.eventLoopUtilization().idle;
  await background.pause();
  assert.ok(performance.eventLoopUtilization().idle - before >= 1);
});
