/** The keys that everything secret in identity hangs on, derived from the server's root key. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { randomForId } from '../core/random.js';

const NONCE = 12;
const TAG = 16;
/** Session ids are as long as the keys that they stand for are many: 128 random bits never meet again. */
const SESSION_ID = 16;

/** What was sealed under none of the keys, or changed since. */
export class Unsealable extends Error {
  override readonly name = 'Unsealable';
}

/** What a session's id stands for: only the holder of the root key can tell. */
export interface SessionKeys {
  /** AES-256 key of the token. */
  readonly seal: Buffer;
  /** The secret access key, 40 characters. */
  readonly secretAccessKey: string;
}

class DerivedKeys {
  /** Tells the root keys apart in what they sealed; two may share an id, so it only narrows the search. */
  readonly id: number;
  readonly secrets: Buffer;
  readonly sessions: Buffer;

  constructor(rootKey: Uint8Array) {
    if (rootKey.length !== 32) throw new RangeError('the root key is 32 bytes long');
    this.id = derive(rootKey, 'key id')[0]!;
    this.secrets = derive(rootKey, 'secret access keys');
    this.sessions = derive(rootKey, 'sessions');
  }
}

function derive(rootKey: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', rootKey, '', `karikagi identity: ${purpose}`, 32));
}

/**
 * Seals with the current root key and opens what it or a former one sealed, so that a root key can be replaced
 * without logging anyone out.
 */
export class Keyring {
  readonly #current: DerivedKeys;
  readonly #all: readonly DerivedKeys[];

  /** Keys of 32 bytes. Throws `RangeError` for another length. */
  constructor(rootKey: Uint8Array, formerRootKeys: readonly Uint8Array[] = []) {
    this.#current = new DerivedKeys(rootKey);
    this.#all = [this.#current, ...formerRootKeys.map(key => new DerivedKeys(key))];
  }

  /** Encrypts a long-term secret for storage (AES-256-GCM). `about` is bound to it: opening needs the same. */
  sealSecret(secret: string, about: string): Buffer {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv('aes-256-gcm', this.#current.secrets, nonce).setAAD(Buffer.from(about));
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.of(this.#current.id), nonce, sealed, cipher.getAuthTag()]);
  }

  /** Throws `Unsealable`. */
  openSecret(sealed: Uint8Array, about: string): string {
    for (const keys of this.#candidates(sealed)) {
      const opened = openWith(keys, sealed, about);
      if (opened !== undefined) return opened.toString('utf8');
    }
    throw new Unsealable('a stored secret does not open with the root key');
  }

  /** The secret sealed under the current root key; `undefined` where it already is. Throws `Unsealable`. */
  resealSecret(sealed: Uint8Array, about: string): Buffer | undefined {
    // Two root keys may share an id: what opens under the current one needs nothing.
    if (openWith(this.#current, sealed, about) !== undefined) return undefined;
    return this.sealSecret(this.openSecret(sealed, about), about);
  }

  /**
   * Seals the claims of a new session for the access key `accessKeyId`, to which the token is bound.
   * Each token has a key of its own, derived from its random id, so the nonce can be constant.
   */
  sealSession(claims: Buffer, accessKeyId: string): { token: Buffer; secretAccessKey: string } {
    const id = randomForId(SESSION_ID);
    const { seal, secretAccessKey } = sessionKeys(this.#current, id);
    const cipher = createCipheriv('aes-256-gcm', seal, ZERO_NONCE).setAAD(Buffer.from(accessKeyId));
    const sealed = Buffer.concat([cipher.update(claims), cipher.final()]);
    const token = Buffer.concat([Buffer.of(this.#current.id), id, sealed, cipher.getAuthTag()]);
    return { token, secretAccessKey };
  }

  /** Throws `Unsealable` where the token is not ours, was changed, or belongs to another access key. */
  openSession(token: Uint8Array, accessKeyId: string): { claims: Buffer; secretAccessKey: string } {
    for (const keys of this.#candidates(token)) {
      const { seal, secretAccessKey } = sessionKeys(keys, token.subarray(1, 1 + SESSION_ID));
      const claims = decrypt(seal, ZERO_NONCE, token.subarray(1 + SESSION_ID), Buffer.from(accessKeyId));
      if (claims !== undefined) return { claims, secretAccessKey };
    }
    throw new Unsealable('the session token does not open');
  }

  #candidates(sealed: Uint8Array): DerivedKeys[] {
    return this.#all.filter(keys => keys.id === sealed[0]);
  }
}

function openWith({ secrets }: DerivedKeys, sealed: Uint8Array, about: string): Buffer | undefined {
  const nonce = sealed.subarray(1, 1 + NONCE);
  return decrypt(secrets, nonce, sealed.subarray(1 + NONCE), Buffer.from(about));
}

const ZERO_NONCE = Buffer.alloc(NONCE);

function sessionKeys(keys: DerivedKeys, sessionId: Uint8Array): SessionKeys {
  const bytes = createHmac('sha512', keys.sessions).update(sessionId).digest();
  return { seal: bytes.subarray(0, 32), secretAccessKey: bytes.subarray(32, 62).toString('base64') };
}

function decrypt(key: Buffer, nonce: Uint8Array, sealed: Uint8Array, about: Buffer): Buffer | undefined {
  if (sealed.length < TAG) return undefined;
  const end = sealed.length - TAG;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(about);
    decipher.setAuthTag(sealed.subarray(end));
    return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** A new long-term secret access key: 40 characters, 240 random bits. */
export function newSecretAccessKey(): string {
  return randomBytes(30).toString('base64');
}
