/**
 * The cyclic redundancy checks that Node lacks, eight or sixteen bytes a step ("slicing"), and the arithmetic that
 * gives the check of joined pieces from the checks of the pieces.
 */
import { crc32 } from '../../core/crc32.js';
import { BYTES_OF_TABLES, MODULE, STEP } from './crc64-wasm.js';
import { copyShared } from './shared-bytes.js';
import { openModule } from './wasm.js';

/** Polynomials, bits reversed as all of S3's checks are. */
const CRC32 = 0xedb88320n;
const CRC32C = 0x82f63b78n;
const CRC64NVME = 0x9a6c9329ac4bc9b5n;

/** A check in progress. */
export interface Crc {
  update(chunk: Uint8Array): void;
  /** Big-endian, as S3 writes it. */
  digest(): Buffer;
}

export class Crc32 implements Crc {
  #value = 0;

  update(chunk: Uint8Array): void {
    this.#value = crc32(chunk, this.#value);
  }

  digest(): Buffer {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(this.#value);
    return bytes;
  }
}

/**
 * `count` tables of 256 entries, one after another: table `k` holds the effect of a byte that has `k` further bytes
 * behind it.
 */
function tables(polynomial: bigint, count: number): BigUint64Array {
  const entries = new BigUint64Array(count * 256);
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

let crc32cTable: Int32Array | undefined;

export class Crc32c implements Crc {
  readonly #table = (crc32cTable ??= Int32Array.from(tables(CRC32C, 8), Number));
  #value = -1;

  update(chunk: Uint8Array): void {
    const table = this.#table;
    let value = this.#value;
    let at = 0;
    for (const stop = chunk.length - 7; at < stop; at += 8) {
      value ^= chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16) | (chunk[at + 3]! << 24);
      value =
        table[1792 + (value & 0xff)]! ^
        table[1536 + ((value >>> 8) & 0xff)]! ^
        table[1280 + ((value >>> 16) & 0xff)]! ^
        table[1024 + (value >>> 24)]! ^
        table[768 + chunk[at + 4]!]! ^
        table[512 + chunk[at + 5]!]! ^
        table[256 + chunk[at + 6]!]! ^
        table[chunk[at + 7]!]!;
    }
    for (; at < chunk.length; at++) value = (value >>> 8) ^ table[(value ^ chunk[at]!) & 0xff]!;
    this.#value = value;
  }

  digest(): Buffer {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(~this.#value);
    return bytes;
  }
}

/** The loop over its memory: the tables first, then room for what is to be checked. */
interface Loop {
  readonly room: Buffer;
  readonly start: number;
  update(crc: bigint, start: number, end: number): bigint;
}

/** What the module exports. */
interface Loop64 extends Pick<Loop, 'update'> {
  readonly memory: { readonly buffer: ArrayBuffer };
}

let crc64Loop: Loop | undefined;

function openLoop(): Loop {
  const { memory, update } = openModule<Loop64>(MODULE);
  new BigUint64Array(memory.buffer).set(tables(CRC64NVME, STEP));
  return { room: Buffer.from(memory.buffer, BYTES_OF_TABLES), start: BYTES_OF_TABLES, update };
}

export class Crc64Nvme implements Crc {
  readonly #loop = (crc64Loop ??= openLoop());
  #value = -1n;

  update(chunk: Uint8Array): void {
    const { room, start, update } = this.#loop;
    for (let at = 0; at < chunk.length; at += room.length) {
      const piece = chunk.length <= room.length ? chunk : chunk.subarray(at, at + room.length);
      copyShared(piece, room);
      this.#value = update(this.#value, start, start + piece.length);
    }
  }

  digest(): Buffer {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64BE(~this.#value);
    return bytes;
  }
}

const POLYNOMIALS = { CRC32, CRC32C, CRC64NVME } as const;

export type CrcName = keyof typeof POLYNOMIALS;

/** A piece of a body: its check (big-endian) and its length in bytes. */
export interface CheckedPiece {
  readonly digest: Uint8Array;
  readonly size: number;
}

/** The check of the pieces joined, from the checks of the pieces. */
export function joinCrcs(name: CrcName, pieces: readonly CheckedPiece[]): Buffer {
  const polynomial = POLYNOMIALS[name];
  const width = name === 'CRC64NVME' ? 64n : 32n;
  const shifts = new Map<number, bigint>();
  let joined = 0n;
  for (const { digest, size } of pieces) {
    let shift = shifts.get(size);
    if (shift === undefined) shifts.set(size, (shift = powerOfX(8 * size, polynomial, width)));
    joined = multiply(joined, shift, polynomial, width) ^ BigInt(`0x${Buffer.from(digest).toString('hex')}`);
  }
  return Buffer.from(joined.toString(16).padStart(Number(width) / 4, '0'), 'hex');
}

/** Product of two polynomials over GF(2), modulo the check's. Bit `width - 1` is the coefficient of x^0. */
function multiply(a: bigint, b: bigint, polynomial: bigint, width: bigint): bigint {
  let product = 0n;
  let shifted = b;
  for (let bit = 1n << (width - 1n); bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
  }
  return product;
}

function powerOfX(exponent: number, polynomial: bigint, width: bigint): bigint {
  let power = 1n << (width - 1n);
  let square = 1n << (width - 2n);
  for (let rest = BigInt(exponent); rest > 0n; rest >>= 1n) {
    if (rest & 1n) power = multiply(power, square, polynomial, width);
    square = multiply(square, square, polynomial, width);
  }
  return power;
}
