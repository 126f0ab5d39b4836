/** The keys that everything secret in identity hangs on, derived from the server's root key. */
import { createHmac, randomBytes } from 'node:crypto';
import { randomForId } from '../core/random.js';
import { Box, decrypt, derivedKey, encrypt, NONCE, type RootKeyList, Unsealable } from '../crypto/sealing.js';

/** Session ids are as long as the keys that they stand for are many: 128 random bits never meet again. */
const SESSION_ID = 16;
/** Each token has a key of its own, derived from its random id. */
const ZERO_NONCE = Buffer.alloc(NONCE);

const purpose = (name: string): string => `karikagi identity: ${name}`;

/** What a session's id stands for: only the holder of the root key can tell. */
interface SessionKeys {
  /** AES-256 key of the token. */
  readonly seal: Buffer;
  /** The secret access key, 40 characters. */
  readonly secretAccessKey: string;
}

/**
 * Seals with the current root key and opens what it or a former one sealed, so that a root key can be replaced
 * without logging anyone out.
 */
export class Keyring {
  /** Tells the root keys apart in what they sealed; two may share a mark, so it only narrows the search. */
  readonly #marks: readonly number[];
  readonly #secrets: Box;
  readonly #sessions: readonly Buffer[];

  /** Keys of 32 bytes. Throws `RangeError` for another length. */
  constructor(rootKey: Uint8Array, formerRootKeys: readonly Uint8Array[] = []) {
    const keys: RootKeyList = [rootKey, ...formerRootKeys];
    this.#marks = keys.map(key => derivedKey(key, purpose('key id'))[0]!);
    this.#secrets = new Box(keys, purpose('secret access keys'), this.#marks);
    this.#sessions = keys.map(key => derivedKey(key, purpose('sessions')));
  }

  /** Encrypts a long-term secret for storage. `about` is bound to it: opening needs the same. */
  sealSecret(secret: string, about: string): Buffer {
    return this.#secrets.seal(Buffer.from(secret), about);
  }

  /** Throws `Unsealable`. */
  openSecret(sealed: Uint8Array, about: string): string {
    return this.#secrets.open(sealed, about).toString('utf8');
  }

  /** The secret sealed under the current root key; `undefined` where it already is. Throws `Unsealable`. */
  resealSecret(sealed: Uint8Array, about: string): Buffer | undefined {
    return this.#secrets.reseal(sealed, about);
  }

  /** Seals the claims of a new session for the access key `accessKeyId`, to which the token is bound. */
  sealSession(claims: Buffer, accessKeyId: string): { token: Buffer; secretAccessKey: string } {
    const id = randomForId(SESSION_ID);
    const { seal, secretAccessKey } = sessionKeys(this.#sessions[0]!, id);
    const sealed = encrypt(seal, ZERO_NONCE, claims, accessKeyId);
    return { token: Buffer.concat([Buffer.of(this.#marks[0]!), id, sealed]), secretAccessKey };
  }

  /** Throws `Unsealable` where the token is not ours, was changed, or belongs to another access key. */
  openSession(token: Uint8Array, accessKeyId: string): { claims: Buffer; secretAccessKey: string } {
    for (const [index, key] of this.#sessions.entries()) {
      if (token[0] !== this.#marks[index]) continue;
      const { seal, secretAccessKey } = sessionKeys(key, token.subarray(1, 1 + SESSION_ID));
      const claims = decrypt(seal, ZERO_NONCE, token.subarray(1 + SESSION_ID), accessKeyId);
      if (claims !== undefined) return { claims, secretAccessKey };
    }
    throw new Unsealable('the session token does not open');
  }
}

function sessionKeys(key: Buffer, sessionId: Uint8Array): SessionKeys {
  const bytes = createHmac('sha512', key).update(sessionId).digest();
  return { seal: bytes.subarray(0, 32), secretAccessKey: bytes.subarray(32, 62).toString('base64') };
}

/** A new long-term secret access key: 40 characters, 240 random bits. */
export function newSecretAccessKey(): string {
  return randomBytes(30).toString('base64');
}
