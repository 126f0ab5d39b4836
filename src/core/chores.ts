/** What a server does by itself again and again, and how that went. Plain numbers: metrics read them. */
import type { Clock } from './clock.js';

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
