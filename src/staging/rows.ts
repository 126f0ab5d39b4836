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

/** A column as DuckDB names its type: `DECIMAL(10,2)`. */
export interface Column {
  readonly name: string;
  readonly type: string;
}
