import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount, addUser, allow, callerOf, refusal } from '../harness.test.support.js';
import { openKarikagi } from './karikagi.test.support.js';

interface Created {
  readonly Account: { readonly AccountId: string; readonly Partition: string };
  readonly RootAccessKey: { readonly AccessKeyId: string; readonly SecretAccessKey: string };
}

test('the first account makes accounts of any partition, with root credentials that work', async () => {
  const world = await openKarikagi();
  const input = { AccountName: 'china', Partition: 'aws-cn', AccountId: '123456789012' };
  const { Account, RootAccessKey } = await world.ask<Created>('CreateAccount', input);
  assert.deepEqual(Account.AccountId, '123456789012');
  const caller = await callerOf(world, { accessKeyId: RootAccessKey.AccessKeyId });
  assert.equal(caller.principal.arn, 'arn:aws-cn:iam::123456789012:root');
  const found = await world.identity.lookup(RootAccessKey.AccessKeyId, undefined, world.clock.now());
  assert.equal(found.found === 'valid' && found.secretAccessKey, RootAccessKey.SecretAccessKey);
  await assert.rejects(world.ask('CreateAccount', input), refusal('ConflictException'));
  const { Accounts } = await world.ask<{ Accounts: { AccountId: string; Status: string }[] }>('ListAccounts');
  assert.deepEqual(
    Accounts.map(({ AccountId }) => AccountId),
    [world.account.id, '123456789012'].sort(),
  );
});

test('nobody else makes or sees accounts, whatever their policies say', async () => {
  const world = await openKarikagi();
  const other = await addAccount(world, '444455556666');
  const plain = await addUser(world, world.account, 'plain', allow('iam:*'));
  const input = { AccountName: 'x', Partition: 'aws' };
  for (const operation of ['CreateAccount', 'ListAccounts']) {
    await assert.rejects(world.ask(operation, input, other.root), refusal('AccessDeniedException'));
    await assert.rejects(world.ask(operation, input, plain), refusal('AccessDenied'));
  }
});
