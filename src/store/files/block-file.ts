/**
 * A file whose content is checked block by block: the content, then the CRC-32 of each block of 64 KiB (the
 * last one may be shorter) as 4 bytes little-endian, then 8 bytes of content length and 8 bytes of magic. The
 * content comes first and unbroken: a range costs its blocks and their sums.
 */
import type { FileHandle } from 'node:fs/promises';
import { BufferPool } from '../../core/buffer-pool.js';
import { crc32 } from '../../core/crc32.js';
import { BlobDamaged } from '../blobs.js';

const BLOCK = 64 * 1024;
const SUM = 4;
const FOOTER = 16;
const MAGIC = Buffer.from('KGBLOCK1');

/**
 * The most that is written or read at once, and that one `yield` carries unless a segment is longer: each writer and
 * reader holds twice as much. Bytes: four blocks, and room for the tags of as many segments.
 */
const PIECE = 4 * (BLOCK + 256);
const pool = new BufferPool(PIECE, 64);

/**
 * Writes `source` and answers its length in bytes. While one piece is being written, the next is gathered: the source
 * waits as soon as both are full. What `demandRoom` throws before a piece ends it.
 */
export async function writeBlocks(
  handle: FileHandle,
  source: AsyncIterable<Uint8Array>,
  demandRoom: () => void = () => undefined,
): Promise<number> {
  const sums = new BlockSums();
  const pieces = new Pieces(true);
  let piece = pieces.take(PIECE);
  let filled = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    demandRoom();
    await writing;
    writing = writeAll(handle, piece.subarray(0, filled));
    // Who awaits it next sees the failure; until then it must not count as unhandled.
    writing.catch(() => undefined);
    piece = pieces.take(PIECE);
    filled = 0;
  };
  const add = async (chunk: Uint8Array): Promise<void> => {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + PIECE - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === PIECE) await flush();
    }
  };
  try {
    for await (const chunk of source) {
      sums.add(chunk);
      await add(chunk);
    }
    await add(sums.finish());
    await add(footerOf(sums.size));
    await flush();
    await writing;
  } finally {
    // The caller closes the file: not under a write, even where the source failed.
    await writing.catch(() => undefined);
    pieces.release();
  }
  return sums.size;
}

/** A file as it would be written, for those who put it elsewhere. The chunks must not change once they were yielded. */
export function blockFile(source: AsyncIterable<Uint8Array>): {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Of the content, bytes; once all was read. */
  size(): number;
} {
  const sums = new BlockSums();
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      if (chunk.length === 0) continue;
      sums.add(chunk);
      yield chunk;
    }
    yield sums.finish();
    yield footerOf(sums.size);
  }
  return { bytes: bytes(), size: () => sums.size };
}

/**
 * The first `length` bytes of a stream in whole segments, a few at a time; of the last ones no more than `wanted`.
 * Throws `BlobDamaged` where the stream ends before.
 */
export async function* segmentsOf(
  stream: AsyncIterable<Uint8Array>,
  segment: number,
  length: number,
  wanted: number,
): AsyncGenerator<Uint8Array> {
  const unit = pieceOf(segment);
  let piece = Buffer.allocUnsafe(Math.min(unit, length));
  let filled = 0;
  let before = 0;
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length && before < length; ) {
      const part = chunk.subarray(at, at + piece.length - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < piece.length) continue;
      yield piece.subarray(0, wanted - before);
      before += filled;
      piece = Buffer.allocUnsafe(Math.min(unit, length - before));
      filled = 0;
    }
    if (before >= length) return;
  }
  if (before < length) throw new BlobDamaged('the file was cut off');
}

/** What is read of a file. */
interface ReadableFile {
  stat(): Promise<{ size: number }>;
  read(target: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
}

/** The sum of each block of a content that comes in chunks of any length. */
class BlockSums {
  size = 0;
  #sums = Buffer.allocUnsafe(64 * SUM);
  #count = 0;
  #current = 0;

  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const room = BLOCK - (this.size % BLOCK);
      const part = chunk.length - at > room ? chunk.subarray(at, at + room) : chunk.subarray(at);
      this.#current = crc32(part, this.#current);
      this.size += part.length;
      at += part.length;
      if (part.length === room) this.#endBlock();
    }
  }

  finish(): Uint8Array {
    if (this.size % BLOCK !== 0) this.#endBlock();
    return this.#sums.subarray(0, this.#count * SUM);
  }

  #endBlock(): void {
    if (this.#count * SUM === this.#sums.length) this.#sums = Buffer.concat([this.#sums, this.#sums]);
    this.#sums.writeUInt32LE(this.#current, this.#count++ * SUM);
    this.#current = 0;
  }
}

function footerOf(size: number): Buffer {
  const footer = Buffer.allocUnsafe(FOOTER);
  footer.writeBigUInt64LE(BigInt(size), 0);
  MAGIC.copy(footer, 8);
  return footer;
}

