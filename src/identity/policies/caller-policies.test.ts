import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryKv } from '../../store/memory/memory.js';
import { openIdentity } from '../index.js';
import { countingKv, demandValid, open, READ, sessionOf, TRUST } from '../setup.test.support.js';

test('policies are gathered from everywhere and are those of now', async () => {
  const { identity, account, clock } = await open();
  const document = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
  });
  await identity.users.create(account, { name: 'Bob' });
  await identity.groups.create(account, { name: 'Staff' });
  const { arn } = await identity.policies.create(account, { name: 'Managed', document });
  const aws = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
  const { id } = await identity.accessKeys.create(account, 'Bob');
  const names = async () => {
    const { caller } = demandValid(await identity.lookup(id, undefined, clock.now()));
    const { identity: policies, boundary, session } = await identity.policiesOf(caller);
    return { policies: policies.map(({ name }) => name), boundary: boundary?.name, session };
  };
  assert.deepEqual(await names(), { policies: [], boundary: undefined, session: undefined });

  await identity.entityPolicies.putInline(account, 'user', 'Bob', { name: 'own', document });
  await identity.entityPolicies.attach(account, 'user', 'Bob', arn);
  await identity.groups.addUser(account, 'Staff', 'Bob');
  await identity.entityPolicies.putInline(account, 'group', 'Staff', { name: 'shared', document });
  await identity.entityPolicies.attach(account, 'group', 'Staff', aws);
  await identity.entityPolicies.setBoundary(account, 'user', 'Bob', arn);
  assert.deepEqual(await names(), {
    policies: ['inline policy own of user Bob', arn, 'inline policy shared of group Staff', aws],
    boundary: arn,
    session: undefined,
  });

  await identity.groups.removeUser(account, 'Staff', 'Bob');
  await identity.entityPolicies.setBoundary(account, 'user', 'Bob', undefined);
  assert.deepEqual((await names()).policies, ['inline policy own of user Bob', arn]);
});

test('session policies are in force beside those of the role', async () => {
  const setup = await open();
  const { identity, account, clock } = setup;
  const role = await identity.roles.create(account, { name: 'App', trust: TRUST(account.id) });
  const policy = READ;
  const arn = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
  const { accessKeyId, sessionToken } = await sessionOf(setup, role, { policy, policyArns: [arn] });
  const { caller } = demandValid(await identity.lookup(accessKeyId, sessionToken, clock.now()));
  const { session } = await identity.policiesOf(caller);
  assert.deepEqual(
    session?.map(({ name }) => name),
    ['inline session policy', arn],
  );
});

test('a session policy that is deleted and made again counts again', async () => {
  const setup = await open();
  const { identity, account, clock } = setup;
  const role = await identity.roles.create(account, { name: 'App', trust: TRUST(account.id) });
  const { arn } = await identity.policies.create(account, { name: 'P', document: READ });
  const { accessKeyId, sessionToken } = await sessionOf(setup, role, { policyArns: [arn] });
  const names = async () => {
    const { caller } = demandValid(await identity.lookup(accessKeyId, sessionToken, clock.now()));
    return (await identity.policiesOf(caller)).session?.map(({ name }) => name);
  };
  assert.deepEqual(await names(), [arn]);
  await identity.policies.delete(account, arn);
  assert.deepEqual(await names(), []);
  await identity.policies.create(account, { name: 'P', document: READ });
  assert.deepEqual(await names(), [arn]);
});

test('ten attached policies cost one more read, and a new version of one counts at once', async () => {
  const memory = openMemoryKv();
  const reads: string[] = [];
  const kv = countingKv(memory, reads);
  const { identity, account, clock } = await open(kv);
  await identity.users.create(account, { name: 'Bob' });
  for (let index = 0; index < 10; index++) {
    const { arn } = await identity.policies.create(account, { name: `P${index}`, document: READ });
    await identity.entityPolicies.attach(account, 'user', 'Bob', arn);
  }
  const { id } = await identity.accessKeys.create(account, 'Bob');
  const { caller } = demandValid(await identity.lookup(id, undefined, clock.now()));
  const first = await identity.policiesOf(caller);
  reads.length = 0;
  assert.equal((await identity.policiesOf(caller)).identity[3]?.policy, first.identity[3]?.policy);
  assert.deepEqual(reads, ['policy-generation']);

  const other = await openIdentity({ kv: memory, rootKey: new Uint8Array(32), clock });
  const write = READ.replace('s3:Get*', 's3:Put*');
  await other.policies.createVersion(account, 'arn:aws:iam::111122223333:policy/P3', write, true);
  assert.equal((await identity.policiesOf(caller)).identity[3]?.policy.text, write);
});
