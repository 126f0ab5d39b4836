import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type {
  DecryptResponse,
  EncryptResponse,
  GetKeyRotationStatusResponse,
  ReplicateKeyResponse,
  ScheduleKeyDeletionResponse,
} from '@aws-sdk/client-kms';
import {
  bytes,
  importMaterial,
  inRegion,
  type KmsWorld,
  type Metadata,
  newKey,
  openKmsWorld,
} from '../../kms/kms.test.support.js';
import { addUser, allow, refusal } from '../harness.test.support.js';

const HERE = 'us-east-1';
const THERE = 'eu-west-1';
const DAY = 86_400;

async function pair(input: object = {}) {
  const kms = await openKmsWorld();
  const { KeyId } = await newKey(kms, { MultiRegion: true, Description: 'first', ...input });
  const replicate = (ReplicaRegion = THERE, more: object = {}) =>
    kms.call<ReplicateKeyResponse>(kms.root, 'ReplicateKey', { KeyId, ReplicaRegion, ...more });
  const at = <O>(region: string, operation: string, more: object = {}) =>
    kms.callIn<O>(region, kms.root, operation, { KeyId, ...more });
  const describeIn = async (region: string) =>
    (await at<{ KeyMetadata: Metadata }>(region, 'DescribeKey')).KeyMetadata;
  return { kms, KeyId, replicate, at, describeIn };
}

const arn = (region: string, KeyId: string) => `arn:aws:kms:${region}:111122223333:key/${KeyId}`;

test('a replica has the id and the material of its primary, and a life of its own', async () => {
  const { KeyId, replicate, at, describeIn } = await pair();
  assert.match(KeyId, /^mrk-[0-9a-f]{32}$/);
  const { ReplicaKeyMetadata, ReplicaPolicy, ReplicaTags } = await replicate(THERE, {
    Description: 'second',
    Tags: [{ TagKey: 'a', TagValue: 'b' }],
  });
  assert.equal(ReplicaKeyMetadata!.Arn, arn(THERE, KeyId));
  // As recorded: the answer tells of a replica that is being made.
  assert.deepEqual([ReplicaKeyMetadata!.KeyState, ReplicaKeyMetadata!.Enabled], ['Creating', false]);
  assert.ok(!('CurrentKeyMaterialId' in ReplicaKeyMetadata!));
  assert.equal((await describeIn(THERE)).KeyState, 'Enabled');
  assert.equal(JSON.parse(ReplicaPolicy!).Id, 'key-default-1');
  assert.deepEqual(ReplicaTags, [{ TagKey: 'a', TagValue: 'b' }]);
  const configuration = {
    PrimaryKey: { Arn: arn(HERE, KeyId), Region: HERE },
    ReplicaKeys: [{ Arn: arn(THERE, KeyId), Region: THERE }],
  };
  assert.deepEqual((await describeIn(HERE)).MultiRegionConfiguration, {
    MultiRegionKeyType: 'PRIMARY',
    ...configuration,
  });
  assert.deepEqual((await describeIn(THERE)).MultiRegionConfiguration, {
    MultiRegionKeyType: 'REPLICA',
    ...configuration,
  });
  assert.equal((await describeIn(THERE)).Description, 'second');
  const sealed = await at<EncryptResponse>(HERE, 'Encrypt', { Plaintext: bytes('x') });
  const opened = await at<DecryptResponse>(THERE, 'Decrypt', {
    KeyId: undefined,
    CiphertextBlob: sealed.CiphertextBlob,
  });
  assert.equal(opened.KeyId, arn(THERE, KeyId));
  await at(THERE, 'DisableKey');
  assert.equal((await describeIn(HERE)).KeyState, 'Enabled');
});

test('rotating the primary rotates its replicas; they cannot rotate by themselves', async () => {
  const { kms, replicate, at, describeIn } = await pair();
  await replicate();
  const before = await at<EncryptResponse>(THERE, 'Encrypt', { Plaintext: bytes('x') });
  await at(HERE, 'RotateKeyOnDemand');
  const { CurrentKeyMaterialId } = await describeIn(HERE);
  assert.equal((await describeIn(THERE)).CurrentKeyMaterialId, CurrentKeyMaterialId);
  for (const operation of ['RotateKeyOnDemand', 'EnableKeyRotation', 'DisableKeyRotation']) {
    await assert.rejects(at(THERE, operation), refusal('UnsupportedOperationException'));
  }
  await at(HERE, 'EnableKeyRotation', { RotationPeriodInDays: 100 });
  const status = await at<GetKeyRotationStatusResponse>(THERE, 'GetKeyRotationStatus');
  assert.equal(status.RotationPeriodInDays, 100);
  kms.world.clock.advance(100 * DAY);
  assert.equal(await kms.kms.sweep(), 1);
  const after = await at<EncryptResponse>(HERE, 'Encrypt', { Plaintext: bytes('y') });
  assert.notEqual((await describeIn(THERE)).CurrentKeyMaterialId, CurrentKeyMaterialId);
  for (const { CiphertextBlob } of [before, after]) {
    for (const region of [HERE, THERE]) await at(region, 'Decrypt', { KeyId: undefined, CiphertextBlob });
  }
});

