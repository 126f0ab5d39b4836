import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../core/clock.js';
import { PolicySyntaxError } from '../../policy/index.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { type Account, type Identity, openIdentity } from '../index.js';

async function open(): Promise<{ identity: Identity; account: Account; china: Account }> {
  const identity = await openIdentity({
    kv: openMemoryKv(),
    rootKey: new Uint8Array(32),
    clock: new ManualClock(0),
  });
  const { account } = await identity.createAccount({ id: '111122223333', name: 'a', partition: 'aws' });
  const { account: china } = await identity.createAccount({
    id: '444455556666',
    name: 'b',
    partition: 'aws-cn',
  });
  return { identity, account, china };
}

const trust = (principal: object | string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }],
  });

const invalid = (words: string) => (error: unknown) => {
  assert.ok(error instanceof PolicySyntaxError);
  assert.equal(error.message, `Invalid principal in policy: ${words}`);
  return true;
};

test('users and roles are stored by their unique ids and shown by their ARNs', async () => {
  const { identity, account } = await open();
  const user = await identity.users.create(account, { name: 'Bob', path: '/team/' });
  const role = await identity.roles.create(account, { name: 'App', trust: trust({ AWS: account.id }) });
  const document = trust({
    AWS: ['arn:aws:iam::111122223333:user/team/Bob', 'arn:aws:iam::111122223333:role/App'],
  });
  const stored = await identity.principals.toStored(document, 'trust', 'aws');
  assert.equal(stored, trust({ AWS: [user.id, role.id] }));
  assert.equal(await identity.principals.toShown(stored, 'trust'), document);
});

test('a user made again under the same name is not the one that was meant', async () => {
  const { identity, account } = await open();
  const first = await identity.users.create(account, { name: 'Bob' });
  const stored = await identity.principals.toStored(
    trust({ AWS: 'arn:aws:iam::111122223333:user/Bob' }),
    'trust',
    'aws',
  );
  await identity.users.delete(account, 'Bob');
  const second = await identity.users.create(account, { name: 'Bob' });
  assert.notEqual(second.id, first.id);
  assert.equal(await identity.principals.toShown(stored, 'trust'), trust({ AWS: first.id }));
});

test('a renamed user is shown by the new ARN', async () => {
  const { identity, account } = await open();
  await identity.users.create(account, { name: 'Bob' });
  const stored = await identity.principals.toStored(
    trust({ AWS: 'arn:aws:iam::111122223333:user/Bob' }),
    'trust',
    'aws',
  );
  await identity.users.rename(account, 'Bob', { name: 'Robert', path: '/x/' });
  assert.equal(
    await identity.principals.toShown(stored, 'trust'),
    trust({ AWS: 'arn:aws:iam::111122223333:user/x/Robert' }),
  );
});

test('what stands for itself is stored as it is written', async () => {
  const { identity, account } = await open();
  await identity.roles.create(account, { name: 'App', trust: trust({ AWS: '*' }) });
  for (const principal of [
    { AWS: '*' },
    { AWS: 'arn:aws:iam::111122223333:root' },
    { AWS: 'arn:aws:sts::111122223333:assumed-role/App/session' },
    { Service: 'ec2.amazonaws.com' },
    { Service: ['ec2.amazonaws.com.cn', 's3.amazonaws.com'] },
  ]) {
    const document = trust(principal);
    assert.equal(await identity.principals.toStored(document, 'trust', 'aws'), document);
  }
});

test("an account's id is stored as its root's ARN, as aws-cdk#9334 and noobaa-core#10059 saw it of AWS", async () => {
  const { identity } = await open();
  assert.equal(
    await identity.principals.toStored(trust({ AWS: '111122223333' }), 'trust', 'aws'),
    trust({ AWS: 'arn:aws:iam::111122223333:root' }),
  );
  await assert.rejects(identity.principals.toStored(trust({ AWS: '999999999999' }), 'trust', 'aws'));
});

test('principals that do not exist are refused with the words of AWS', async () => {
  const { identity, account } = await open();
  await identity.users.create(account, { name: 'Bob', path: '/team/' });
  await identity.groups.create(account, { name: 'staff' });
  for (const arn of [
    'arn:aws:iam::111122223333:user/Nobody',
    'arn:aws:iam::111122223333:user/Bob',
    'arn:aws:iam::111122223333:user/team/bob',
    'arn:aws:iam::111122223333:role/Bob',
    'arn:aws:iam::111122223333:group/staff',
    'arn:aws:iam::999999999999:root',
    'arn:aws:sts::111122223333:assumed-role/Nothing/session',
    'arn:aws-cn:iam::444455556666:root',
    'arn:aws:iam::444455556666:root',
    'AIDAY34FZKBOKMUTVV7AB',
    '999999999999',
    `arn:aws:iam::${'1'.repeat(2000)}:root`,
    `arn:aws:iam::111122223333:user/${'x'.repeat(2000)}`,
    `arn:aws:sts::111122223333:assumed-role/${'x'.repeat(2000)}/session`,
    'arn:aws:iam::\ud800:root',
  ]) {
    await assert.rejects(
      identity.principals.toStored(trust({ AWS: arn }), 'trust', 'aws'),
      invalid(`"AWS":"${arn}"`),
    );
  }
  await assert.rejects(
    identity.principals.toStored(trust({ Service: 'nothing.example.com' }), 'trust', 'aws'),
    invalid('"SERVICE":"nothing.example.com"'),
  );
});

test('bucket policies name accounts by canonical user id too', async () => {
  const { identity, account } = await open();
  const policy = (id: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { CanonicalUser: id }, Action: 's3:GetObject', Resource: '*' },
      ],
    });
  assert.equal(await identity.principals.toStored(policy(account.canonicalId)), policy(account.canonicalId));
  for (const unknown of ['0'.repeat(64), 'f'.repeat(2000)]) {
    await assert.rejects(
      identity.principals.toStored(policy(unknown)),
      invalid(`"CanonicalUser":"${unknown}"`),
    );
  }
});
