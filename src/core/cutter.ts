const EMPTY = new Uint8Array(0);

/** Cuts a stream into pieces of known lengths, one behind another. */
export class Cutter {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = EMPTY;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next `length` bytes, in chunks; fewer where the stream ends. One piece is read at a time. */
  async *take(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (this.#rest.length === 0) {
        const next = await this.#source.next();
        if (next.done) return;
        this.#rest = next.value;
        continue;
      }
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** Reads no more of the stream. */
  async end(): Promise<void> {
    await this.#source.return?.();
  }
}
