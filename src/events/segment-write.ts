/** Makes a segment of JSON lines. Synchronous: it runs in a thread of its own. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { constants, deflateRawSync } from 'node:zlib';
import type { AuditEvent } from './event.js';
import { newerFirst } from './query.js';
import { BLOCK, type Footer, type Hash, hashOf, SINGLE, TERM, writeFooter } from './segment-format.js';
import { termsOf } from './terms.js';

interface Line {
  readonly start: number;
  readonly end: number;
  readonly arrived: number;
  readonly eventID: string;
  readonly terms: readonly string[];
}

/** Writes `target` of the lines in `source`, and removes `source` once `target` is on disk. */
export function sealFile(source: string, target: string): void {
  const text = readFileSync(source);
  const lines = linesOf(text).sort((one, other) => newerFirst(other, one));
  if (lines.length > 0) {
    const draft = `${target}.draft`;
    const file = openSync(draft, 'w', 0o600);
    try {
      for (const part of segmentOf(text, lines)) writeSync(file, part);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, target);
  }
  rmSync(source);
}

const NEW_LINE = 0x0a;

/** A process that was killed may leave half a line at the end. */
function linesOf(text: Buffer): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf(NEW_LINE, start);
    if (end < 0) break;
    const event = eventIn(text.toString('utf8', start, end));
    if (event) {
      const { arrived, eventID } = event;
      lines.push({ start, end: end + 1, arrived, eventID, terms: [...termsOf(event)] });
    }
    start = end + 1;
  }
  return lines;
}

/** `undefined` for a line that is no event, or one from before events had a place in time. */
export function eventIn(line: string): AuditEvent | undefined {
  try {
    const event = JSON.parse(line) as AuditEvent;
    return typeof event.arrived === 'number' && typeof event.eventID === 'string' ? event : undefined;
  } catch {
    return undefined;
  }
}

/** The parts of the file, in order. */
function segmentOf(text: Buffer, lines: readonly Line[]): Buffer[] {
  const blocks = blocksOf(text, lines);
  const first = lines[0]!.arrived;
  const times = Buffer.alloc(lines.length * 4);
  for (const [number, { arrived }] of lines.entries()) {
    times.writeUInt32LE(Math.min(arrived - first, 0xffff_ffff), number * 4);
  }
  const table = Buffer.alloc(blocks.length * 8);
  let timesAt = 0;
  blocks.forEach(({ bytes, firstEvent }, at) => {
    table.writeUInt32LE(timesAt, at * 8);
    table.writeUInt32LE(firstEvent, at * 8 + 4);
    timesAt += bytes.length;
  });
  const { terms, lists, count } = indexOf(lines);
  const blocksAt = timesAt + times.length;
  const termsAt = blocksAt + table.length;
  const footer: Footer = {
    events: lines.length,
    blocks: blocks.length,
    terms: count,
    timesAt,
    blocksAt,
    termsAt,
    listsAt: termsAt + terms.length,
    first,
    last: lines.at(-1)!.arrived,
  };
  return [...blocks.map(({ bytes }) => bytes), times, table, terms, lists, writeFooter(footer)];
}

interface Block {
  readonly bytes: Buffer;
  readonly firstEvent: number;
}

function blocksOf(text: Buffer, lines: readonly Line[]): Block[] {
  const blocks: Block[] = [];
  for (let next = 0; next < lines.length; ) {
    const firstEvent = next;
    const parts: Buffer[] = [];
    for (let size = 0; next < lines.length && size < BLOCK; next++) {
      const { start, end } = lines[next]!;
      parts.push(text.subarray(start, end));
      size += end - start;
    }
    const bytes = deflateRawSync(Buffer.concat(parts), { level: constants.Z_BEST_SPEED });
    blocks.push({ bytes, firstEvent });
  }
  return blocks;
}

interface Posting extends Hash {
  readonly events: number[];
}

function indexOf(lines: readonly Line[]) {
  const postings = new Map<string, Posting>();
  lines.forEach(({ terms }, number) => {
    for (const term of terms) {
      const known = postings.get(term);
      if (known) known.events.push(number);
      else postings.set(term, { ...hashOf(term), events: [number] });
    }
  });
  const sorted = [...postings.values()].sort((a, b) => a.high - b.high || a.low - b.low);
  const terms = Buffer.alloc(sorted.length * TERM);
  const lists: number[] = [];
  sorted.forEach(({ high, low, events }, at) => {
    terms.writeUInt32LE(high, at * TERM);
    terms.writeUInt32LE(low, at * TERM + 4);
    terms.writeUInt32LE(events.length === 1 ? (SINGLE | events[0]!) >>> 0 : lists.length, at * TERM + 8);
    if (events.length > 1) addList(lists, events);
  });
  return { terms, lists: Buffer.from(lists), count: sorted.length };
}

function addList(lists: number[], events: readonly number[]): void {
  addNumber(lists, events.length);
  let before = 0;
  for (const event of events) {
    addNumber(lists, event - before);
    before = event;
  }
}

/** LEB128. */
function addNumber(bytes: number[], value: number): void {
  let left = value;
  while (left > 0x7f) {
    bytes.push((left & 0x7f) | 0x80);
    left >>>= 7;
  }
  bytes.push(left);
}
