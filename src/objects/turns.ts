/**
 * Lets those who change the same thing take turns, once they have been in each other's way: of many whose commits
 * collide, only one succeeds at a time, and the others would have done their work for nothing.
 */
export class Turns {
  /** The end of the last turn that was asked for, by name. */
  readonly #last = new Map<string, Promise<void>>();

  /** Whether somebody waits or works on that name. */
  isContended(name: string): boolean {
    return this.#last.has(name);
  }

  /** Does the work when all who asked before are done. */
  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
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
