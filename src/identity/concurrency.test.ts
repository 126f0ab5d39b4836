/** Several processes share a store: nothing they do at the same time breaks uniqueness, quotas or counts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../core/clock.js';
import { ApiError } from '../core/errors.js';
import { openMemoryKv } from '../store/memory/memory.js';
import { type Account, type Identity, openIdentity } from './index.js';

const DOCUMENT = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}';

async function open(): Promise<{ processes: [Identity, Identity, Identity]; account: Account }> {
  const kv = openMemoryKv();
  const options = { kv, rootKey: new Uint8Array(32), clock: new ManualClock(0) };
  const processes: [Identity, Identity, Identity] = [
    await openIdentity(options),
    await openIdentity(options),
    await openIdentity(options),
  ];
  const { account } = await processes[0].createAccount({ id: '111122223333', name: 'a', partition: 'aws' });
  return { processes, account };
}

async function outcomes(work: Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(work);
  return settled
    .map(result => {
      if (result.status === 'fulfilled') return 'done';
      if (result.reason instanceof ApiError) return result.reason.code;
      throw result.reason;
    })
    .sort();
}

test('one of many creates the user', async () => {
  const { processes, account } = await open();
  const names = ['Bob', 'bob', 'BOB', 'Bob', 'boB', 'Bob'];
  const results = await outcomes(
    names.map((name, index) => processes[index % 3]!.users.create(account, { name })),
  );
  assert.deepEqual(results, [...Array(5).fill('EntityAlreadyExists'), 'done']);
  assert.equal((await processes[0].accounts.counts(account.id)).users, 1);
});

test('a user gets two keys, whoever asks', async () => {
  const { processes, account } = await open();
  await processes[0].users.create(account, { name: 'Bob' });
  const results = await outcomes(
    Array.from({ length: 9 }, (_, index) => processes[index % 3]!.accessKeys.create(account, 'Bob')),
  );
  assert.deepEqual(results, [...Array(7).fill('LimitExceeded'), 'done', 'done']);
  assert.equal((await processes[0].users.get(account.id, 'Bob')).keys.length, 2);
});

test('a policy is deleted or attached, never both', async () => {
  for (let round = 0; round < 20; round++) {
    const { processes, account } = await open();
    const [one, two] = processes;
    await one.users.create(account, { name: 'Bob' });
    const { arn } = await one.policies.create(account, { name: 'P', document: DOCUMENT });
    const results = await outcomes([
      one.policies.delete(account, arn),
      two.entityPolicies.attach(account, 'user', 'Bob', arn),
    ]);
    const attached = (await one.users.get(account.id, 'Bob')).attached.length === 1;
    const exists = (await one.policies.find(account, arn)) !== undefined;
    assert.equal(attached, exists);
    assert.deepEqual(results, [attached ? 'DeleteConflict' : 'NoSuchEntity', 'done']);
  }
});

test('a group is deleted or joined, never both', async () => {
  const { processes, account } = await open();
  const [one, two] = processes;
  await one.users.create(account, { name: 'Bob' });
  await one.groups.create(account, { name: 'Staff' });
  await outcomes([one.groups.delete(account, 'Staff'), two.groups.addUser(account, 'Staff', 'Bob')]);
  const joined = (await one.users.get(account.id, 'Bob')).groups.length === 1;
  assert.equal((await one.groups.find(account.id, 'Staff')) !== undefined, joined);
});

test('counts follow what is there', async () => {
  const { processes, account } = await open();
  const work = Array.from({ length: 12 }, async (_, index) => {
    const identity = processes[index % 3]!;
    await identity.users.create(account, { name: `user-${index}` });
    if (index % 2 === 0) await identity.users.delete(account, `user-${index}`);
  });
  await Promise.all(work);
  assert.equal((await processes[0].accounts.counts(account.id)).users, 6);
  assert.equal((await processes[0].users.list(account.id, { limit: 100 })).length, 6);
});
