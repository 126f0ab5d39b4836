import type {
  DeleteImportedKeyMaterialRequest,
  DeleteImportedKeyMaterialResponse,
  GetParametersForImportRequest,
  GetParametersForImportResponse,
  ImportKeyMaterialRequest,
  ImportKeyMaterialResponse,
} from '@aws-sdk/client-kms';
import { DAY_MS } from '../../core/time.js';
import { errors } from '../../kms/errors.js';
import { newImportParameters, unwrapImported, type WrappingAlgorithm } from '../../kms/import.js';
import { demandState, isPrimary } from '../../kms/key-states.js';
import type { Keys } from '../../kms/keys.js';
import { type KeyRecord, keyArn, type Material } from '../../kms/records.js';
import { readMaterial } from '../../kms/specs.js';
import type { Transaction } from '../../store/tables.js';
import { keyOperation } from './access.js';
import { demandOrigin } from './usage.js';

/** Days that imported material may live (KMS API Reference, ImportKeyMaterial, ValidTo). */
const LONGEST_LIFE = 365;

function check(key: KeyRecord): void {
  demandOrigin(key, 'EXTERNAL');
  demandState(key, 'Enabled', 'Disabled', 'PendingImport');
}

export const GetParametersForImport = keyOperation<
  GetParametersForImportRequest,
  GetParametersForImportResponse
>({
  context: input => ({
    'kms:WrappingAlgorithm': input.WrappingAlgorithm!,
    'kms:WrappingKeySpec': input.WrappingKeySpec!,
  }),
  check,
  async run(key, input, call, kms) {
    const { WrappingAlgorithm: algorithm, WrappingKeySpec: spec } = input;
    if (algorithm === 'SM2PKE' || algorithm === 'RSAES_PKCS1_V1_5' || spec === 'SM2') {
      throw errors.UnsupportedOperationException(`${algorithm} with ${spec} is not supported.`);
    }
    const { token, publicKey, expires } = await newImportParameters(
      kms.keys,
      key.account,
      keyArn(key),
      algorithm as WrappingAlgorithm,
      spec!,
      call.clock.now(),
    );
    return {
      KeyId: keyArn(key),
      ImportToken: token,
      PublicKey: publicKey,
      ParametersValidTo: new Date(expires),
    };
  },
});

/** When the material is to expire; `undefined` for never. */
function readExpiry({ ExpirationModel, ValidTo }: ImportKeyMaterialRequest, now: number): number | undefined {
  if (ExpirationModel === 'KEY_MATERIAL_DOES_NOT_EXPIRE') {
    if (ValidTo === undefined) return undefined;
    throw errors.ValidationException(
      'A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE',
    );
  }
  if (ValidTo === undefined) {
    throw errors.ValidationException(
      'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES',
    );
  }
  const expires = ValidTo.getTime();
  if (expires > now && expires <= now + LONGEST_LIFE * DAY_MS) return expires;
  throw errors.ValidationException(`The validTo date must be within the next ${LONGEST_LIFE} days`);
}

export const ImportKeyMaterial = keyOperation<ImportKeyMaterialRequest, ImportKeyMaterialResponse>({
  context: input => ({
    'kms:ExpirationModel': input.ExpirationModel ?? 'KEY_MATERIAL_EXPIRES',
    ...(input.ValidTo && { 'kms:ValidTo': input.ValidTo.toISOString() }),
  }),
  check,
  async run(key, input, call, kms) {
    const now = call.clock.now();
    const expires = readExpiry(input, now);
    const arn = keyArn(key);
    const { keyring } = kms.keys;
    const secret = unwrapImported(keyring, arn, input.ImportToken!, input.EncryptedKeyMaterial!, now);
    try {
      const read = readMaterial(key.spec, secret);
      if (!read) {
        throw errors.IncorrectKeyMaterialException(`The key material is not that of a ${key.spec} key.`);
      }
      const wrapped = kms.keys.wrapMaterial(key.account, key.id, read.secret, read.publicKey);
      const material = { ...wrapped, expires, description: input.KeyMaterialDescription };
      await kms.keys.update(key, async (present, transaction) => {
        check(present);
        return await withImported(kms.keys, transaction, present, material, input);
      });
      return { KeyId: arn, ...(key.spec === 'SYMMETRIC_DEFAULT' && { KeyMaterialId: material.id }) };
    } finally {
      secret.fill(0);
    }
  },
});

