/** What a record of a call proves: who called, and what had to be allowed. */

import type { Context, Principal } from '../request.js';

/** One thing that had to be allowed. */
export interface RecordedCheck {
  /** `s3:PutObject` */
  readonly action: string;
  /** An ARN, or `*`. */
  readonly resource: string;
  /** The account that owns the resource, where the record says so. */
  readonly account?: string | undefined;
  /** What the resource's own policy is. */
  readonly kind: 'resource' | 'trust' | 'key';
  /** Condition keys of this check alone. */
  readonly context: Context;
  /** No call of its own, but needed beside the call: the key behind an encrypted object. */
  readonly implied?: true;
}

/** A call as it was recorded. */
export interface RecordedCall {
  /** The name of the call: `s3:GetObject`. */
  readonly operation: string;
  /** ISO 8601. */
  readonly time: string;
  readonly principal: Principal;
  /** Condition keys that all checks have in common. */
  readonly context: Context;
  readonly outcome: 'allowed' | 'denied';
  /** Never empty. What was denied, where it was: that alone, as the error names it. */
  readonly checks: readonly RecordedCheck[];
  /** Whether the parameters of the request are in the record: if not, the keys that they prove are not known. */
  readonly hasParameters: boolean;
  /** The account that the call was made in. */
  readonly account: string | undefined;
  readonly requestId: string | undefined;
}

/** A record that no policy is to be held against, and why. */
export interface Unread {
  /** `s3:ListAccessPoints`; the service alone for others than ours. */
  readonly operation: string;
  readonly reason: UnreadReason;
}

type UnreadReason =
  | 'a service whose actions are not read'
  | 'not a call: an event of a service'
  | 'the caller is not in the record'
  | 'the resource is not in the record'
  | 'no action is known for this call'
  | 'refused before policies were asked';

/** What is known beside the records. */
export interface Lookups {
  /** Paths (`/team/`) of users, groups, roles and instance profiles: records give their names alone. */
  pathOf?(kind: EntityKind, account: string, name: string): string | undefined;
  /** The key behind `alias/name`, as an ARN. */
  keyOf?(alias: string, account: string, region: string): string | undefined;
  /** The account that owns a bucket. */
  ownerOf?(bucket: string): string | undefined;
}

export type EntityKind =
  | 'user'
  | 'group'
  | 'role'
  | 'policy'
  | 'instance-profile'
  | 'server-certificate'
  | 'mfa';

/** What a service's reader is given. */
export interface RecordParts {
  /** `GetObject` */
  readonly name: string;
  /** `aws` */
  readonly partition: string;
  /** Of the caller; empty where it has none. */
  readonly account: string;
  readonly region: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly response: Readonly<Record<string, unknown>>;
  readonly additional: Readonly<Record<string, unknown>>;
  /** ARNs by type (`AWS::S3::Object`), with the account where it is given; types may be missing. */
  readonly resources: readonly RecordedResource[];
  readonly principal: Principal;
  readonly errorCode: string | undefined;
  /** The service in whose name the call was made: `s3.amazonaws.com`. */
  readonly invokedBy: string | undefined;
  /** Set where the first session of a chain began. */
  readonly sourceIdentity: string | undefined;
  readonly lookups: Lookups;
}

export interface RecordedResource {
  readonly arn: string;
  readonly type: string | undefined;
  readonly account: string | undefined;
}

/** The checks of a call; `undefined` where there is no action of that name. Empty where the resource is not known. */
export type ServiceReader = (parts: RecordParts) => RecordedCheck[] | undefined;
