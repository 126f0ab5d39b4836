/** What is stored of a run. */
import type { Column, StagedPart } from './rows.js';

/**
 * `staging`: parts are being written. `staged`: all are. `landed`: the rows are in the table, or in the file.
 * `done`: the parts are removed, or left as the job says.
 */
export type RunStep = 'staging' | 'staged' | 'landed' | 'done';

export interface RunState {
  readonly format: 1;
  readonly run: string;
  /** Who may write this object: changes with every process that goes on with the run. */
  readonly owner: string;
  /** What the job does, as a checksum: a run goes on only with the same. */
  readonly fingerprint: string;
  readonly step: RunStep;
  readonly parts: readonly StagedPart[];
  /** The record with the names, where the files have one. */
  readonly header?: string;
  /** For an unload into Parquet. */
  readonly columns?: readonly Column[];
  readonly rows: number;
  /** Of `rows`, once they have landed; absent where it is none. */
  readonly refused?: number;
}