/** A single write may write less than all: when the disk fills up, for one. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at)).bytesWritten;
}

/** The content length of a file of `length` bytes; `undefined` where no file of ours is that long. */
export function contentSize(length: number): number | undefined {
  const whole = Math.floor((length - FOOTER) / (BLOCK + SUM));
  const rest = length - FOOTER - whole * (BLOCK + SUM);
  if (whole < 0 || (rest > 0 && rest <= SUM)) return undefined;
  return whole * BLOCK + Math.max(0, rest - SUM);
}

/**
 * The content from `start` to `end` (exclusive; default: all), each block checked before any of it is yielded; with
 * `segment` unchecked and in whole segments, see `Blobs.read`. While one piece is being used, the next is read. Throws
 * `BlobDamaged`; `RangeError` for what no content has.
 */
export async function* readBlocks(
  handle: ReadableFile,
  start = 0,
  end?: number,
  segment?: number,
): AsyncGenerator<Uint8Array> {
  const { size: length } = await handle.stat();
  const size = contentSize(length);
  if (size === undefined) throw new BlobDamaged('the file was cut off');
  const stop = end ?? size;
  if (start < 0 || start > stop || stop > size) {
    throw new RangeError(`the blob has ${size} bytes, none from ${start} to ${stop}`);
  }
  const unit = segment ?? BLOCK;
  const first = Math.floor(start / unit);
  const sums =
    segment === undefined ? await readSums(handle, size, first, Math.ceil(stop / BLOCK)) : undefined;
  if (start === stop) return;
  const last = Math.min(size, Math.ceil(stop / unit) * unit);
  let at = first * unit;
  const most = pieceOf(unit);
  const pieces = new Pieces(segment !== undefined && most <= PIECE && last - at > most);
  const readNext = () => readAt(handle, at, pieces.take(Math.min(most, last - at)));
  let next: Promise<Buffer> | undefined = readNext();
  try {
    while (next !== undefined) {
      const piece: Buffer = await next;
      const from = at;
      at += piece.length;
      next = at < last ? readNext() : undefined;
      next?.catch(() => undefined);
      if (sums) checkBlocks(piece, sums, from / BLOCK - first);
      yield piece.subarray(Math.max(0, start - from), Math.min(piece.length, stop - from));
    }
  } finally {
    // The caller closes the file: not under a read.
    await next?.catch(() => undefined);
    pieces.release();
  }
}

/** Bytes: as many whole units as are read at once. */
function pieceOf(unit: number): number {
  return Math.max(1, Math.floor(PIECE / unit)) * unit;
}

/** The memory of one writer or reader. */
class Pieces {
  readonly #pooled: readonly Buffer[];
  #turn = 0;

  /** `reused`: two pieces in turn, where a piece is free again once the next but one is asked for. */
  constructor(reused: boolean) {
    this.#pooled = reused ? [pool.take(), pool.take()] : [];
  }

  take(length: number): Buffer {
    const pooled = this.#pooled[this.#turn++ % 2];
    return pooled ? pooled.subarray(0, length) : Buffer.allocUnsafeSlow(length);
  }

  /** Once, when all writing or reading has ended. */
  release(): void {
    for (const piece of this.#pooled) pool.give(piece);
  }
}

/** The sums of the blocks from `first` to `end` (exclusive), after a check of the footer. */
async function readSums(handle: ReadableFile, size: number, first: number, end: number): Promise<Buffer> {
  const blocks = Math.ceil(size / BLOCK);
  const footerAt = size + blocks * SUM;
  const wanted = (end - first) * SUM;
  const apart = footerAt - (size + first * SUM) - wanted > PIECE;
  const tail = apart
    ? Buffer.concat(
        await Promise.all([
          readAt(handle, size + first * SUM, Buffer.allocUnsafe(wanted)),
          readAt(handle, footerAt, Buffer.allocUnsafe(FOOTER)),
        ]),
      )
    : await readAt(handle, size + first * SUM, Buffer.allocUnsafe(footerAt + FOOTER - (size + first * SUM)));
  if (!tail.subarray(tail.length - FOOTER).equals(footerOf(size)))
    throw new BlobDamaged('the end of the file is damaged');
  return tail.subarray(0, wanted);
}

function checkBlocks(piece: Buffer, sums: Buffer, first: number): void {
  for (let at = 0, block = first; at < piece.length; at += BLOCK, block++) {
    if (crc32(piece.subarray(at, at + BLOCK)) !== sums.readUInt32LE(block * SUM)) {
      throw new BlobDamaged('a block does not match its checksum');
    }
  }
}

/** Fills `bytes`. */
async function readAt(handle: ReadableFile, position: number, bytes: Buffer): Promise<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, position + at);
    if (bytesRead === 0) throw new BlobDamaged('the file was cut off');
    at += bytesRead;
  }
  return bytes;
}
