import assert from 'node:assert/strict';

/**
 * What may be found under each name, by what was acknowledged. One writer per name, one operation at a time: after
 * an acknowledgement it is one thing; while an operation has no answer, it is what it was or what it is to be.
 */
export class Ledger<T> {
  readonly #possible = new Map<string, readonly T[]>();
  acknowledged = 0;

  constructor(readonly initial: T) {}

  /** Runs an operation that makes `name` be `next`; notes it as acknowledged once it resolved. */
  async record(name: string, next: T, operation: () => Promise<unknown>): Promise<void> {
    this.#possible.set(name, [...this.possible(name), next]);
    await operation();
    this.#possible.set(name, [next]);
    this.acknowledged++;
  }

  possible(name: string): readonly T[] {
    return this.#possible.get(name) ?? [this.initial];
  }

  names(): string[] {
    return [...this.#possible.keys()].sort();
  }

  /** Compares with what was found; from then on, only that counts. */
  settle(name: string, found: T): void {
    const possible = this.possible(name);
    assert.ok(possible.includes(found), `${name} is ${found}, may be ${possible.join(' or ')}`);
    this.#possible.set(name, [found]);
  }
}