test('a primary key waits for its replicas to be deleted first', async () => {
  const { kms, replicate, at, describeIn } = await pair();
  await replicate();
  const scheduled = await at<ScheduleKeyDeletionResponse>(HERE, 'ScheduleKeyDeletion', {
    PendingWindowInDays: 7,
  });
  assert.equal(scheduled.KeyState, 'PendingReplicaDeletion');
  assert.equal(scheduled.DeletionDate, undefined);
  kms.world.clock.advance(30 * DAY);
  assert.equal((await describeIn(HERE)).PendingDeletionWindowInDays, 7);
  await at(THERE, 'ScheduleKeyDeletion', { PendingWindowInDays: 7 });
  kms.world.clock.advance(7 * DAY);
  assert.equal(await kms.kms.sweep(), 1);
  const waiting = await describeIn(HERE);
  assert.equal(waiting.KeyState, 'PendingDeletion');
  assert.equal(waiting.DeletionDate.getTime(), kms.world.clock.now() + 7 * DAY * 1000);
  assert.deepEqual(waiting.MultiRegionConfiguration.ReplicaKeys, []);
  kms.world.clock.advance(7 * DAY);
  await assert.rejects(describeIn(HERE), refusal('NotFoundException'));
});

test('a deleted replica leaves its primary alone, and can be made again', async () => {
  const { kms, replicate, at, describeIn } = await pair();
  await replicate();
  await assert.rejects(replicate(), refusal('AlreadyExistsException'));
  await at(THERE, 'ScheduleKeyDeletion', { PendingWindowInDays: 7 });
  kms.world.clock.advance(7 * DAY);
  await kms.kms.sweep();
  const primary = await describeIn(HERE);
  assert.equal(primary.KeyState, 'Enabled');
  assert.deepEqual(primary.MultiRegionConfiguration.ReplicaKeys, []);
  await replicate();
  await replicate('ap-northeast-1');
  const replicas = (await describeIn(THERE)).MultiRegionConfiguration.ReplicaKeys!;
  assert.deepEqual(
    replicas.map(one => one.Region),
    ['ap-northeast-1', THERE],
  );
});

test('a replica becomes the primary', async () => {
  const { replicate, at, describeIn } = await pair();
  await replicate();
  await replicate('ap-northeast-1');
  await at(HERE, 'UpdatePrimaryRegion', { PrimaryRegion: THERE });
  const types = await Promise.all(
    [HERE, THERE, 'ap-northeast-1'].map(
      async region => (await describeIn(region)).MultiRegionConfiguration.MultiRegionKeyType,
    ),
  );
  assert.deepEqual(types, ['REPLICA', 'PRIMARY', 'REPLICA']);
  await at(THERE, 'RotateKeyOnDemand');
  await assert.rejects(
    at(HERE, 'ReplicateKey', { ReplicaRegion: 'eu-north-1' }),
    refusal('UnsupportedOperationException'),
  );
  await assert.rejects(
    at(HERE, 'UpdatePrimaryRegion', { PrimaryRegion: THERE }),
    refusal('UnsupportedOperationException'),
  );
  await assert.rejects(
    at(THERE, 'UpdatePrimaryRegion', { PrimaryRegion: 'eu-north-1' }),
    refusal('NotFoundException'),
  );
});

test('a replica that is disabled does not become the primary', async () => {
  const { replicate, at } = await pair();
  await replicate();
  await at(THERE, 'DisableKey');
  await assert.rejects(
    at(HERE, 'UpdatePrimaryRegion', { PrimaryRegion: THERE }),
    refusal('DisabledException'),
  );
});

// As recorded of AWS: no tags are no member, and a replica is no source.
test('a replica without tags; a replica of a replica', async () => {
  const { KeyId, replicate, at } = await pair();
  assert.ok(!('ReplicaTags' in (await replicate(THERE))));
  await assert.rejects(
    at(THERE, 'ReplicateKey', { ReplicaRegion: 'eu-west-3' }),
    refusal('UnsupportedOperationException', `${arn(THERE, KeyId)} is not a multi-region primary key.`),
  );
});

test('a single-Region key is not replicated', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await newKey(kms);
  await assert.rejects(
    kms.call(kms.root, 'ReplicateKey', { KeyId, ReplicaRegion: THERE }),
    refusal('UnsupportedOperationException'),
  );
});

test('imported material is imported into each region, and is the same', async () => {
  const { kms, KeyId, replicate, at, describeIn } = await pair({ Origin: 'EXTERNAL' });
  const importIn = (region: string, material: Uint8Array) => importFor(kms, region, KeyId, material);
  const material = randomBytes(32);
  await importIn(HERE, material);
  await replicate();
  assert.equal((await describeIn(THERE)).KeyState, 'PendingImport');
  await assert.rejects(importIn(THERE, randomBytes(32)), refusal('IncorrectKeyMaterialException'));
  await importIn(THERE, material);
  const { CiphertextBlob } = await at<EncryptResponse>(HERE, 'Encrypt', { Plaintext: bytes('x') });
  await at(THERE, 'Decrypt', { KeyId: undefined, CiphertextBlob });
  await at(HERE, 'DeleteImportedKeyMaterial');
  assert.equal((await describeIn(THERE)).KeyState, 'Enabled');
});

async function importFor(kms: KmsWorld, region: string, KeyId: string, material: Uint8Array) {
  const there: KmsWorld = {
    ...kms,
    service: inRegion(kms.service, region),
    call: (keys, operation, input) => kms.callIn(region, keys, operation, input),
  };
  await importMaterial(there, KeyId, material);
}

test('whoever replicates needs the right to make keys too', async () => {
  const { kms, KeyId } = await pair();
  const half = await addUser(kms.world, kms.world.account, 'Half', allow('kms:ReplicateKey'));
  const both = await addUser(
    kms.world,
    kms.world.account,
    'Both',
    allow(['kms:ReplicateKey', 'kms:CreateKey']),
  );
  const input = { KeyId, ReplicaRegion: THERE };
  await assert.rejects(kms.call(half, 'ReplicateKey', input), refusal('AccessDenied', /kms:CreateKey/));
  await kms.call(both, 'ReplicateKey', input);
});
