/**
 * Figures that take a while to find: found in the background, when somebody looks, and no more often than they are
 * worth.
 */

import { within } from '../../core/within.js';

interface Question<T> {
  /** Milliseconds between answers. */
  readonly every: number;
  readonly find: () => Promise<T>;
}

/** The last answer to a question; undefined until there is one. */
export class Survey<T> {
  readonly #question: Question<T>;
  #answer: T | undefined;
  #asked = Number.NEGATIVE_INFINITY;
  #finding: Promise<void> | undefined;

  constructor(question: Question<T>) {
    this.#question = question;
  }

  /**
   * What was found last. Where that is too old, looking begins; only the first who asks waits, for at most `patience`
   * ms.
   */
  async look(patience: number): Promise<T | undefined> {
    const now = performance.now();
    if (this.#finding === undefined && now - this.#asked >= this.#question.every) {
      this.#asked = now;
      this.#finding = this.#question
        .find()
        .then(
          answer => {
            this.#answer = answer;
          },
          () => undefined,
        )
        .finally(() => {
          this.#finding = undefined;
        });
    }
    if (this.#answer === undefined && this.#finding !== undefined) {
      await within(patience, this.#finding);
    }
    return this.#answer;
  }

  /** Resolves once nothing is being looked for. */
  async settled(): Promise<void> {
    await this.#finding;
  }
}
