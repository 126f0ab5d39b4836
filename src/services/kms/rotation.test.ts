import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  DecryptResponse,
  EncryptResponse,
  GetKeyRotationStatusResponse,
  ListKeyRotationsResponse,
} from '@aws-sdk/client-kms';
import { bytes, describe, type KmsWorld, newKey, openKmsWorld } from '../../kms/kms.test.support.js';
import { refusal } from '../harness.test.support.js';

const DAY = 86_400;
const encrypt = ({ call, root }: KmsWorld, KeyId: string) =>
  call<EncryptResponse>(root, 'Encrypt', { KeyId, Plaintext: bytes('old') });
const decrypt = ({ call, root }: KmsWorld, sealed: EncryptResponse) =>
  call<DecryptResponse>(root, 'Decrypt', { CiphertextBlob: sealed.CiphertextBlob });
const rotations = async ({ call, root }: KmsWorld, KeyId: string, more: object = {}) =>
  (await call<ListKeyRotationsResponse>(root, 'ListKeyRotations', { KeyId, ...more })).Rotations!;
const status = ({ call, root }: KmsWorld, KeyId: string) =>
  call<GetKeyRotationStatusResponse>(root, 'GetKeyRotationStatus', { KeyId });

test('rotated on demand, a key encrypts with new material and opens what the old one made', async () => {
  const kms = await openKmsWorld();
  const { KeyId, Arn } = await newKey(kms);
  const sealed = [];
  const materials = [];
  for (let round = 0; round < 4; round++) {
    sealed.push(await encrypt(kms, KeyId));
    materials.push((await describe(kms, KeyId)).CurrentKeyMaterialId);
    kms.world.clock.advance(60);
    await kms.call(kms.root, 'RotateKeyOnDemand', { KeyId });
  }
  assert.equal(new Set(materials).size, 4);
  for (const [index, one] of sealed.entries()) {
    const opened = await decrypt(kms, one);
    assert.equal(Buffer.from(opened.Plaintext!).toString(), 'old');
    assert.equal(opened.KeyMaterialId, materials[index]);
  }
  const done = await rotations(kms, KeyId);
  assert.deepEqual(
    done.map(({ RotationType, RotationDate }) => [RotationType, RotationDate?.toISOString()]),
    [1, 2, 3, 4].map(minute => ['ON_DEMAND', `2026-11-22T00:0${minute}:00.000Z`]),
  );
  assert.equal(done.at(-1)!.KeyMaterialState, 'CURRENT');
  const all = await rotations(kms, KeyId, { IncludeKeyMaterial: 'ALL_KEY_MATERIAL' });
  assert.equal(all.length, 5);
  assert.deepEqual(all[0], { KeyId: Arn, KeyMaterialId: materials[0], KeyMaterialState: 'NON_CURRENT' });
  const page = await kms.call<ListKeyRotationsResponse>(kms.root, 'ListKeyRotations', { KeyId, Limit: 3 });
  const rest = await rotations(kms, KeyId, { Limit: 3, Marker: page.NextMarker });
  assert.deepEqual([...page.Rotations!, ...rest], done);
});

test('on-demand rotations are limited', async () => {
  const kms = await openKmsWorld();
  const { KeyId, Arn } = await newKey(kms);
  for (let count = 0; count < 25; count++) await kms.call(kms.root, 'RotateKeyOnDemand', { KeyId });
  // Recorded in 2025, when the limit was 10.
  const words = `The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: ${Arn}`;
  const more = kms.call(kms.root, 'RotateKeyOnDemand', { KeyId });
  await assert.rejects(more, refusal('LimitExceededException', words));
});

