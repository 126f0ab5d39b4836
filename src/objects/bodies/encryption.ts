/**
 * Encryption of bodies: AES-256-GCM in segments, so that a range costs what it reads and nothing is handed out
 * that was not found authentic.
 */
import { type CipherGCM, createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { joined } from '../../core/http-message.js';
import { open } from '../../crypto/sealing.js';
import { BlobDamaged } from '../../store/blobs.js';

/** Plaintext bytes of a segment; each is stored with the tags of its layers behind it. */
export const SEGMENT = 64 * 1024;
const TAG = 16;
const SALT = 16;
const NONCE = 12;
const DATA_KEY = 32;
const CIPHER = 'aes-256-gcm';

/** For a new body whose data key serves others, too. */
export function newSalt(): Uint8Array {
  return randomBytes(SALT);
}

/** A body's own key: no two bodies share a key and a nonce, since each has a data key of its own or a salt. */
export class BodyKey {
  readonly salt: Uint8Array | undefined;
  /** How often the body is encrypted. */
  readonly layers: number;
  /** Bytes of a whole segment as it is stored. */
  readonly segment: number;
  /** One for each layer, from the innermost. */
  readonly #keys: readonly Uint8Array[];

  /**
   * `dataKey`: 32 bytes for each layer of encryption, the innermost first. `salt`: absent where the data key serves
   * this body alone.
   */
  constructor(dataKey: Uint8Array, salt?: Uint8Array) {
    this.salt = salt;
    this.layers = dataKey.length / DATA_KEY;
    this.segment = SEGMENT + this.layers * TAG;
    this.#keys = Array.from({ length: this.layers }, (_, layer) => {
      const key = dataKey.subarray(layer * DATA_KEY, (layer + 1) * DATA_KEY);
      return salt ? createHmac('sha256', key).update(salt).digest() : key;
    });
  }

  /** The body as it is stored. */
  async *encrypt(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let index = 0;
    let ciphers = this.#ciphers(index);
    let filled = 0;
    for await (const chunk of body) {
      for (let at = 0; at < chunk.length; ) {
        if (filled === SEGMENT) {
          yield sealed(ciphers);
          ciphers = this.#ciphers(++index);
          filled = 0;
        }
        const piece = chunk.subarray(at, at + SEGMENT - filled);
        yield through(ciphers, piece);
        at += piece.length;
        filled += piece.length;
      }
    }
    yield sealed(ciphers);
  }

  /** As `encrypt`, for a body at hand. */
  encryptBytes(body: Uint8Array): Buffer {
    const pieces: Uint8Array[] = [];
    for (let index = 0; index === 0 || index * SEGMENT < body.length; index++) {
      const ciphers = this.#ciphers(index);
      pieces.push(through(ciphers, body.subarray(index * SEGMENT, (index + 1) * SEGMENT)));
      pieces.push(sealed(ciphers));
    }
    return Buffer.concat(pieces);
  }

  /**
   * The bytes from `start` to `end` of the plaintext, out of the stored bytes that `storedSpan` names.
   * Throws `BlobDamaged` before a segment that is not authentic.
   */
  async *decrypt(stored: AsyncIterable<Uint8Array>, start: number, end: number): AsyncGenerator<Uint8Array> {
    let index = Math.floor(start / SEGMENT);
    for await (const segment of segmentsOf(stored, this.segment)) {
      const plain = this.#open(segment, index);
      const offset = index * SEGMENT;
      yield plain.subarray(Math.max(start - offset, 0), end - offset);
      index++;
    }
    if (index * SEGMENT < end) throw new BlobDamaged('an encrypted body ends early');
  }

  /** As `decrypt`, for all of a body at hand. */
  decryptBytes(stored: Uint8Array): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (let index = 0; index * this.segment < stored.length; index++) {
      pieces.push(this.#open(stored.subarray(index * this.segment, (index + 1) * this.segment), index));
    }
    return joined(pieces);
  }

  #ciphers(index: number): CipherGCM[] {
    return this.#keys.map(key => createCipheriv(CIPHER, key, nonce(index)));
  }

  #open(segment: Uint8Array, index: number): Buffer {
    return this.#keys.reduceRight((bytes: Uint8Array, key) => opened(bytes, key, index), segment) as Buffer;
  }
}

/** The next bytes of a segment, from the innermost layer out. */
function through(ciphers: readonly CipherGCM[], bytes: Uint8Array): Uint8Array {
  let out = bytes;
  for (const cipher of ciphers) out = cipher.update(out);
  return out;
}

/** Ends a segment: the tag of each layer, encrypted by those around it. */
function sealed(ciphers: readonly CipherGCM[]): Uint8Array {
  const tags = ciphers.map((cipher, layer) => {
    cipher.final();
    return through(ciphers.slice(layer + 1), cipher.getAuthTag());
  });
  return joined(tags);
}

/** A segment without one layer. */
function opened(segment: Uint8Array, key: Uint8Array, index: number): Buffer {
  const content = segment.length - TAG;
  if (content < 0) throw new BlobDamaged('an encrypted body ends early');
  const decipher = createDecipheriv(CIPHER, key, nonce(index));
  decipher.setAuthTag(segment.subarray(content));
  const inside = decipher.update(segment.subarray(0, content));
  try {
    decipher.final();
  } catch (cause) {
    throw new BlobDamaged('a segment of an encrypted body is not authentic', { cause });
  }
  return inside;
}

/** The number of a segment: a key meets each only once. */
function nonce(index: number): Buffer {
  const bytes = Buffer.alloc(NONCE);
  bytes.writeUInt32BE(index, NONCE - 4);
  return bytes;
}

/**
 * The stored bytes that hold a span of plaintext: whole segments. `size`: of the plaintext; `layers`: of the body's
 * key.
 */
export function storedSpan(
  start: number,
  end: number,
  size: number,
  layers: number,
): { readonly start: number; readonly end: number } {
  const tags = layers * TAG;
  const last = Math.ceil(end / SEGMENT);
  return {
    start: Math.floor(start / SEGMENT) * (SEGMENT + tags),
    end: last * SEGMENT >= size ? storedSize(size, layers) : last * (SEGMENT + tags),
  };
}

/** Bytes that a body of `size` bytes takes; `layers`: how often it is encrypted. */
export function storedSize(size: number, layers: number): number {
  return size + Math.max(1, Math.ceil(size / SEGMENT)) * layers * TAG;
}

/** Regroups chunks into stored segments of `length` bytes; the last may be shorter. */
async function* segmentsOf(stored: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of stored) {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + length - held);
      pieces.push(piece);
      held += piece.length;
      at += piece.length;
      if (held < length) continue;
      yield joined(pieces);
      pieces = [];
      held = 0;
    }
  }
  if (held > 0) yield joined(pieces);
}

/** A data key that earlier versions wrapped for one object. Throws `BlobDamaged` for what was not wrapped so. */
export function unwrapKey(wrapping: Uint8Array, wrapped: Uint8Array, bound: string): Buffer {
  const key = open(wrapping, wrapped, bound);
  if (!key) throw new BlobDamaged('a wrapped key is not authentic');
  return key;
}
