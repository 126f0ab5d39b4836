import type { Objects } from './index.js';

/** Milliseconds between rounds: rules speak of days, and fall due at midnight. */
const INTERVAL_MS = 3600 * 1000;

/** Every so many rounds, all blobs are gone through for orphans, which only a crash leaves. */
const ROUNDS_PER_SWEEP = 24;

/**
 * Applies lifecycle rules now and every hour, and deletes orphaned blobs now and every day. Answers the function
 * that ends it, which resolves when nothing runs any more. `failed` hears of a round that did not succeed; the
 * next one tries again.
 */
export function startHousekeeping(objects: Objects, failed: (error: unknown) => void): () => Promise<void> {
  let rounds = 0;
  const round = async () => {
    await objects.applyLifecycle();
    if (rounds++ % ROUNDS_PER_SWEEP === 0) await objects.sweep();
  };
  let running = round().catch(failed);
  const timer = setInterval(() => {
    running = running.then(round).catch(failed);
  }, INTERVAL_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
