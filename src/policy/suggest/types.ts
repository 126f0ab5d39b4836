/** What to change so that a denied request is allowed. Plain JSON but for `Suggestion.policy`. */

import type { Layer, NamedPolicy } from '../types.js';

/** One step of a JSON Patch (RFC 6902) on the policy's document. */
export interface PatchStep {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  /** Absent where something is removed. */
  readonly value?: unknown;
}

/** A change in one layer. All layers that block need theirs. */
export interface Suggestion {
  readonly layer: Layer;
  readonly level?: number;
  readonly message: string;
  /** What else the change lets through, where it cannot be made smaller. */
  readonly wider?: string;
  /** The policy to change; absent where there is none yet, or none can help. */
  readonly policy?: NamedPolicy;
  /** What to change in it. */
  readonly patch?: readonly PatchStep[];
  /** The statement as it will stand. */
  readonly statement?: Readonly<Record<string, unknown>>;
  /** A whole new policy, where none is there to be changed. */
  readonly document?: Readonly<Record<string, unknown>>;
}

/** A change to one policy, ready to be applied. */
export interface Change {
  readonly layer: Layer;
  /** For service and resource control policies: the level, from 0 at the organization's root. */
  readonly level?: number;
  /** What to do, and why there: one sentence or two. */
  readonly message: string;
  /** What else the change lets through, where it cannot be made smaller. */
  readonly wider?: string;
  /** The name of the policy to change; absent for a new one, and where no policy can help. */
  readonly policy?: string;
  readonly arn?: string;
  /** On the policy's document. Absent for a new policy. */
  readonly patch?: readonly PatchStep[];
  /** The whole document as it will stand, laid out. */
  readonly document?: string;
  /** The difference as a unified diff; of a new policy all of it. */
  readonly diff?: string;
  /** A line for a shell, with the AWS CLI, that puts `document` in place from the file `policy.json`. */
  readonly command?: string;
}

/** The smallest change that would have allowed a request. */
export interface Remedy {
  readonly changes: readonly Change[];
  /** Whether the request is allowed once all of them are made. */
  readonly suffices: boolean;
  /** Whether there are changes that another account has to make, which the reader does not see. */
  readonly elsewhere?: boolean;
}
