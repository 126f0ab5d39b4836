/**
 * Takes on work that costs a processor much, and that anybody may ask for: so much of it at a time, and the owners of
 * what waits in turn. One owner's flood waits behind itself; the others wait for one piece of it.
 */

/** Too much waits already. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull';

  constructor() {
    super('too much work of this kind waits already');
  }
}

interface FairQueueLimits {
  /** Pieces of work at a time. */
  readonly width: number;
  /** Pieces that may wait for one owner. */
  readonly perOwner: number;
  /** Pieces that may wait for all. */
  readonly total: number;
}

export class FairQueue {
  readonly #limits: FairQueueLimits;
  #running = 0;
  #length = 0;
  /** What waits, by owner; the owners in the order of their turns. */
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(limits: FairQueueLimits) {
    this.#limits = limits;
  }

  /** Does the work when it is the owner's turn. Rejects with `QueueFull`, and with what the work rejects with. */
  async run<T>(owner: string, work: () => Promise<T>): Promise<T> {
    await this.#turn(owner);
    try {
      return await work();
    } finally {
      this.#running--;
      this.#next();
    }
  }

  #turn(owner: string): Promise<void> | undefined {
    const { width, perOwner, total } = this.#limits;
    if (this.#running < width) {
      this.#running++;
      return undefined;
    }
    const own = this.#waiting.get(owner) ?? [];
    if (own.length >= perOwner || this.#length >= total) throw new QueueFull();
    this.#waiting.set(owner, own);
    this.#length++;
    return new Promise(resolve => own.push(resolve));
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    const [owner, own] = first;
    const start = own.shift()!;
    // To the end of the row, if more waits.
    this.#waiting.delete(owner);
    if (own.length > 0) this.#waiting.set(owner, own);
    this.#length--;
    this.#running++;
    start();
  }
}
