/** What a warehouse does for a run, whichever it is. */
import type { Credentials } from '../../credentials/index.js';
import type { PartContent } from '../part-content.js';
import type { Refused } from '../refusals.js';
import type { Column, StagedPart } from '../rows.js';

/** A table or a query. */
export interface Unloaded {
  readonly table?: string;
  readonly query?: string;
}

/** The rows of a run, and where they are staged. */
export interface StagedRows {
  readonly run: string;
  /** In the order of the records; `undefined`: all of the table. */
  readonly columns: readonly string[] | undefined;
  /** Each part, in order, to be read once. Where it ends, all are staged; it throws where one cannot be. */
  readonly content: AsyncIterable<PartContent>;
  /**
   * All parts and their rows, before any is refused: once `content` has ended, and from the start where parts do not
   * land while others are staged.
   */
  readonly staged: () => Staged;
  /** Writes the records that were refused into the bucket. Called at most once, before the commit. */
  readonly refuse: (refused: readonly Refused[]) => Promise<void>;
  /** For a warehouse that reads and writes the bucket itself. */
  readonly place: Place;
}

/** The run's own place in the bucket. */
export interface Place {
  /** `s3://bucket/staging/orders/RUN/OWNER/` */
  readonly url: string;
  /** The same under the job's prefix. */
  readonly name: string;
  readonly put: (name: string, body: Uint8Array) => Promise<void>;
  readonly get: (name: string) => Promise<Uint8Array | undefined>;
  /** Keys that live so many seconds at least where that is possible: look at `secondsLeft`. */
  readonly keys: (atLeast: number) => Promise<{ readonly keys: Credentials; readonly secondsLeft: number }>;
}

export interface Loaded {
  /** Rows that are in the table by this run. */
  readonly rows: number;
  readonly refused: number;
  /** An earlier process had committed them. */
  readonly before: boolean;
}

/** All parts of a run, in order. */
export interface Staged {
  readonly parts: readonly StagedPart[];
  readonly rows: number;
  /** The record with the names; absent where the source had none. */
  readonly header?: string;
}

/** Where the rows of an unload go, by one of two ways. */
export interface Unloading {
  /**
   * Cuts CSV with a header into parts and stages them. `handedOut` is asked when all is read: how many rows the
   * warehouse has given. Throws `StagingError` where others have arrived.
   */
  readonly stage: (source: AsyncIterable<Uint8Array>, handedOut: () => Promise<number>) => Promise<void>;
  /** The warehouse itself has staged the rows in `place`. */
  readonly staged: (staged: Staged) => Promise<void>;
  readonly place: Place;
}

/** A connection to a warehouse. Its opener closes it. */
export interface Warehouse {
  /**
   * Loads in one transaction, which also writes the run into the table of loads: so rows are loaded once, however often
   * this is called. Throws `StagingError` after a rollback; nothing is loaded then.
   */
  load(rows: StagedRows): Promise<Loaded>;
  /**
   * Stages the rows of a table or a query, all of one moment. Nothing of the warehouse changes by it. Throws
   * `StagingError`.
   */
  unload(into: Unloading): Promise<void>;
  /** The columns of what `unload` gives. Throws what the server answers. */
  columns(): Promise<readonly Column[]>;
  /** What the login may not do that the job does; empty where nothing is missing. Throws what the server answers. */
  missingRights(): Promise<readonly string[]>;
  /**
   * For a warehouse that reads and writes the bucket itself: proves that it can, and says what it did. Objects that it
   * makes are in `place`. Throws what the server answers.
   */
  prove?(place: Place): Promise<string>;
  close(): Promise<void>;
}
