/** The keys that KMS's own secrets hang on, derived from the server's root key. */
import { createHmac } from 'node:crypto';
import { Box, type RootKeyList } from '../crypto/sealing.js';

/** Seals with the current root key, and opens what it or a former one sealed. */
export class KmsKeyring {
  /** Key material in the store. */
  readonly material: Box;
  /** What a client holds for us: grant and import tokens. `about` tells the kinds apart. */
  readonly tokens: Box;

  /** Keys of 32 bytes. Throws `RangeError` for another length. */
  constructor(rootKey: Uint8Array, formerRootKeys: readonly Uint8Array[] = []) {
    const keys: RootKeyList = [rootKey, ...formerRootKeys];
    this.material = new Box(keys, 'karikagi kms: key material');
    this.tokens = new Box(keys, 'karikagi kms: tokens');
  }
}

/**
 * The id of key material: 64 hexadecimal digits, computed from the key's id and the material (KMS API Reference,
 * ImportKeyMaterial: "assigns a unique identifier … based on the KMS key ID and the imported key material").
 * The material is the key of the HMAC, so the id tells nothing of it.
 */
export function materialId(keyId: string, material: Uint8Array): string {
  return createHmac('sha256', material).update(`karikagi kms: material id of ${keyId}`).digest('hex');
}
