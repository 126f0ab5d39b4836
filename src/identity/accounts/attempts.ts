/** Slows guessing down: after some wrong guesses each further one locks its name for twice as long. */

import { BoundedCache } from '../../core/bounded-cache.js';
import type { Clock } from '../../core/clock.js';
import { MINUTE_MS } from '../../core/time.js';

/** Wrong guesses that cost no waiting: people mistype. */
const FREE = 5;
/** Milliseconds after the first that does, and at most. */
const FIRST = 1000;
const LONGEST = MINUTE_MS;
/** Names that are remembered: those of who guessed last. */
const REMEMBERED = 10_000;

interface Guesses {
  readonly wrong: number;
  /** Milliseconds since the epoch until which no further guess is looked at. */
  readonly until: number;
}

export class Attempts {
  readonly #clock: Clock;
  readonly #guesses = new BoundedCache<string, Guesses>(REMEMBERED);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a guess may be made now. */
  mayTry(name: string): boolean {
    return (this.#guesses.get(name)?.until ?? 0) <= this.#clock.now();
  }

  wrong(name: string): void {
    const wrong = (this.#guesses.get(name)?.wrong ?? 0) + 1;
    const wait = wrong < FREE ? 0 : Math.min(FIRST * 2 ** Math.min(wrong - FREE, 10), LONGEST);
    this.#guesses.set(name, { wrong, until: this.#clock.now() + wait });
  }

  right(name: string): void {
    this.#guesses.set(name, { wrong: 0, until: 0 });
  }
}
