/** Commits that others got ahead of are tried again, by one rule everywhere. */
import { setTimeout as wait } from 'node:timers/promises';

/** What an attempt answers whose commit found that something had changed. */
export const OVERTAKEN = Symbol('OVERTAKEN');

/** Enough for any burst of writers to one thing. */
const ATTEMPTS = 100;
/** From so many on, attempts wait: the writers are on other machines, and none of this process stands in line. */
const PATIENCE = 5;
const LONGEST_WAIT_MS = 64;

/**
 * Attempts something until its commit succeeds. `attempt` answers `OVERTAKEN` where it did not; `again`: it is not the
 * first. Throws what `attempt` throws, and what `contended` makes where others always got ahead.
 */
export async function untilCommitted<T>(
  attempt: (again: boolean) => Promise<T | typeof OVERTAKEN>,
  contended: () => Error,
): Promise<T> {
  for (let count = 0; count < ATTEMPTS; count++) {
    if (count >= PATIENCE) await wait(Math.random() * Math.min(2 ** (count - PATIENCE), LONGEST_WAIT_MS));
    const result = await attempt(count > 0);
    if (result !== OVERTAKEN) return result;
  }
  throw contended();
}
