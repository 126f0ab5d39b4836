import type { Chores } from '../../core/chores.js';
import type { Clock } from '../../core/clock.js';
import type { Scheduler } from '../../core/scheduler.js';
import { DAY_MS, HOUR_MS } from '../../core/time.js';

/** How often the clock is looked at: it may be moved. Milliseconds. */
const LOOK_MS = 1000;

/** What housekeeping does of its own. */
interface Upkeep {
  readonly clock: Clock;
  /** Answers how often each of its actions was done. */
  applyLifecycle(): Promise<object>;
  /** Answers how many it deleted. */
  sweep(): Promise<number>;
}

/** Something that is to be done again and again. */
export interface Chore {
  readonly name: string;
  /** Milliseconds by the engine's clock. */
  readonly every: number;
  /** `signal`: it is to come to an end. */
  run(signal: AbortSignal): Promise<unknown>;
}

/**
 * Applies lifecycle rules now and every hour, and deletes orphaned blobs now and every day, by the engine's clock;
 * `further` are what others have done as regularly. Answers the function that ends it, which resolves when nothing runs
 * any more. `failed` hears of what did not succeed; its next turn tries again. `counts` has how it goes.
 */
export function startHousekeeping(
  objects: Upkeep,
  failed: (error: unknown) => void,
  counts: Chores,
  scheduler: Scheduler,
  further: readonly Chore[] = [],
): () => Promise<void> {
  const stop = new AbortController();
  const chores = [
    { name: 'lifecycle', every: HOUR_MS, run: () => applyLifecycle(objects, counts) },
    { name: 'sweep', every: DAY_MS, run: async () => counts.did(SWEPT, await objects.sweep()) },
    ...further,
  ].map(chore => ({ ...chore, interval: new Interval(chore.every) }));
  const round = async () => {
    for (const { name, interval, run } of chores) {
      if (stop.signal.aborted || !interval.isOver(objects.clock.now())) continue;
      await counts.run(name, () => run(stop.signal)).catch(failed);
    }
  };
  let running = round();
  const cancel = scheduler.every(LOOK_MS, () => {
    running = running.then(round);
  });
  return async () => {
    cancel();
    stop.abort();
    await running;
  };
}

/** What a sweep counts, beside what lifecycle rules count by the names in their report. */
export const SWEPT = 'swept';

async function applyLifecycle(objects: Upkeep, counts: Chores): Promise<void> {
  const report = await objects.applyLifecycle();
  for (const [action, times] of Object.entries(report)) counts.did(action, times);
}

/** Tells when a length of time has passed, whichever way the clock was moved. */
class Interval {
  readonly #length: number;
  #last = Number.NEGATIVE_INFINITY;

  constructor(length: number) {
    this.#length = length;
  }

  /** Milliseconds since the epoch. Begins again where it answers true. */
  isOver(now: number): boolean {
    if (Math.abs(now - this.#last) < this.#length) return false;
    this.#last = now;
    return true;
  }
}
