/**
 * A file whose content is checked block by block: the content, then the CRC-32 of each block of 64 KiB (the
 * last one may be shorter) as 4 bytes little-endian, then 8 bytes of content length and 8 bytes of magic. The
 * content comes first and unbroken, so writing needs no copy, and a range costs its blocks and their sums.
 */
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from '../../core/crc32.js';
import { BlobDamaged } from '../blobs.js';

const BLOCK = 64 * 1024;
const SUM = 4;
const FOOTER = 16;
const MAGIC = Buffer.from('KGBLOCK1');

/** Bytes gathered before they are written: enough that a system call costs little; twice as many are held per body. */
const WRITE = 512 * 1024;
/** Blocks or segments read at once, and the most that one `yield` carries: each reader holds twice as many. */
const UNITS = 2;

/**
 * Writes `source` and answers its length in bytes. While one batch is being written, the next is gathered: the
 * source waits as soon as both are full. The chunks must not change once they were yielded. What `demandRoom` throws
 * before a batch ends it.
 */
export async function writeBlocks(
  handle: FileHandle,
  source: AsyncIterable<Uint8Array>,
  demandRoom: () => void = () => undefined,
): Promise<number> {
  const sums = new BlockSums();
  let batch: Uint8Array[] = [];
  let gathered = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    demandRoom();
    await writing;
    writing = writeAll(handle, batch);
    // Who awaits it next sees the failure; until then it must not count as unhandled.
    writing.catch(() => undefined);
    batch = [];
    gathered = 0;
  };
  try {
    for await (const chunk of source) {
      if (chunk.length === 0) continue;
      sums.add(chunk);
      batch.push(chunk);
      gathered += chunk.length;
      if (gathered >= WRITE) await flush();
    }
    batch.push(sums.finish(), footerOf(sums.size));
    await flush();
  } finally {
    // The caller closes the file: not under a write, even where the source failed.
    await writing.catch(() => undefined);
  }
  await writing;
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
  const unit = UNITS * segment;
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

/** A single writev may write less than all: when the disk fills up, for one. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let rest = chunks.filter(chunk => chunk.length > 0);
  while (rest.length > 0) {
    let { bytesWritten } = await handle.writev(rest);
    let whole = 0;
    while (whole < rest.length && rest[whole]!.length <= bytesWritten) bytesWritten -= rest[whole++]!.length;
    rest = rest.slice(whole);
    if (bytesWritten > 0) rest[0] = rest[0]!.subarray(bytesWritten);
  }
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
  const readNext = () => readAt(handle, at, Math.min(UNITS * unit, last - at));
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
  }
}

/** The sums of the blocks from `first` to `end` (exclusive), after a check of the footer. */
async function readSums(handle: ReadableFile, size: number, first: number, end: number): Promise<Buffer> {
  const blocks = Math.ceil(size / BLOCK);
  const footerAt = size + blocks * SUM;
  const wanted = (end - first) * SUM;
  const apart = footerAt - (size + first * SUM) - wanted > UNITS * BLOCK;
  const tail = apart
    ? Buffer.concat(
        await Promise.all([readAt(handle, size + first * SUM, wanted), readAt(handle, footerAt, FOOTER)]),
      )
    : await readAt(handle, size + first * SUM, footerAt + FOOTER - (size + first * SUM));
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

async function readAt(handle: ReadableFile, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw new BlobDamaged('the file was cut off');
    at += bytesRead;
  }
  return bytes;
}
