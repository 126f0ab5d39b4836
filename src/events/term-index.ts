/** Which events of a segment have which terms: many events, most of whose terms are few and always the same. */
import type { AuditEvent } from './event.js';
import { hashOf, SINGLE, TERM } from './segment-format.js';
import { eachTerm } from './terms.js';

/** Sections of a segment: `segment-format.ts`. */
interface IndexSections {
  readonly terms: Buffer;
  readonly lists: Buffer;
  /** Of terms. */
  readonly count: number;
}

/** Bytes of a number of 32 bits as LEB128, at most. */
const LONGEST_NUMBER = 5;

export class TermIndex {
  /** A term's number: the terms are numbered as they come. */
  readonly #numbers = new Map<string, number>();
  /** How many events have a term, and which one had it last, by the term's number. */
  readonly #counts: number[] = [];
  readonly #latest: number[] = [];
  /** The numbers of the terms of all events, one event after another. */
  #terms = new Uint32Array(1 << 16);
  #length = 0;
  /** Where an event's terms end. */
  readonly #ends: number[] = [];

  /** Takes the terms of an event, each once. The events count from 0. */
  add(event: AuditEvent): void {
    const number = this.#ends.length;
    eachTerm(event, term => this.#addTerm(term, number));
    this.#ends.push(this.#length);
  }

  #addTerm(term: string, event: number): void {
    let number = this.#numbers.get(term);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(term, number);
      this.#counts.push(0);
    } else if (this.#latest[number] === event) return;
    this.#latest[number] = event;
    this.#counts[number]!++;
    if (this.#length === this.#terms.length) {
      const larger = new Uint32Array(2 * this.#length);
      larger.set(this.#terms);
      this.#terms = larger;
    }
    this.#terms[this.#length++] = number;
  }

  /** `order`: the events in the order in which the segment has them, by the numbers that they have here. */
  sections(order: readonly number[]): IndexSections {
    const { events, ends } = this.#eventsByTerm(order);
    const hashes = [...this.#numbers.keys()].map(hashOf);
    const count = hashes.length;
    const sorted = Uint32Array.from(hashes.keys()).sort((a, b) => {
      const [one, other] = [hashes[a]!, hashes[b]!];
      return one.high - other.high || one.low - other.low;
    });
    const terms = Buffer.alloc(count * TERM);
    const lists = Buffer.allocUnsafe(LONGEST_NUMBER * (events.length + count));
    let length = 0;
    for (let at = 0; at < count; at++) {
      const term = sorted[at]!;
      const { high, low } = hashes[term]!;
      const own = events.subarray(ends[term]! - this.#counts[term]!, ends[term]!);
      terms.writeUInt32LE(high, at * TERM);
      terms.writeUInt32LE(low, at * TERM + 4);
      terms.writeUInt32LE(own.length === 1 ? (SINGLE | own[0]!) >>> 0 : length, at * TERM + 8);
      if (own.length > 1) length = writeList(lists, length, own);
    }
    return { terms, lists: lists.subarray(0, length), count };
  }

  /** The events of the first term, rising, then those of the second …, and where those of each end. */
  #eventsByTerm(order: readonly number[]) {
    const events = new Uint32Array(this.#length);
    const ends = new Uint32Array(this.#counts.length);
    for (let term = 1; term < ends.length; term++) ends[term] = ends[term - 1]! + this.#counts[term - 1]!;
    for (let place = 0; place < order.length; place++) {
      const event = order[place]!;
      for (let at = event === 0 ? 0 : this.#ends[event - 1]!; at < this.#ends[event]!; at++) {
        events[ends[this.#terms[at]!]!++] = place;
      }
    }
    return { events, ends };
  }
}

/** Writes how many there are, then the differences. Returns where it ends. */
function writeList(bytes: Buffer, start: number, events: Uint32Array): number {
  let at = writeNumber(bytes, start, events.length);
  let before = 0;
  for (const event of events) {
    at = writeNumber(bytes, at, event - before);
    before = event;
  }
  return at;
}

/** LEB128. Returns where it ends. */
function writeNumber(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let left = value;
  while (left > 0x7f) {
    bytes[at++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  bytes[at++] = left;
  return at;
}
