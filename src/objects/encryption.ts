/**
 * Encryption of bodies: AES-256-GCM in segments, so that a range costs what it reads and nothing is handed out
 * that was not found authentic.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { BlobDamaged } from '../store/blobs.js';

/** Plaintext bytes of a segment; each is stored with its tag behind it. */
export const SEGMENT = 64 * 1024;
const TAG = 16;
const STORED_SEGMENT = SEGMENT + TAG;
const SALT = 16;
const NONCE = 12;
const CIPHER = 'aes-256-gcm';

/** A body's own key: no two bodies under one data key share a nonce, since each has its salt. */
export class BodyKey {
  readonly salt: Uint8Array;
  readonly #key: Buffer;

  /** `dataKey`: 32 bytes. `salt`: of a stored body; a new body gets its own. */
  constructor(dataKey: Uint8Array, salt: Uint8Array = randomBytes(SALT)) {
    this.salt = salt;
    this.#key = createHmac('sha256', dataKey).update(salt).digest();
  }

  /** The body as it is stored. */
  async *encrypt(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let index = 0;
    let cipher = createCipheriv(CIPHER, this.#key, nonce(index));
    let filled = 0;
    for await (const chunk of body) {
      for (let at = 0; at < chunk.length; ) {
        if (filled === SEGMENT) {
          cipher.final();
          yield cipher.getAuthTag();
          cipher = createCipheriv(CIPHER, this.#key, nonce(++index));
          filled = 0;
        }
        const piece = chunk.subarray(at, at + SEGMENT - filled);
        yield cipher.update(piece);
        at += piece.length;
        filled += piece.length;
      }
    }
    cipher.final();
    yield cipher.getAuthTag();
  }

  /** As `encrypt`, for a body at hand. */
  encryptBytes(body: Uint8Array): Buffer {
    const pieces: Uint8Array[] = [];
    for (let index = 0; index === 0 || index * SEGMENT < body.length; index++) {
      const cipher = createCipheriv(CIPHER, this.#key, nonce(index));
      pieces.push(cipher.update(body.subarray(index * SEGMENT, (index + 1) * SEGMENT)));
      cipher.final();
      pieces.push(cipher.getAuthTag());
    }
    return Buffer.concat(pieces);
  }

  /**
   * The bytes from `start` to `end` of the plaintext, out of the stored bytes that `storedSpan` names.
   * Throws `BlobDamaged` before a segment that is not authentic.
   */
  async *decrypt(stored: AsyncIterable<Uint8Array>, start: number, end: number): AsyncGenerator<Uint8Array> {
    let index = Math.floor(start / SEGMENT);
    for await (const segment of segmentsOf(stored)) {
      const plain = this.#open(segment, index);
      const offset = index * SEGMENT;
      yield plain.subarray(Math.max(start - offset, 0), end - offset);
      index++;
    }
    if (index * SEGMENT < end) throw new BlobDamaged('an encrypted body ends early');
  }

  /** As `decrypt`, for all of a body at hand. */
  decryptBytes(stored: Uint8Array): Buffer {
    const pieces: Buffer[] = [];
    for (let index = 0; index * STORED_SEGMENT < stored.length; index++) {
      pieces.push(this.#open(stored.subarray(index * STORED_SEGMENT, (index + 1) * STORED_SEGMENT), index));
    }
    return Buffer.concat(pieces);
  }

  #open(segment: Uint8Array, index: number): Buffer {
    const content = segment.length - TAG;
    if (content < 0) throw new BlobDamaged('an encrypted body ends early');
    const decipher = createDecipheriv(CIPHER, this.#key, nonce(index));
    decipher.setAuthTag(segment.subarray(content));
    const plain = decipher.update(segment.subarray(0, content));
    try {
      decipher.final();
    } catch (cause) {
      throw new BlobDamaged('a segment of an encrypted body is not authentic', { cause });
    }
    return plain;
  }
}

/** The number of a segment: a key meets each only once. */
function nonce(index: number): Buffer {
  const bytes = Buffer.alloc(NONCE);
  bytes.writeUInt32BE(index, NONCE - 4);
  return bytes;
}

/** The stored bytes that hold a span of plaintext: whole segments. `size`: of the plaintext. */
export function storedSpan(
  start: number,
  end: number,
  size: number,
): { readonly start: number; readonly end: number } {
  const last = Math.ceil(end / SEGMENT);
  const whole = Math.max(1, Math.ceil(size / SEGMENT));
  return {
    start: Math.floor(start / SEGMENT) * STORED_SEGMENT,
    end: last >= whole ? size + whole * TAG : last * STORED_SEGMENT,
  };
}

/** Regroups chunks into stored segments. */
async function* segmentsOf(stored: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of stored) {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + STORED_SEGMENT - held);
      pieces.push(piece);
      held += piece.length;
      at += piece.length;
      if (held < STORED_SEGMENT) continue;
      yield joined(pieces);
      pieces = [];
      held = 0;
    }
  }
  if (held > 0) yield joined(pieces);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

/**
 * Wraps 32-byte keys under another. `bound`: what the wrapped key belongs to; it opens only with the same.
 * The result holds nonce, ciphertext and tag.
 */
export function wrapKey(wrapping: Uint8Array, key: Uint8Array, bound: string): Uint8Array {
  const iv = randomBytes(NONCE);
  const cipher = createCipheriv(CIPHER, wrapping, iv).setAAD(Buffer.from(bound));
  return Buffer.concat([iv, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
}

/** Throws `BlobDamaged` for what was not wrapped so. */
export function unwrapKey(wrapping: Uint8Array, wrapped: Uint8Array, bound: string): Buffer {
  const decipher = createDecipheriv(CIPHER, wrapping, wrapped.subarray(0, NONCE)).setAAD(Buffer.from(bound));
  decipher.setAuthTag(wrapped.subarray(-TAG));
  try {
    return Buffer.concat([decipher.update(wrapped.subarray(NONCE, -TAG)), decipher.final()]);
  } catch (cause) {
    throw new BlobDamaged('a wrapped key is not authentic', { cause });
  }
}
