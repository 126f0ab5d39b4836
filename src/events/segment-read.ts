/** Finds events in a segment by its index. Synchronous: it runs in a thread of its own. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import type { AuditEvent } from '../core/cloudtrail.js';
import { type LineReader, readerOf } from '../core/event-lines.js';
import { type EventQuery, matches } from './query.js';
import { FOOTER, type Footer, type Hash, hashOf, readFooter, SINGLE, TERM } from './segment-format.js';
import { eventLines } from './segment-write.js';

/** Terms that are read at once where the hash lets a term be expected: four deviations to either side in most files. */
const WINDOW = 1400;

export class Segment {
  readonly #file: number;
  readonly #size: number;
  readonly #footer: Footer;
  #times: Buffer | undefined;
  #blocks: Buffer | undefined;
  #opened:
    | { readonly number: number; readonly lines: readonly string[]; readonly reader: LineReader }
    | undefined;

  private constructor(file: number, size: number, footer: Footer) {
    this.#file = file;
    this.#size = size;
    this.#footer = footer;
  }

  /** `undefined` where the file is gone, or no segment. */
  static open(path: string): Segment | undefined {
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch {
      return undefined;
    }
    const { size } = fstatSync(file);
    const footer = size < FOOTER ? undefined : readFooter(read(file, size - FOOTER, FOOTER));
    if (footer) return new Segment(file, size, footer);
    closeSync(file);
    return undefined;
  }

  get first(): number {
    return this.#footer.first;
  }

  get last(): number {
    return this.#footer.last;
  }

  close(): void {
    closeSync(this.#file);
  }

  /** The events that answer the query, newest first. */
  *find(query: EventQuery): Generator<AuditEvent> {
    const numbers = this.#candidates(query);
    for (let at = numbers.length - 1; at >= 0; at--) {
      const event = this.#event(numbers[at]!);
      if (event && matches(event, query)) yield event;
    }
  }

  /** Numbers of events that may be meant, rising. */
  #candidates({ terms, from, to, after }: EventQuery): ArrayLike<number> {
    const lists: Uint32Array[] = [];
    for (const some of terms) {
      const found = some.map(term => this.#ref(hashOf(term))).filter(ref => ref !== undefined);
      if (found.length === 0) return [];
      // What all events have in common, like the account of most servers, leaves none out.
      if (found.some(ref => this.#isInAll(ref))) continue;
      lists.push(found.length === 1 ? this.#list(found[0]!) : union(found.map(ref => this.#list(ref))));
    }
    const first = from === undefined ? 0 : this.#firstSince(from);
    const end = this.#firstSince(Math.min(to ?? Number.MAX_VALUE, after?.arrived ?? Number.MAX_VALUE) + 1);
    if (lists.length === 0) return range(first, end);
    lists.sort((one, other) => one.length - other.length);
    let left: Uint32Array = lists[0]!.filter(number => number >= first && number < end);
    for (const list of lists.slice(1)) left = intersection(left, list);
    return left;
  }

  /** The number of the first event that arrived at that time or later, milliseconds since the epoch. */
  #firstSince(time: number): number {
    const { events, first, last, timesAt } = this.#footer;
    if (time <= first) return 0;
    if (time > last) return events;
    const times = (this.#times ??= read(this.#file, timesAt, events * 4));
    let low = 0;
    let high = events;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (first + times.readUInt32LE(middle * 4) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isInAll(ref: number): boolean {
    const { events } = this.#footer;
    if (ref >= SINGLE) return events === 1;
    return decoded(this.#listBytes(ref, 5), 1)?.[0] === events;
  }

  #list(ref: number): Uint32Array {
    if (ref >= SINGLE) return Uint32Array.of(ref - SINGLE);
    // Most lists are short: a long one is read again as a whole.
    const bytes = this.#listBytes(ref, 512);
    const [count = 0] = decoded(bytes, 1) ?? [];
    const list = decoded(bytes, count + 1) ?? decoded(this.#listBytes(ref, 5 * (count + 1)), count + 1)!;
    for (let at = 2; at <= count; at++) list[at]! += list[at - 1]!;
    return list.subarray(1);
  }

  #listBytes(start: number, length: number): Buffer {
    const at = this.#footer.listsAt + start;
    return read(this.#file, at, Math.min(this.#size - FOOTER - at, length));
  }

  /** Hashes are spread evenly: one read where the term must be about, and by halves where it is not. */
  #ref(hash: Hash): number | undefined {
    const { terms, termsAt } = this.#footer;
    const guess = Math.floor((hash.high / 2 ** 32) * terms);
    let low = Math.max(0, guess - WINDOW / 2);
    let high = Math.min(terms, guess + WINDOW / 2);
    let table = read(this.#file, termsAt + low * TERM, (high - low) * TERM);
    const isOutside =
      high > low &&
      ((low > 0 && compare(table, 0, hash) > 0) ||
        (high < terms && compare(table, (high - low - 1) * TERM, hash) < 0));
    if (isOutside) {
      [low, high] = [0, terms];
      table = read(this.#file, termsAt, terms * TERM);
    }
    let [from, to] = [0, high - low];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (compare(table, middle * TERM, hash) < 0) from = middle + 1;
      else to = middle;
    }
    const found = from < high - low && compare(table, from * TERM, hash) === 0;
    return found ? table.readUInt32LE(from * TERM + 8) : undefined;
  }

  #event(number: number): AuditEvent | undefined {
    const { blocks, blocksAt, timesAt } = this.#footer;
    const table = (this.#blocks ??= read(this.#file, blocksAt, blocks * 8));
    let low = 0;
    let high = blocks;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (table.readUInt32LE(middle * 8 + 4) <= number) low = middle;
      else high = middle;
    }
    if (this.#opened?.number !== low) {
      const start = table.readUInt32LE(low * 8);
      const end = low + 1 < blocks ? table.readUInt32LE((low + 1) * 8) : timesAt;
      const text = inflateRawSync(read(this.#file, start, end - start)).toString('utf8');
      this.#opened = { number: low, lines: eventLines(text), reader: readerOf(text) };
    }
    const { lines, reader } = this.#opened!;
    return reader.event(lines[number - table.readUInt32LE(low * 8 + 4)] ?? '');
  }
}

function read(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, length));
  const count = readSync(file, bytes, 0, bytes.length, at);
  return bytes.subarray(0, count);
}

function compare(table: Buffer, at: number, { high, low }: Hash): number {
  return table.readUInt32LE(at) - high || table.readUInt32LE(at + 4) - low;
}

/** LEB128: so many numbers; `undefined` where the bytes end before. */
function decoded(bytes: Buffer, count: number): Uint32Array | undefined {
  const values = new Uint32Array(count);
  let at = 0;
  for (let number = 0; number < count; number++) {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= bytes.length) return undefined;
      const byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    values[number] = value;
  }
  return values;
}

function range(first: number, end: number): Uint32Array {
  return Uint32Array.from({ length: Math.max(0, end - first) }, (_, at) => first + at);
}

function union(lists: readonly Uint32Array[]): Uint32Array {
  const all = new Set<number>();
  for (const list of lists) for (const number of list) all.add(number);
  return Uint32Array.from(all).sort();
}

/** Of rising numbers. */
function intersection(one: Uint32Array, other: Uint32Array): Uint32Array {
  const both: number[] = [];
  for (let a = 0, b = 0; a < one.length && b < other.length; ) {
    if (one[a]! < other[b]!) a++;
    else if (one[a]! > other[b]!) b++;
    else {
      both.push(one[a]!);
      a++;
      b++;
    }
  }
  return Uint32Array.from(both);
}
