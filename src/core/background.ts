/** The pace of work in the background: what chores do over millions of rows. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds of work at a time: a request crosses a handful of turns, and waits for this in each of them. */
const SLICE = 1;
/** It rests at most so many times as long as it worked: it is to end in a process that is always busy, too. */
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
 * `await background.pause()` stands between the steps of such work, each of which should take less than a millisecond.
 * It costs nothing until the work has taken a slice. Then the event loop gets as much idle time as the work took: the
 * work has half of the time in a process with nothing else to do, and a twentieth in a busy one.
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
    // While it waited for a disk or a database, it was in no one's way.
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
