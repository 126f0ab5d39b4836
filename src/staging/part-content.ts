/** Rows in memory, between where they are staged and where they land. */
import { gzipped } from './gzip.js';
import type { CutRecords } from './records.js';

/** A part in memory. */
export class PartContent {
  readonly index: number;
  readonly rows: number;
  /** CSV without a header. */
  readonly bytes: Uint8Array;
  #compressed: Promise<Uint8Array> | undefined;

  /** `compressed`: the same as gzip, where it is at hand. */
  constructor(index: number, { bytes, rows }: CutRecords, compressed?: Uint8Array) {
    this.index = index;
    this.rows = rows;
    this.bytes = bytes;
    if (compressed) this.#compressed = Promise.resolve(compressed);
  }

  /** As gzip; compressed once. */
  compressed(): Promise<Uint8Array> {
    this.#compressed ??= gzipped(this.bytes);
    return this.#compressed;
  }
}

/** Rows between where they are staged and where they land. */
export interface RowsInParts {
  /** The record with the names; absent where the source has none. */
  readonly header: string | undefined;
  /** In order, to be read once. Their end comes after the state says that all are staged. */
  readonly parts: AsyncGenerator<PartContent>;
}
