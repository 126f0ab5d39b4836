/** Where time comes from. One clock is injected into everything; nothing calls `Date.now()` on its own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** A clock that stands still until its owner moves it. */
export class ManualClock implements Clock {
  #now: number;

  constructor(start: number | Date = Date.now()) {
    this.#now = Number(start);
  }

  now(): number {
    return this.#now;
  }

  /** Moves the clock by `seconds` (negative moves it back). */
  advance(seconds: number): void {
    this.#now += seconds * 1000;
  }

  set(time: number | Date): void {
    this.#now = Number(time);
  }
}
