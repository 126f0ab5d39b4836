/**
 * Objects that S3 cannot read: encrypted here with a key of their own, which travels with them under the master key.
 * The form is that of the Amazon S3 Encryption Client, versions 2 and 3, with an AES key ("Encryption metadata", Amazon
 * S3 Encryption Client Developer Guide).
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { StagingError } from './errors.js';

const CONTENT = 'AES/GCM/NoPadding';
const WRAP = 'AES/GCM';
const NONCE = 12;
const TAG = 16;

/** The 32 bytes of a master key. Throws `StagingError`, whose message never holds the key. */
export function masterKeyOf(base64: string): Buffer {
  const key = Buffer.from(base64, 'base64');
  if (key.length === 32 && key.toString('base64') === base64.trim()) return key;
  throw new StagingError('connection.encryption.masterKey is not 256 bits in Base64');
}

export interface Encrypted {
  readonly body: Buffer;
  /** Of the object, without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
}

export function encrypt(body: Uint8Array, masterKey: Buffer): Encrypted {
  const key = randomBytes(32);
  const nonce = randomBytes(NONCE);
  const wrapNonce = randomBytes(NONCE);
  return {
    body: seal(body, key, nonce),
    metadata: {
      // The name of the content's cipher is bound to the wrapped key.
      'x-amz-key-v2': Buffer.concat([
        wrapNonce,
        seal(key, masterKey, wrapNonce, Buffer.from(CONTENT)),
      ]).toString('base64'),
      'x-amz-iv': nonce.toString('base64'),
      'x-amz-cek-alg': CONTENT,
      'x-amz-wrap-alg': WRAP,
      'x-amz-tag-len': String(TAG * 8),
      'x-amz-matdesc': '{}',
    },
  };
}

/** Throws `StagingError` for an object that is not encrypted so, or under another master key, or that was changed. */
export function decrypt(
  body: Uint8Array,
  metadata: Readonly<Record<string, string>>,
  masterKey: Buffer,
): Buffer {
  const {
    'x-amz-key-v2': wrapped,
    'x-amz-iv': nonce,
    'x-amz-cek-alg': content,
    'x-amz-wrap-alg': wrap,
  } = metadata;
  if (wrapped === undefined || nonce === undefined || content !== CONTENT || wrap !== WRAP) {
    throw new StagingError('a staged object is not encrypted on the client as the job says');
  }
  try {
    const sealed = Buffer.from(wrapped, 'base64');
    const key = open(sealed.subarray(NONCE), masterKey, sealed.subarray(0, NONCE), Buffer.from(CONTENT));
    return open(body, key, Buffer.from(nonce, 'base64'));
  } catch {
    throw new StagingError('a staged object does not decrypt: another master key, or it was changed');
  }
}

function seal(body: Uint8Array, key: Buffer, nonce: Buffer, bound?: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  if (bound) cipher.setAAD(bound);
  return Buffer.concat([cipher.update(body), cipher.final(), cipher.getAuthTag()]);
}

function open(body: Uint8Array, key: Buffer, nonce: Buffer, bound?: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  if (bound) decipher.setAAD(bound);
  decipher.setAuthTag(body.subarray(body.length - TAG));
  return Buffer.concat([decipher.update(body.subarray(0, body.length - TAG)), decipher.final()]);
}
