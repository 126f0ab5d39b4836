/**
 * The cyclic redundancy checks of S3: CRC-32 by Node, the others, which Node lacks, in WebAssembly; and the arithmetic that
 * gives the check of joined pieces from the checks of the pieces.
 */
import { crc32 } from '../../core/crc32.js';
import { CRC32C_MODULE, CRC64_MODULE, ROOM, ROOM_BYTES, STEP } from './crc-wasm.js';
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

/** A module of crc-wasm.ts, and the part of its memory that takes what is to be checked. */
interface Machine {
  readonly room: Buffer;
  update(crc: bigint, start: number, end: number): bigint;
}

interface Exports extends Pick<Machine, 'update'> {
  readonly memory: { readonly buffer: ArrayBuffer };
}

function openMachine(module: string, polynomial: bigint): Machine {
  const { memory, update } = openModule<Exports>(module);
  new BigUint64Array(memory.buffer).set(tables(polynomial, STEP));
  return { room: Buffer.from(memory.buffer, ROOM, ROOM_BYTES), update };
}

class WebAssemblyCrc implements Crc {
  readonly #machine: Machine;
  /** Of the check, bytes. */
  readonly #width: number;
  #value: bigint;

  constructor(machine: Machine, width: number) {
    this.#machine = machine;
    this.#width = width;
    this.#value = BigInt.asUintN(8 * width, -1n);
  }

  update(chunk: Uint8Array): void {
    const { room, update } = this.#machine;
    for (let at = 0; at < chunk.length; at += room.length) {
      const piece = chunk.length <= room.length ? chunk : chunk.subarray(at, at + room.length);
      copyShared(piece, room);
      this.#value = update(this.#value, ROOM, ROOM + piece.length);
    }
  }

  digest(): Buffer {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64BE(BigInt.asUintN(64, ~this.#value));
    return bytes.subarray(8 - this.#width);
  }
}

let crc32c: Machine | undefined;

export class Crc32c extends WebAssemblyCrc {
  constructor() {
    super((crc32c ??= openMachine(CRC32C_MODULE, CRC32C)), 4);
  }
}

let crc64: Machine | undefined;

export class Crc64Nvme extends WebAssemblyCrc {
  constructor() {
    super((crc64 ??= openMachine(CRC64_MODULE, CRC64NVME)), 8);
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
