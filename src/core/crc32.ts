import { crc32 as zlibCrc32 } from 'node:zlib';

/**
 * The CRC-32 of `bytes`, or of what `before` is the checksum of with `bytes` after it. zlib's function takes a view of
 * no bytes for none at all where the view has no memory, and then answers as if it had begun again.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  return bytes.length === 0 ? before : zlibCrc32(bytes, before);
}
