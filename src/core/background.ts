/** Pace of work that nobody waits for: what chores do over millions of rows. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds of work at a time: a request crosses a handful of turns, and waits for this in each of them. */
const SLICE = 1;
/** It rests at most so many times as long as it worked, so that it comes to its end in a process that is always busy. */
const LONGEST_REST = 20;

/** The event loop that the work shares with others. Times are milliseconds. */
interface Loop {
  now(): number;
  /** Spent waiting for something to do, in all. */
  idle(): number;
  rest(time: number): Promise<unknown>;
}

const ownLoop: Loop = {
  now: () => performance.now(),
  idle: () => performance.eventLoopUtilization().idle,
  rest: sleep,
};

/**
 * `await background.pause()` between the steps of a piece of work, each of which should take less than a millisecond. It costs
 * nothing until the work has taken a slice; then it gives the event loop back as much idle time as it took: half of it
 * in a process with nothing else to do, a twentieth in a busy one.
 */
export class Background {
  readonly #loop: Loop;
  #began: number;
  #idleBefore: number;

  constructor(loop = ownLoop) {
    this.#loop = loop;
    this.#began = loop.now();
    this.#idleBefore = loop.idle();
  }

  pause(): Promise<void> | undefined {
    if (this.#loop.now() - this.#began < SLICE) return undefined;
    return this.#rest();
  }

  async #rest(): Promise<void> {
    const loop = this.#loop;
    // What it waited for, a disk or a database, has kept nobody waiting.
    const worked = loop.now() - this.#began - (loop.idle() - this.#idleBefore);
    if (worked >= SLICE) {
      const [began, idleBefore] = [loop.now(), loop.idle()];
      do await loop.rest(SLICE);
      while (loop.idle() - idleBefore < worked && loop.now() - began < LONGEST_REST * worked);
    }
    this.#began = loop.now();
    this.#idleBefore = loop.idle();
  }
}
