/**
 * What stands behind each stored value: 4 bytes, little-endian, the CRC-32 of its key and itself. Neither LMDB nor
 * PostgreSQL without data checksums would notice a flipped bit.
 */
import { crc32, crc32Within } from '../../core/crc32.js';

const SUM = 4;

/** A value as it is stored. `key`: encoded. */
export function checkedValue(key: Uint8Array, value: Uint8Array): Buffer {
  const stored = Buffer.allocUnsafe(value.length + SUM);
  stored.set(value);
  stored.writeUInt32LE(crc32(value, crc32(key)), value.length);
  return stored;
}

/** The value of what is stored, a part of the same memory; undefined where it is damaged. `key`: encoded. */
export function verifiedValue(key: Uint8Array, stored: Buffer): Buffer | undefined {
  return valueUnder(crc32(key), stored);
}

/**
 * Where the value ends of a row that is whole; undefined where it is damaged. Within `bytes`, its key is from `start`
 * to `keyEnd`, and behind it what is stored, up to `end`.
 */
export function verifiedEnd(bytes: Buffer, start: number, keyEnd: number, end: number): number | undefined {
  const valueEnd = end - SUM;
  if (valueEnd < keyEnd || crc32Within(bytes, start, valueEnd) !== bytes.readUInt32LE(valueEnd))
    return undefined;
  return valueEnd;
}

/** As `verifiedValue`, by the checksum of the key. */
export function valueUnder(keySum: number, stored: Buffer): Buffer | undefined {
  const end = stored.length - SUM;
  if (end < 0) return undefined;
  const value = stored.subarray(0, end);
  return crc32(value, keySum) === stored.readUInt32LE(end) ? value : undefined;
}
