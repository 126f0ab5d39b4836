/** What is known of rows on their way. */
import { gzipped } from './gzip.js';
import type { CutRecords } from './records.js';

/** A staged object. */
export interface StagedPart {
  /** From 0, in the order of the rows. */
  readonly index: number;
  /** Under the job's prefix. */
  readonly name: string;
  readonly rows: number;
  /** Before compression, as is the checksum. */
  readonly bytes: number;
  /** In hexadecimal; absent where the warehouse itself has written the object. */
  readonly sha256?: string;
}

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

/** A column as DuckDB names its type: `DECIMAL(10,2)`. */
export interface Column {
  readonly name: string;
  readonly type: string;
}
