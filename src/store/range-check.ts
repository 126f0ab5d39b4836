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
  /** Where the last key is. */
  #last: Uint8Array | undefined;
  #start = 0;
  #end = 0;
  /** So many bytes at the beginning of the last key are those of the range's end. */
  #shared = 0;
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
  get last(): Uint8Array | undefined {
    return this.#last?.subarray(this.#start, this.#end);
  }

  /** Hears of the next key, as it is stored: where it begins and ends. It is not changed afterwards. */
  key(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const last = this.#last;
    const far = this.#reverse ? this.#low : this.#high;
    if (last === undefined) {
      this.#inOrder = !this.#isBefore(bytes, start, end);
      this.#shared = sharedBytes(far, 0, far.length, bytes, start, end);
      this.#ended = this.#isBehind(bytes, start, end);
    } else {
      const shared = sharedBytes(last, this.#start, this.#end, bytes, start, end);
      const order = orderAt(shared, last, this.#start, this.#end, bytes, start, end);
      if (this.#reverse ? order <= 0 : order >= 0) this.#inOrder = false;
      // Where a key shares more with the one before it than that one with the end, it lies on the same side of the end;
      // where less, it has gone past it.
      if (shared < this.#shared) {
        this.#ended = true;
        this.#shared = shared;
      } else if (shared === this.#shared) {
        this.#shared += sharedBytes(far, shared, far.length, bytes, start + shared, end);
        this.#ended = this.#isBehind(bytes, start, end);
      }
    }
    this.#last = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** Whether there may be no further key. `edge`: the key at that end of the store. */
  mayEnd(edge: Uint8Array | undefined): boolean {
    const { last } = this;
    if (last === undefined) return edge === undefined || this.#isBefore(edge, 0, edge.length);
    return edge !== undefined && Buffer.compare(last, edge) === 0;
  }

  /** Whether a key, the first, lies before the range. */
  #isBefore(bytes: Uint8Array, start: number, end: number): boolean {
    const near = this.#reverse ? this.#high : this.#low;
    const shared = sharedBytes(near, 0, near.length, bytes, start, end);
    const order = orderAt(shared, near, 0, near.length, bytes, start, end);
    return this.#reverse ? order <= 0 : order > 0;
  }

  /** Whether a key lies behind the range. */
  #isBehind(bytes: Uint8Array, start: number, end: number): boolean {
    const far = this.#reverse ? this.#low : this.#high;
    const order = orderAt(this.#shared, far, 0, far.length, bytes, start, end);
    return this.#reverse ? order > 0 : order <= 0;
  }
}

/** How many bytes two keys have alike at their beginning. Most are so short that `Buffer.compare` would take longer. */
function sharedBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const most = Math.min(aEnd - aStart, bEnd - bStart);
  let shared = 0;
  while (shared < most && a[aStart + shared] === b[bStart + shared]) shared++;
  return shared;
}

/** The order of two keys that share so many bytes; a key is before those that go on behind it. */
function orderAt(
  shared: number,
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const left = aStart + shared < aEnd ? a[aStart + shared]! : -1;
  const right = bStart + shared < bEnd ? b[bStart + shared]! : -1;
  return left - right;
}