/** The key with the material in its place: the one it had before, the first, or one that waits for a rotation. */
async function withImported(
  keys: Keys,
  transaction: Transaction,
  key: KeyRecord,
  material: Material,
  { ImportType, KeyMaterialId }: ImportKeyMaterialRequest,
): Promise<KeyRecord> {
  const { materials } = key;
  const known = materials.find(({ id }) => id === material.id);
  const isNew = (ImportType ?? (materials.length === 0 ? 'NEW_KEY_MATERIAL' : '')) === 'NEW_KEY_MATERIAL';
  if (isNew && KeyMaterialId !== undefined) {
    throw errors.ValidationException('KeyMaterialId cannot be used with NEW_KEY_MATERIAL.');
  }
  if (isNew) return await withNew(keys, transaction, key, material);
  if (!known || (KeyMaterialId !== undefined && KeyMaterialId !== material.id)) {
    throw errors.IncorrectKeyMaterialException(
      'The key material in the request is not identical to the key material that was previously imported into this KMS key.',
    );
  }
  const again: Material = {
    ...known,
    wrapped: material.wrapped,
    expires: material.expires,
    description: material.description ?? known.description,
  };
  return { ...key, materials: materials.map(one => (one === known ? again : one)) };
}

async function withNew(
  keys: Keys,
  transaction: Transaction,
  key: KeyRecord,
  material: Material,
): Promise<KeyRecord> {
  const { materials } = key;
  if (!isPrimary(key)) {
    throw errors.UnsupportedOperationException(
      `${keyArn(key)} is a multi-Region replica key: import new key material into its primary key first.`,
    );
  }
  if (materials.length === 0) {
    const announced = { ...material, wrapped: undefined };
    await keys.eachRelated(transaction, key, replica => ({
      ...replica,
      materials: [announced],
      current: material.id,
    }));
    return { ...key, materials: [material], current: material.id };
  }
  if (key.spec !== 'SYMMETRIC_DEFAULT' || key.related) {
    throw errors.UnsupportedOperationException(
      `${keyArn(key)} can have the key material only that was first imported into it.`,
    );
  }
  const waiting = materials.find(({ pending }) => pending);
  if (waiting) {
    throw errors.KMSInvalidStateException(
      `New key material (id: ${material.id}) cannot be imported into KMS key ${keyArn(key)}, because another key material (id: ${waiting.id}) is pending rotation.`,
    );
  }
  if (materials.some(({ id }) => id === material.id)) {
    throw errors.KMSInvalidStateException(`${keyArn(key)} already has this key material.`);
  }
  return { ...key, materials: [...materials, { ...material, pending: true }] };
}

/** The key is pending import afterwards, unless the material was only waiting for a rotation. */
export const DeleteImportedKeyMaterial = keyOperation<
  DeleteImportedKeyMaterialRequest,
  DeleteImportedKeyMaterialResponse
>({
  check: key => demandOrigin(key, 'EXTERNAL'),
  async run(key, input, _call, kms) {
    const id = input.KeyMaterialId ?? key.current;
    if (input.KeyMaterialId !== undefined && !key.materials.some(one => one.id === id)) {
      throw errors.NotFoundException(`Key material ${id} is not found.`);
    }
    await kms.keys.update(key, now => {
      const materials = now.materials
        .filter(one => !(one.id === id && one.pending))
        .map(one => (one.id === id ? { ...one, wrapped: undefined, expires: undefined } : one));
      return { ...now, materials };
    });
    return { KeyId: keyArn(key), ...(id !== undefined && { KeyMaterialId: id }) };
  },
});
