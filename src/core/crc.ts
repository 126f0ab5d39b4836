/** Cyclic redundancy checks of up to 64 bits, bits reversed. */
import { ROOM, ROOM_BYTES, STEP } from './crc-wasm.js';
import { copyShared } from './shared-bytes.js';
import { openModule } from './wasm.js';

/** The check of all bytes so far and these, from that of all so far; both before their bits are complemented. */
export type NextCrc = (crc: bigint, bytes: Uint8Array) => bigint;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  update(crc: bigint, start: number, end: number): bigint;
}

/** `module`: one of crc-wasm.ts, which must be that of the polynomial. It takes some 400 KB of memory. */
export function openCrc(module: string, polynomial: bigint): NextCrc {
  const { memory, update } = openModule<Exports>(module);
  new BigUint64Array(memory.buffer).set(tables(polynomial));
  const room = Buffer.from(memory.buffer, ROOM, ROOM_BYTES);
  return (crc, bytes) => {
    let value = crc;
    for (let at = 0; at < bytes.length; at += ROOM_BYTES) {
      const piece = bytes.length <= ROOM_BYTES ? bytes : bytes.subarray(at, at + ROOM_BYTES);
      copyShared(piece, room);
      value = update(value, ROOM, ROOM + piece.length);
    }
    return value;
  };
}

/**
 * `STEP` tables of 256 entries, one after another: table `k` holds the effect of a byte that has `k` further bytes
 * behind it.
 */
function tables(polynomial: bigint): BigUint64Array {
  const entries = new BigUint64Array(STEP * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    entries[byte] = value;
  }
  for (let at = 256; at < entries.length; at++) {
    const value = entries[at - 256]!;
    entries[at] = (value >> 8n) ^ entries[Number(value & 0xffn)]!;
  }
  return entries;
}
