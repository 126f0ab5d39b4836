import type { Objects } from './index.js';

/** How often the clock is looked at: it may be moved. Milliseconds of the machine's time. */
const LOOK_MS = 1000;
/** Between rounds of lifecycle rules, which speak of days and fall due at midnight. */
const HOUR_MS = 3600 * 1000;
/** Between searches for orphaned blobs, which only a crash leaves. */
const DAY_MS = 24 * HOUR_MS;

/**
 * Applies lifecycle rules now and every hour, and deletes orphaned blobs now and every day, by the engine's clock.
 * Answers the function that ends it, which resolves when nothing runs any more. `failed` hears of a round that did
 * not succeed; the next one tries again.
 */
export function startHousekeeping(objects: Objects, failed: (error: unknown) => void): () => Promise<void> {
  const hour = new Interval(HOUR_MS);
  const day = new Interval(DAY_MS);
  const round = async () => {
    const now = objects.clock.now();
    if (hour.isOver(now)) await objects.applyLifecycle();
    if (day.isOver(now)) await objects.sweep();
  };
  let running = round().catch(failed);
  const timer = setInterval(() => {
    running = running.then(round).catch(failed);
  }, LOOK_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** Tells when a length of time has passed, whichever way the clock was moved. */
class Interval {
  readonly #length: number;
  #last = Number.NEGATIVE_INFINITY;

  constructor(length: number) {
    this.#length = length;
  }

  /** Milliseconds since the epoch. Begins anew where it answers true. */
  isOver(now: number): boolean {
    if (Math.abs(now - this.#last) < this.#length) return false;
    this.#last = now;
    return true;
  }
}
