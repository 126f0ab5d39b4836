/** Long work in slices: between two of them, others have their turn. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of work until others have their turn. */
const SLICE = 10;

/**
 * Paces a piece of long work. `await slices.pause()` between its steps costs nothing until a slice of work is done, and
 * then lets everything else go first that waits for the event loop.
 */
export class Slices {
  #since = performance.now();

  pause(): Promise<void> | undefined {
    return performance.now() - this.#since < SLICE ? undefined : this.#pause();
  }

  async #pause(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
  }
}

/** Works through many items in slices. */
export async function inSlices<T>(items: Iterable<T>, work: (item: T, index: number) => void): Promise<void> {
  const slices = new Slices();
  let index = 0;
  for (const item of items) {
    work(item, index++);
    const pause = slices.pause();
    if (pause) await pause;
  }
}

/**
 * Hands out turns at work that takes a slice of its own, one in each turn of the event loop and to each source in
 * turn: who asks for much waits for itself.
 */
export class FairTurns {
  readonly #waiting = new Map<string, (() => void)[]>();
  #scheduled = false;

  /** Resolves when it is the source's turn; the work is to be done at once. */
  turn(source: string): Promise<void> {
    return new Promise(resolve => {
      const waiting = this.#waiting.get(source);
      if (waiting) waiting.push(resolve);
      else this.#waiting.set(source, [resolve]);
      if (!this.#scheduled) setImmediate(this.#next);
      this.#scheduled = true;
    });
  }

  readonly #next = (): void => {
    for (const [source, waiting] of this.#waiting) {
      this.#waiting.delete(source);
      waiting.shift()!();
      if (waiting.length > 0) this.#waiting.set(source, waiting);
      break;
    }
    this.#scheduled = this.#waiting.size > 0;
    if (this.#scheduled) setImmediate(this.#next);
  };
}
