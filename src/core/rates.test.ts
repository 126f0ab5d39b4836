import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from './clock.js';
import { Rates } from './rates.js';

const START = Date.UTC(2026, 10, 22);

test('a source has its burst, then its rate; others have their own', () => {
  const clock = new ManualClock(START);
  const rates = new Rates({ burst: 10, rate: 2 }, clock);
  const granted = (source: string, times: number) =>
    Array.from({ length: times }, () => rates.take(source, 1)).filter(Boolean).length;
  assert.equal(granted('a', 20), 10);
  assert.equal(granted('b', 20), 10);
  clock.set(START + 3000);
  assert.equal(granted('a', 20), 6);
  clock.set(START + 1_000_000);
  assert.equal(granted('a', 20), 10);
});

test('what is taken at once may overdraw, and is paid back', () => {
  const clock = new ManualClock(START);
  const rates = new Rates({ burst: 10, rate: 1 }, clock);
  assert.equal(rates.take('a', 15), true);
  assert.equal(rates.take('a', 0), false);
  clock.set(START + 4000);
  assert.equal(rates.take('a', 1), false);
  clock.set(START + 6000);
  assert.equal(rates.take('a', 1), true);
});

test('sources without end take no memory without end, and do not lose those that took', () => {
  const clock = new ManualClock(START);
  const rates = new Rates({ burst: 1, rate: 0.001 }, clock);
  for (let i = 0; i < 50_000; i++) rates.take(`s${i}`, 1);
  assert.equal(rates.take('s49999', 1), false);
});
