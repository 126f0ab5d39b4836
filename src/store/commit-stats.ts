import { Histogram } from '../core/histogram.js';

/** What a store's commits have taken since the process opened it. Plain numbers: metrics read them. */
export class CommitStats {
  /** Commits whose checks held, and those whose checks did not. */
  applied = 0;
  refused = 0;
  /** Batches that the store could not write. */
  failed = 0;
  /** Commits that went to the disk together. */
  readonly sizes = new Histogram([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
  /** From the beginning of a batch until it was on disk, seconds. */
  readonly seconds = new Histogram([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]);

  /** Batches that were sent again, since another server was in their way or their connection broke off. */
  retried = 0;
  /** Connections that commit, where there are such: how many, and how many of them are at work. */
  lanes: { readonly all: number; busy(): number } | undefined;

  /** `applied`: of the batch's commits, those whose checks held. `time`: milliseconds. */
  batch(size: number, applied: number, time: number): void {
    this.applied += applied;
    this.refused += size - applied;
    this.sizes.observe(size);
    this.seconds.observe(time / 1000);
  }
}
