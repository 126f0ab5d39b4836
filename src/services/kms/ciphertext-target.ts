import type { Call } from '../../core/operation.js';
import { type CiphertextHeader, readHeader } from '../../kms/ciphertext.js';
import { type Decrypted, decrypt, decryptRsa } from '../../kms/encryption.js';
import { errors } from '../../kms/errors.js';
import { homeOf, type Kms, type Target } from '../../kms/kms.js';
import type { KeyRecord, Pairs } from '../../kms/records.js';
import { encryptionAlgorithm } from './usage.js';

/** A ciphertext and how to open it, as Decrypt and ReEncrypt are given it. */
interface CiphertextInput {
  readonly blob: Uint8Array;
  readonly keyId: string | undefined;
  readonly algorithm: string | undefined;
  readonly context: Pairs;
}

/** A ciphertext and the key that is to open it. */
export interface CiphertextTarget {
  readonly input: CiphertextInput;
  readonly target: Target;
  /** Absent for ciphertexts of RSA keys, which say nothing of their key. */
  readonly header: CiphertextHeader | undefined;
}

/**
 * Finds the key of a ciphertext: the one that the request names, else the one that the ciphertext does. Throws
 * `InvalidCiphertextException` where there is neither.
 */
export async function findCiphertextKey(
  kms: Kms,
  call: Call,
  input: CiphertextInput,
): Promise<CiphertextTarget> {
  const home = homeOf(call.caller, call.region);
  const symmetric = (input.algorithm ?? 'SYMMETRIC_DEFAULT') === 'SYMMETRIC_DEFAULT';
  const header = symmetric ? readHeader(input.blob) : undefined;
  if (input.keyId !== undefined) {
    return { input, header, target: await kms.target(input.keyId, home, true) };
  }
  if (!header) throw errors.InvalidCiphertextException();
  const { partition, region } = home;
  const { account, keyId } = header;
  const key = await kms.keyIn(home, account, keyId);
  const arn = `arn:${partition}:kms:${region}:${account}:key/${keyId}`;
  return { input, header, target: { account, arn, key } };
}

/**
 * The key of a ciphertext. Throws AWS's `AccessDeniedException` where it does not exist (any more, or in this region).
 */
export function demandCiphertextKey({ target, input }: CiphertextTarget): KeyRecord {
  if (target.key) return target.key;
  if (input.keyId !== undefined) throw errors.NotFoundException(`Key '${target.arn}' does not exist`);
  throw errors.AccessDeniedException(
    'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
    {
      advice:
        'The key that made the ciphertext is not in this region or was deleted: call the region where it was encrypted.',
    },
  );
}

/** Throws unless the key can open ciphertexts of that kind, and this one says that it is the key's. */
export function checkCiphertext(key: KeyRecord, { input, header }: CiphertextTarget, operation: string) {
  // A key of another kind cannot have made the ciphertext.
  if (key.usage !== 'ENCRYPT_DECRYPT') throw errors.IncorrectKeyException();
  const algorithm = encryptionAlgorithm(key, input.algorithm, input.context, operation);
  if (algorithm !== 'SYMMETRIC_DEFAULT') return algorithm;
  if (!header) throw errors.InvalidCiphertextException();
  if (header.keyId !== key.id || header.account !== key.account) throw errors.IncorrectKeyException();
  return algorithm;
}

/** Throws `InvalidCiphertextException`. */
export async function openCiphertext(
  kms: Kms,
  key: KeyRecord,
  { input, header }: CiphertextTarget,
): Promise<Decrypted> {
  if (header) return await decrypt(kms.keys, key, header, input.context, input.blob);
  return await decryptRsa(kms.keys, key, input.algorithm as 'RSAES_OAEP_SHA_1', input.blob);
}
