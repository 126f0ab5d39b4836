/**
 * Follows a range as LMDB goes through it. LMDB takes a damaged page as it comes: a key of no length looks like the end
 * of the range, and keys may come out of order. So a range is read on until it meets a key that lies behind it.
 */

/** What lmdb-js is asked for. */
interface Asked {
  readonly start: Buffer;
  readonly end: Buffer;
  readonly reverse: boolean;
  readonly exclusiveStart: boolean;
  readonly versions: true;
}

/** No bound, for lmdb-js. */
const NONE = Buffer.alloc(0);
/** Behind every stored key. */
export const TOP = Buffer.of(0xff, 0xff, 0xff);

export class RangeCheck {
  readonly range: Asked;
  readonly #low: Buffer;
  readonly #high: Buffer;
  readonly #reverse: boolean;
  /** Begins with the last key. */
  #last: Buffer | undefined;
  #length = 0;
  #inOrder = true;
  #ended = false;

  /** `low`: inclusive, `high`: exclusive, as stored keys. */
  constructor(low: Buffer, high: Buffer, reverse: boolean) {
    this.#low = low;
    this.#high = high;
    this.#reverse = reverse;
    this.range = reverse
      ? { start: high, end: NONE, reverse, exclusiveStart: true, versions: true }
      : { start: low, end: TOP, reverse, exclusiveStart: false, versions: true };
  }

  /** Whether each key came behind the one before it, and none before the range. */
  get inOrder(): boolean {
    return this.#inOrder;
  }

  /** Whether the last key lies behind the range. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The last key. */
  get last(): Buffer | undefined {
    return this.#last?.subarray(0, this.#length);
  }

  /**
   * Hears of the next key: the first bytes of a row, so many, as they are stored. The row is not changed afterwards.
   */
  key(row: Buffer, length = row.length): void {
    if (this.#isBefore(row, length)) this.#inOrder = false;
    const end = this.#reverse ? this.#low : this.#high;
    const order = end.compare(row, 0, length);
    this.#ended = this.#reverse ? order > 0 : order <= 0;
    this.#last = row;
    this.#length = length;
  }

  /** Whether there may be no further key. `edge`: the key at that end of the store. */
  mayEnd(edge: Buffer | undefined): boolean {
    const { last } = this;
    if (last !== undefined) return edge !== undefined && last.equals(edge);
    return edge === undefined || this.#isBefore(edge, edge.length);
  }

  /** Whether a key does not lie behind the last one, or lies before the range. */
  #isBefore(row: Buffer, length: number): boolean {
    const last = this.#last;
    if (last === undefined) {
      return this.#reverse ? this.#high.compare(row, 0, length) <= 0 : this.#low.compare(row, 0, length) > 0;
    }
    const order = last.compare(row, 0, length, 0, this.#length);
    return this.#reverse ? order <= 0 : order >= 0;
  }
}
