/** The keys that KMS's own secrets hang on, derived from the server's root key. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const NONCE = 12;
const TAG = 16;

/** What was sealed under none of the root keys, or changed since. */
export class Unsealable extends Error {
  override readonly name = 'Unsealable';
}

interface DerivedKeys {
  readonly material: Buffer;
  readonly tokens: Buffer;
}

/** Seals with the current root key, and opens what it or a former one sealed. */
export class KmsKeyring {
  readonly #current: DerivedKeys;
  readonly #all: readonly DerivedKeys[];

  /** Keys of 32 bytes. Throws `RangeError` for another length. */
  constructor(rootKey: Uint8Array, formerRootKeys: readonly Uint8Array[] = []) {
    this.#current = deriveKeys(rootKey);
    this.#all = [this.#current, ...formerRootKeys.map(deriveKeys)];
  }

  /** Encrypts key material for the store (AES-256-GCM). Opening needs the same `about`. */
  wrap(material: Uint8Array, about: string): Buffer {
    return seal(this.#current.material, material, about);
  }

  /** The material; wipe it after use (`fill(0)`). Throws `Unsealable`. */
  unwrap(wrapped: Uint8Array, about: string): Buffer {
    return this.#open('material', wrapped, about);
  }

  /** The material wrapped under the current root key; `undefined` where it already is. Throws `Unsealable`. */
  rewrap(wrapped: Uint8Array, about: string): Buffer | undefined {
    const opened = open(this.#current.material, wrapped, about);
    if (opened !== undefined) {
      opened.fill(0);
      return undefined;
    }
    const material = this.unwrap(wrapped, about);
    try {
      return this.wrap(material, about);
    } finally {
      material.fill(0);
    }
  }

  /** Seals what a client holds for us: grant and import tokens. `about` tells the kinds apart. */
  sealToken(content: Uint8Array, about: string): Buffer {
    return seal(this.#current.tokens, content, about);
  }

  /** Throws `Unsealable`. */
  openToken(token: Uint8Array, about: string): Buffer {
    return this.#open('tokens', token, about);
  }

  #open(purpose: keyof DerivedKeys, sealed: Uint8Array, about: string): Buffer {
    for (const keys of this.#all) {
      const opened = open(keys[purpose], sealed, about);
      if (opened) return opened;
    }
    throw new Unsealable('does not open with the root key');
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

function deriveKeys(rootKey: Uint8Array): DerivedKeys {
  if (rootKey.length !== 32) throw new RangeError('the root key is 32 bytes long');
  return { material: derive(rootKey, 'key material'), tokens: derive(rootKey, 'tokens') };
}

function derive(rootKey: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', rootKey, '', `karikagi kms: ${purpose}`, 32));
}

function seal(key: Buffer, content: Uint8Array, about: string): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(about));
  return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Buffer, sealed: Uint8Array, about: string): Buffer | undefined {
  const end = sealed.length - TAG;
  if (end < NONCE) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAAD(Buffer.from(about)).setAuthTag(sealed.subarray(end));
  const content = decipher.update(sealed.subarray(NONCE, end));
  try {
    decipher.final();
    return content;
  } catch {
    content.fill(0);
    return undefined;
  }
}
