import { crc32 as zlibCrc32 } from 'node:zlib';
import { type NextCrc, openCrc } from './crc.js';
import { CRC32_MODULE } from './crc-wasm.js';

/** The polynomial, bits reversed. */
export const CRC32 = 0xedb88320n;

/** From so many bytes on, WebAssembly takes half of what zlib's function takes. */
const LONG = 16 * 1024;

let nextCrc32: NextCrc | undefined;

/**
 * The CRC-32 of `bytes`, or of what `before` is the checksum of with `bytes` after it. zlib's function takes a view of
 * no bytes for none at all where the view has no memory, and then answers as if it had begun again.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  if (bytes.length >= LONG) {
    nextCrc32 ??= openCrc(CRC32_MODULE, CRC32);
    return ~Number(nextCrc32(BigInt(~before >>> 0), bytes)) >>> 0;
  }
  return bytes.length === 0 ? before : zlibCrc32(bytes, before);
}

/** Of bytes: no look-up misses. */
type Table = Readonly<Record<number, number>>;
type Tables = readonly [Table, Table, Table, Table, Table, Table, Table, Table];

/** What each byte does to a checksum, from its last place to the eighth before the end. */
const tables = Array.from({ length: 8 }, () => new Int32Array(256));
for (let byte = 0; byte < 256; byte++) {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  tables[0]![byte] = sum;
}
for (let place = 1; place < 8; place++) {
  for (let byte = 0; byte < 256; byte++) {
    const sum = tables[place - 1]![byte]!;
    tables[place]![byte] = (sum >>> 8) ^ tables[0]![sum & 0xff]!;
  }
}
const [T0, T1, T2, T3, T4, T5, T6, T7] = tables as unknown as Tables;

/**
 * The CRC-32 of the bytes from `start` to `end`. For the few hundred bytes of a record, it takes half of what zlib's
 * function takes with the view that it needs.
 */
export function crc32Within(bytes: Uint8Array, start: number, end: number): number {
  let sum = -1;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    sum ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    sum =
      T7[sum & 0xff]! ^
      T6[(sum >>> 8) & 0xff]! ^
      T5[(sum >>> 16) & 0xff]! ^
      T4[sum >>> 24]! ^
      T3[bytes[at + 4]!]! ^
      T2[bytes[at + 5]!]! ^
      T1[bytes[at + 6]!]! ^
      T0[bytes[at + 7]!]!;
  }
  for (; at < end; at++) sum = (sum >>> 8) ^ T0[(sum ^ bytes[at]!) & 0xff]!;
  return ~sum >>> 0;
}
