/** Whether a key is of the kind that an operation needs. */

import { errors } from '../../kms/errors.js';
import { demandUsable } from '../../kms/key-states.js';
import { type KeyRecord, type KeyUsage, keyArn, type Pairs } from '../../kms/records.js';
import { type Algorithms, algorithmsOf, type EncryptionAlgorithm } from '../../kms/specs.js';

/** Throws unless the key is enabled and made for that use. */
export function demandUsage(key: KeyRecord, usage: KeyUsage, operation: string): void {
  demandUsable(key);
  if (key.usage === usage) return;
  throw errors.InvalidKeyUsageException(
    `${keyArn(key)} key usage is ${key.usage} which is not valid for ${operation}.`,
  );
}

/** Throws `InvalidKeyUsageException` where the key does not know the algorithm; answers with it as one it knows. */
export function demandAlgorithm<K extends keyof Algorithms>(
  key: KeyRecord,
  kind: K,
  algorithm: string,
): NonNullable<Algorithms[K]>[number] {
  const known: readonly string[] = algorithmsOf(key.spec, key.usage)[kind] ?? [];
  if (known.includes(algorithm)) return algorithm as NonNullable<Algorithms[K]>[number];
  throw errors.InvalidKeyUsageException(`Algorithm ${algorithm} is incompatible with key spec ${key.spec}.`);
}

/** Throws unless the key is an enabled symmetric encryption key, which data keys need. */
export function demandSymmetric(key: KeyRecord, operation: string): void {
  demandUsage(key, 'ENCRYPT_DECRYPT', operation);
  if (key.spec === 'SYMMETRIC_DEFAULT') return;
  throw errors.InvalidKeyUsageException(
    `${keyArn(key)} key spec is ${key.spec} which is not valid for ${operation}.`,
  );
}

/** The algorithm of an encryption; a context goes with the symmetric one only. */
export function encryptionAlgorithm(
  key: KeyRecord,
  asked: string | undefined,
  context: Pairs,
  operation: string,
): EncryptionAlgorithm {
  demandUsage(key, 'ENCRYPT_DECRYPT', operation);
  const algorithm = demandAlgorithm(key, 'encryption', asked ?? 'SYMMETRIC_DEFAULT');
  if (algorithm !== 'SYMMETRIC_DEFAULT' && context.length > 0) {
    throw errors.ValidationException(`An encryption context cannot be used with the algorithm ${algorithm}.`);
  }
  return algorithm;
}

/** A map of the wire as pairs. */
export function pairsOf(map: Readonly<Record<string, string>> | undefined): Pairs {
  return Object.entries(map ?? {});
}

/** Attested enclaves have nothing to attest to here: answers for them cannot be encrypted. */
export function refuseRecipient({ Recipient }: { readonly Recipient?: unknown }): void {
  if (Recipient !== undefined) {
    throw errors.UnsupportedOperationException(
      'Requests of attested enclaves (Recipient) are not supported.',
    );
  }
}

/** The ciphertext of a request. Only a dry run may leave it out, which is not supported here. */
export function demandBlob({
  CiphertextBlob,
}: {
  readonly CiphertextBlob?: Uint8Array | undefined;
}): Uint8Array {
  if (CiphertextBlob) return CiphertextBlob;
  throw errors.ValidationException(
    "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null",
  );
}

/** Throws where the key is AWS's own, which its account can see and use but not change. */
export function demandCustomerManaged(key: KeyRecord): void {
  if (key.manager === 'CUSTOMER') return;
  throw errors.AccessDeniedException(
    `${keyArn(key)} is an AWS managed key: this operation is for customer managed keys.`,
    {
      advice:
        'AWS manages keys like alias/aws/s3, and no account changes them: create a customer managed key, and use that.',
    },
  );
}

/** Throws unless the key's material comes from there: `AWS_KMS`, this server, or `EXTERNAL`, imported. */
export function demandOrigin(key: KeyRecord, origin: KeyRecord['origin']): void {
  if (key.origin === origin) return;
  throw errors.UnsupportedOperationException(
    `${keyArn(key)} origin is ${key.origin} which is not valid for this operation.`,
  );
}
