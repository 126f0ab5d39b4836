/** Makes a segment of JSON lines. Synchronous: it runs in a thread of its own. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { constants, deflateRawSync } from 'node:zlib';
import { type Alike, isAlike, readerOf } from '../core/event-lines.js';
import { newerFirst } from './query.js';
import { BLOCK, type Footer, writeFooter } from './segment-format.js';
import { TermIndex } from './term-index.js';

interface Entry {
  /** Among the events of the file. */
  readonly number: number;
  readonly line: string;
  readonly alike: readonly Alike[];
  readonly arrived: number;
  readonly eventID: string;
}

/** Writes `target` of the lines in `source`, and removes `source` once `target` is on disk. */
export function sealFile(source: string, target: string): void {
  const text = readFileSync(source, 'utf8');
  const index = new TermIndex();
  const entries = entriesOf(text, index).sort((one, other) => newerFirst(other, one));
  if (entries.length > 0) {
    const draft = `${target}.draft`;
    const file = openSync(draft, 'w', 0o600);
    try {
      for (const part of segmentOf(entries, index)) writeSync(file, part);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, target);
  }
  rmSync(source);
}

/** Adds the events to the index. A process that was killed may leave half a line at the end. */
function entriesOf(text: string, index: TermIndex): Entry[] {
  const reader = readerOf(text);
  const entries: Entry[] = [];
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    if (end < 0) break;
    const line = text.slice(start, end);
    const read = reader.read(line);
    if (!read) continue;
    const { arrived, eventID } = read.own;
    entries.push({ number: entries.length, line, alike: read.alike, arrived, eventID });
    index.add(read);
  }
  return entries;
}

/** The parts of the file, in order. */
function segmentOf(entries: readonly Entry[], index: TermIndex): Buffer[] {
  const blocks = blocksOf(entries);
  const first = entries[0]!.arrived;
  const times = Buffer.alloc(entries.length * 4);
  for (const [number, { arrived }] of entries.entries()) {
    times.writeUInt32LE(Math.min(arrived - first, 0xffff_ffff), number * 4);
  }
  const table = Buffer.alloc(blocks.length * 8);
  let timesAt = 0;
  blocks.forEach(({ bytes, firstEvent }, at) => {
    table.writeUInt32LE(timesAt, at * 8);
    table.writeUInt32LE(firstEvent, at * 8 + 4);
    timesAt += bytes.length;
  });
  const { terms, lists, count } = index.sections(entries.map(({ number }) => number));
  const blocksAt = timesAt + times.length;
  const termsAt = blocksAt + table.length;
  const footer: Footer = {
    events: entries.length,
    blocks: blocks.length,
    terms: count,
    timesAt,
    blocksAt,
    termsAt,
    listsAt: termsAt + terms.length,
    first,
    last: entries.at(-1)!.arrived,
  };
  return [...blocks.map(({ bytes }) => bytes), times, table, terms, lists, writeFooter(footer)];
}

interface Block {
  readonly bytes: Buffer;
  readonly firstEvent: number;
}

function blocksOf(entries: readonly Entry[]): Block[] {
  const blocks: Block[] = [];
  for (let next = 0; next < entries.length; ) {
    const firstEvent = next;
    let text = '';
    const places = new Map<Alike, number>();
    for (; next < entries.length && text.length < BLOCK; next++) {
      const { line, alike } = entries[next]!;
      for (const one of alike) {
        if (places.has(one)) continue;
        places.set(one, text.length);
        text += `${one.line}\n`;
      }
      const [form, client] = alike.map(one => places.get(one));
      text += form === undefined ? `${line}\n` : `[${form},${client},${ownPart(line)}\n`;
    }
    const bytes = deflateRawSync(text, { level: constants.Z_BEST_SPEED });
    blocks.push({ bytes, firstEvent });
  }
  return blocks;
}

/** What is behind the places of its form and its client. */
function ownPart(line: string): string {
  return line.slice(line.indexOf(',', line.indexOf(',') + 1) + 1);
}

/** The lines of the events of a block, in order. */
export function eventLines(block: string): string[] {
  return block.split('\n').filter(line => line !== '' && !isAlike(line));
}
