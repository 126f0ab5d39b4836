/** Records that a table does not take, up to a limit. */
import { StagingError } from './errors.js';

/** A record that the table did not take, and why. */
export interface Refused {
  /** From 1, over all files without their headers. */
  readonly record: number;
  /** With its line break. */
  readonly text: string;
  readonly reason: string;
}

/** Characters that all refused records may have together: they are in memory until the commit. */
const MOST_TEXT = 16 * 2 ** 20;

export class Refusals {
  readonly all: Refused[] = [];
  readonly #limit: number;
  #length = 0;

  /** `limit`: records that may be refused. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Throws `StagingError` with the first record's reason where there are more than may be. */
  add(refused: Refused): void {
    this.all.push(refused);
    this.#length += refused.text.length;
    if (this.all.length <= this.#limit && this.#length <= MOST_TEXT) return;
    const { record, reason } = this.all[0]!;
    const first = `record ${record}: ${reason}`;
    throw new StagingError(
      this.#limit === 0
        ? first
        : `more records are refused than load.maxErrors allows (${this.#limit}); ${first}`,
    );
  }
}
