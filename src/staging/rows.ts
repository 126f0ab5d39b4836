/** What is known of rows on their way. */

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

/** A staged part in memory. */
export interface PartContent {
  readonly index: number;
  readonly rows: number;
  /** CSV without a header. */
  readonly bytes: Uint8Array;
  /** The same as gzip; absent where it is not at hand. */
  readonly compressed?: Uint8Array;
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
