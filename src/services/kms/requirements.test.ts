import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { EncryptResponse } from '@aws-sdk/client-kms';
import type { Requirement } from '../../core/operation.js';
import { bytes, newKey, openKmsWorld } from '../../kms/kms.test.support.js';
import { addAccount, requirementsOf } from '../harness.test.support.js';

suite('what each operation asks for', () => {
  const key = 'KEY';
  const context = { EncryptionContext: { a: '1' } };
  const alias = 'arn:aws:kms:us-east-1:111122223333:alias/new';
  const used = 'arn:aws:kms:us-east-1:111122223333:alias/used';
  /**
   * Operation, input beside `KeyId`, what is asked (action and resource, `KEY` for the key), condition keys of note.
   */
  const rows: readonly (readonly [string, object, readonly string[], object?])[] = [
    ['CancelKeyDeletion', {}, ['kms:CancelKeyDeletion KEY']],
    [
      'CreateAlias',
      { AliasName: 'alias/new', TargetKeyId: key },
      [`kms:CreateAlias ${alias}`, 'kms:CreateAlias KEY'],
    ],
    [
      'CreateGrant',
      { GranteePrincipal: 'arn:aws:iam::111122223333:root', Operations: ['Encrypt'] },
      ['kms:CreateGrant KEY'],
      {
        'kms:GrantOperations': ['Encrypt'],
        'kms:GranteePrincipal': 'arn:aws:iam::111122223333:root',
        'kms:GrantIsForAWSResource': 'false',
      },
    ],
    [
      'CreateGrant',
      {
        GranteePrincipal: 'x',
        Operations: ['Encrypt'],
        Constraints: { EncryptionContextSubset: { a: '1' } },
      },
      ['kms:CreateGrant KEY'],
      { 'kms:GrantConstraintType': ['EncryptionContextSubset'], 'kms:EncryptionContext:a': '1' },
    ],
    [
      'CreateKey',
      { MultiRegion: true },
      ['kms:CreateKey *'],
      {
        'kms:KeySpec': 'SYMMETRIC_DEFAULT',
        'kms:KeyUsage': 'ENCRYPT_DECRYPT',
        'kms:KeyOrigin': 'AWS_KMS',
        'kms:MultiRegion': 'true',
        'kms:MultiRegionKeyType': 'PRIMARY',
        'kms:BypassPolicyLockoutSafetyCheck': 'false',
      },
    ],
    [
      'CreateKey',
      { Tags: [{ TagKey: 'a', TagValue: 'b' }] },
      ['kms:CreateKey *', 'kms:TagResource *'],
      { 'aws:RequestTag/a': 'b', 'aws:TagKeys': ['a'] },
    ],
    [
      'Decrypt',
      { CiphertextBlob: 'BLOB', KeyId: undefined },
      ['kms:Decrypt KEY'],
      { 'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT' },
    ],
    [
      'Decrypt',
      { CiphertextBlob: 'BLOB', ...context },
      ['kms:Decrypt KEY'],
      { 'kms:EncryptionContext:a': '1', 'kms:EncryptionContextKeys': ['a'] },
    ],
    ['DeleteAlias', { AliasName: 'alias/used' }, [`kms:DeleteAlias ${used}`, 'kms:DeleteAlias KEY']],
    ['DeleteImportedKeyMaterial', {}, ['kms:DeleteImportedKeyMaterial KEY']],
    [
      'DeriveSharedSecret',
      { KeyAgreementAlgorithm: 'ECDH' },
      ['kms:DeriveSharedSecret KEY'],
      { 'kms:KeyAgreementAlgorithm': 'ECDH' },
    ],
    [
      'DescribeKey',
      { KeyId: 'alias/used' },
      ['kms:DescribeKey KEY'],
      { 'kms:RequestAlias': 'alias/used', 'kms:ResourceAliases': ['alias/used'] },
    ],
    [
      'DisableKey',
      {},
      ['kms:DisableKey KEY'],
      {
        'kms:CallerAccount': '111122223333',
        'kms:KeySpec': 'SYMMETRIC_DEFAULT',
        'kms:KeyUsage': 'ENCRYPT_DECRYPT',
        'kms:KeyOrigin': 'AWS_KMS',
        'kms:MultiRegion': 'false',
        'aws:ResourceTag/team': 'blue',
      },
    ],
    ['DisableKeyRotation', {}, ['kms:DisableKeyRotation KEY']],
    ['EnableKey', {}, ['kms:EnableKey KEY']],
    [
      'EnableKeyRotation',
      { RotationPeriodInDays: 100 },
      ['kms:EnableKeyRotation KEY'],
      { 'kms:RotationPeriodInDays': '100' },
    ],
    [
      'Encrypt',
      { ...context, EncryptionAlgorithm: 'RSAES_OAEP_SHA_1' },
      ['kms:Encrypt KEY'],
      { 'kms:EncryptionAlgorithm': 'RSAES_OAEP_SHA_1', 'kms:EncryptionContextKeys': ['a'] },
    ],
    ['GenerateDataKey', context, ['kms:GenerateDataKey KEY'], { 'kms:EncryptionContext:a': '1' }],
    [
      'GenerateDataKeyPair',
      { KeyPairSpec: 'RSA_2048', ...context },
      ['kms:GenerateDataKeyPair KEY'],
      { 'kms:DataKeyPairSpec': 'RSA_2048', 'kms:EncryptionContext:a': '1' },
    ],
    [
      'GenerateDataKeyPairWithoutPlaintext',
      { KeyPairSpec: 'RSA_2048' },
      ['kms:GenerateDataKeyPairWithoutPlaintext KEY'],
      { 'kms:DataKeyPairSpec': 'RSA_2048' },
    ],
    [
      'GenerateDataKeyWithoutPlaintext',
      context,
      ['kms:GenerateDataKeyWithoutPlaintext KEY'],
      { 'kms:EncryptionContext:a': '1' },
    ],
    [
      'GenerateMac',
      { MacAlgorithm: 'HMAC_SHA_256' },
      ['kms:GenerateMac KEY'],
      { 'kms:MacAlgorithm': 'HMAC_SHA_256' },
    ],
    ['GenerateRandom', {}, ['kms:GenerateRandom *']],
    [
      'DescribeCustomKeyStores',
      {},
      ['kms:DescribeCustomKeyStores *'],
      { 'kms:CallerAccount': '111122223333' },
    ],
    ['GetKeyPolicy', {}, ['kms:GetKeyPolicy KEY']],
    ['GetKeyRotationStatus', {}, ['kms:GetKeyRotationStatus KEY']],
    [
      'GetParametersForImport',
      { WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' },
      ['kms:GetParametersForImport KEY'],
      { 'kms:WrappingAlgorithm': 'RSAES_OAEP_SHA_256', 'kms:WrappingKeySpec': 'RSA_2048' },
    ],
    ['GetPublicKey', {}, ['kms:GetPublicKey KEY']],
    [
      'ImportKeyMaterial',
      { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: new Date(0) },
      ['kms:ImportKeyMaterial KEY'],
      { 'kms:ExpirationModel': 'KEY_MATERIAL_EXPIRES', 'kms:ValidTo': '1970-01-01T00:00:00.000Z' },
    ],
    ['ListAliases', {}, ['kms:ListAliases *']],
    ['ListGrants', {}, ['kms:ListGrants KEY'], { 'kms:GrantIsForAWSResource': 'false' }],
    ['ListKeyPolicies', {}, ['kms:ListKeyPolicies KEY']],
    ['ListKeyRotations', {}, ['kms:ListKeyRotations KEY']],
    ['ListKeys', {}, ['kms:ListKeys *'], { 'kms:CallerAccount': '111122223333' }],
    ['ListResourceTags', {}, ['kms:ListResourceTags KEY']],
    ['ListRetirableGrants', { RetiringPrincipal: 'x' }, ['kms:ListRetirableGrants *']],
    [
      'PutKeyPolicy',
      { BypassPolicyLockoutSafetyCheck: true },
      ['kms:PutKeyPolicy KEY'],
      { 'kms:BypassPolicyLockoutSafetyCheck': 'true' },
    ],
    [
      'ReEncrypt',
      { CiphertextBlob: 'BLOB', DestinationKeyId: key, DestinationEncryptionContext: { b: '2' } },
      ['kms:ReEncryptFrom KEY', 'kms:ReEncryptTo KEY'],
      { 'kms:ReEncryptOnSameKey': 'true' },
    ],
    [
      'ReplicateKey',
      { ReplicaRegion: 'eu-west-1' },
      ['kms:ReplicateKey KEY', 'kms:CreateKey *'],
      { 'kms:ReplicaRegion': 'eu-west-1' },
    ],
    ['RetireGrant', { GrantId: 'x' }, ['kms:RetireGrant KEY']],
    ['RevokeGrant', { GrantId: 'x' }, ['kms:RevokeGrant KEY'], { 'kms:GrantIsForAWSResource': 'false' }],
    ['RotateKeyOnDemand', {}, ['kms:RotateKeyOnDemand KEY']],
    [
      'ScheduleKeyDeletion',
      { PendingWindowInDays: 9 },
      ['kms:ScheduleKeyDeletion KEY'],
      { 'kms:ScheduleKeyDeletionPendingWindowInDays': '9' },
    ],
    [
      'Sign',
      { SigningAlgorithm: 'ECDSA_SHA_256' },
      ['kms:Sign KEY'],
      { 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'RAW' },
    ],
    [
      'TagResource',
      { Tags: [{ TagKey: 'a', TagValue: 'b' }] },
      ['kms:TagResource KEY'],
      { 'aws:RequestTag/a': 'b', 'aws:TagKeys': ['a'] },
    ],
    ['UntagResource', { TagKeys: ['a'] }, ['kms:UntagResource KEY'], { 'aws:TagKeys': ['a'] }],
    [
      'UpdateAlias',
      { AliasName: 'alias/used', TargetKeyId: key },
      [`kms:UpdateAlias ${used}`, 'kms:UpdateAlias KEY', 'kms:UpdateAlias KEY'],
    ],
    ['UpdateKeyDescription', {}, ['kms:UpdateKeyDescription KEY']],
    [
      'UpdatePrimaryRegion',
      { PrimaryRegion: 'eu-west-1' },
      ['kms:UpdatePrimaryRegion KEY', 'kms:UpdatePrimaryRegion REPLICA'],
      { 'kms:PrimaryRegion': 'eu-west-1' },
    ],
    [
      'Verify',
      { SigningAlgorithm: 'ECDSA_SHA_256', MessageType: 'DIGEST' },
      ['kms:Verify KEY'],
      { 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'DIGEST' },
    ],
    [
      'VerifyMac',
      { MacAlgorithm: 'HMAC_SHA_256' },
      ['kms:VerifyMac KEY'],
      { 'kms:MacAlgorithm': 'HMAC_SHA_256' },
    ],
  ];

  async function stage() {
    const kms = await openKmsWorld();
    const made = await newKey(kms, { Tags: [{ TagKey: 'team', TagValue: 'blue' }] });
    await kms.call(kms.root, 'CreateAlias', { AliasName: 'alias/used', TargetKeyId: made.KeyId });
    const { CiphertextBlob } = await kms.call<EncryptResponse>(kms.root, 'Encrypt', {
      KeyId: made.KeyId,
      Plaintext: bytes('x'),
      ...context,
    });
    const fill = (input: object): object =>
      Object.fromEntries(
        Object.entries({ KeyId: made.KeyId, ...input }).map(([name, value]) => [
          name,
          value === key ? made.KeyId : value === 'BLOB' ? CiphertextBlob : value,
        ]),
      );
    const said = ({ action, resource }: Requirement) => {
      const replica = made.Arn.replace('us-east-1', 'eu-west-1');
      return `${action} ${resource === made.Arn ? key : resource === replica ? 'REPLICA' : resource}`;
    };
    return { kms, fill, said };
  }

  for (const [operation, input, wanted, keys = {}] of rows) {
    test(`${operation} ${JSON.stringify(input)}`, async () => {
      const { kms, fill, said } = await stage();
      const asked = await requirementsOf(kms.world, kms.service, kms.root, operation, fill(input));
      assert.deepEqual(asked.map(said), wanted);
      const main = asked.at(-1)!.resource === '*' ? asked[0]! : asked.at(-1)!;
      for (const [name, value] of Object.entries(keys)) assert.deepEqual(main.context?.[name], value, name);
      for (const one of asked) {
        if (one.resource.includes(':key/') && said(one).endsWith(' KEY')) {
          assert.equal(one.resourceKind, 'key');
          assert.match(one.resourcePolicy!.name, /^key policy of arn:aws:kms:/);
        }
        assert.equal(one.context?.['kms:CallerAccount'], '111122223333');
      }
    });
  }

  test('the table has every operation', async () => {
    const { service } = await openKmsWorld();
    assert.deepEqual([...new Set(rows.map(([name]) => name))].sort(), [...service.operations.keys()].sort());
  });

  test('ReEncrypt gives each side its own context, and tells one key from two', async () => {
    const { kms, fill } = await stage();
    const other = await newKey(kms);
    const input = fill({
      CiphertextBlob: 'BLOB',
      SourceEncryptionContext: { a: '1' },
      DestinationKeyId: other.KeyId,
      DestinationEncryptionContext: { b: '2' },
    });
    const [from, into] = await requirementsOf(kms.world, kms.service, kms.root, 'ReEncrypt', input);
    assert.deepEqual(from!.context?.['kms:EncryptionContextKeys'], ['a']);
    assert.deepEqual(into!.context?.['kms:EncryptionContextKeys'], ['b']);
    assert.equal(into!.resource, other.Arn);
    for (const side of [from!, into!]) assert.equal(side.context?.['kms:ReEncryptOnSameKey'], 'false');
  });
});

suite('keys of other accounts', () => {
  /** "Cross-account use" in the SDK's copy of the KMS API Reference. */
  function reference(operation: string): string | undefined {
    const path = fileURLToPath(import.meta.resolve('@aws-sdk/client-kms/package.json'));
    const types = path.replace(/package\.json$/, `dist-types/commands/${operation}Command.d.ts`);
    return /Cross-account use<\/b>: (Yes|No)\./.exec(readFileSync(types, 'utf8'))?.[1];
  }

  test('are open to the operations of which the KMS API Reference says so, and closed to the others', async () => {
    const kms = await openKmsWorld();
    const other = await addAccount(kms.world, '444455556666');
    const everyone = { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:*', Resource: '*' };
    const { Arn: key } = await newKey(kms, {
      Policy: JSON.stringify({ Version: '2012-10-17', Statement: everyone }),
    });
    const { CiphertextBlob } = await kms.call<EncryptResponse>(kms.root, 'Encrypt', {
      KeyId: key,
      Plaintext: bytes('x'),
    });
    const input = {
      ...{ KeyId: key, TargetKeyId: key, DestinationKeyId: key, CiphertextBlob },
      ...{
        GranteePrincipal: 'x',
        Operations: ['Encrypt'],
        ReplicaRegion: 'eu-west-1',
        PrimaryRegion: 'eu-west-1',
      },
    };
    const looked: string[] = [];
    for (const operation of kms.service.operations.keys()) {
      const says = reference(operation);
      const asked = await requirementsOf(kms.world, kms.service, other.root, operation, input).catch(
        () => [],
      );
      const onKey = asked.filter(({ resource }) => resource === key);
      if (says === undefined || onKey.length === 0) continue;
      looked.push(operation);
      for (const requirement of onKey) {
        assert.equal(requirement.resourceKind, 'key');
        assert.equal(requirement.resourcePolicy !== undefined, says === 'Yes', operation);
      }
    }
    for (const name of [
      'PutKeyPolicy',
      'GetKeyPolicy',
      'ScheduleKeyDeletion',
      'TagResource',
      'Encrypt',
      'CreateGrant',
    ])
      assert.ok(looked.includes(name), name);
    assert.ok(looked.length > 30, `${looked.length} operations`);
  });
});
