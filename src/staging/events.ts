/** What happens in a run, one event each. Bytes are before compression. */
export type StagingEvent =
  | { readonly event: 'started' | 'resumed'; readonly run: string; readonly step: string }
  | { readonly event: 'part-staged'; readonly part: number; readonly rows: number; readonly bytes: number }
  | { readonly event: 'staged'; readonly parts: number; readonly rows: number }
  | { readonly event: 'part-landed'; readonly part: number; readonly rows: number; readonly bytes: number }
  /** `before`: an earlier process had committed them already. */
  | { readonly event: 'committed'; readonly rows: number; readonly before: boolean }
  | { readonly event: 'written'; readonly file: string; readonly rows: number }
  | { readonly event: 'landed'; readonly rows: number }
  | { readonly event: 'removed'; readonly objects: number }
  | { readonly event: 'done'; readonly run: string; readonly rows: number };

/** Called at once when it happens: the work waits until it returns. */
export type Hear = (event: StagingEvent) => void;
