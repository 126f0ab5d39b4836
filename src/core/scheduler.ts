import { setTimeout as pause } from 'node:timers/promises';

/** Calls off what was to be done. Does nothing where it has been done. */
export type Cancel = () => void;

/**
 * When things are done that no request asks for: upkeep, leases, sweeps, retries. It stands beside the clock, and
 * `ManualClock` is both. How long a peer or a disk is waited for is no schedule: that is `within`, or the socket's own
 * timeout.
 */
export interface Scheduler {
  /** Milliseconds of a clock that only goes forward; where it begins means nothing. */
  elapsed(): number;
  /** Calls `work` once, in `delay` milliseconds. Keeps no process alive. */
  after(delay: number, work: () => void): Cancel;
  /** Calls `work` every `period` milliseconds, until it is called off. Keeps no process alive. */
  every(period: number, work: () => void): Cancel;
  /** Resolves in `delay` milliseconds. */
  pause(delay: number): Promise<void>;
}

/** The machine's time. */
export const systemScheduler: Scheduler = {
  elapsed: () => performance.now(),
  after(delay, work) {
    const timer = setTimeout(work, delay).unref();
    return () => clearTimeout(timer);
  },
  every(period, work) {
    const timer = setInterval(work, period).unref();
    return () => clearInterval(timer);
  },
  pause: delay => pause(delay),
};
