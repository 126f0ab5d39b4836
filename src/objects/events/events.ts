/** What happens to objects and has destinations ("Amazon S3 Event Notifications", S3 User Guide). */

/** Where the events of a bucket go. */
export interface Notifications {
  readonly rules: readonly NotificationRule[];
  /** Every event goes to EventBridge as well. */
  readonly bridge: boolean;
}

export interface NotificationRule {
  readonly id: string;
  /** ARN of a queue, a topic or a function. */
  readonly destination: string;
  /** `s3:ObjectCreated:Put`, `s3:ObjectCreated:*` … */
  readonly events: readonly string[];
  readonly prefix?: string | undefined;
  readonly suffix?: string | undefined;
}

/** Who made something happen, as its event tells. */
export interface Origin {
  readonly requestId: string;
  /** `AWS:AIDA…`, an account's id for its root user, the name of a service. */
  readonly principalId: string;
  /** The caller's account, or the name of a service; absent for anonymous callers. */
  readonly requester?: string | undefined;
  /** An address, or the name of a service. */
  readonly sourceIp: string;
}

/** Of what S3 does by itself. */
export const BY_S3: Origin = {
  requestId: '',
  principalId: 's3.amazonaws.com',
  requester: 's3.amazonaws.com',
  sourceIp: 's3.amazonaws.com',
};

/** Why an object is changed. */
export interface Cause<E extends string = ChangeName> {
  readonly event: E;
  readonly origin: Origin;
}

export type ChangeName =
  | 'ObjectCreated:Put'
  | 'ObjectCreated:Post'
  | 'ObjectCreated:Copy'
  | 'ObjectCreated:CompleteMultipartUpload'
  | 'ObjectTagging:Put'
  | 'ObjectTagging:Delete'
  | 'ObjectAcl:Put'
  | 'LifecycleTransition';

/** The engine tells by itself whether a version went or a delete marker came. */
export type RemovalName = 'ObjectRemoved' | 'LifecycleExpiration';

/** An event that is to be delivered to one destination. */
export interface ObjectEvent {
  /** Without `s3:`. `TestEvent` tells a destination that it was configured; its `key` is empty. */
  readonly event:
    | ChangeName
    | `${RemovalName}:${'Delete' | 'DeleteMarkerCreated'}`
    | 'Replication:OperationFailedReplication'
    | 'TestEvent';
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The rule by which it goes to the destination; absent for EventBridge. */
  readonly ruleId?: string | undefined;
  readonly bucket: {
    readonly name: string;
    /** Account id. */
    readonly owner: string;
    readonly partition: string;
    readonly region: string;
  };
  readonly key: string;
  readonly size?: number | undefined;
  /** Without quotes. */
  readonly etag?: string | undefined;
  /** Absent where clients call the version `null`. */
  readonly versionId?: string | undefined;
  readonly storageClass?: string | undefined;
  readonly origin: Origin;
  /** Of a copy that failed. */
  readonly replication?: FailedReplication | undefined;
}

/** What the event of a failed copy tells of it ("Receiving replication failure events", S3 User Guide). */
export interface FailedReplication {
  readonly ruleId: string;
  /** ARN of a bucket. */
  readonly destination: string;
  /** When the copy was asked for, milliseconds since the epoch. */
  readonly asked: number;
  /** `DstBucketNotFound` … */
  readonly reason: string;
}

/** The destination of everything that goes to EventBridge. */
export const BRIDGE = 'eventbridge';

/** The name in a destination's ARN, by which the operator knows it. Nothing but `BRIDGE` itself has that name. */
export function targetName(destination: string): string {
  if (destination === BRIDGE) return BRIDGE;
  const name = destination.slice(destination.lastIndexOf(':') + 1);
  return name === BRIDGE ? '' : name;
}

/** Where an event of a key goes, and by which rule. `event` with `s3:`. */
export function destinationsOf(
  { rules, bridge }: Notifications,
  event: string,
  key: string,
): { readonly destination: string; readonly ruleId?: string }[] {
  const chosen: { destination: string; ruleId?: string }[] = [];
  for (const { id, destination, events, prefix = '', suffix = '' } of rules) {
    if (!key.startsWith(prefix) || !key.endsWith(suffix)) continue;
    if (events.some(pattern => includesEvent(pattern, event))) chosen.push({ destination, ruleId: id });
  }
  // It gets none of these ("Using EventBridge", S3 User Guide).
  if (bridge && !event.startsWith('s3:Replication:')) chosen.push({ destination: BRIDGE });
  return chosen;
}

/** Whether an event name, which may end in `*`, stands for another one. */
export function includesEvent(pattern: string, event: string): boolean {
  return pattern.endsWith('*') ? event.startsWith(pattern.slice(0, -1)) : pattern === event;
}
