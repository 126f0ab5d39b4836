import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../core/clock.js';
import {
  Budgets,
  connectionLimits,
  defaultBodyLimits,
  documentLimit,
  formLimit,
  timeFor,
} from './budgets.js';
import { shareOf } from './sources.js';

const MIB = 1024 * 1024;
const slowDown = { code: 'SlowDown', status: 503 };

const budgets = () =>
  new Budgets(new ManualClock(0), {
    ...defaultBodyLimits,
    strangers: 3 * MIB,
    strangersPerSource: 2 * MIB,
    callers: 2 * MIB,
    callersPerSource: 2 * MIB,
  });

test('strangers share what they may hold, each address has a part of it, and callers have their own', () => {
  const all = budgets();
  const first = all.allowance('10.0.0.1');
  first.take(MIB);
  first.take(MIB);
  assert.throws(() => first.take(1), slowDown);
  assert.throws(() => all.allowance('10.0.0.1').take(1), slowDown);
  const second = all.allowance('10.0.0.2');
  second.take(MIB);
  assert.throws(() => all.allowance('10.0.0.3').take(1), slowDown);
  const caller = all.allowance('10.0.0.1');
  caller.known();
  caller.take(2 * MIB);
  first.releaseBody();
  all.allowance('10.0.0.1').take(2 * MIB);
  assert.equal(all.counters.of('bodies of strangers'), 3);
});

test('answers count until they have left; small ones do not', () => {
  const all = new Budgets(new ManualClock(0), { ...defaultBodyLimits, answers: MIB, answersPerSource: MIB });
  const one = all.allowance('10.0.0.1');
  one.demandReader(true);
  one.answer(MIB, true);
  assert.throws(() => all.allowance('10.0.0.1').answer(100_000, true), slowDown);
  assert.throws(() => all.allowance('10.0.0.1').demandReader(true), {
    detail: { headers: { 'retry-after': '1', connection: 'close' } },
  });
  all.allowance('10.0.0.1').answer(1000, true);
  all.allowance('10.0.0.1').demandReader(false);
  all.allowance('10.0.0.1').answer(2 * MIB, false);
  one.releaseAnswer();
  one.releaseAnswer();
  all.allowance('10.0.0.1').answer(MIB, true);
});

test('a network of IPv6 has one share', () => {
  assert.equal(shareOf('192.0.2.1'), '192.0.2.1');
  assert.equal(shareOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(shareOf('2001:db8:1:2::9'), shareOf('2001:db8:1:2:ffff::1'));
  assert.equal(shareOf('2001:db8::1'), '2001:db8:0:0::/64');
  assert.equal(shareOf('::1'), '0:0:0:0::/64');
});

test('documents, forms and times', () => {
  assert.equal(documentLimit('DeleteObjects').bytes, 2 * MIB);
  assert.equal(documentLimit('PutBucketVersioning').bytes, 64 * 1024);
  assert.ok(formLimit(false) < formLimit(true));
  assert.equal(timeFor(0, defaultBodyLimits), 20_000);
  assert.equal(timeFor(160 * 1024, defaultBodyLimits), 30_000);
  assert.deepEqual(connectionLimits(1024), { connections: 512, connectionsPerSource: 256 });
  assert.deepEqual(connectionLimits(1e9), { connections: 8192, connectionsPerSource: 4096 });
});
