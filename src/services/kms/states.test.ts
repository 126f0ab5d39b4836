import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type {
  CreateGrantResponse,
  EncryptResponse,
  ListKeysResponse,
  ListResourceTagsResponse,
  ScheduleKeyDeletionResponse,
} from '@aws-sdk/client-kms';
import {
  bytes,
  describe,
  type KmsWorld,
  type Metadata,
  newKey,
  openKmsWorld,
} from '../../kms/kms.test.support.js';
import { refusal } from '../harness.test.support.js';

type State = 'Enabled' | 'Disabled' | 'PendingDeletion' | 'PendingImport';
const STATES: readonly State[] = ['Enabled', 'Disabled', 'PendingDeletion', 'PendingImport'];

/** A key in that state, and a ciphertext of it where there can be one. */
async function keyIn(kms: KmsWorld, state: State) {
  const key = await newKey(kms, state === 'PendingImport' ? { Origin: 'EXTERNAL' } : {});
  const { KeyId } = key;
  const alias = `alias/${state}`;
  await kms.call(kms.root, 'CreateAlias', { AliasName: alias, TargetKeyId: KeyId });
  const usable = state !== 'PendingImport';
  const sealed = usable
    ? await kms.call<EncryptResponse>(kms.root, 'Encrypt', { KeyId, Plaintext: bytes('x') })
    : undefined;
  const grant = usable
    ? await kms.call<CreateGrantResponse>(kms.root, 'CreateGrant', {
        KeyId,
        GranteePrincipal: 'arn:aws:iam::111122223333:root',
        Operations: ['Encrypt'],
      })
    : undefined;
  if (state === 'Disabled') await kms.call(kms.root, 'DisableKey', { KeyId });
  if (state === 'PendingDeletion') await kms.call(kms.root, 'ScheduleKeyDeletion', { KeyId });
  assert.equal((await describe(kms, KeyId)).KeyState, state);
  return { key, alias, blob: sealed?.CiphertextBlob, grant: grant?.GrantId };
}

type Subject = Awaited<ReturnType<typeof keyIn>>;
const disabled = ({ Arn }: Metadata) => ['DisabledException', `${Arn} is disabled.`] as const;
const deletion = ({ Arn }: Metadata) => ['KMSInvalidStateException', `${Arn} is pending deletion.`] as const;
const notDeletion = ({ Arn }: Metadata) =>
  ['KMSInvalidStateException', `${Arn} is not pending deletion.`] as const;
const pendingImport = ({ Arn }: Metadata) =>
  ['KMSInvalidStateException', `${Arn} is pending import.`] as const;
const origin =
  (of: string) =>
  ({ Arn }: Metadata) =>
    [
      'UnsupportedOperationException',
      `${Arn} origin is ${of} which is not valid for this operation.`,
    ] as const;
const external = origin('EXTERNAL');
const own = origin('AWS_KMS');
const OK = undefined;

type Outcome = ((key: Metadata) => readonly [string, string]) | undefined;
interface Row {
  readonly input?: (subject: Subject) => object;
  /** Enabled, Disabled, PendingDeletion, PendingImport. */
  readonly outcomes: readonly [Outcome, Outcome, Outcome, Outcome];
}

const USE: Row['outcomes'] = [OK, disabled, deletion, pendingImport];

/**
 * KMS Developer Guide, "Key states of AWS KMS keys". Where it names two errors, the one for KMSInvalidStateException.
 */
