/** Makes a segment of JSON lines. Synchronous: it runs in a thread of its own. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { constants, deflateRawSync } from 'node:zlib';
import type { AuditEvent } from './event.js';
import { newerFirst } from './query.js';
import { BLOCK, type Footer, writeFooter } from './segment-format.js';
import { TermIndex } from './term-index.js';

interface Line {
  /** Among the lines of the file. */
  readonly number: number;
  readonly start: number;
  readonly end: number;
  readonly arrived: number;
  readonly eventID: string;
}

/** Writes `target` of the lines in `source`, and removes `source` once `target` is on disk. */
export function sealFile(source: string, target: string): void {
  const text = readFileSync(source);
  const index = new TermIndex();
  const lines = linesOf(text, index).sort((one, other) => newerFirst(other, one));
  if (lines.length > 0) {
    const draft = `${target}.draft`;
    const file = openSync(draft, 'w', 0o600);
    try {
      for (const part of segmentOf(text, lines, index)) writeSync(file, part);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, target);
  }
  rmSync(source);
}

const NEW_LINE = 0x0a;

/** Adds the events to the index. A process that was killed may leave half a line at the end. */
function linesOf(text: Buffer, index: TermIndex): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf(NEW_LINE, start);
    if (end < 0) break;
    const event = eventIn(text.toString('utf8', start, end));
    if (event) {
      const { arrived, eventID } = event;
      lines.push({ number: lines.length, start, end: end + 1, arrived, eventID });
      index.add(event);
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
function segmentOf(text: Buffer, lines: readonly Line[], index: TermIndex): Buffer[] {
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
  const { terms, lists, count } = index.sections(lines.map(({ number }) => number));
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
