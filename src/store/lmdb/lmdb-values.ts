/** Values as lmdb-js hands them out. */
import type { Entry, Version } from '../kv.js';
import { valueUnder, verifiedBehind } from './value-checksum.js';

/** Where versions begin whose values end in a checksum. */
export const CHECKED = 2 ** 50;

/** lmdb-js reads into one buffer that it uses again, of which it sets `length` but not the true extent. */
export function copy(shared: Uint8Array, length = shared.length): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  bytes.set(new Uint8Array(shared.buffer, shared.byteOffset, length));
  return bytes;
}

/**
 * A row of a range: its key as it is stored, and behind it its value. One piece of memory, so that it takes one
 * checksum. `length`: of the value.
 */
export function rowOf(key: Uint8Array, shared: Uint8Array, length: number): Buffer {
  const row = Buffer.allocUnsafe(key.length + length);
  row.set(key);
  row.set(new Uint8Array(shared.buffer, shared.byteOffset, length), key.length);
  return row;
}

/** What a row holds behind its key, or nothing where it is damaged. */
export function openedRow(row: Buffer, keyLength: number, version: Version): Entry | undefined {
  return entryOf(verifiedBehind(row, keyLength), () => row.subarray(keyLength), version);
}

/** The value of what is stored, or nothing where it is damaged. `sum`: of the key. */
export function opened(sum: number, stored: Buffer, version: Version): Entry | undefined {
  return entryOf(valueUnder(sum, stored), () => stored, version);
}

/** `value`: without its checksum, where that holds. */
function entryOf(value: Buffer | undefined, stored: () => Buffer, version: Version): Entry | undefined {
  if (!Number.isInteger(version) || version < 0) return undefined;
  if (version >= CHECKED) return value && { value, version };
  // Of a value with a checksum it is the version that is damaged.
  return value ? undefined : { value: stored(), version };
}
