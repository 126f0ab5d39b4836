import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OVERTAKEN, untilCommitted } from './retry.js';

const contended = () => new Error('contended');

test('an attempt that was overtaken is made again, and knows it', async () => {
  const seen: boolean[] = [];
  const attempt = async (again: boolean) => (seen.push(again) < 4 ? OVERTAKEN : 'done');
  assert.equal(await untilCommitted(attempt, contended), 'done');
  assert.deepEqual(seen, [false, true, true, true]);
});

test('what an attempt throws ends it', async () => {
  let attempts = 0;
  const attempt = async () => {
    attempts++;
    throw new Error('refused');
  };
  await assert.rejects(untilCommitted(attempt, contended), /refused/);
  assert.equal(attempts, 1);
});

test('an attempt that is always overtaken ends', async () => {
  let attempts = 0;
  const attempt = async () => {
    attempts++;
    return OVERTAKEN;
  };
  await assert.rejects(untilCommitted(attempt, contended), /contended/);
  assert.equal(attempts, 100);
});
