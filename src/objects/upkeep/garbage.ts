import { Background } from '../../core/background.js';
import type { Clock } from '../../core/clock.js';
import { type Scheduler, systemScheduler } from '../../core/scheduler.js';
import { Slices } from '../../core/slices.js';
import { DAY_MS } from '../../core/time.js';
import type { Blobs } from '../../store/blobs.js';
import { type Kv, under } from '../../store/kv.js';
import { areBlobsHeld } from '../bodies/blob-hold.js';

/** A blob that nothing refers to may still be on its way into its commit: only older ones are orphans. */
export const ORPHAN_AGE_MS = DAY_MS;

const DELETED_AT_ONCE = 32;

/**
 * Asks the other processes on the same stores which of the blobs somebody reads there. Those are left to them: each
 * deletes what it named once its readers are done (`Garbage.leave`).
 */
export type ReadElsewhere = (blobs: readonly string[]) => Promise<ReadonlySet<string>>;

const nowhereElse: ReadElsewhere = async () => new Set();

/**
 * Deletes blobs that nothing refers to any more. A blob that is still being read is deleted when the reader is done,
 * by the process that it reads in.
 */
export class Garbage {
  readonly #kv: Kv;
  readonly #blobs: Blobs;
  readonly #clock: Clock;
  readonly #readElsewhere: ReadElsewhere;
  readonly #delay: number;
  readonly #scheduler: Scheduler;
  /** Readers per blob. */
  readonly #readers = new Map<string, number>();
  readonly #waiting = new Set<string>();
  readonly #deletions = new Set<Promise<void>>();
  /** Not deleted since all were held: they go with the next ones. */
  readonly #kept = new Set<string>();

  /**
   * `delay`: milliseconds that a blob outlives its last reference, for readers on other machines. What this process
   * does not live to delete is left to the sweep.
   */
  constructor(
    kv: Kv,
    blobs: Blobs,
    clock: Clock,
    readElsewhere: ReadElsewhere = nowhereElse,
    delay = 0,
    scheduler: Scheduler = systemScheduler,
  ) {
    this.#kv = kv;
    this.#blobs = blobs;
    this.#clock = clock;
    this.#readElsewhere = readElsewhere;
    this.#delay = delay;
    this.#scheduler = scheduler;
  }

  hold(blob: string): void {
    this.#readers.set(blob, (this.#readers.get(blob) ?? 0) + 1);
  }

  release(blob: string): void {
    const left = this.#readers.get(blob)! - 1;
    if (left > 0) {
      this.#readers.set(blob, left);
      return;
    }
    this.#readers.delete(blob);
    if (this.#waiting.delete(blob)) this.discard([blob]);
  }

  /**
   * Deletes those of the blobs that nothing refers to, behind the caller's back: the commit that dropped the
   * reference has succeeded, and what fails here is found again by `sweep`.
   */
  discard(blobs: readonly string[]): void {
    if (blobs.length === 0) return;
    if (this.#delay === 0) this.#discardNow(blobs);
    else this.#scheduler.after(this.#delay, () => this.#discardNow(blobs));
  }

  #discardNow(blobs: readonly string[]): void {
    const mine = new Set(this.leave(blobs));
    const unread = blobs.filter(blob => !mine.has(blob));
    if (unread.length === 0) return;
    unread.push(...this.#kept);
    this.#kept.clear();
    const deletion = this.#delete(unread).catch(() => undefined);
    this.#deletions.add(deletion);
    void deletion.then(() => this.#deletions.delete(deletion));
  }

  /** Those of the blobs that are being read in this process: it deletes them when their readers are done. */
  leave(blobs: readonly string[]): string[] {
    const read = blobs.filter(blob => this.#readers.has(blob));
    for (const blob of read) this.#waiting.add(blob);
    return read;
  }

  /** Resolves once all deletions begun so far have ended. */
  async settle(): Promise<void> {
    await Promise.all(this.#deletions);
  }

  /** Deletes the blobs that a crash left without reference, until `signal` ends it. Answers how many. */
  async sweep(signal?: AbortSignal): Promise<number> {
    const before = this.#clock.now() - ORPHAN_AGE_MS;
    let swept = 0;
    const background = new Background();
    for await (const { id, modified } of this.#blobs.list()) {
      if (signal?.aborted) break;
      await background.pause();
      if (modified < before && (await this.#deleteUnreferenced(id))) swept++;
    }
    return swept;
  }

  async #delete(blobs: readonly string[]): Promise<void> {
    const elsewhere = await this.#readElsewhere(blobs);
    const slices = new Slices();
    const left = blobs.filter(blob => !elsewhere.has(blob));
    while (left.length > 0) {
      await Promise.all(left.splice(0, DELETED_AT_ONCE).map(blob => this.#deleteUnreferenced(blob)));
      await slices.pause();
    }
  }

  /**
   * New references are made only from records that hold one, or for a blob just written: once there is none,
   * there will be none.
   */
  async #deleteUnreferenced(blob: string): Promise<boolean> {
    const references = await this.#kv.list({ ...under(['blob', blob]), limit: 1 });
    if (references.length > 0) return false;
    if (await areBlobsHeld(this.#kv, this.#clock.now())) {
      this.#kept.add(blob);
      return false;
    }
    await this.#blobs.delete(blob);
    return true;
  }
}
