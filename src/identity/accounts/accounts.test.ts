import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../core/clock.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { Database } from '../../store/tables.js';
import { openIdentity } from '../index.js';
import { tables } from '../model.js';
import { quotas } from './quotas.js';

async function open() {
  const kv = openMemoryKv();
  const identity = await openIdentity({ kv, rootKey: new Uint8Array(32), clock: new ManualClock(5000) });
  return { identity, db: new Database(kv, { space: 'identity', contended: () => new Error('contended') }) };
}

const DOCUMENT = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}';

test('an account is made with its id, partition, canonical id and a root key', async () => {
  const { identity } = await open();
  const { account, rootKey } = await identity.createAccount({
    id: '000000000042',
    name: 'first',
    partition: 'aws-cn',
  });
  assert.deepEqual(
    { id: account.id, name: account.name, partition: account.partition, created: account.created },
    { id: '000000000042', name: 'first', partition: 'aws-cn', created: 5000 },
  );
  assert.match(account.canonicalId, /^[0-9a-f]{64}$/);
  assert.equal((await identity.accounts.findByCanonicalId(account.canonicalId))?.id, '000000000042');
  assert.deepEqual(await identity.rootCredentials('000000000042'), rootKey);
  assert.equal(await identity.account('000000000043'), undefined);
});

test('an id is taken once and has twelve digits', async () => {
  const { identity } = await open();
  const account = { id: '111122223333', name: 'a', partition: 'aws' };
  await identity.createAccount(account);
  await assert.rejects(identity.createAccount(account), { code: 'EntityAlreadyExists' });
  await assert.rejects(identity.createAccount({ ...account, id: '1111' }), RangeError);
});

test('accounts without a given id get different ones', async () => {
  const { identity } = await open();
  const made = await Promise.all(
    Array.from({ length: 20 }, () => identity.createAccount({ name: 'a', partition: 'aws' })),
  );
  const ids = made.map(({ account }) => account.id);
  assert.equal(new Set(ids).size, 20);
  for (const id of ids) assert.match(id, /^\d{12}$/);
  assert.deepEqual(
    (await identity.accounts.list()).map(({ id }) => id),
    [...ids].sort(),
  );
});

test('the quotas of an account hold', async () => {
  const { identity, db } = await open();
  const { account } = await identity.createAccount({ id: '111122223333', name: 'a', partition: 'aws' });
  const { users, groups, roles, policies, instanceProfiles } = quotas;
  await db.put(tables.counts, [account.id], {
    users: users - 1,
    groups: groups - 1,
    roles: roles - 1,
    policies: policies - 1,
    instanceProfiles: instanceProfiles - 1,
  });
  const trust = DOCUMENT.replace(
    '"Action":"s3:*","Resource":"*"',
    '"Principal":{"AWS":"*"},"Action":"sts:AssumeRole"',
  );
  const makers: Record<string, (name: string) => Promise<unknown>> = {
    [`UsersPerAccount: ${users}`]: name => identity.users.create(account, { name }),
    [`GroupsPerAccount: ${groups}`]: name => identity.groups.create(account, { name }),
    [`RolesPerAccount: ${roles}`]: name => identity.roles.create(account, { name, trust }),
    [`PoliciesPerAccount: ${policies}`]: name =>
      identity.policies.create(account, { name, document: DOCUMENT }),
    [`InstanceProfilesPerAccount: ${instanceProfiles}`]: name =>
      identity.instanceProfiles.create(account, { name }),
  };
  for (const [quota, make] of Object.entries(makers)) {
    await make('last');
    await assert.rejects(make('over'), {
      code: 'LimitExceeded',
      message: `Cannot exceed quota for ${quota}`,
    });
  }
});
