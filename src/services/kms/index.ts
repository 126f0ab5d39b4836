/** The key service (AWS KMS): what it does and what it leaves out stands in docs/kms.md. */
import { type OperationName, type Operations, type Service, service } from '../../core/operation.js';
import type { KmsPorts } from './access.js';
import { CreateAlias, DeleteAlias, ListAliases, UpdateAlias } from './aliases.js';
import { CreateKey } from './create-key.js';
import { DescribeCustomKeyStores } from './custom-key-stores.js';
import {
  GenerateDataKey,
  GenerateDataKeyPair,
  GenerateDataKeyPairWithoutPlaintext,
  GenerateDataKeyWithoutPlaintext,
  GenerateRandom,
} from './data-keys.js';
import { Decrypt } from './decrypt.js';
import { Encrypt } from './encrypt.js';
import { CreateGrant, ListGrants, ListRetirableGrants, RetireGrant, RevokeGrant } from './grants.js';
import { DeleteImportedKeyMaterial, GetParametersForImport, ImportKeyMaterial } from './import.js';
import { GetKeyPolicy, ListKeyPolicies, PutKeyPolicy } from './key-policies.js';
import {
  CancelKeyDeletion,
  DescribeKey,
  DisableKey,
  EnableKey,
  ListKeys,
  ScheduleKeyDeletion,
  UpdateKeyDescription,
} from './keys.js';
import { ReplicateKey, UpdatePrimaryRegion } from './multi-region.js';
import { ReEncrypt } from './re-encrypt.js';
import {
  DisableKeyRotation,
  EnableKeyRotation,
  GetKeyRotationStatus,
  ListKeyRotations,
  RotateKeyOnDemand,
} from './rotation.js';
import { DeriveSharedSecret, GenerateMac, GetPublicKey, Sign, Verify, VerifyMac } from './sign.js';
import { ListResourceTags, TagResource, UntagResource } from './tags.js';

export { type Kms, type KmsOptions, openKms, S3_ALIAS } from '../../kms/kms.js';
export type { PrincipalMapper } from '../../kms/principals.js';
export { startSweeping } from '../../kms/sweeper.js';
export { type KmsPorts, ownKeyRequirement } from './access.js';
export { type ObjectDataKey, type ObjectKeys, objectKeys } from './s3.js';

const operations: Operations<KmsPorts, OperationName<typeof import('@aws-sdk/client-kms')>> = {
  CancelKeyDeletion,
  CreateAlias,
  CreateGrant,
  CreateKey,
  Decrypt,
  DeleteAlias,
  DeleteImportedKeyMaterial,
  DeriveSharedSecret,
  DescribeCustomKeyStores,
  DescribeKey,
  DisableKey,
  DisableKeyRotation,
  EnableKey,
  EnableKeyRotation,
  Encrypt,
  GenerateDataKey,
  GenerateDataKeyPair,
  GenerateDataKeyPairWithoutPlaintext,
  GenerateDataKeyWithoutPlaintext,
  GenerateMac,
  GenerateRandom,
  GetKeyPolicy,
  GetKeyRotationStatus,
  GetParametersForImport,
  GetPublicKey,
  ImportKeyMaterial,
  ListAliases,
  ListGrants,
  ListKeyPolicies,
  ListKeyRotations,
  ListKeys,
  ListResourceTags,
  ListRetirableGrants,
  PutKeyPolicy,
  ReEncrypt,
  ReplicateKey,
  RetireGrant,
  RevokeGrant,
  RotateKeyOnDemand,
  ScheduleKeyDeletion,
  Sign,
  TagResource,
  UntagResource,
  UpdateAlias,
  UpdateKeyDescription,
  UpdatePrimaryRegion,
  Verify,
  VerifyMac,
};

/** The service with its operations. */
export function kmsService(ports: KmsPorts): Service {
  return service('kms', ports, operations);
}
