import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Scheduler } from '../core/scheduler.js';
import { SettingsError } from '../core/settings-error.js';
import { MINUTE_MS } from '../core/time.js';

/** Milliseconds: more is not started with, and is said of a running server. */
const TOO_FAR = 5_000;
const NOTABLE = 1_000;
const EVERY = MINUTE_MS;

interface SkewOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** The other clock, milliseconds since the epoch. */
  readonly time: () => Promise<number>;
  readonly log: Logger;
}

/**
 * Compares this machine's clock with that of the database, now and every minute: keys expire by the clock of the server
 * that is asked. Throws `SettingsError` where they are more than five seconds apart. The answer ends it.
 */
export async function watchSkew({ clock, scheduler, time, log }: SkewOptions): Promise<() => Promise<void>> {
  const measure = async (): Promise<number> => {
    const before = clock.now();
    const there = await time();
    return Math.round(there - (before + clock.now()) / 2);
  };
  const skew = await measure();
  if (Math.abs(skew) > TOO_FAR)
    throw new SettingsError(
      `this machine's clock is ${Math.abs(skew)} ms ${skew > 0 ? 'behind' : 'ahead of'} the database's: keys would expire at the wrong time; synchronize both`,
    );
  const look = async (): Promise<void> => {
    const now = await measure();
    if (Math.abs(now) > NOTABLE)
      log.error("this machine's clock and the database's are apart", { milliseconds: now });
  };
  const cancel = scheduler.every(EVERY, () => void look().catch(() => undefined));
  return async () => cancel();
}
