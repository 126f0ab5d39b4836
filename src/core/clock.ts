import type { Cancel, Scheduler } from './scheduler.js';

/** Where time comes from. One clock is injected into everything; nothing calls `Date.now()` on its own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

interface Timer {
  due: number;
  readonly period: number | undefined;
  readonly work: () => void;
}

/**
 * A clock that stands still until its owner moves it, and a scheduler that goes with it. When it moves, what is due by
 * then is done once each, the earliest first, as on a machine that was asleep; what that begins may still be going on
 * when the move returns.
 */
export class ManualClock implements Clock, Scheduler {
  #now: number;
  #elapsed = 0;
  readonly #timers = new Set<Timer>();

  constructor(start: number | Date = Date.now()) {
    this.#now = Number(start);
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  /** Moves the clock by `seconds`. Negative moves it back: no time passes then. */
  advance(seconds: number): void {
    this.#move(seconds * 1000);
  }

  set(time: number | Date): void {
    this.#move(Number(time) - this.#now);
  }

  after(delay: number, work: () => void): Cancel {
    return this.#schedule({ due: this.#elapsed + delay, period: undefined, work });
  }

  every(period: number, work: () => void): Cancel {
    return this.#schedule({ due: this.#elapsed + period, period, work });
  }

  pause(delay: number): Promise<void> {
    return new Promise(resolve => this.after(delay, resolve));
  }

  #schedule(timer: Timer): Cancel {
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  #move(milliseconds: number): void {
    this.#now += milliseconds;
    this.#elapsed += Math.max(0, milliseconds);
    const due = [...this.#timers].filter(timer => timer.due <= this.#elapsed);
    for (const timer of due.sort((one, other) => one.due - other.due)) {
      // Called off by one before it.
      if (!this.#timers.has(timer)) continue;
      if (timer.period === undefined) this.#timers.delete(timer);
      else timer.due = this.#elapsed + timer.period;
      timer.work();
    }
  }
}