test('rotates on its own when the period is over, on schedule, though nobody looked', async () => {
  const kms = await openKmsWorld();
  const { KeyId, CurrentKeyMaterialId } = await newKey(kms);
  assert.equal((await status(kms, KeyId)).KeyRotationEnabled, false);
  await kms.call(kms.root, 'EnableKeyRotation', { KeyId, RotationPeriodInDays: 90 });
  const now = await status(kms, KeyId);
  assert.equal(now.RotationPeriodInDays, 90);
  assert.equal(now.NextRotationDate?.toISOString(), '2027-02-20T00:00:00.000Z');
  const old = await encrypt(kms, KeyId);
  kms.world.clock.advance(90 * DAY - 1);
  assert.equal((await describe(kms, KeyId)).CurrentKeyMaterialId, CurrentKeyMaterialId);
  kms.world.clock.advance(1);
  assert.notEqual((await describe(kms, KeyId)).CurrentKeyMaterialId, CurrentKeyMaterialId);
  // Two periods and a bit: one rotation, dated as the last one that was due.
  kms.world.clock.advance(200 * DAY);
  assert.equal(await kms.kms.sweep(), 1);
  assert.deepEqual(
    (await rotations(kms, KeyId)).map(one => [one.RotationType, one.RotationDate?.toISOString()]),
    [
      ['AUTOMATIC', '2027-02-20T00:00:00.000Z'],
      ['AUTOMATIC', '2027-08-19T00:00:00.000Z'],
    ],
  );
  assert.equal((await status(kms, KeyId)).NextRotationDate?.toISOString(), '2027-11-17T00:00:00.000Z');
  assert.equal(Buffer.from((await decrypt(kms, old)).Plaintext!).toString(), 'old');
  await kms.call(kms.root, 'DisableKeyRotation', { KeyId });
  kms.world.clock.advance(400 * DAY);
  assert.equal(await kms.kms.sweep(), 0);
  assert.equal((await rotations(kms, KeyId)).length, 2);
});

test('a disabled key does not rotate; enabled again it makes up for it', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await newKey(kms);
  await kms.call(kms.root, 'EnableKeyRotation', { KeyId });
  await kms.call(kms.root, 'DisableKey', { KeyId });
  kms.world.clock.advance(400 * DAY);
  assert.equal(await kms.kms.sweep(), 0);
  assert.equal((await rotations(kms, KeyId)).length, 0);
  await kms.call(kms.root, 'EnableKey', { KeyId });
  assert.equal((await rotations(kms, KeyId)).length, 1);
});

test('enabling again keeps the schedule, another period starts a new one', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await newKey(kms);
  await kms.call(kms.root, 'EnableKeyRotation', { KeyId });
  kms.world.clock.advance(10 * DAY);
  await kms.call(kms.root, 'EnableKeyRotation', { KeyId });
  assert.equal((await status(kms, KeyId)).NextRotationDate?.toISOString(), '2027-11-22T00:00:00.000Z');
  await kms.call(kms.root, 'EnableKeyRotation', { KeyId, RotationPeriodInDays: 100 });
  assert.equal((await status(kms, KeyId)).NextRotationDate?.toISOString(), '2027-03-12T00:00:00.000Z');
});

test('AWS managed keys rotate every year', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await describe(kms, 'alias/aws/s3');
  assert.equal((await status(kms, KeyId)).RotationPeriodInDays, 365);
  kms.world.clock.advance(365 * DAY);
  assert.equal(await kms.kms.sweep(), 1);
  assert.equal((await rotations(kms, KeyId)).length, 1);
});

test('asymmetric and HMAC keys do not rotate', async () => {
  const kms = await openKmsWorld();
  for (const input of [
    { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
    { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' },
  ]) {
    const { KeyId, Arn } = await newKey(kms, input);
    for (const operation of [
      'EnableKeyRotation',
      'DisableKeyRotation',
      'ListKeyRotations',
      'RotateKeyOnDemand',
    ]) {
      await assert.rejects(
        kms.call(kms.root, operation, { KeyId }),
        refusal('UnsupportedOperationException'),
        operation,
      );
    }
    // "The rotation status of these KMS keys is always false" (KMS API Reference, GetKeyRotationStatus).
    assert.deepEqual(await status(kms, KeyId), { KeyId: Arn, KeyRotationEnabled: false });
    // Recorded in 2025: the key's state comes before its kind.
    await kms.call(kms.root, 'DisableKey', { KeyId });
    await assert.rejects(
      kms.call(kms.root, 'RotateKeyOnDemand', { KeyId }),
      refusal('DisabledException', `${Arn} is disabled.`),
    );
  }
});

// KMS API Reference, GetKeyRotationStatus: "While a KMS key is pending deletion, its key rotation status is false …
// If you cancel the deletion, the original key rotation status returns to true."
test('a key that waits for its deletion does not rotate', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await newKey(kms);
  await kms.call(kms.root, 'EnableKeyRotation', { KeyId });
  await kms.call(kms.root, 'ScheduleKeyDeletion', { KeyId });
  assert.deepEqual(Object.keys(await status(kms, KeyId)), ['KeyId', 'KeyRotationEnabled']);
  assert.equal((await status(kms, KeyId)).KeyRotationEnabled, false);
  await kms.call(kms.root, 'CancelKeyDeletion', { KeyId });
  assert.equal((await status(kms, KeyId)).KeyRotationEnabled, true);
});
