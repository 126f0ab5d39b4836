import assert from 'node:assert/strict';
import { test } from 'node:test';
import { S3Client } from '@aws-sdk/client-s3';
import { ManualClock } from '../core/clock.js';
import { renewalTimes, renewing } from './renewing.js';
import type { Credentials } from './types.js';

const START = Date.UTC(2026, 0, 1);

/** A source of keys K1, K2 … of `life` seconds that can be away, or slow. */
function source(clock: ManualClock, life: number) {
  const state = { fetches: 0, away: false, gate: Promise.resolve() };
  const fetch = async (): Promise<Credentials> => {
    await state.gate;
    if (state.away) throw new Error('away');
    state.fetches++;
    return {
      accessKeyId: `K${state.fetches}`,
      secretAccessKey: 's',
      sessionToken: 't',
      expiration: new Date(clock.now() + life * 1000),
    };
  };
  return { state, fetch };
}

test('many callers at once cause one fetch', async () => {
  const clock = new ManualClock(START);
  const { state, fetch } = source(clock, 3600);
  const keys = renewing(fetch, { clock });
  const got = await Promise.all(Array.from({ length: 50 }, () => keys.get()));
  assert.equal(state.fetches, 1);
  assert.ok(got.every(({ accessKeyId }) => accessKeyId === 'K1'));
});

test('renewal is behind the callers at first, and before them in the end', async () => {
  const clock = new ManualClock(START);
  const { state, fetch } = source(clock, 3600);
  const keys = renewing(fetch, { clock });
  await keys.get();
  clock.advance(44 * 60);
  assert.equal((await keys.get()).accessKeyId, 'K1');
  await keys.settled();
  assert.equal(state.fetches, 1, 'sixteen minutes are enough');
  clock.advance(2 * 60);
  assert.equal((await keys.get()).accessKeyId, 'K1', 'the caller does not wait');
  await keys.settled();
  assert.equal((await keys.get()).accessKeyId, 'K2');
  clock.advance(55 * 60);
  assert.equal((await keys.get()).accessKeyId, 'K3', 'the caller waits');
});

test('keys of 900 seconds are fetched every seven minutes, not on every call', () => {
  const { background, waiting } = renewalTimes(START + 900_000, START);
  assert.deepEqual([background - START, waiting - START], [450_000, 600_000]);
  const hour = renewalTimes(START + 3_600_000, START);
  assert.deepEqual([hour.background - START, hour.waiting - START], [2_700_000, 3_000_000]);
});

test('while the source is away, good keys are handed out; then its own error', async () => {
  const clock = new ManualClock(START);
  const { state, fetch } = source(clock, 900);
  const failures: unknown[] = [];
  const keys = renewing(fetch, { clock, onFailure: error => failures.push(error) });
  await keys.get();
  state.away = true;
  clock.advance(890);
  assert.equal((await keys.get()).accessKeyId, 'K1');
  assert.equal(failures.length, 1);
  assert.equal((await keys.get()).accessKeyId, 'K1');
  assert.equal(failures.length, 1, 'it is not asked again at once');
  clock.advance(20);
  await assert.rejects(keys.get(), /away/);
  state.away = false;
  assert.equal((await keys.get()).accessKeyId, 'K2');
});

test('work that needs a whole hour gets keys that have it', async () => {
  const clock = new ManualClock(START);
  const { state, fetch } = source(clock, 3600);
  const keys = renewing(fetch, { clock });
  await keys.get();
  clock.advance(600);
  assert.equal((await keys.get({ atLeast: 2000 })).accessKeyId, 'K1');
  assert.equal((await keys.get({ atLeast: 3500 })).accessKeyId, 'K2');
  assert.equal(keys.secondsLeft, 3600);
  assert.equal(state.fetches, 2);
});

test('parts that meet the same refused keys renew once', async () => {
  const clock = new ManualClock(START);
  const { state, fetch } = source(clock, 3600);
  const keys = renewing(fetch, { clock });
  await keys.get();
  const renewed = await Promise.all([keys.renew('K1'), keys.renew('K1'), keys.renew('K1')]);
  assert.deepEqual([...new Set(renewed.map(({ accessKeyId }) => accessKeyId))], ['K2']);
  assert.equal((await keys.renew('K1')).accessKeyId, 'K2');
  assert.equal(state.fetches, 2);
});

test('keys that were refused are not handed out again while no others are to be had', async () => {
  const clock = new ManualClock(START);
  const { state, fetch } = source(clock, 3600);
  const keys = renewing(fetch, { clock });
  await keys.get();
  state.away = true;
  await assert.rejects(keys.renew('K1'), /away/);
  await assert.rejects(keys.get(), /away/);
});

test('keys that have ended by this clock are refused with a word on clocks', async () => {
  const clock = new ManualClock(START);
  const keys = renewing(
    async () => ({ accessKeyId: 'K', secretAccessKey: 's', expiration: new Date(START - 1000) }),
    { clock },
  );
  await assert.rejects(keys.get(), /compare the clocks/);
});

test("an SDK client keeps no keys of its own beside the owner's", async () => {
  const clock = new ManualClock();
  const { fetch } = source(clock, 3600);
  const keys = renewing(fetch, { clock });
  const client = new S3Client({ region: 'us-east-1', credentials: keys.provider });
  assert.equal((await client.config.credentials()).accessKeyId, 'K1');
  await keys.renew('K1');
  assert.equal((await client.config.credentials()).accessKeyId, 'K2');
  client.destroy();
});
