/** Values as lmdb-js hands them out. */
import type { Entry, Version } from '../kv.js';
import { valueUnder } from './value-checksum.js';

/** Where versions begin whose values end in a checksum. */
export const CHECKED = 2 ** 50;

/** lmdb-js reads into one buffer that it uses again, of which it sets `length` but not the true extent. */
export function copy(shared: Uint8Array, length = shared.length): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  bytes.set(new Uint8Array(shared.buffer, shared.byteOffset, length));
  return bytes;
}

/** The value of what is stored, or nothing where it is damaged. `sum`: of the key. */
export function opened(sum: number, stored: Buffer, version: Version): Entry | undefined {
  const value = valueUnder(sum, stored);
  if (version >= CHECKED) return value && { value, version };
  // Of a value with a checksum it is the version that is damaged.
  return value ? undefined : { value: stored, version };
}