const TABLE: Readonly<Record<string, Row>> = {
  CancelKeyDeletion: { outcomes: [notDeletion, notDeletion, OK, notDeletion] },
  CreateAlias: {
    input: ({ key }) => ({ KeyId: undefined, TargetKeyId: key.KeyId, AliasName: 'alias/another' }),
    outcomes: [OK, OK, deletion, OK],
  },
  CreateGrant: {
    input: () => ({ GranteePrincipal: 'arn:aws:iam::111122223333:root', Operations: ['Decrypt'] }),
    outcomes: USE,
  },
  Decrypt: {
    input: ({ blob, key }) => ({ KeyId: key.KeyId, CiphertextBlob: blob ?? bytes('x') }),
    outcomes: USE,
  },
  DeleteAlias: { input: ({ alias }) => ({ AliasName: alias }), outcomes: [OK, OK, OK, OK] },
  DeleteImportedKeyMaterial: { outcomes: [own, own, own, OK] },
  DescribeKey: { outcomes: [OK, OK, OK, OK] },
  DisableKey: { outcomes: [OK, OK, deletion, pendingImport] },
  DisableKeyRotation: { outcomes: [OK, disabled, deletion, external] },
  EnableKey: { outcomes: [OK, OK, deletion, pendingImport] },
  EnableKeyRotation: { outcomes: [OK, disabled, deletion, external] },
  Encrypt: { input: () => ({ Plaintext: bytes('x') }), outcomes: USE },
  GenerateDataKey: { input: () => ({ KeySpec: 'AES_256' }), outcomes: USE },
  GenerateDataKeyPair: { input: () => ({ KeyPairSpec: 'ECC_NIST_P256' }), outcomes: USE },
  GenerateDataKeyPairWithoutPlaintext: { input: () => ({ KeyPairSpec: 'ECC_NIST_P256' }), outcomes: USE },
  GenerateDataKeyWithoutPlaintext: { input: () => ({ KeySpec: 'AES_256' }), outcomes: USE },
  GetKeyPolicy: { outcomes: [OK, OK, OK, OK] },
  GetKeyRotationStatus: { outcomes: [OK, OK, OK, OK] },
  GetParametersForImport: {
    input: () => ({ WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' }),
    outcomes: [own, own, own, OK],
  },
  ListAliases: { outcomes: [OK, OK, OK, OK] },
  ListGrants: { outcomes: [OK, OK, OK, OK] },
  ListKeyPolicies: { outcomes: [OK, OK, OK, OK] },
  ListKeyRotations: { outcomes: [OK, OK, OK, OK] },
  ListResourceTags: { outcomes: [OK, OK, OK, OK] },
  PutKeyPolicy: {
    input: () => ({
      Policy:
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}}',
    }),
    outcomes: [OK, OK, OK, OK],
  },
  ReEncrypt: {
    input: ({ blob, key }) => ({
      SourceKeyId: key.KeyId,
      DestinationKeyId: key.KeyId,
      CiphertextBlob: blob ?? bytes('x'),
    }),
    outcomes: USE,
  },
  RevokeGrant: { input: ({ grant }) => ({ GrantId: grant }), outcomes: [OK, OK, OK, OK] },
  RetireGrant: { input: ({ grant }) => ({ GrantId: grant }), outcomes: [OK, OK, OK, OK] },
  RotateKeyOnDemand: { outcomes: [OK, disabled, deletion, pendingImport] },
  ScheduleKeyDeletion: { outcomes: [OK, OK, deletion, OK] },
  TagResource: {
    input: () => ({ Tags: [{ TagKey: 'a', TagValue: 'b' }] }),
    outcomes: [OK, OK, deletion, OK],
  },
  UntagResource: { input: () => ({ TagKeys: ['a'] }), outcomes: [OK, OK, deletion, OK] },
  UpdateAlias: {
    input: ({ alias, key }) => ({ AliasName: alias, TargetKeyId: key.KeyId }),
    outcomes: [OK, OK, OK, OK],
  },
  UpdateKeyDescription: { input: () => ({ Description: 'new' }), outcomes: [OK, OK, deletion, OK] },
};

suite('what each operation answers in each state of a key', () => {
  for (const [operation, { input, outcomes }] of Object.entries(TABLE)) {
    test(operation, async () => {
      const kms = await openKmsWorld();
      for (const [index, state] of STATES.entries()) {
        const subject = await keyIn(kms, state);
        if (operation.endsWith('Grant') && operation !== 'CreateGrant' && !subject.grant) continue;
        const done = kms.call(kms.root, operation, { KeyId: subject.key.KeyId, ...input?.(subject) });
        const outcome = outcomes[index];
        if (outcome) await assert.rejects(done, refusal(...outcome(subject.key)), state);
        else await done;
        await kms.call(kms.root, 'DeleteAlias', { AliasName: 'alias/another' }).catch(() => undefined);
      }
    });
  }
});

test('every operation that works on an existing key stands in the table of states or is tested elsewhere', async () => {
  const { service } = await openKmsWorld();
  const elsewhere = [
    ...['CreateKey', 'ListKeys', 'GenerateRandom', 'ListRetirableGrants', 'DescribeCustomKeyStores'],
    ...['Sign', 'Verify', 'GetPublicKey', 'GenerateMac', 'VerifyMac', 'DeriveSharedSecret'],
    ...['ImportKeyMaterial', 'ReplicateKey', 'UpdatePrimaryRegion'],
  ];
  assert.deepEqual([...service.operations.keys()].sort(), [...Object.keys(TABLE), ...elsewhere].sort());
});

