/** How often something happened since the process started: what the budgets have refused, by its name. */
export class Counters {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, this.of(name) + 1);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  all(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}
