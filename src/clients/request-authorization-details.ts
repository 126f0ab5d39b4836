/**
 * The answer of `karikagi:GetRequestAuthorizationDetails`, as JSON has it: for the command line, the console and other
 * clients.
 */
import type { Explanation } from '../policy/index.js';

export interface RequestAuthorizationDetails {
  readonly RequestId: string;
  /** Seconds since the epoch. */
  readonly EventTime: number;
  /** `s3:GetObject`: service and operation; absent where the request was refused before that was known. */
  readonly Operation?: string;
  /** Where no policy decided: the rule, and what to do. */
  readonly Refusal?: {
    readonly Code: string;
    /** HTTP status. */
    readonly Status: number;
    readonly Message: string;
    /** ARN of who asked; absent where that was not known. */
    readonly Principal?: string;
    /** What would let the request through: a sentence or two. */
    readonly Advice?: string;
    /** What the server knows beyond its answer. */
    readonly Reason?: string;
  };
  /**
   * One for each check of policies that was refused, as far as the reader's account may see it. `remedy` in each is the
   * smallest change that would have allowed it.
   */
  readonly AuthorizationDetails: readonly Explanation[];
}
