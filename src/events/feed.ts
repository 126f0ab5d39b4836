/** The events in the order in which they were written, for who passes all of them on. */
import type { Gathered, Selections } from './gather.js';

/** Somewhere events were written one behind the other. */
export interface FeedSource {
  /** No other source ever has the name. */
  readonly name: string;
  /** The place behind what is there, in the source's own measure. */
  readonly end: number;
  /** Whether nothing is added to it any more. */
  readonly isOver: boolean;
}

export interface EventFeed {
  /** All that was not dropped, the oldest first. An event that is not in one of them was written later. */
  sources(): Promise<readonly FeedSource[]>;
  /**
   * What the selections take of a source from the place `from` on: up to `to`, or a bounded part. The same places give
   * the same bodies.
   */
  gather(source: string, from: number, to: number | undefined, selections: Selections): Promise<Gathered>;
  /** Forgets sources that are over. The events can still be searched for. */
  drop(sources: readonly string[]): Promise<void>;
}
