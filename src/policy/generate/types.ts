import type { PolicyChange } from '../diff.js';
import type { ReplayReport } from '../replay/index.js';

export interface GenerateOptions {
  /** ARN of the role or user whose policy it is. */
  readonly principal: string;
  /** How many names right below one prefix of a bucket make `prefix/*` of them; default 5, at least 2. */
  readonly foldAt?: number | undefined;
  /** Permissions that were not used since are listed, ISO 8601; default: since the first record. */
  readonly unusedSince?: string | undefined;
}

/** A condition that all recorded calls meet: proposed, not applied. */
export interface ProposedCondition {
  /** Actions that it is for; empty: all. */
  readonly actions: readonly string[];
  readonly condition: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly reason: string;
}

/** A permission that no call was recorded for, but that belongs to one that was. */
export interface AddedPair {
  readonly action: string;
  readonly resources: readonly string[];
  readonly reason: string;
}

/** A permission that the present policies give, and that was not used. */
export interface UnusedPermission {
  readonly policy: string;
  /** Position of the statement, from 0. */
  readonly statement: number;
  /** As the policy writes it. */
  readonly action: string;
  /** What was used of a wildcard; empty where nothing was. */
  readonly used: readonly string[];
  /** When it was used last, if ever in the records. */
  readonly lastUsed?: string;
}

export interface GeneratedPolicy {
  readonly principal: string;
  /** The identity policy, laid out; `undefined` where no call needs one. */
  readonly policy: string | undefined;
  /** Of a role that was assumed in the records. */
  readonly trust: string | undefined;
  /** Characters that count against IAM's quota. */
  readonly size: number;
  readonly calls: number;
  /** Calls that were refused: the policy does not allow them. */
  readonly refused: number;
  /** First and last call, ISO 8601. */
  readonly first: string | undefined;
  readonly last: string | undefined;
  readonly pairs: readonly AddedPair[];
  readonly proposals: readonly ProposedCondition[];
  readonly unused: readonly UnusedPermission[];
  /** From the present policies to this one; absent where these are not known. */
  readonly diff: readonly PolicyChange[] | undefined;
  /** The recorded calls held against it. */
  readonly verified: Pick<ReplayReport, 'counts' | 'groups'>;
}
