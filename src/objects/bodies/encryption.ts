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
/** From so many bytes on a body has longer segments: fewer of them take less, and a range of it is seldom short. */
const LARGE = 1024 * 1024;
/** Of the segments of a large body, the power of two: 256 KiB. */
const LARGE_SEGMENT = 18;
const TAG = 16;
/** Random bytes of a salt. In that of a body with other segments a byte stands behind them: the power of two. */
const SALT = 16;
const NONCE = 12;
const DATA_KEY = 32;
const CIPHER = 'aes-256-gcm';

/**
 * For a new body whose data key serves others, too, or that is large: the salt says how long the segments are, so that
 * it goes wherever the body goes. `length`: of the body, bytes, where it is known.
 */
export function newSalt(length = 0): Uint8Array {
  const salt = randomBytes(SALT);
  return isLarge(length) ? Buffer.concat([salt, Buffer.of(LARGE_SEGMENT)]) : salt;
}

/** Whether a body of so many bytes has longer segments, and a salt that says so. */
export function isLarge(length: number): boolean {
  return length >= LARGE;
}

/** Plaintext bytes of a segment of a body with that salt. Throws `BlobDamaged` for one that is none. */
function segmentOf(salt: Uint8Array | undefined): number {
  const power = salt?.[SALT];
  if (power === undefined) return SEGMENT;
  if (power !== LARGE_SEGMENT) throw new BlobDamaged('a salt of a body is damaged');
  return 2 ** power;
}

/** A body's own key: no two bodies share a key and a nonce, since each has a data key of its own or a salt. */
export class BodyKey {
  readonly salt: Uint8Array | undefined;
  /** Bytes of a whole segment as it is stored. */
  readonly segment: number;
  readonly #plain: number;
  /** One for each layer of encryption, from the innermost. */
  readonly #keys: readonly Uint8Array[];

  /**
   * `dataKey`: 32 bytes for each layer of encryption, the innermost first. `salt`: absent where the data key serves
   * this body alone. Throws `BlobDamaged` for a salt that is none.
   */
  constructor(dataKey: Uint8Array, salt?: Uint8Array) {
    const layers = dataKey.length / DATA_KEY;
    this.salt = salt;
    this.#plain = segmentOf(salt);
    this.segment = this.#plain + layers * TAG;
    this.#keys = Array.from({ length: layers }, (_, layer) => {
      const key = dataKey.subarray(layer * DATA_KEY, (layer + 1) * DATA_KEY);
      return salt ? createHmac('sha256', key).update(salt).digest() : key;
    });
  }

  /** Encrypts a body that comes in chunks. */
  encrypting(): Encrypting {
    return new Encrypting(this.#keys, this.#plain);
  }

  /** The body as it is stored. */
  async *encrypt(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const encrypting = this.encrypting();
    for await (const chunk of body) {
      // Not `yield*`, which takes each step of another generator for one to be waited for.
      for (const piece of encrypting.push(chunk)) yield piece;
    }
    yield encrypting.finish();
  }

  /** As `encrypt`, for a body at hand. */
  encryptBytes(body: Uint8Array): Buffer {
    const encrypting = this.encrypting();
    return Buffer.concat([...encrypting.push(body), encrypting.finish()]);
  }

  /** The stored bytes that hold a span of plaintext: whole segments. `size`: of the plaintext. */
  span(start: number, end: number, size: number): { readonly start: number; readonly end: number } {
    const last = Math.ceil(end / this.#plain);
    return {
      start: Math.floor(start / this.#plain) * this.segment,
      end: last * this.#plain >= size ? storedSize(size, this.#keys.length, this.salt) : last * this.segment,
    };
  }

  /**
   * The bytes from `start` to `end` of the plaintext, out of the stored bytes that `span` names.
   * Throws `BlobDamaged` before a segment that is not authentic.
   */
  async *decrypt(stored: AsyncIterable<Uint8Array>, start: number, end: number): AsyncGenerator<Uint8Array> {
    const regrouping = new Regrouping(this.segment);
    let index = Math.floor(start / this.#plain);
    const open = (segment: Uint8Array): Uint8Array => {
      const plain = this.#open(segment, index);
      const offset = index++ * this.#plain;
      return plain.subarray(Math.max(start - offset, 0), end - offset);
    };
    for await (const chunk of stored) {
      for (const segment of regrouping.push(chunk)) yield open(segment);
    }
    const rest = regrouping.rest();
    if (rest.length > 0) yield open(rest);
    if (index * this.#plain < end) throw new BlobDamaged('an encrypted body ends early');
  }

  /** As `decrypt`, for all of a body at hand. */
  decryptBytes(stored: Uint8Array): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (let index = 0; index * this.segment < stored.length; index++) {
      pieces.push(this.#open(stored.subarray(index * this.segment, (index + 1) * this.segment), index));
    }
    return joined(pieces);
  }

  #open(segment: Uint8Array, index: number): Buffer {
    return this.#keys.reduceRight((bytes: Uint8Array, key) => opened(bytes, key, index), segment) as Buffer;
  }
}

/** A body on its way into the form in which it is stored. */
class Encrypting {
  readonly #keys: readonly Uint8Array[];
  /** Plaintext bytes of a segment. */
  readonly #plain: number;
  #ciphers: readonly CipherGCM[];
  #index = 0;
  #filled = 0;

  constructor(keys: readonly Uint8Array[], plain: number) {
    this.#keys = keys;
    this.#plain = plain;
    this.#ciphers = this.#next();
  }

  /** The chunk is no longer needed once all of this was read. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < chunk.length; ) {
      if (this.#filled === this.#plain) {
        yield sealed(this.#ciphers);
        this.#index++;
        this.#ciphers = this.#next();
        this.#filled = 0;
      }
      const piece = chunk.subarray(at, at + this.#plain - this.#filled);
      yield through(this.#ciphers, piece);
      at += piece.length;
      this.#filled += piece.length;
    }
  }

  finish(): Uint8Array {
    return sealed(this.#ciphers);
  }

  #next(): readonly CipherGCM[] {
    return this.#keys.map(key => createCipheriv(CIPHER, key, nonce(this.#index)));
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

/** Bytes that a body of `size` bytes takes; `layers`: how often it is encrypted; `salt`: its own. */
export function storedSize(size: number, layers: number, salt: Uint8Array | undefined): number {
  return size + Math.max(1, Math.ceil(size / segmentOf(salt))) * layers * TAG;
}

/** Regroups chunks into stored segments of `length` bytes; the last may be shorter. */
class Regrouping {
  readonly #length: number;
  #pieces: Uint8Array[] = [];
  #held = 0;

  constructor(length: number) {
    this.#length = length;
  }

  /** The segments that end in this chunk. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + this.#length - this.#held);
      this.#pieces.push(piece);
      this.#held += piece.length;
      at += piece.length;
      if (this.#held === this.#length) yield this.rest();
    }
  }

  /** What began a segment and did not end it. */
  rest(): Uint8Array {
    const rest = joined(this.#pieces);
    this.#pieces = [];
    this.#held = 0;
    return rest;
  }
}

/** A data key that earlier versions wrapped for one object. Throws `BlobDamaged` for what was not wrapped so. */
export function unwrapKey(wrapping: Uint8Array, wrapped: Uint8Array, bound: string): Buffer {
  const key = open(wrapping, wrapped, bound);
  if (!key) throw new BlobDamaged('a wrapped key is not authentic');
  return key;
}
