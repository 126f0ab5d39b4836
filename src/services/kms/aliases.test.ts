import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListAliasesResponse } from '@aws-sdk/client-kms';
import { describe, type KmsWorld, newKey, openKmsWorld } from '../../kms/kms.test.support.js';
import { addUser, allow, refusal } from '../harness.test.support.js';

const ARN = 'arn:aws:kms:us-east-1:111122223333:';
const create = ({ call, root }: KmsWorld, AliasName: string, TargetKeyId: string) =>
  call(root, 'CreateAlias', { AliasName, TargetKeyId });
const list = ({ call, root }: KmsWorld, input: object = {}) =>
  call<ListAliasesResponse>(root, 'ListAliases', input);

test('an alias stands for its key, by name and ARN, in its own region', async () => {
  const kms = await openKmsWorld();
  const key = await newKey(kms);
  await create(kms, 'alias/app', key.Arn);
  assert.equal((await describe(kms, 'alias/app')).KeyId, key.KeyId);
  assert.equal((await describe(kms, `${ARN}alias/app`)).KeyId, key.KeyId);
  await assert.rejects(
    kms.callIn('eu-west-1', kms.root, 'DescribeKey', { KeyId: 'alias/app' }),
    refusal('NotFoundException'),
  );
  await assert.rejects(
    kms.call(kms.root, 'DisableKey', { KeyId: 'alias/app' }),
    refusal('NotFoundException', "Invalid keyId 'alias/app'"),
  );
});

test('moves to another key of the same kind, and is deleted without its key', async () => {
  const kms = await openKmsWorld();
  const [one, two, rsa] = [
    await newKey(kms),
    await newKey(kms),
    await newKey(kms, { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' }),
  ];
  await create(kms, 'alias/app', one.KeyId);
  kms.world.clock.advance(60);
  const update = (TargetKeyId: string) =>
    kms.call(kms.root, 'UpdateAlias', { AliasName: 'alias/app', TargetKeyId });
  await update(two.KeyId);
  assert.equal((await describe(kms, 'alias/app')).KeyId, two.KeyId);
  assert.deepEqual((await list(kms)).Aliases, [
    {
      AliasName: 'alias/app',
      AliasArn: `${ARN}alias/app`,
      TargetKeyId: two.KeyId,
      CreationDate: new Date('2026-11-22T00:00:00Z'),
      LastUpdatedDate: new Date('2026-11-22T00:01:00Z'),
    },
  ]);
  assert.deepEqual((await list(kms, { KeyId: one.KeyId })).Aliases, []);
  assert.equal((await list(kms, { KeyId: two.Arn })).Aliases?.length, 1);
  await assert.rejects(update(rsa.KeyId), refusal('ValidationException'));
  await kms.call(kms.root, 'DeleteAlias', { AliasName: 'alias/app' });
  const gone = refusal('NotFoundException', `Alias ${ARN}alias/app is not found.`);
  await assert.rejects(describe(kms, 'alias/app'), gone);
  await assert.rejects(update(two.KeyId), gone);
  await assert.rejects(kms.call(kms.root, 'DeleteAlias', { AliasName: 'alias/app' }), gone);
  assert.equal((await describe(kms, two.KeyId)).KeyState, 'Enabled');
});

test('names are checked, and taken once', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await newKey(kms);
  await create(kms, 'alias/app', KeyId);
  await assert.rejects(
    create(kms, 'alias/app', (await newKey(kms)).KeyId),
    refusal('AlreadyExistsException', `An alias with the name ${ARN}alias/app already exists`),
  );
  for (const [name, code, message] of [
    ['app', 'ValidationException', /^Alias must start with the prefix "alias\/"/],
    ['alias/', 'InvalidAliasNameException', undefined],
    ['alias/a:b', 'InvalidAliasNameException', undefined],
    ['alias/aws/x', 'NotAuthorizedException', undefined],
  ] as const) {
    await assert.rejects(create(kms, name, KeyId), refusal(code, message));
  }
  await assert.rejects(create(kms, 'alias/x', 'alias/app'), refusal('NotFoundException'));
});

test('a key has at most 50; they are listed in pages', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await newKey(kms);
  const names = Array.from({ length: 50 }, (_, at) => `alias/${String(at).padStart(2, '0')}`);
  for (const name of names) await create(kms, name, KeyId);
  await assert.rejects(create(kms, 'alias/50', KeyId), refusal('LimitExceededException'));
  for (const filter of [{}, { KeyId }]) {
    const first = await list(kms, { ...filter, Limit: 30 });
    const rest = await list(kms, { ...filter, Limit: 30, Marker: first.NextMarker });
    assert.deepEqual(
      [...first.Aliases!, ...rest.Aliases!].map(one => one.AliasName),
      names,
    );
  }
});

test('needs permission for the alias and for the key', async () => {
  const kms = await openKmsWorld();
  const key = await newKey(kms);
  const alias = `${ARN}alias/app`;
  const { account } = kms.world;
  const both = await addUser(kms.world, account, 'Both', allow('kms:*Alias', [alias, key.Arn]));
  const half = await addUser(kms.world, account, 'Half', allow('kms:*Alias', alias));
  const rest = await addUser(kms.world, account, 'Rest', allow('kms:*Alias', key.Arn));
  const input = { AliasName: 'alias/app', TargetKeyId: key.KeyId };
  for (const keys of [half, rest]) {
    await assert.rejects(kms.call(keys, 'CreateAlias', input), refusal('AccessDenied'));
  }
  await kms.call(both, 'CreateAlias', input);
  for (const keys of [half, rest]) {
    await assert.rejects(kms.call(keys, 'DeleteAlias', input), refusal('AccessDenied'));
  }
  await kms.call(both, 'DeleteAlias', input);
});

test('what was authorised is what runs, though the alias moves in between', async () => {
  const kms = await openKmsWorld();
  const [one, two] = [await newKey(kms), await newKey(kms)];
  await create(kms, 'alias/app', one.KeyId);
  const describeKey = kms.service.operations.get('DescribeKey')!;
  const caller = { principal: {}, account: kms.world.account };
  const call = { caller, region: 'us-east-1', action: 'kms:DescribeKey' } as never;
  const input = { KeyId: 'alias/app' } as never;
  const { subject } = await describeKey.resolve(input, call);
  await kms.call(kms.root, 'UpdateAlias', { AliasName: 'alias/app', TargetKeyId: two.KeyId });
  const said = (await describeKey.run(subject, input, call)) as { KeyMetadata: { KeyId: string } };
  assert.equal(said.KeyMetadata.KeyId, one.KeyId);
});
