import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount, addUser, allow, policy, refusal } from '../harness.test.support.js';
import { openKarikagi } from './karikagi.test.support.js';

const ID = 'AIDATFQR7NSC5AU2ZV3IE';
const trust = policy({ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' });

test('a user and a role take the ids of what they are copies of, and policies mean them', async () => {
  const world = await openKarikagi();
  const { identity, account } = world;
  const AccountId = account.id;
  await identity.users.create(account, { name: 'Bob' });
  await identity.roles.create(account, { name: 'App', trust });
  await world.ask('SetUniqueId', { AccountId, EntityType: 'user', Name: 'bob', UniqueId: ID });
  await world.ask('SetUniqueId', {
    AccountId,
    EntityType: 'role',
    Name: 'App',
    UniqueId: 'AROATFQR7NSC5AU2ZV3IE',
  });
  assert.equal((await identity.users.get(AccountId, 'bob')).id, ID);
  assert.equal((await identity.roles.get(AccountId, 'app')).id, 'AROATFQR7NSC5AU2ZV3IE');
  assert.equal((await identity.principals.arnsOf([ID])).get(ID), `arn:aws:iam::${AccountId}:user/Bob`);
  const key = await identity.accessKeys.create(account, 'Bob');
  const found = await identity.lookup(key.id, undefined, world.clock.now());
  assert.equal(found.found === 'valid' && found.caller.principal.uniqueId, ID);
  await world.ask('SetUniqueId', { AccountId, EntityType: 'user', Name: 'Bob', UniqueId: ID });
});

test('an id that is taken or of another form, and an entity that has something, are refused', async () => {
  const world = await openKarikagi();
  const { identity, account } = world;
  const AccountId = account.id;
  const set = (Name: string, UniqueId: string, EntityType = 'user') =>
    world.ask('SetUniqueId', { AccountId, EntityType, Name, UniqueId });
  for (const name of ['one', 'two', 'keyed']) await identity.users.create(account, { name });
  await identity.accessKeys.create(account, 'keyed');
  await set('one', ID);
  await assert.rejects(set('two', ID), refusal('ConflictException'));
  await assert.rejects(set('keyed', 'AIDATFQR7NSC5AU2ZV3IF'), refusal('ConflictException'));
  await assert.rejects(set('two', 'AROATFQR7NSC5AU2ZV3IE'), refusal('ValidationException'));
  await assert.rejects(set('none', 'AIDATFQR7NSC5AU2ZV3IF'), refusal('ResourceNotFoundException'));
});

test('administrators of the first account alone, whatever the policies of others say', async () => {
  const world = await openKarikagi();
  const other = await addAccount(world, '444455556666');
  const plain = await addUser(world, world.account, 'plain', allow('iam:*'));
  await world.identity.users.create(other.account, { name: 'Bob' });
  const input = { AccountId: '444455556666', EntityType: 'user', Name: 'Bob', UniqueId: ID };
  await assert.rejects(world.ask('SetUniqueId', input, other.root), refusal('AccessDeniedException'));
  await assert.rejects(world.ask('SetUniqueId', input, plain), refusal('AccessDenied'));
  await world.ask('SetUniqueId', input);
});
