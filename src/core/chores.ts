/** What a server does by itself again and again, and how that went. Plain numbers: metrics read them. */
import type { Clock } from './clock.js';
import type { Scheduler } from './scheduler.js';

export class ChoreCounts {
  succeeded = 0;
  failed = 0;
  running = false;
  /** When it last ended well, seconds since the epoch; 0: never. */
  lastSuccess = 0;
  /** How long it then took, seconds. */
  lastSeconds = 0;
}

export class Chores {
  readonly counts = new Map<string, ChoreCounts>();
  /** What chores did, by its name: objects that expired, blobs that were swept. */
  readonly done = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** Runs a chore and takes note of how it went. Throws what it throws. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    let counts = this.counts.get(name);
    if (counts === undefined) this.counts.set(name, (counts = new ChoreCounts()));
    const began = performance.now();
    counts.running = true;
    try {
      const result = await work();
      counts.succeeded++;
      counts.lastSuccess = this.clock.now() / 1000;
      counts.lastSeconds = (performance.now() - began) / 1000;
      return result;
    } catch (error) {
      counts.failed++;
      throw error;
    } finally {
      counts.running = false;
    }
  }

  did(what: string, times: number): void {
    this.done.set(what, (this.done.get(what) ?? 0) + times);
  }
}

/** Something that is to be done again and again. */
interface Chore {
  readonly name: string;
  /** Milliseconds by the clock. */
  readonly every: number;
  /** `signal`: it is to come to an end. */
  run(signal: AbortSignal): Promise<unknown>;
}

interface ChoresOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Has how they go. */
  readonly counts: Chores;
  /** Hears of what did not succeed; its next turn tries again. */
  readonly failed: (error: unknown) => void;
}

/** How often the clock is looked at: it may be moved. Milliseconds. */
const LOOK_MS = 1000;

/**
 * Does each chore now and whenever its time has passed by the clock, one after the other. Answers the function that
 * ends it, which resolves when nothing runs any more.
 */
export function startChores(
  { clock, scheduler, counts, failed }: ChoresOptions,
  chores: readonly Chore[],
): () => Promise<void> {
  const stop = new AbortController();
  const timed = chores.map(chore => ({ ...chore, interval: new Interval(chore.every) }));
  const round = async () => {
    for (const { name, interval, run } of timed) {
      if (stop.signal.aborted || !interval.isOver(clock.now())) continue;
      await counts.run(name, () => run(stop.signal)).catch(failed);
    }
  };
  let running = round();
  const cancel = scheduler.every(LOOK_MS, () => {
    running = running.then(round);
  });
  return async () => {
    cancel();
    stop.abort();
    await running;
  };
}

/** Tells when a length of time has passed, whichever way the clock was moved. */
class Interval {
  readonly #length: number;
  #last = Number.NEGATIVE_INFINITY;

  constructor(length: number) {
    this.#length = length;
  }

  /** Milliseconds since the epoch. Begins again where it answers true. */
  isOver(now: number): boolean {
    if (Math.abs(now - this.#last) < this.#length) return false;
    this.#last = now;
    return true;
  }
}
