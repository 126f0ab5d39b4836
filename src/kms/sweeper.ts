import type { Chores } from '../core/chores.js';
import type { Scheduler } from '../core/scheduler.js';
import { MINUTE_MS } from '../core/time.js';
import type { Kms } from './kms.js';

/** Milliseconds between sweeps. A key that somebody uses is always up to date; the sweep is for the others. */
const PERIOD = MINUTE_MS;

/**
 * Deletes, expires and rotates keys when their time has come, though no request asks for them. Answers with how to
 * stop, which resolves when nothing runs any more. `failed` hears of a sweep that did not succeed; the next one
 * tries again.
 */
export function startSweeping(
  kms: Kms,
  failed: (error: unknown) => void,
  chores: Chores,
  scheduler: Scheduler,
): () => Promise<void> {
  let running: Promise<unknown> = Promise.resolve();
  const cancel = scheduler.every(PERIOD, () => {
    running = running.then(() => chores.run('keys', () => kms.sweep())).catch(failed);
  });
  return async () => {
    cancel();
    await running;
  };
}
