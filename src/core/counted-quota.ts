/** A quota of what is counted by going through all of it. */
import { BoundedCache } from './bounded-cache.js';

/** Processes that may make things of one owner at once, each by its own count. */
const COUNTING = 16;
/** Owners whose last count is remembered. */
const REMEMBERED = 1000;

interface CountedQuotaOptions {
  /** Of one owner. */
  readonly most: number;
  /** How many an owner has; those above `most` need not be counted. */
  readonly count: (owner: string) => Promise<number>;
  /** The error for one too many. */
  readonly refusal: () => Error;
}

/**
 * Counting takes the longer the more there is, so a count stands for many things to be made: for a share of what is
 * left, as other processes may make some by counts of their own. In one process, no more are made than the quota says:
 * an owner's are not counted while some are being made, and all that wait share one count.
 */
export class CountedQuota {
  /** By owner: what may be made before there is another count. */
  readonly #spare = new BoundedCache<string, number>(REMEMBERED);
  /** By owner: how many are being made, and what waits until none is. */
  readonly #making = new Map<string, { count: number; idle: (() => void)[] }>();
  /** By owner: a count under way. It answers whether there is room. */
  readonly #counting = new Map<string, Promise<boolean>>();

  constructor(private readonly options: CountedQuotaOptions) {}

  /** Makes one more. Throws the quota's error where the owner has all that it may have, and what `make` throws. */
  async run<T>(owner: string, make: () => Promise<T>): Promise<T> {
    while (!this.#take(owner)) {
      if (!(await this.#countOnce(owner))) throw this.options.refusal();
    }
    const making = this.#making.get(owner) ?? { count: 0, idle: [] };
    this.#making.set(owner, making);
    making.count++;
    try {
      return await make();
    } finally {
      if (--making.count === 0) {
        this.#making.delete(owner);
        for (const resolve of making.idle) resolve();
      }
    }
  }

  #take(owner: string): boolean {
    const spare = this.#spare.get(owner) ?? 0;
    if (spare === 0) return false;
    this.#spare.set(owner, spare - 1);
    return true;
  }

  #countOnce(owner: string): Promise<boolean> {
    const running = this.#counting.get(owner);
    if (running) return running;
    const counting = this.#count(owner).finally(() => this.#counting.delete(owner));
    this.#counting.set(owner, counting);
    return counting;
  }

  async #count(owner: string): Promise<boolean> {
    const making = this.#making.get(owner);
    if (making) await new Promise<void>(resolve => making.idle.push(resolve));
    const left = this.options.most - (await this.options.count(owner));
    this.#spare.set(owner, Math.max(0, Math.ceil(left / COUNTING)));
    return left > 0;
  }
}
