import type { Message } from './message.js';

/** Where the operator has events sent. */
export interface Target {
  /**
   * Sends messages, those of one subject in their order and none of them before an earlier one was taken. Answers
   * which were taken; `failure` says why others were not, `down` that it takes nothing at present. What was taken may
   * be sent again by a later call: a crash can come between a delivery and the note of it. `signal` ends it early.
   */
  deliver(messages: readonly Message[], signal: AbortSignal): Promise<Delivery>;
}

export interface Delivery {
  readonly taken: readonly Message[];
  readonly failure?: unknown;
  readonly down?: boolean;
}
