/** The smallest change that would have allowed a request, as GetRequestAuthorizationDetails gives it. */
import type { Explanation } from '../../../../src/policy/index.js';

/** A change to one policy, ready to be applied. */
export interface Change {
  readonly layer: string;
  readonly message: string;
  /** What else the change lets through. */
  readonly wider?: string;
  /** The name of the policy to change; absent for a new one. */
  readonly policy?: string;
  readonly arn?: string;
  /** The whole document as it will stand. */
  readonly document?: string;
  /** As a unified diff. */
  readonly diff?: string;
  /** A line for a shell. */
  readonly command?: string;
}

export interface Remedy {
  readonly changes: readonly Change[];
  /** Whether the request is allowed once all are made. */
  readonly suffices: boolean;
  /** Whether another account has to make changes, too. */
  readonly elsewhere?: boolean;
}

export type ExplanationWithRemedy = Explanation & { readonly remedy?: Remedy };
