/** Lets those who change the same thing take turns, in the order of asking. */
export class KeyedMutex {
  /** The end of the last turn that was asked for, by name. */
  readonly #last = new Map<string, Promise<void>>();

  /** Whether a turn on that name waits or runs. */
  isContended(name: string): boolean {
    return this.#last.has(name);
  }

  /** Does the work when all who asked before are done. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    let done!: () => void;
    const mine = new Promise<void>(resolve => {
      done = resolve;
    });
    this.#last.set(name, mine);
    await before;
    try {
      return await work();
    } finally {
      if (this.#last.get(name) === mine) this.#last.delete(name);
      done();
    }
  }
}
