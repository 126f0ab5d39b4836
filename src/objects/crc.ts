/**
 * The cyclic redundancy checks that Node lacks, eight bytes a step ("slicing"), and the arithmetic that
 * gives the check of joined pieces from the checks of the pieces.
 */
import { crc32 } from '../store/crc32.js';

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
 * Table `k` holds the effect of a byte that has `k` further bytes behind it; tables lie one after another,
 * 256 entries each, low and high halves apart.
 */
function tables(polynomial: bigint): { readonly low: Int32Array; readonly high: Int32Array } {
  const low = new Int32Array(8 * 256);
  const high = new Int32Array(8 * 256);
  const first: bigint[] = [];
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    first.push(value);
  }
  for (let byte = 0; byte < 256; byte++) {
    let value = first[byte]!;
    for (let table = 0; table < 8; table++) {
      low[table * 256 + byte] = Number(value & 0xffffffffn);
      high[table * 256 + byte] = Number(value >> 32n);
      value = (value >> 8n) ^ first[Number(value & 0xffn)]!;
    }
  }
  return { low, high };
}

let crc32cTable: Int32Array | undefined;

export class Crc32c implements Crc {
  readonly #table = (crc32cTable ??= tables(CRC32C).low);
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

let crc64Tables: ReturnType<typeof tables> | undefined;

export class Crc64Nvme implements Crc {
  readonly #tables = (crc64Tables ??= tables(CRC64NVME));
  #low = -1;
  #high = -1;

  update(chunk: Uint8Array): void {
    const { low: lows, high: highs } = this.#tables;
    let low = this.#low;
    let high = this.#high;
    let at = 0;
    for (const stop = chunk.length - 7; at < stop; at += 8) {
      low ^= chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16) | (chunk[at + 3]! << 24);
      high ^= chunk[at + 4]! | (chunk[at + 5]! << 8) | (chunk[at + 6]! << 16) | (chunk[at + 7]! << 24);
      const a = 1792 + (low & 0xff);
      const b = 1536 + ((low >>> 8) & 0xff);
      const c = 1280 + ((low >>> 16) & 0xff);
      const d = 1024 + (low >>> 24);
      const e = 768 + (high & 0xff);
      const f = 512 + ((high >>> 8) & 0xff);
      const g = 256 + ((high >>> 16) & 0xff);
      const h = high >>> 24;
      low = lows[a]! ^ lows[b]! ^ lows[c]! ^ lows[d]! ^ lows[e]! ^ lows[f]! ^ lows[g]! ^ lows[h]!;
      high = highs[a]! ^ highs[b]! ^ highs[c]! ^ highs[d]! ^ highs[e]! ^ highs[f]! ^ highs[g]! ^ highs[h]!;
    }
    for (; at < chunk.length; at++) {
      const entry = (low ^ chunk[at]!) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ lows[entry]!;
      high = (high >>> 8) ^ highs[entry]!;
    }
    this.#low = low;
    this.#high = high;
  }

  digest(): Buffer {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeInt32BE(~this.#high, 0);
    bytes.writeInt32BE(~this.#low, 4);
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
