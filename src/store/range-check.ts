/**
 * Follows a range as LMDB goes through it. LMDB takes a damaged page as it comes: a key of no length looks like the end of
 * the range, and keys may come out of order. So a range is read on until it meets a key that lies behind it.
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
  #last: Buffer | undefined;
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
    return this.#last;
  }

  /** Hears of the next key, as it is stored. */
  key(stored: Uint8Array): void {
    const { before, behind } = this.#place(stored);
    if (before) this.#inOrder = false;
    this.#ended = behind;
    this.#last = Buffer.from(stored);
  }

  /** Whether there may be no further key. `edge`: the key at that end of the store. */
  mayEnd(edge: Buffer | undefined): boolean {
    if (this.#last !== undefined) return edge !== undefined && this.#last.equals(edge);
    return edge === undefined || this.#place(edge).before;
  }

  #place(key: Uint8Array): { readonly before: boolean; readonly behind: boolean } {
    const last = this.#last;
    if (this.#reverse) {
      return {
        before: Buffer.compare(key, last ?? this.#high) >= 0,
        behind: Buffer.compare(key, this.#low) < 0,
      };
    }
    return {
      before: last === undefined ? Buffer.compare(key, this.#low) < 0 : Buffer.compare(key, last) <= 0,
      behind: Buffer.compare(key, this.#high) >= 0,
    };
  }
}
