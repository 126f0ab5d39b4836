import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CountedQuota } from './counted-quota.js';

class Full extends Error {}

function quotaOf(most: number) {
  const made = new Map<string, number>();
  const seen = { counts: 0 };
  const quota = new CountedQuota({
    most,
    count: async owner => {
      seen.counts++;
      const found = made.get(owner) ?? 0;
      await Promise.resolve();
      return found;
    },
    refusal: () => new Full(),
  });
  const make = (owner: string) =>
    quota.run(owner, async () => {
      await new Promise(setImmediate);
      made.set(owner, (made.get(owner) ?? 0) + 1);
    });
  return { made, make, seen };
}

test('of all who ask at once, as many are served as the quota says, by few counts', async () => {
  const { made, make, seen } = quotaOf(1000);
  const asked = await Promise.allSettled(Array.from({ length: 1500 }, () => make('a')));
  assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 1000);
  const refused = asked.filter(one => one.status === 'rejected');
  assert.ok(refused.every(({ reason }) => reason instanceof Full));
  assert.equal(made.get('a'), 1000);
  // A sixteenth of what is left each time, down to one at a time.
  assert.ok(seen.counts < 100, `${seen.counts}`);
});

test('one after the other takes few counts until little is left; another owner has its own', async () => {
  const { make, seen } = quotaOf(10_000);
  for (let n = 0; n < 5000; n++) await make('a');
  assert.ok(seen.counts <= 12, `${seen.counts}`);
  await make('b');
});

test('where some go, others may be made; what fails leaves the quota as it is', async () => {
  const { made, make } = quotaOf(2);
  await make('a');
  await make('a');
  await assert.rejects(make('a'), Full);
  made.set('a', 1);
  await make('a');
  await assert.rejects(make('a'), Full);
  const failing = new CountedQuota({ most: 1, count: async () => 0, refusal: () => new Full() });
  const reason = new Error('the disk is full');
  for (let n = 0; n < 3; n++)
    await assert.rejects(
      failing.run('a', () => Promise.reject(reason)),
      reason,
    );
});

test('where counting fails, the next one counts again', async () => {
  let fails = true;
  const quota = new CountedQuota({
    most: 1,
    count: async () => {
      if (fails) throw new Error('no store');
      return 0;
    },
    refusal: () => new Full(),
  });
  await assert.rejects(
    quota.run('a', async () => 1),
    /no store/,
  );
  fails = false;
  assert.equal(await quota.run('a', async () => 1), 1);
});
