/**
 * The cyclic redundancy checks of S3, and the arithmetic that gives the check of joined pieces from the checks of the
 * pieces.
 */
import { type NextCrc, openCrc } from '../../core/crc.js';
import { CRC32C_MODULE, CRC64_MODULE } from '../../core/crc-wasm.js';
import { CRC32, crc32 } from '../../core/crc32.js';

/** Polynomials, bits reversed as all of S3's checks are. */
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

class WebAssemblyCrc implements Crc {
  readonly #next: NextCrc;
  /** Of the check, bytes. */
  readonly #width: number;
  #value: bigint;

  constructor(next: NextCrc, width: number) {
    this.#next = next;
    this.#width = width;
    this.#value = BigInt.asUintN(8 * width, -1n);
  }

  update(chunk: Uint8Array): void {
    this.#value = this.#next(this.#value, chunk);
  }

  digest(): Buffer {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64BE(BigInt.asUintN(64, ~this.#value));
    return bytes.subarray(8 - this.#width);
  }
}

let nextCrc32c: NextCrc | undefined;

export class Crc32c extends WebAssemblyCrc {
  constructor() {
    super((nextCrc32c ??= openCrc(CRC32C_MODULE, CRC32C)), 4);
  }
}

let nextCrc64: NextCrc | undefined;

export class Crc64Nvme extends WebAssemblyCrc {
  constructor() {
    super((nextCrc64 ??= openCrc(CRC64_MODULE, CRC64NVME)), 8);
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
