import type { KeyMetadata, MultiRegionConfiguration } from '@aws-sdk/client-kms';
import { currentMaterial, isPrimary, stateOf } from '../../kms/key-states.js';
import { isMultiRegion, type KeyRecord, keyArn } from '../../kms/records.js';
import { algorithmsOf } from '../../kms/specs.js';

/** A key as CreateKey, DescribeKey and ReplicateKey tell of it. */
export function keyMetadata(key: KeyRecord): KeyMetadata {
  const state = stateOf(key);
  return {
    AWSAccountId: key.account,
    KeyId: key.id,
    Arn: keyArn(key),
    CreationDate: new Date(key.created),
    Enabled: state === 'Enabled',
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: state,
    Origin: key.origin,
    KeyManager: key.manager,
    CustomerMasterKeySpec: key.spec as KeyMetadata['CustomerMasterKeySpec'],
    KeySpec: key.spec,
    MultiRegion: isMultiRegion(key.id),
    ...deletionOf(key),
    ...importOf(key),
    ...algorithmMembers(key),
    ...(key.related && { MultiRegionConfiguration: multiRegionConfiguration(key) }),
    ...(key.spec === 'SYMMETRIC_DEFAULT' &&
      key.current !== undefined && { CurrentKeyMaterialId: key.current }),
  };
}

/** The algorithms of a key under the names that the API gives them. */
export function algorithmMembers({ spec, usage }: KeyRecord) {
  const { encryption, signing, mac, agreement } = algorithmsOf(spec, usage);
  return {
    ...(encryption && { EncryptionAlgorithms: encryption }),
    ...(signing && { SigningAlgorithms: signing }),
    ...(mac && { MacAlgorithms: mac }),
    ...(agreement && { KeyAgreementAlgorithms: agreement }),
  };
}

function deletionOf({ deletion, deletionWindow }: KeyRecord): Partial<KeyMetadata> {
  if (deletion !== undefined) return { DeletionDate: new Date(deletion) };
  return deletionWindow === undefined ? {} : { PendingDeletionWindowInDays: deletionWindow };
}

function importOf(key: KeyRecord): Partial<KeyMetadata> {
  if (key.origin !== 'EXTERNAL' || key.current === undefined) return {};
  const { wrapped, expires } = currentMaterial(key);
  if (!wrapped) return {};
  if (expires === undefined) return { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' };
  return { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: new Date(expires) };
}

function multiRegionConfiguration(key: KeyRecord): MultiRegionConfiguration {
  const { primary, replicas } = key.related!;
  const at = (region: string) => ({ Arn: keyArn({ ...key, region }), Region: region });
  return {
    MultiRegionKeyType: isPrimary(key) ? 'PRIMARY' : 'REPLICA',
    PrimaryKey: at(primary),
    ReplicaKeys: replicas.map(at),
  };
}
