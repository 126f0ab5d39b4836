/** Counts what a decision costs, so that no policy makes one long. */

/** A decision needs more steps than it may take. */
export class TooManySteps extends Error {
  constructor() {
    super('the policies need more steps than a decision may take');
  }
}

/**
 * What one decision may take: a step is a pattern or value looked at, or a character of a search. Policies within AWS's
 * quotas on the names and ARNs of real requests need some thousands; the bound is a few milliseconds of one core.
 */
export const DECISION_STEPS = 2_000_000;

/** A budget of steps. */
export class Steps {
  #taken = 0;

  constructor(readonly limit: number) {}

  get taken(): number {
    return this.#taken;
  }

  /** Throws `TooManySteps` where fewer are left. */
  take(count: number): void {
    this.#taken += count;
    if (this.#taken > this.limit) throw new TooManySteps();
  }
}
