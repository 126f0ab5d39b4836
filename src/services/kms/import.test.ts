import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, publicEncrypt, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type {
  DecryptResponse,
  EncryptResponse,
  GetParametersForImportResponse,
  ListKeyRotationsResponse,
} from '@aws-sdk/client-kms';
import {
  bytes,
  describe,
  importMaterial,
  type KmsWorld,
  newKey,
  openKmsWorld,
} from '../../kms/kms.test.support.js';
import { refusal } from '../harness.test.support.js';

const DAY = 86_400;
const external = (kms: KmsWorld, more: object = {}) => newKey(kms, { Origin: 'EXTERNAL', ...more });
const encrypt = ({ call, root }: KmsWorld, KeyId: string) =>
  call<EncryptResponse>(root, 'Encrypt', { KeyId, Plaintext: bytes('x') });
const decrypt = ({ call, root }: KmsWorld, { CiphertextBlob }: EncryptResponse) =>
  call<DecryptResponse>(root, 'Decrypt', { CiphertextBlob });
const remove = ({ call, root }: KmsWorld, KeyId: string, more: object = {}) =>
  call(root, 'DeleteImportedKeyMaterial', { KeyId, ...more });

test('a key works with the material that was brought, until that is deleted; only the same can come back', async () => {
  const kms = await openKmsWorld();
  const { KeyId, Arn, KeyState, Enabled } = await external(kms);
  assert.equal(KeyState, 'PendingImport');
  assert.equal(Enabled, false);
  const material = randomBytes(32);
  const { KeyMaterialId } = await importMaterial(kms, KeyId, material);
  const ready = await describe(kms, KeyId);
  assert.equal(ready.KeyState, 'Enabled');
  assert.equal(ready.ExpirationModel, 'KEY_MATERIAL_DOES_NOT_EXPIRE');
  assert.equal(ready.CurrentKeyMaterialId, KeyMaterialId);
  const sealed = await encrypt(kms, KeyId);
  await remove(kms, KeyId);
  const pending = refusal('KMSInvalidStateException', `${Arn} is pending import.`);
  await assert.rejects(decrypt(kms, sealed), pending);
  await assert.rejects(importMaterial(kms, KeyId, randomBytes(32)), refusal('IncorrectKeyMaterialException'));
  assert.equal((await importMaterial(kms, KeyId, material)).KeyMaterialId, KeyMaterialId);
  assert.equal(Buffer.from((await decrypt(kms, sealed)).Plaintext!).toString(), 'x');
});

test('each wrapping algorithm and key', async () => {
  const kms = await openKmsWorld();
  for (const [WrappingAlgorithm, WrappingKeySpec, oaepHash] of [
    ['RSAES_OAEP_SHA_1', 'RSA_2048', 'sha1'],
    ['RSAES_OAEP_SHA_256', 'RSA_3072', 'sha256'],
  ]) {
    const { KeyId } = await external(kms);
    const parameters = await kms.call<GetParametersForImportResponse>(kms.root, 'GetParametersForImport', {
      KeyId,
      WrappingAlgorithm,
      WrappingKeySpec,
    });
    assert.equal(parameters.ParametersValidTo?.toISOString(), '2026-11-23T00:00:00.000Z');
    const key = createPublicKey({
      key: Buffer.from(parameters.PublicKey!),
      format: 'der',
      type: 'spki',
    });
    await kms.call(kms.root, 'ImportKeyMaterial', {
      KeyId,
      ImportToken: parameters.ImportToken,
      EncryptedKeyMaterial: publicEncrypt({ key, oaepHash: oaepHash! }, randomBytes(32)),
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
    });
    await encrypt(kms, KeyId);
  }
  const { KeyId } = await external(kms);
  const old = { KeyId, WrappingAlgorithm: 'RSAES_PKCS1_V1_5', WrappingKeySpec: 'RSA_2048' };
  await assert.rejects(
    kms.call(kms.root, 'GetParametersForImport', old),
    refusal('UnsupportedOperationException'),
  );
});

test('material expires when it was said to, and is wiped', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await external(kms);
  const material = randomBytes(32);
  const ValidTo = new Date('2026-12-01T00:00:00Z');
  const expiring = { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo };
  await importMaterial(kms, KeyId, material, expiring);
  const ready = await describe(kms, KeyId);
  assert.deepEqual([ready.ExpirationModel, ready.ValidTo], ['KEY_MATERIAL_EXPIRES', ValidTo]);
  kms.world.clock.set(ValidTo.getTime() - 1);
  const sealed = await encrypt(kms, KeyId);
  kms.world.clock.set(ValidTo);
  assert.equal(await kms.kms.sweep(), 1);
  const stored = await kms.kms.keys.find('111122223333', 'us-east-1', KeyId);
  assert.equal(stored?.materials[0]?.wrapped, undefined);
  assert.equal((await describe(kms, KeyId)).KeyState, 'PendingImport');
  await importMaterial(kms, KeyId, material);
  await decrypt(kms, sealed);
});

test('dates that make no sense are refused', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await external(kms);
  const refused = (more: object, message?: string) =>
    assert.rejects(
      importMaterial(kms, KeyId, randomBytes(32), more),
      refusal('ValidationException', message),
    );
  const expiring = { ExpirationModel: 'KEY_MATERIAL_EXPIRES' };
  const words = 'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES';
  await refused(expiring, words);
  await refused({ ExpirationModel: undefined }, words);
  await refused({ ValidTo: new Date('2026-12-01') });
  for (const date of ['2026-11-22T00:00:00Z', '2020-01-01', '2027-11-22T00:00:01Z']) {
    await refused({ ...expiring, ValidTo: new Date(date) });
  }
});

