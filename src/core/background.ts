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
  /** Calls back once others have had their turn. */
  turn(turned: () => void): void;
}

const ownLoop: Loop = {
  now: () => performance.now(),
  idle: () => performance.eventLoopUtilization().idle,
  rest: sleep,
  turn: setImmediate,
};

/**
 * `await background.pause()` stands between the steps of such work, each of which should take less than a millisecond.
 * It costs nothing until the work has taken a slice. Then the event loop gets as much idle time as the work took: the
 * work has half of the time in a process with nothing else to do, and a twentieth in a busy one. Work that waited for a
 * disk or a database has given up its turn by that, and needs no rest.
 */
export class Background {
  readonly #loop: Loop;
  /** The slice under way. */
  #slice: { readonly began: number; hasTurned: boolean };

  constructor(loop = ownLoop) {
    this.#loop = loop;
    this.#slice = this.#begin();
  }

  pause(): Promise<void> | undefined {
    const worked = this.#loop.now() - this.#slice.began;
    if (worked < SLICE) return undefined;
    if (!this.#slice.hasTurned) return this.#rest(worked);
    this.#slice = this.#begin();
    return undefined;
  }

  #begin() {
    const slice = { began: this.#loop.now(), hasTurned: false };
    this.#loop.turn(() => {
      slice.hasTurned = true;
    });
    return slice;
  }

  async #rest(worked: number): Promise<void> {
    const loop = this.#loop;
    const [began, idleBefore] = [loop.now(), loop.idle()];
    do await loop.rest(SLICE);
    while (loop.idle() - idleBefore < worked && loop.now() - began < LONGEST_REST * worked);
    this.#slice = this.#begin();
  }
}
