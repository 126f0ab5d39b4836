import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { EncryptResponse, GetKeyPolicyResponse } from '@aws-sdk/client-kms';
import { bytes, describe, type KmsWorld, newKey, openKmsWorld } from '../../kms/kms.test.support.js';
import { addAccount, addUser, allow, policy, refusal } from '../harness.test.support.js';

const OTHER = '444455556666';
const to = (principal: string, action: string | string[], more: object = {}) => ({
  ...allow(action, '*', more),
  Principal: { AWS: principal },
});
const encrypt = (kms: KmsWorld, keys: KmsWorld['root'], KeyId: string, more: object = {}) =>
  kms.call<EncryptResponse>(keys, 'Encrypt', { KeyId, Plaintext: bytes('x'), ...more });

suite('key policies', () => {
  test('the default one delegates to the account: IAM policies decide', async () => {
    const kms = await openKmsWorld();
    const key = await newKey(kms);
    const { Policy, PolicyName } = await kms.call<GetKeyPolicyResponse>(kms.root, 'GetKeyPolicy', {
      KeyId: key.KeyId,
    });
    assert.equal(PolicyName, 'default');
    assert.deepEqual(JSON.parse(Policy!), {
      Version: '2012-10-17',
      Id: 'key-default-1',
      Statement: [
        {
          Sid: 'Enable IAM User Permissions',
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::111122223333:root' },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    });
    const may = await addUser(kms.world, kms.world.account, 'May', allow('kms:Encrypt', key.Arn));
    const not = await addUser(kms.world, kms.world.account, 'Not');
    await encrypt(kms, may, key.KeyId);
    await assert.rejects(
      encrypt(kms, not, key.KeyId),
      refusal(
        'AccessDenied',
        `User: arn:aws:iam::111122223333:user/Not is not authorized to perform: kms:Encrypt on resource: ${key.Arn} because no identity-based policy allows the kms:Encrypt action`,
      ),
    );
  });

  test('without delegation, IAM policies allow nothing, the root user nothing either, and their denies count', async () => {
    const kms = await openKmsWorld();
    const user = 'arn:aws:iam::111122223333:user/';
    const named = await addUser(kms.world, kms.world.account, 'Named');
    const admin = await addUser(kms.world, kms.world.account, 'Admin', allow('kms:*'));
    const deny = { ...allow('kms:Encrypt'), Effect: 'Deny' };
    const barred = await addUser(kms.world, kms.world.account, 'Barred', deny);
    const Policy = policy(to(`${user}Named`, 'kms:*'), to(`${user}Barred`, 'kms:*'));
    const key = await newKey(kms, { Policy, BypassPolicyLockoutSafetyCheck: true });
    await encrypt(kms, named, key.KeyId);
    for (const keys of [admin, kms.root]) {
      await assert.rejects(
        encrypt(kms, keys, key.KeyId),
        refusal(
          'AccessDenied',
          /is not authorized to perform: kms:Encrypt on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access$/,
        ),
      );
    }
    await assert.rejects(
      encrypt(kms, barred, key.KeyId),
      refusal('AccessDenied', /with an explicit deny in an identity-based policy/),
    );
  });

  test('a policy that locks its author out is refused, unless the check is bypassed', async () => {
    const kms = await openKmsWorld();
    const admin = await addUser(kms.world, kms.world.account, 'Admin', allow('kms:*'));
    const lockout = policy(to('arn:aws:iam::111122223333:user/Admin', ['kms:Encrypt', 'kms:Get*']));
    const locked = refusal(
      'MalformedPolicyDocumentException',
      'The new key policy will not allow you to update the key policy in the future.',
    );
    await assert.rejects(newKey(kms, { Policy: lockout }), locked);
    const { KeyId } = await newKey(kms);
    const put = (Policy: string, more: object = {}) =>
      kms.call(admin, 'PutKeyPolicy', { KeyId, Policy, ...more });
    await assert.rejects(put(lockout), locked);
    await put(policy(to('arn:aws:iam::111122223333:root', 'kms:*')));
    await put(policy(to('arn:aws:iam::111122223333:user/Admin', 'kms:Put*')));
    await put(lockout, { BypassPolicyLockoutSafetyCheck: true });
    await assert.rejects(put(lockout), refusal('AccessDenied'));
    const shown = await kms.call<GetKeyPolicyResponse>(admin, 'GetKeyPolicy', { KeyId });
    assert.equal(shown.Policy, lockout);
  });

  test('principals are kept by their unique ids', async () => {
    const kms = await openKmsWorld();
    const { identity, account } = kms.world;
    const before = await addUser(kms.world, account, 'Bob');
    const Policy = policy(
      to('arn:aws:iam::111122223333:root', 'kms:*'),
      to('arn:aws:iam::111122223333:user/Bob', 'kms:Encrypt'),
    );
    const { KeyId } = await newKey(kms, { Policy });
    await encrypt(kms, before, KeyId);
    const { id } = await identity.users.get(account.id, 'Bob');
    await identity.accessKeys.delete(account, 'Bob', before.accessKeyId);
    await identity.users.delete(account, 'Bob');
    const again = await addUser(kms.world, account, 'Bob');
    await assert.rejects(encrypt(kms, again, KeyId), refusal('AccessDenied'));
    const shown = await kms.call<GetKeyPolicyResponse>(kms.root, 'GetKeyPolicy', { KeyId });
    assert.deepEqual(JSON.parse(shown.Policy!).Statement[1].Principal, { AWS: id });
  });

  test('what is no key policy is refused', async () => {
    const kms = await openKmsWorld();
    const root = to('arn:aws:iam::111122223333:root', 'kms:*');
    for (const [Policy, code, message] of [
      ['{', 'MalformedPolicyDocumentException', undefined],
      [policy(allow('kms:*')), 'MalformedPolicyDocumentException', undefined],
      [
        policy(root, to('arn:aws:iam::111122223333:user/Nobody', 'kms:*')),
        'MalformedPolicyDocumentException',
        'Policy contains a statement with one or more invalid principals.',
      ],
      [policy({ ...root, Sid: 'x'.repeat(32_768) }), 'LimitExceededException', undefined],
    ] as const) {
      await assert.rejects(newKey(kms, { Policy }), refusal(code, message));
    }
    const { KeyId } = await newKey(kms);
    await assert.rejects(
      kms.call(kms.root, 'GetKeyPolicy', { KeyId, PolicyName: 'other' }),
      refusal('NotFoundException', 'No such policy exists'),
    );
  });

  test('conditions on the encryption context, the aliases and the tags of a key', async () => {
    const kms = await openKmsWorld();
    const key = await newKey(kms, { Tags: [{ TagKey: 'team', TagValue: 'blue' }] });
    await kms.call(kms.root, 'CreateAlias', { AliasName: 'alias/app', TargetKeyId: key.KeyId });
    const when = (name: string, Condition: object) =>
      addUser(kms.world, kms.world.account, name, allow('kms:Encrypt', '*', { Condition }));
    const EncryptionContext = { tenant: 'one', stage: 'test' };
    for (const [name, condition, good, bad] of [
      [
        'context',
        { StringEquals: { 'kms:EncryptionContext:tenant': 'one' } },
        { EncryptionContext },
        { EncryptionContext: { tenant: 'two' } },
      ],
      [
        'keys',
        { 'ForAnyValue:StringEquals': { 'kms:EncryptionContextKeys': 'stage' } },
        { EncryptionContext },
        {},
      ],
      ['alias', { StringEquals: { 'kms:RequestAlias': 'alias/app' } }, { KeyId: 'alias/app' }, {}],
      [
        'aliases',
        { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': 'alias/a*' } },
        {},
        { KeyId: (await newKey(kms)).KeyId },
      ],
      ['tag', { StringEquals: { 'aws:ResourceTag/team': 'blue' } }, {}, { KeyId: (await newKey(kms)).KeyId }],
      ['account', { StringEquals: { 'kms:CallerAccount': '111122223333' } }, {}, undefined],
    ] as const) {
      const keys = await when(name, condition);
      await encrypt(kms, keys, key.KeyId, good);
      if (bad) await assert.rejects(encrypt(kms, keys, key.KeyId, bad), refusal('AccessDenied'), name);
    }
  });

  test("another account's key needs both sides; what cannot be used across accounts is refused", async () => {
    const kms = await openKmsWorld();
    const { account } = await addAccount(kms.world, OTHER);
    const guest = await addUser(kms.world, account, 'Guest', allow('kms:*'));
    const poor = await addUser(kms.world, account, 'Poor');
    const shut = await newKey(kms);
    const Policy = policy(
      to('arn:aws:iam::111122223333:root', 'kms:*'),
      to(`arn:aws:iam::${OTHER}:root`, 'kms:*'),
    );
    const open = await newKey(kms, { Policy });
    await encrypt(kms, guest, open.Arn);
    await assert.rejects(encrypt(kms, poor, open.Arn), refusal('AccessDenied'));
    const hidden = refusal(
      'AccessDenied',
      /on this resource because the resource does not exist in this Region/,
    );
    await assert.rejects(encrypt(kms, guest, shut.Arn), hidden);
    await assert.rejects(encrypt(kms, guest, open.Arn.replace(/.{12}$/, '0123456789ab')), hidden);
    await assert.rejects(encrypt(kms, guest, open.KeyId), refusal('NotFoundException'));
    for (const operation of ['DisableKey', 'GetKeyPolicy', 'ScheduleKeyDeletion', 'ListResourceTags']) {
      await assert.rejects(kms.call(guest, operation, { KeyId: open.Arn }), hidden);
    }
    const sealed = await encrypt(kms, guest, open.Arn);
    await kms.call(guest, 'Decrypt', { CiphertextBlob: sealed.CiphertextBlob });
  });
});

test('the AWS managed key of S3: made on first use, once, and nobody changes it', async () => {
  const kms = await openKmsWorld();
  const keys = await Promise.all([1, 2, 3].map(() => describe(kms, 'alias/aws/s3')));
  assert.equal(new Set(keys.map(key => key.KeyId)).size, 1);
  const [key] = keys;
  assert.equal(key!.KeyManager, 'AWS');
  const KeyId = key!.KeyId;
  for (const [operation, input] of [
    ['DisableKey', {}],
    ['ScheduleKeyDeletion', {}],
    ['PutKeyPolicy', { Policy: policy(to('111122223333', 'kms:*')) }],
    ['Encrypt', { Plaintext: bytes('x') }],
  ] as const) {
    await assert.rejects(
      kms.call(kms.root, operation, { KeyId, ...input }),
      refusal('AccessDenied'),
      operation,
    );
  }
  await assert.rejects(
    kms.call(kms.root, 'CreateAlias', { AliasName: 'alias/aws/mine', TargetKeyId: KeyId }),
    refusal('NotAuthorizedException'),
  );
  const elsewhere = await kms.callIn<{ KeyMetadata: { KeyId: string } }>(
    'eu-west-1',
    kms.root,
    'DescribeKey',
    { KeyId: 'alias/aws/s3' },
  );
  assert.notEqual(elsewhere.KeyMetadata.KeyId, KeyId);
});

test('nothing reaches into another partition', async () => {
  const kms = await openKmsWorld();
  const { account, root } = await addAccount(kms.world, OTHER, 'aws-cn');
  const Policy = policy(to('111122223333', 'kms:*'), to('*', 'kms:*'));
  const key = await newKey(kms, { Policy });
  const sealed = await encrypt(kms, kms.root, key.KeyId);
  const cn = await addUser(kms.world, account, 'Guest', allow('kms:*'));
  await assert.rejects(encrypt(kms, cn, key.Arn), refusal('InvalidArnException'));
  await assert.rejects(encrypt(kms, cn, key.Arn.replace('arn:aws:', 'arn:aws-cn:')), refusal('AccessDenied'));
  for (const keys of [cn, root]) {
    const input = { CiphertextBlob: sealed.CiphertextBlob };
    await assert.rejects(kms.call(keys, 'Decrypt', input), refusal('AccessDenied'));
  }
});

test('a request that nobody signed is refused', async () => {
  const { service } = await openKmsWorld();
  const call = { caller: { principal: { type: 'anonymous', arn: '*' } }, region: 'us-east-1' } as never;
  for (const [name, input] of [
    ['ListKeys', {}],
    ['CreateKey', {}],
    ['Encrypt', { KeyId: 'alias/x' }],
    ['GenerateRandom', {}],
  ] as const) {
    const resolved = async () => service.operations.get(name)!.resolve(input as never, call);
    await assert.rejects(resolved(), refusal('MissingAuthenticationTokenException'));
  }
});
