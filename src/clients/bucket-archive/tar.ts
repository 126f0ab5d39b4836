/** Archives as tar files ("ustar Interchange Format", POSIX.1-2017, pax), read and written as streams. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ArchiveWriter, Entry } from './archive.js';
import { Pieces } from './pieces.js';

const BLOCK = 512;
/** What eleven octal digits hold; larger sizes are binary, as GNU tar and others write them. */
const OCTAL_LIMIT = 8 ** 11;
const SIZE_AT = 124;
const SIZE_LENGTH = 12;
const SUM_AT = 148;
const SUM_LENGTH = 8;

/** Writes a new file; rejects where it exists. */
export async function tarWriter(path: string): Promise<ArchiveWriter> {
  const file = await open(path, 'wx');
  return {
    earlier: [],
    recordsFirst: true,
    async write(name, size, body) {
      await file.writeFile(headerOf(name, size));
      let written = 0;
      for await (const chunk of body) {
        await file.writeFile(chunk);
        written += chunk.length;
      }
      if (written !== size) throw new Error(`${name}: ${written} bytes came in place of ${size}`);
      await file.writeFile(Buffer.alloc(paddingOf(size)));
    },
    async close() {
      await file.writeFile(Buffer.alloc(2 * BLOCK));
      await file.sync();
      await file.close();
    },
  };
}

/** The regular files in a tar. Throws where it is cut off or is no tar. */
export async function* tarEntries(path: string): AsyncGenerator<Entry> {
  const input = new Pieces(createReadStream(path, { highWaterMark: 1024 * 1024 }));
  for (;;) {
    const header = Buffer.concat(await collect(input.take(BLOCK)));
    if (header.every(byte => byte === 0)) return;
    demandSum(header, path);
    const size = sizeIn(header);
    const left = { bytes: size };
    const type = header[156];
    if (type === 0x30 || type === 0) {
      const name = header.toString('utf8', 0, 100).replace(/\0.*$/s, '').replace(/^\.\//, '');
      yield { name, size, body: input.take(size, left) };
    }
    for await (const _ of input.take(left.bytes + paddingOf(size)));
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return pieces;
}

const paddingOf = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

/** `name`: at most 100 bytes of ASCII. */
function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  if (size < OCTAL_LIMIT) header.write(`${size.toString(8).padStart(11, '0')}\0`, SIZE_AT);
  else {
    header[SIZE_AT] = 0x80;
    header.writeBigUInt64BE(BigInt(size), SIZE_AT + SIZE_LENGTH - 8);
  }
  header.write('00000000000\0', 136);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write(`${sumOf(header).toString(8).padStart(6, '0')}\0 `, SUM_AT);
  return header;
}

function sizeIn(header: Buffer): number {
  if (header[SIZE_AT]! & 0x80) return Number(header.readBigUInt64BE(SIZE_AT + SIZE_LENGTH - 8));
  return octalAt(header, SIZE_AT, SIZE_LENGTH);
}

function demandSum(header: Buffer, path: string): void {
  if (octalAt(header, SUM_AT, SUM_LENGTH) !== sumOf(header))
    throw new Error(`${path} is no tar file, or damaged`);
}

function octalAt(header: Buffer, at: number, length: number): number {
  return Number.parseInt(header.toString('latin1', at, at + length).replace(/[\0 ]+$/, ''), 8);
}

/** The sum of all bytes, those of the sum itself counting as spaces. */
function sumOf(header: Buffer): number {
  let sum = SUM_LENGTH * 0x20;
  for (let at = 0; at < BLOCK; at++) if (at < SUM_AT || at >= SUM_AT + SUM_LENGTH) sum += header[at]!;
  return sum;
}
