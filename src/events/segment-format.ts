/**
 * A segment: events that are written no more, compressed, with an index. Numbers are little-endian.
 *
 *   blocks    lines as a file of their own has them (`event-lines.ts`), deflated, about 64 KiB each before that; events
 *             in the order of time, then of ids
 *   times     for each event, milliseconds after the first, u32
 *   blocks'   for each block where it begins in the file and the number of its first event, u32 each
 *   terms     for each term its hash, u64, and u32: the number of its only event with the highest bit set, else where
 *             its list begins among the lists; in the order of the hashes
 *   lists     numbers of events, rising: how many, then the differences, as LEB128
 *   footer    FOOTER bytes: see `writeFooter`
 */

/** Bytes of lines in a block. */
export const BLOCK = 64 * 1024;
export const TERM = 12;
export const FOOTER = 64;
/** In `ref` of a term: the rest is the number of an event. */
export const SINGLE = 0x8000_0000;

const MAGIC = 0x4b45_5632;
/** Of segments from before forms, each of whose lines is a whole event. */
const FORMER_MAGIC = 0x4b45_5631;

export interface Footer {
  readonly events: number;
  readonly blocks: number;
  readonly terms: number;
  /** Where the sections begin, bytes. */
  readonly timesAt: number;
  readonly blocksAt: number;
  readonly termsAt: number;
  readonly listsAt: number;
  /** Milliseconds since the epoch, of the oldest event and the newest. */
  readonly first: number;
  readonly last: number;
}

export function writeFooter(footer: Footer): Buffer {
  const bytes = Buffer.alloc(FOOTER);
  const { events, blocks, terms, timesAt, blocksAt, termsAt, listsAt, first, last } = footer;
  for (const [at, value] of [events, blocks, terms, timesAt, blocksAt, termsAt, listsAt].entries()) {
    bytes.writeUInt32LE(value, at * 4);
  }
  bytes.writeDoubleLE(first, 32);
  bytes.writeDoubleLE(last, 40);
  bytes.writeUInt32LE(MAGIC, FOOTER - 4);
  return bytes;
}

/** `undefined` where the bytes are no footer. */
export function readFooter(bytes: Buffer): Footer | undefined {
  if (bytes.length !== FOOTER || ![MAGIC, FORMER_MAGIC].includes(bytes.readUInt32LE(FOOTER - 4)))
    return undefined;
  const number = (at: number) => bytes.readUInt32LE(at * 4);
  return {
    events: number(0),
    blocks: number(1),
    terms: number(2),
    timesAt: number(3),
    blocksAt: number(4),
    termsAt: number(5),
    listsAt: number(6),
    first: bytes.readDoubleLE(32),
    last: bytes.readDoubleLE(40),
  };
}

/** A term's hash: spread evenly, so that a place in the table is guessed well. */
export interface Hash {
  readonly high: number;
  readonly low: number;
}

/** FNV-1a in two lanes, each mixed at the end as MurmurHash3 does. Where hashes are equal, the events decide. */
export function hashOf(term: string): Hash {
  let one = 0x811c_9dc5;
  let other = 0x9747_b28c;
  for (let at = 0; at < term.length; at++) {
    const code = term.charCodeAt(at);
    one = Math.imul(one ^ code, 0x0100_0193);
    other = Math.imul(other ^ code, 0x5bd1_e995) ^ (other >>> 15);
  }
  return { high: mixed(one ^ Math.imul(other, 31)), low: mixed(other + term.length) };
}

function mixed(hash: number): number {
  let made = hash ^ (hash >>> 16);
  made = Math.imul(made, 0x85eb_ca6b);
  made ^= made >>> 13;
  made = Math.imul(made, 0xc2b2_ae35);
  return (made ^ (made >>> 16)) >>> 0;
}
