/** What happens in a run, one event each. Bytes are before compression. */
export type StagingEvent =
  | { readonly event: 'started'; readonly run: string; readonly step: string }
  /** With what an earlier process has staged and compared. */
  | {
      readonly event: 'resumed';
      readonly run: string;
      readonly step: string;
      readonly parts: number;
      readonly rows: number;
      readonly bytes: number;
    }
  /** `read`: the share of the source files that is read, from 0 to 1; absent where it is not known. */
  | {
      readonly event: 'part-staged';
      readonly part: number;
      readonly rows: number;
      readonly bytes: number;
      readonly read?: number;
    }
  | { readonly event: 'staged'; readonly parts: number; readonly rows: number }
  | { readonly event: 'part-landed'; readonly part: number; readonly rows: number; readonly bytes: number }
  /** The warehouse is away: it is asked again in so many seconds. */
  | { readonly event: 'waiting'; readonly seconds: number; readonly reason: string }
  /** `before`: an earlier process had committed them already. */
  | {
      readonly event: 'committed';
      readonly rows: number;
      readonly refused: number;
      readonly before: boolean;
    }
  /** The records that the table has refused are in the error file. */
  | { readonly event: 'refused'; readonly file: string; readonly records: number }
  | { readonly event: 'written'; readonly file: string; readonly rows: number }
  | { readonly event: 'landed'; readonly rows: number }
  | { readonly event: 'removed'; readonly objects: number }
  | { readonly event: 'done'; readonly run: string; readonly rows: number; readonly refused: number };

/** Called at once when it happens: the work waits until it returns. */
export type Hear = (event: StagingEvent) => void;
