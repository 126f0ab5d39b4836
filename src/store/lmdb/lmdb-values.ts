/** Values as lmdb-js hands them out. */
import { decodeKey } from '../keys.js';
import type { Entry, Item, ItemPlace, Key, Version } from '../kv.js';
import { valueUnder, verifiedEnd } from './value-checksum.js';

/** Where versions begin whose values end in a checksum. */
export const CHECKED = 2 ** 50;

/** lmdb-js reads into one buffer that it uses again, of which it sets `length` but not the true extent. */
export function copy(shared: Uint8Array, length = shared.length): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  bytes.set(new Uint8Array(shared.buffer, shared.byteOffset, length));
  return bytes;
}

/** What all keys of a range begin with, and how many bytes of a stored key that takes. */
export interface Beginning {
  readonly parts: Key;
  readonly length: number;
}

/** Empty where the stored key is damaged: no key is. */
function keyWithin(bytes: Buffer, start: number, end: number, { parts, length }: Beginning): Key {
  try {
    return decodeKey(bytes, start + length, end, [...parts]);
  } catch {
    return [];
  }
}

/** A row of a range, whole: its key and its value are taken out when they are asked for, as many never are. */
class StoredRow implements Item, ItemPlace {
  readonly version: Version;
  readonly bytes: Buffer;
  readonly start: number;
  readonly keyEnd: number;
  readonly end: number;
  readonly #beginning: Beginning;
  #key: Key | undefined;

  constructor({ bytes, start, keyEnd }: RowReader, end: number, version: Version, beginning: Beginning) {
    this.version = version;
    this.bytes = bytes;
    this.start = start;
    this.keyEnd = keyEnd;
    this.end = end;
    this.#beginning = beginning;
  }

  get key(): Key {
    this.#key ??= keyWithin(this.bytes, this.start, this.keyEnd, this.#beginning);
    return this.#key;
  }

  get value(): Buffer {
    return this.bytes.subarray(this.keyEnd, this.end);
  }

  get place(): ItemPlace {
    return this;
  }
}

/** Bytes of memory that are taken for rows at a time. */
const PIECE = 32 * 1024;

/**
 * The row of a range that lmdb-js reads: its key as it is stored, and behind it its value, so that it takes one
 * checksum. Rows lie one behind the other in pieces of memory that are written once.
 */
export class RowReader {
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  keyEnd = 0;
  /** Behind what is in `bytes` so far. */
  end = 0;
  /** What is stored under the key: in memory that lmdb-js uses again, of which it sets `length` alone. */
  #shared = this.bytes as Uint8Array;
  #length = 0;

  /** A row begins with its key. */
  key(source: Uint8Array, from: number, to: number): void {
    const size = to - from;
    if (this.end + size > this.bytes.length) this.#renew(size);
    this.start = this.end;
    let at = this.start;
    for (let next = from; next < to; next++) this.bytes[at++] = source[next]!;
    this.keyEnd = at;
    this.end = at;
  }

  /** What is stored follows. It is copied when the row is opened, before lmdb-js reads the next one. */
  value(shared: Uint8Array, length: number): void {
    this.#shared = shared;
    this.#length = length;
  }

  /** The row as it was read, or nothing where it is damaged. `beginning`: what its key begins with. */
  opened(version: Version, beginning: Beginning): StoredRow | undefined {
    this.#copyValue();
    const { bytes, start, keyEnd, end } = this;
    if (!Number.isInteger(version) || version < 0) return undefined;
    const valueEnd = verifiedEnd(bytes, start, keyEnd, end);
    if (version >= CHECKED) {
      return valueEnd === undefined ? undefined : new StoredRow(this, valueEnd, version, beginning);
    }
    // Of a value with a checksum it is the version that is damaged.
    return valueEnd === undefined ? new StoredRow(this, end, version, beginning) : undefined;
  }

  /** Of the row, whole or not. Empty where the stored key is damaged. */
  keyOf(beginning: Beginning): Key {
    return keyWithin(this.bytes, this.start, this.keyEnd, beginning);
  }

  #copyValue(): void {
    const { buffer, byteOffset } = this.#shared;
    if (this.keyEnd + this.#length > this.bytes.length) this.#move(this.#length);
    this.bytes.set(new Uint8Array(buffer, byteOffset, this.#length), this.keyEnd);
    this.end = this.keyEnd + this.#length;
  }

  #renew(size: number): void {
    this.bytes = Buffer.allocUnsafeSlow(Math.max(size, PIECE));
    this.end = 0;
  }

  /** The key goes along where its value does not fit. */
  #move(length: number): void {
    const key = this.bytes.subarray(this.start, this.keyEnd);
    this.#renew(key.length + length);
    this.key(key, 0, key.length);
  }
}

/** The value of what is stored, or nothing where it is damaged. `sum`: of the key. */
export function opened(sum: number, stored: Buffer, version: Version): Entry | undefined {
  if (!Number.isInteger(version) || version < 0) return undefined;
  const value = valueUnder(sum, stored);
  if (version >= CHECKED) return value && { value, version };
  // Of a value with a checksum it is the version that is damaged.
  return value ? undefined : { value: stored, version };
}
