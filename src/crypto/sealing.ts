/**
 * The one box for what is sealed under the root key: AES-256-GCM under a key that is derived for one purpose. What
 * stands on disk and in tokens depends on the forms here; test/vectors/sealing.json holds samples of each.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
/** Bytes. */
const KEY = 32;
export const NONCE = 12;
const TAG = 16;

/** What was sealed under none of the keys, or changed since. */
export class Unsealable extends Error {
  override readonly name = 'Unsealable';
}

/** The current root key and those before it, the newest first; each of 32 bytes. */
export type RootKeyList = readonly [current: Uint8Array, ...former: Uint8Array[]];

/**
 * A key of `length` bytes for one purpose (HKDF with SHA-256). Throws `RangeError` for a root key of another length.
 */
export function derivedKey(rootKey: Uint8Array, purpose: string, length = KEY): Buffer {
  if (rootKey.length !== KEY) throw new RangeError('the root key is 32 bytes long');
  return Buffer.from(hkdfSync('sha256', rootKey, '', purpose, length));
}

/** Ciphertext and tag. `about` is bound to it: opening needs the same. */
export function encrypt(key: Uint8Array, nonce: Uint8Array, content: Uint8Array, about: string): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(about));
  return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** The content of what `encrypt` made; undefined where it was made with another key, nonce or `about`, or changed. */
export function decrypt(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  about: string,
): Buffer | undefined {
  const end = sealed.length - TAG;
  if (end < 0 || nonce.length !== NONCE) return undefined;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG });
  decipher.setAAD(Buffer.from(about)).setAuthTag(sealed.subarray(end));
  const content = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
    return content;
  } catch {
    content.fill(0);
    return undefined;
  }
}

/** Encrypts under one key with a random nonce, which goes before the ciphertext. */
export function seal(key: Uint8Array, content: Uint8Array, about: string): Buffer {
  const nonce = randomBytes(NONCE);
  return Buffer.concat([nonce, encrypt(key, nonce, content, about)]);
}

/** Opens what `seal` made; undefined as with `decrypt`. */
export function open(key: Uint8Array, sealed: Uint8Array, about: string): Buffer | undefined {
  return decrypt(key, sealed.subarray(0, NONCE), sealed.subarray(NONCE), about);
}

/** Seals with the current root key, and opens what it or a former one sealed. */
export class Box {
  readonly #keys: readonly Buffer[];
  readonly #marks: readonly number[] | undefined;

  /**
   * `marks`: a byte for each root key that goes before what it sealed and narrows the search for the key that opens it;
   * two keys may share one.
   */
  constructor(rootKeys: RootKeyList, purpose: string, marks?: readonly number[]) {
    this.#keys = rootKeys.map(key => derivedKey(key, purpose));
    this.#marks = marks;
  }

  seal(content: Uint8Array, about: string): Buffer {
    const sealed = seal(this.#keys[0]!, content, about);
    return this.#marks ? Buffer.concat([Buffer.of(this.#marks[0]!), sealed]) : sealed;
  }

  /** Wipe what must not stay in memory (`fill(0)`). Throws `Unsealable`. */
  open(sealed: Uint8Array, about: string): Buffer {
    for (let index = 0; index < this.#keys.length; index++) {
      const content = this.#openWith(index, sealed, about);
      if (content) return content;
    }
    throw new Unsealable(`what is sealed for ${about} does not open with the root key`);
  }

  /** The content sealed under the current root key; undefined where it already is. Throws `Unsealable`. */
  reseal(sealed: Uint8Array, about: string): Buffer | undefined {
    const current = this.#openWith(0, sealed, about);
    const content = current ?? this.open(sealed, about);
    try {
      return current ? undefined : this.seal(content, about);
    } finally {
      content.fill(0);
    }
  }

  #openWith(index: number, sealed: Uint8Array, about: string): Buffer | undefined {
    if (!this.#marks) return open(this.#keys[index]!, sealed, about);
    if (sealed[0] !== this.#marks[index]) return undefined;
    return open(this.#keys[index]!, sealed.subarray(1), about);
  }
}
