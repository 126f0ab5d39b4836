import { type Chores, startChores } from '../../core/chores.js';
import type { Clock } from '../../core/clock.js';
import type { Scheduler } from '../../core/scheduler.js';
import { DAY_MS, HOUR_MS } from '../../core/time.js';

/** What housekeeping does of its own. */
interface Upkeep {
  readonly clock: Clock;
  /** Answers how often each of its actions was done. */
  applyLifecycle(signal: AbortSignal): Promise<object>;
  /** Answers how many it deleted. */
  sweep(signal: AbortSignal): Promise<number>;
}

/**
 * Applies lifecycle rules now and every hour, and deletes orphaned blobs now and every day, by the engine's clock.
 * Answers the function that ends it, which resolves when nothing runs any more. `failed` hears of what did not succeed;
 * its next turn tries again. `counts` has how it goes.
 */
export function startHousekeeping(
  objects: Upkeep,
  failed: (error: unknown) => void,
  counts: Chores,
  scheduler: Scheduler,
): () => Promise<void> {
  return startChores({ clock: objects.clock, scheduler, counts, failed }, [
    { name: 'lifecycle', every: HOUR_MS, run: signal => applyLifecycle(objects, counts, signal) },
    { name: 'sweep', every: DAY_MS, run: async signal => counts.did(SWEPT, await objects.sweep(signal)) },
  ]);
}

/** What a sweep counts, beside what lifecycle rules count by the names in their report. */
export const SWEPT = 'swept';

async function applyLifecycle(objects: Upkeep, counts: Chores, signal: AbortSignal): Promise<void> {
  const report = await objects.applyLifecycle(signal);
  for (const [action, times] of Object.entries(report)) counts.did(action, times);
}
