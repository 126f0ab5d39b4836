/** Encrypting and decrypting with a key, symmetric or RSA (KMS Developer Guide, "Cryptographic operations"). */
import { constants, privateDecrypt, publicEncrypt } from 'node:crypto';
import { type CiphertextHeader, canonicalContext, open, seal } from './ciphertext.js';
import { errors } from './errors.js';
import { currentMaterial } from './key-states.js';
import type { Keys } from './keys.js';
import type { KeyRecord, Material, Pairs } from './records.js';
import { type EncryptionAlgorithm, privateKeyOf, publicKeyOf, specs } from './specs.js';

export interface Encrypted {
  readonly ciphertext: Uint8Array;
  readonly material: Material;
}

/** Throws `ValidationException` where RSA cannot take so much. */
export async function encrypt(
  keys: Keys,
  key: KeyRecord,
  algorithm: EncryptionAlgorithm,
  context: Pairs,
  plaintext: Uint8Array,
): Promise<Encrypted> {
  const material = currentMaterial(key);
  if (algorithm !== 'SYMMETRIC_DEFAULT') {
    return { ciphertext: encryptRsa(key, material, algorithm, plaintext), material };
  }
  const header: CiphertextHeader = { account: key.account, keyId: key.id, material: material.id };
  const ciphertext = await keys.withSecret(key, material, secret =>
    seal(header, secret, canonicalContext(context), plaintext),
  );
  return { ciphertext, material };
}

export interface Decrypted {
  /** Wipe it after use. */
  readonly plaintext: Buffer;
  readonly material: Material;
}

/** Opens a blob of a symmetric key. Throws `InvalidCiphertextException`. */
export async function decrypt(
  keys: Keys,
  key: KeyRecord,
  header: CiphertextHeader,
  context: Pairs,
  blob: Uint8Array,
): Promise<Decrypted> {
  const material = key.materials.find(({ id, wrapped }) => wrapped && id.startsWith(header.material));
  if (!material) throw errors.InvalidCiphertextException();
  const plaintext = await keys.withSecret(key, material, secret =>
    open(blob, secret, canonicalContext(context)),
  );
  if (!plaintext) throw errors.InvalidCiphertextException();
  return { plaintext, material };
}

/** Throws `InvalidCiphertextException`. */
export async function decryptRsa(
  keys: Keys,
  key: KeyRecord,
  algorithm: EncryptionAlgorithm,
  ciphertext: Uint8Array,
): Promise<Decrypted> {
  const material = currentMaterial(key);
  const plaintext = await keys.withSecret(key, material, secret => {
    try {
      return privateDecrypt({ key: privateKeyOf(secret), ...oaep(algorithm) }, ciphertext);
    } catch {
      return undefined;
    }
  });
  if (!plaintext) throw errors.InvalidCiphertextException();
  return { plaintext, material };
}

function encryptRsa(
  { spec }: KeyRecord,
  { publicKey }: Material,
  algorithm: EncryptionAlgorithm,
  plaintext: Uint8Array,
): Buffer {
  const { oaepHash } = oaep(algorithm);
  // RFC 8017, section 7.1.1: the modulus less two hashes and two bytes.
  const most = specs[spec].modulus! / 8 - 2 * (oaepHash === 'sha1' ? 20 : 32) - 2;
  if (plaintext.length > most) {
    throw errors.ValidationException(
      `Algorithm ${algorithm} and key spec ${spec} cannot encrypt data larger than ${most} bytes.`,
    );
  }
  return publicEncrypt({ key: publicKeyOf(publicKey!), ...oaep(algorithm) }, plaintext);
}

export function oaep(algorithm: string): { padding: number; oaepHash: string } {
  return {
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: algorithm.endsWith('_SHA_1') ? 'sha1' : 'sha256',
  };
}
