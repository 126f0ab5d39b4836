/** Which events of a segment have which terms: many events, most of whose terms are few and always the same. */
import type { Alike, Line } from '../core/event-lines.js';
import { type Hash, hashOf, SINGLE, TERM } from './segment-format.js';
import { eachClientTerm, eachFormTerm, eachIdTerm, eachResourceTerm } from './terms.js';

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
  /** The terms of each form and client. */
  readonly #alike = new Map<Alike, readonly number[]>();
  /** How many events have a term, and which one had it last, by the term's number. */
  readonly #counts: number[] = [];
  readonly #latest: number[] = [];
  /** The numbers of the terms of all events, one event after another. */
  readonly #terms = new Numbers();
  /** Where an event's terms end. */
  readonly #ends: number[] = [];
  /** Of terms that hardly two events have: the hash, and the event. To number them would take longer than all else. */
  readonly #rare = new Numbers();

  /** Takes the terms of an event, each once. The events count from 0. */
  add({ alike, own }: Line): void {
    const event = this.#ends.length;
    const note = (term: string) => this.#note(this.#numberOf(term), event);
    for (const one of alike) for (const term of this.#termsOf(one)) this.#note(term, event);
    if (alike.length === 0) {
      eachFormTerm(own, note);
      eachClientTerm(own, note);
    }
    eachResourceTerm(own, note);
    eachIdTerm(own, term => {
      const { high, low } = hashOf(term);
      this.#rare.push(high);
      this.#rare.push(low);
      this.#rare.push(event);
    });
    this.#ends.push(this.#terms.length);
  }

  #termsOf(alike: Alike): readonly number[] {
    const known = this.#alike.get(alike);
    if (known) return known;
    const terms: number[] = [];
    const each = alike.own.length > 0 ? eachFormTerm : eachClientTerm;
    each(alike.event, term => terms.push(this.#numberOf(term)));
    this.#alike.set(alike, terms);
    return terms;
  }

  #numberOf(term: string): number {
    let number = this.#numbers.get(term);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(term, number);
      this.#counts.push(0);
      this.#latest.push(-1);
    }
    return number;
  }

  #note(number: number, event: number): void {
    if (this.#latest[number] === event) return;
    this.#latest[number] = event;
    this.#counts[number]!++;
    this.#terms.push(number);
  }

  /** `order`: the events in the order in which the segment has them, by the numbers that they have here. */
  sections(order: readonly number[]): IndexSections {
    const found = this.#found(order);
    const terms = Buffer.alloc(found.length * TERM);
    const lists = Buffer.allocUnsafe(
      LONGEST_NUMBER * (this.#terms.length + this.#rare.length + found.length),
    );
    let length = 0;
    let count = 0;
    for (let at = 0; at < found.length; count++) {
      const { high, low, events } = found[at]!;
      let own = events;
      // The same id, of several events.
      for (at++; found[at]?.high === high && found[at]!.low === low; at++)
        own = union(own, found[at]!.events);
      terms.writeUInt32LE(high, count * TERM);
      terms.writeUInt32LE(low, count * TERM + 4);
      terms.writeUInt32LE(own.length === 1 ? (SINGLE | own[0]!) >>> 0 : length, count * TERM + 8);
      if (own.length > 1) length = writeList(lists, length, own);
    }
    return { terms: terms.subarray(0, count * TERM), lists: lists.subarray(0, length), count };
  }

  /** Each term and its events, in the order of the hashes; those of equal ones stand side by side. */
  #found(order: readonly number[]): Found[] {
    const places = new Uint32Array(order.length);
    for (let place = 0; place < order.length; place++) places[order[place]!] = place;
    const { events, ends } = this.#eventsByTerm(order);
    const found: Found[] = [];
    for (const [term, number] of this.#numbers) {
      const own = events.subarray(ends[number]! - this.#counts[number]!, ends[number]!);
      found.push({ ...hashOf(term), events: own });
    }
    const rare = this.#rare;
    for (let at = 0; at < rare.length; at += 3) {
      found.push({ high: rare.at(at), low: rare.at(at + 1), events: [places[rare.at(at + 2)]!] });
    }
    return sorted(found);
  }

  /** The events of the first term, rising, then those of the second …, and where those of each end. */
  #eventsByTerm(order: readonly number[]) {
    const events = new Uint32Array(this.#terms.length);
    const ends = new Uint32Array(this.#counts.length);
    for (let term = 1; term < ends.length; term++) ends[term] = ends[term - 1]! + this.#counts[term - 1]!;
    for (let place = 0; place < order.length; place++) {
      const event = order[place]!;
      for (let at = event === 0 ? 0 : this.#ends[event - 1]!; at < this.#ends[event]!; at++) {
        events[ends[this.#terms.at(at)]!++] = place;
      }
    }
    return { events, ends };
  }
}

interface Found extends Hash {
  /** Rising. */
  readonly events: ArrayLike<number>;
}

/**
 * By their hashes: numbers are sorted in a tenth of the time that a function takes that compares. At most 2 ** 21 of
 * them, beyond which a number would not be exact: a file of lines has fewer.
 */
function sorted(found: readonly Found[]): Found[] {
  const count = found.length;
  const keys = Float64Array.from(found, ({ high }, at) => high * count + at).sort();
  const order = Array.from(keys, key => found[key % count]!);
  // Of the same upper half of the hash: few.
  for (let at = 1; at < count; at++) {
    const one = order[at]!;
    let to = at;
    for (; to > 0 && order[to - 1]!.high === one.high && order[to - 1]!.low > one.low; to--)
      order[to] = order[to - 1]!;
    order[to] = one;
  }
  return order;
}

function union(one: ArrayLike<number>, other: ArrayLike<number>): number[] {
  return [...new Set([...Array.from(one), ...Array.from(other)])].sort((a, b) => a - b);
}

/** Of 32 bits each. */
class Numbers {
  #values = new Uint32Array(1 << 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  at(index: number): number {
    return this.#values[index]!;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Uint32Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }
}

/** Writes how many there are, then the differences. Returns where it ends. */
function writeList(bytes: Buffer, start: number, events: ArrayLike<number>): number {
  let at = writeNumber(bytes, start, events.length);
  let before = 0;
  for (let number = 0; number < events.length; number++) {
    const event = events[number]!;
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