// The words are as recorded on AWS in 2025.
test('one new material at a time waits for its rotation', async () => {
  const kms = await openKmsWorld();
  const { KeyId, Arn } = await external(kms);
  await importMaterial(kms, KeyId, randomBytes(32));
  await assert.rejects(
    kms.call(kms.root, 'RotateKeyOnDemand', { KeyId }),
    refusal('KMSInvalidStateException', `No available key material pending rotation for the key: ${Arn}.`),
  );
  const asNew = { ImportType: 'NEW_KEY_MATERIAL' };
  const waiting = await importMaterial(kms, KeyId, randomBytes(32), asNew);
  await assert.rejects(importMaterial(kms, KeyId, randomBytes(32), asNew), (error: Error) => {
    assert.match(
      error.message,
      new RegExp(
        `^New key material \\(id: [0-9a-f]{64}\\) cannot be imported into KMS key ${Arn}, because another key material \\(id: ${waiting.KeyMaterialId}\\) is pending rotation\\.$`,
      ),
    );
    return refusal('KMSInvalidStateException')(error);
  });
});

test('a token is for its key and for a day', async () => {
  const kms = await openKmsWorld();
  const [one, two] = [await external(kms), await external(kms)];
  const parametersOf = (KeyId: string) =>
    kms.call<GetParametersForImportResponse>(kms.root, 'GetParametersForImport', {
      KeyId,
      WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
      WrappingKeySpec: 'RSA_2048',
    });
  const { ImportToken } = await parametersOf(one.KeyId);
  await assert.rejects(
    importMaterial(kms, two.KeyId, randomBytes(32), { ImportToken }),
    refusal('InvalidImportTokenException'),
  );
  await assert.rejects(
    importMaterial(kms, two.KeyId, randomBytes(32), { ImportToken: bytes('made up') }),
    refusal('InvalidImportTokenException'),
  );
  await assert.rejects(
    importMaterial(kms, one.KeyId, randomBytes(32), { ImportToken }),
    refusal('InvalidCiphertextException'),
  );
  kms.world.clock.advance(DAY);
  await assert.rejects(
    importMaterial(kms, one.KeyId, randomBytes(32), { ImportToken }),
    refusal('ExpiredImportTokenException'),
  );
});

test('material must be what the key spec says', async () => {
  const kms = await openKmsWorld();
  const pkcs8 = (type: 'prime256v1' | 'secp384r1') =>
    generateKeyPairSync('ec', { namedCurve: type }).privateKey.export({ format: 'der', type: 'pkcs8' });
  const { KeyId } = await external(kms, { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  for (const wrong of [pkcs8('secp384r1'), randomBytes(32)]) {
    await assert.rejects(importMaterial(kms, KeyId, wrong), refusal('IncorrectKeyMaterialException'));
  }
  await importMaterial(kms, KeyId, pkcs8('prime256v1'));
  await kms.call(kms.root, 'GetPublicKey', { KeyId });
  const symmetric = await external(kms);
  await assert.rejects(
    importMaterial(kms, symmetric.KeyId, randomBytes(31)),
    refusal('IncorrectKeyMaterialException'),
  );
  const own = await newKey(kms);
  await assert.rejects(
    importMaterial(kms, own.KeyId, randomBytes(32)),
    refusal(
      'UnsupportedOperationException',
      `${own.Arn} origin is AWS_KMS which is not valid for this operation.`,
    ),
  );
});

test('new material waits for RotateKeyOnDemand; what the old one made still opens', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await external(kms);
  const first = randomBytes(32);
  await importMaterial(kms, KeyId, first);
  const sealed = await encrypt(kms, KeyId);
  const NEW = { ImportType: 'NEW_KEY_MATERIAL', KeyMaterialDescription: 'second' };
  const { KeyMaterialId } = await importMaterial(kms, KeyId, randomBytes(32), NEW);
  const list = async () =>
    (
      await kms.call<ListKeyRotationsResponse>(kms.root, 'ListKeyRotations', {
        KeyId,
        IncludeKeyMaterial: 'ALL_KEY_MATERIAL',
      })
    ).Rotations!.map(one => [one.KeyMaterialState, one.ImportState, one.KeyMaterialDescription]);
  assert.deepEqual(await list(), [
    ['CURRENT', 'IMPORTED', undefined],
    ['PENDING_ROTATION', 'IMPORTED', 'second'],
  ]);
  await assert.rejects(importMaterial(kms, KeyId, randomBytes(32), NEW), refusal('KMSInvalidStateException'));
  await remove(kms, KeyId, { KeyMaterialId });
  assert.equal((await describe(kms, KeyId)).KeyState, 'Enabled');
  await assert.rejects(
    kms.call(kms.root, 'RotateKeyOnDemand', { KeyId }),
    refusal('KMSInvalidStateException'),
  );
  const again = await importMaterial(kms, KeyId, randomBytes(32), NEW);
  await kms.call(kms.root, 'RotateKeyOnDemand', { KeyId });
  assert.equal((await describe(kms, KeyId)).CurrentKeyMaterialId, again.KeyMaterialId);
  assert.deepEqual(await list(), [
    ['NON_CURRENT', 'IMPORTED', undefined],
    ['CURRENT', 'IMPORTED', 'second'],
  ]);
  await decrypt(kms, sealed);
  const firstId = (await decrypt(kms, sealed)).KeyMaterialId;
  await remove(kms, KeyId, { KeyMaterialId: firstId });
  assert.equal((await describe(kms, KeyId)).KeyState, 'PendingImport');
  await importMaterial(kms, KeyId, first, { KeyMaterialId: firstId });
  await decrypt(kms, sealed);
});