test('asymmetric and HMAC keys that are disabled refuse to work', async () => {
  const kms = await openKmsWorld();
  const message = { Message: bytes('x'.repeat(32)), Signature: bytes('x'), Mac: bytes('x') };
  for (const [KeySpec, KeyUsage, input, operations] of [
    [
      'ECC_NIST_P256',
      'SIGN_VERIFY',
      { SigningAlgorithm: 'ECDSA_SHA_256' },
      ['Sign', 'Verify', 'GetPublicKey'],
    ],
    ['HMAC_256', 'GENERATE_VERIFY_MAC', { MacAlgorithm: 'HMAC_SHA_256' }, ['GenerateMac', 'VerifyMac']],
    ['ECC_NIST_P256', 'KEY_AGREEMENT', { PublicKey: bytes('x') }, ['DeriveSharedSecret']],
  ] as const) {
    const key = await newKey(kms, { KeySpec, KeyUsage });
    await kms.call(kms.root, 'DisableKey', { KeyId: key.KeyId });
    for (const operation of operations) {
      const done = kms.call(kms.root, operation, { KeyId: key.KeyId, ...input, ...message });
      await assert.rejects(done, refusal(...disabled(key)));
    }
  }
});

test('a key is deleted when its waiting period is over, with its aliases and grants', async () => {
  const kms = await openKmsWorld();
  const { key, alias } = await keyIn(kms, 'Enabled');
  const scheduled = await kms.call<ScheduleKeyDeletionResponse>(kms.root, 'ScheduleKeyDeletion', {
    KeyId: key.KeyId,
    PendingWindowInDays: 7,
  });
  assert.equal(scheduled.DeletionDate?.toISOString(), '2026-11-29T00:00:00.000Z');
  assert.equal(scheduled.KeyState, 'PendingDeletion');
  kms.world.clock.advance(7 * 86_400 - 1);
  assert.equal((await describe(kms, key.KeyId)).DeletionDate.toISOString(), '2026-11-29T00:00:00.000Z');
  kms.world.clock.advance(1);
  await assert.rejects(
    describe(kms, key.KeyId),
    refusal('NotFoundException', `Key '${key.Arn}' does not exist`),
  );
  const gone = `arn:aws:kms:us-east-1:111122223333:${alias}`;
  await assert.rejects(describe(kms, alias), refusal('NotFoundException', `Alias ${gone} is not found.`));
  const other = await newKey(kms);
  await kms.call(kms.root, 'CreateAlias', { AliasName: alias, TargetKeyId: other.KeyId });
  assert.equal(await kms.kms.sweep(), 0);
});

