/**
 * Memory for the bytes of large bodies, used again and again. New memory for each piece costs more than filling it: its
 * pages have to be made, and what lives longer than a moment V8 only frees after it has marked its whole heap.
 */
export class BufferPool {
  /** Bytes of each. */
  readonly size: number;
  readonly #kept: number;
  readonly #free: Buffer[] = [];

  /** `kept`: so many wait for their next use; their memory is not given back. */
  constructor(size: number, kept: number) {
    this.size = size;
    this.#kept = kept;
  }

  /** With bytes of earlier uses in it. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.size);
  }

  /** Once, when it is no longer read. One that is never given back is no loss. */
  give(buffer: Buffer): void {
    if (this.#free.length < this.#kept) this.#free.push(buffer);
  }
}
