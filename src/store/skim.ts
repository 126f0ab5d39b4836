/** Reads some of a stored record and skips the rest: a listing shows a third of what the records of a page hold. */

/** Of the tags from 0xc0 to 0xdf, the bytes behind the tag of a value that always takes as many. */
const FIXED = sized({
  192: 0,
  194: 0,
  195: 0,
  202: 4,
  203: 8,
  204: 1,
  205: 2,
  206: 4,
  208: 1,
  209: 2,
  210: 4,
  // How `undefined` is stored.
  212: 2,
});
/** The bytes of the length of a string or of bytes. */
const LENGTH = sized({ 196: 1, 197: 2, 198: 4, 217: 1, 218: 2, 219: 4 });
/** The bytes of the number of values of an array, or of the pairs of a map. */
const COUNT = sized({ 220: 2, 221: 4, 222: 2, 223: 4 });

function sized(sizes: Readonly<Record<number, number>>): readonly number[] {
  return Array.from({ length: 0x20 }, (_, tag) => sizes[0xc0 + tag] ?? -1);
}

/** A text that records often have. */
export interface Known {
  readonly text: string;
  readonly codes: Uint8Array;
}

/** Texts of ASCII, none longer than 31 characters. */
export function knownTexts(...texts: readonly string[]): readonly Known[] {
  return texts.map(text => ({ text, codes: Buffer.from(text) }));
}

/**
 * Goes through the MessagePack of a record (store/records.ts), value by value. Throws `RangeError` where a value is of
 * another kind than it is asked for, of one that records do not have, or cut short.
 */
export class Skim {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  /** Where the text is that was passed last. */
  textStart = 0;
  textEnd = 0;

  /** The record is from `start` to `end`. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  /** Goes into an array; answers how many values it has. */
  array(): number {
    const tag = this.#tag();
    if (tag >= 0x90 && tag <= 0x9f) return tag - 0x90;
    if (tag === 0xdc || tag === 0xdd) return this.#number(COUNT[tag - 0xc0]!);
    throw unexpected(tag);
  }

  /** Goes into a map; answers how many pairs it has. */
  map(): number {
    const tag = this.#tag();
    if (tag >= 0x80 && tag <= 0x8f) return tag - 0x80;
    if (tag === 0xde || tag === 0xdf) return this.#number(COUNT[tag - 0xc0]!);
    throw unexpected(tag);
  }

  string(): string {
    this.text();
    return this.#bytes.toString('utf8', this.textStart, this.textEnd);
  }

  /** Goes behind a string, of which `textStart` and `textEnd` then tell where it is. */
  text(): void {
    const tag = this.#tag();
    let size = tag - 0xa0;
    if (tag >= 0xd9 && tag <= 0xdb) size = this.#number(LENGTH[tag - 0xc0]!);
    else if (size < 0 || size > 0x1f) throw unexpected(tag);
    this.textStart = this.#at;
    this.#pass(size);
    this.textEnd = this.#at;
  }

  /** As `string`, of one that is most likely among `known`, which takes no new one. */
  oneOf(known: readonly Known[]): string {
    const bytes = this.#bytes;
    // The tag of a short string is its length.
    const size = bytes[this.#at]! - 0xa0;
    for (const { text, codes } of known) {
      if (codes.length !== size) continue;
      let index = 0;
      while (index < size && bytes[this.#at + 1 + index] === codes[index]) index++;
      if (index < size) continue;
      this.#pass(1 + size);
      return text;
    }
    return this.string();
  }

  /** A number that is no less than 0. */
  number(): number {
    const tag = this.#tag();
    if (tag < 0x80) return tag;
    if (tag >= 0xcc && tag <= 0xce) return this.#number(FIXED[tag - 0xc0]!);
    if (tag !== 0xcb) throw unexpected(tag);
    this.#pass(8);
    return this.#bytes.readDoubleBE(this.#at - 8);
  }

  /** Goes behind so many values, whatever they are. */
  skip(count = 1): void {
    for (let left = count; left > 0; left--) {
      const tag = this.#tag();
      if (tag < 0x80 || tag >= 0xe0) continue;
      if (tag < 0x90) left += 2 * (tag - 0x80);
      else if (tag < 0xa0) left += tag - 0x90;
      else if (tag < 0xc0) this.#pass(tag - 0xa0);
      else left += this.#skipSized(tag);
    }
  }

  /** Answers how many values it holds that are still to be skipped. */
  #skipSized(tag: number): number {
    const index = tag - 0xc0;
    if (FIXED[index]! >= 0) this.#pass(FIXED[index]!);
    else if (LENGTH[index]! >= 0) this.#pass(this.#number(LENGTH[index]!));
    else if (COUNT[index]! >= 0) return this.#number(COUNT[index]!) * (tag < 0xde ? 1 : 2);
    else throw unexpected(tag);
    return 0;
  }

  #tag(): number {
    this.#pass(1);
    return this.#bytes[this.#at - 1]!;
  }

  /** Of so many bytes. */
  #number(size: number): number {
    this.#pass(size);
    return this.#bytes.readUIntBE(this.#at - size, size);
  }

  #pass(size: number): void {
    this.#at += size;
    if (this.#at > this.#end) throw new RangeError('a stored record is cut short');
  }
}

function unexpected(tag: number): RangeError {
  return new RangeError(`an unexpected value of kind ${tag.toString(16)} in a stored record`);
}