test('a sweep deletes what nobody asks for, and nothing before its time', async () => {
  const kms = await openKmsWorld();
  const keys = await Promise.all(Array.from({ length: 5 }, () => newKey(kms)));
  for (const [index, { KeyId }] of keys.entries()) {
    await kms.call(kms.root, 'ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 + index });
  }
  await kms.call(kms.root, 'CancelKeyDeletion', { KeyId: keys[0]!.KeyId });
  assert.equal(await kms.kms.sweep(), 0);
  kms.world.clock.advance(9 * 86_400);
  assert.equal(await kms.kms.sweep(), 2);
  const { Keys } = await kms.call<ListKeysResponse>(kms.root, 'ListKeys');
  const left = [keys[0]!, keys[3]!, keys[4]!].map(key => key.KeyId).sort();
  assert.deepEqual(
    Keys?.map(key => key.KeyId),
    left,
  );
  assert.equal((await describe(kms, keys[0]!.KeyId)).KeyState, 'Disabled');
});

test('a key that is deleted while an operation is under way is not there any more', async () => {
  const kms = await openKmsWorld();
  const { KeyId, Arn } = await newKey(kms);
  await kms.call(kms.root, 'ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
  const cancel = kms.service.operations.get('CancelKeyDeletion')!;
  const caller = { principal: {}, account: kms.world.account };
  const call = { caller, region: 'us-east-1', action: 'kms:CancelKeyDeletion' } as never;
  const { subject } = await cancel.resolve({ KeyId } as never, call);
  kms.world.clock.advance(7 * 86_400);
  const late = async () => await cancel.run(subject, { KeyId } as never, call);
  await assert.rejects(late(), refusal('NotFoundException', `Key '${Arn}' does not exist`));
});

test('a waiting period is between 7 and 30 days', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await newKey(kms);
  for (const PendingWindowInDays of [1, 6, 31]) {
    await assert.rejects(
      kms.call(kms.root, 'ScheduleKeyDeletion', { KeyId, PendingWindowInDays }),
      refusal('ValidationException'),
    );
  }
});

test('a key is found by id and ARN, in its own region, and by nothing else', async () => {
  const kms = await openKmsWorld();
  const key = await newKey(kms);
  assert.equal((await describe(kms, key.Arn)).KeyId, key.KeyId);
  const missing = '1234abcd-12ab-34cd-56ef-1234567890ab';
  const arn = (rest: string) => `arn:aws:kms:us-east-1:111122223333:${rest}`;
  for (const [name, code, message] of [
    [missing, 'NotFoundException', `Key '${arn(`key/${missing}`)}' does not exist`],
    [arn(`key/${missing}`), 'NotFoundException', `Key '${arn(`key/${missing}`)}' does not exist`],
    ['fake-key-id', 'NotFoundException', "Invalid keyId 'fake-key-id'"],
    ['mrk-fake', 'NotFoundException', "Invalid keyId 'mrk-fake'"],
    [missing.replaceAll('-', ''), 'NotFoundException', `Invalid keyId '${missing.replaceAll('-', '')}'`],
    ['alias/none', 'NotFoundException', `Alias ${arn('alias/none')} is not found.`],
    [key.Arn.replace('us-east-1', 'eu-west-1'), 'NotFoundException', 'Invalid arn eu-west-1'],
    [key.Arn.replace('arn:aws:', 'arn:aws-cn:'), 'InvalidArnException', /^Invalid arn/],
    ['arn:aws:s3:::bucket', 'InvalidArnException', /^Invalid arn/],
  ] as const) {
    await assert.rejects(describe(kms, name), refusal(code, message), name);
  }
  await assert.rejects(
    kms.callIn('eu-west-1', kms.root, 'DescribeKey', { KeyId: key.KeyId }),
    refusal('NotFoundException', /does not exist/),
  );
});

test('keys and tags are listed in pages', async () => {
  const kms = await openKmsWorld();
  const Tags = Array.from({ length: 7 }, (_, at) => ({ TagKey: `t${at}`, TagValue: `v${at}` }));
  const keys = [await newKey(kms, { Tags }), await newKey(kms), await newKey(kms)];
  const listed: string[] = [];
  let Marker: string | undefined;
  do {
    const input: object = { Limit: 2, ...(Marker && { Marker }) };
    const page = await kms.call<ListKeysResponse>(kms.root, 'ListKeys', input);
    assert.equal(page.Truncated, page.NextMarker !== undefined);
    listed.push(...page.Keys!.map(key => key.KeyArn!));
    Marker = page.NextMarker;
  } while (Marker);
  assert.deepEqual(listed, keys.map(key => key.Arn).sort());
  const list = (more: object) =>
    kms.call<ListResourceTagsResponse>(kms.root, 'ListResourceTags', { KeyId: keys[0]!.KeyId, ...more });
  const first = await list({ Limit: 5 });
  const rest = await list({ Limit: 5, Marker: first.NextMarker });
  assert.deepEqual([...first.Tags!, ...rest.Tags!], Tags);
  assert.equal(rest.Truncated, false);
  await assert.rejects(list({ Marker: 'none of ours' }), refusal('InvalidMarkerException'));
});

test('tags: added over the old ones, taken away, limited', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await newKey(kms, { Tags: [{ TagKey: 'a', TagValue: '1' }] });
  const tag = (...Tags: object[]) => kms.call(kms.root, 'TagResource', { KeyId, Tags });
  await tag({ TagKey: 'a', TagValue: '2' }, { TagKey: 'A', TagValue: '3' });
  await kms.call(kms.root, 'UntagResource', { KeyId, TagKeys: ['A', 'none'] });
  const { Tags } = await kms.call<ListResourceTagsResponse>(kms.root, 'ListResourceTags', { KeyId });
  assert.deepEqual(Tags, [{ TagKey: 'a', TagValue: '2' }]);
  const many = Array.from({ length: 50 }, (_, at) => ({ TagKey: `t${at}`, TagValue: '' }));
  await assert.rejects(tag(...many), refusal('TagException', 'Too many tags'));
  await assert.rejects(
    tag({ TagKey: 'x', TagValue: '' }, { TagKey: 'x', TagValue: '' }),
    refusal('TagException', 'Duplicate tag keys'),
  );
  await assert.rejects(tag({ TagKey: 'AWS:x', TagValue: '' }), refusal('TagException'));
});

test('CreateKey refuses what does not fit together', async () => {
  const kms = await openKmsWorld();
  for (const [input, code, message] of [
    [
      { KeySpec: 'HMAC_256' },
      'ValidationException',
      'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
    ],
    [
      { KeySpec: 'HMAC_256', KeyUsage: 'ENCRYPT_DECRYPT' },
      'ValidationException',
      'KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec HMAC_256',
    ],
    [{ KeyUsage: 'SIGN_VERIFY' }, 'ValidationException', /^KeyUsage SIGN_VERIFY is not compatible/],
    [{ KeySpec: 'SM2', KeyUsage: 'SIGN_VERIFY' }, 'UnsupportedOperationException', undefined],
    [{ Origin: 'AWS_CLOUDHSM' }, 'UnsupportedOperationException', undefined],
  ] as const) {
    await assert.rejects(newKey(kms, input), refusal(code, message));
  }
  const { Keys } = await kms.call<ListKeysResponse>(kms.root, 'ListKeys');
  assert.deepEqual(Keys, []);
});
