/** What is copied into other buckets ("Replicating objects within and across Regions", S3 User Guide). */

type Pairs = readonly (readonly [name: string, value: string])[];

/** The replication of a bucket. */
export interface Replication {
  /** ARN of the role in whose name everything is copied. */
  readonly role: string;
  readonly rules: readonly ReplicationRule[];
}

type Switch = 'Enabled' | 'Disabled';

/** Something that is switched on or off, and the minutes that go with it where they were given. */
export interface TimedSwitch {
  readonly status: Switch;
  readonly minutes?: number | undefined;
}

export interface ReplicationRule {
  readonly id: string;
  readonly status: Switch;
  /** Whether it is of the first schema, without a filter: its prefix stands beside. */
  readonly first?: true | undefined;
  readonly priority?: number | undefined;
  readonly prefix?: string | undefined;
  readonly tags?: Pairs | undefined;
  /** Whether the conditions were given as a conjunction. */
  readonly joined?: true | undefined;
  readonly deleteMarkers?: Switch | undefined;
  /** Whether what was there before is copied, too. */
  readonly existing?: Switch | undefined;
  /** Whether objects under SSE-KMS and DSSE-KMS are copied. */
  readonly kmsObjects?: Switch | undefined;
  /** Whether changes of the metadata of replicas are copied. */
  readonly replicaChanges?: Switch | undefined;
  readonly destination: ReplicationDestination;
}

export interface ReplicationDestination {
  /** The name of a bucket. */
  readonly bucket: string;
  readonly account?: string | undefined;
  /** Absent: as the source. */
  readonly storageClass?: string | undefined;
  /** Whether replicas belong to the owner of their bucket. */
  readonly ownerOverride?: true | undefined;
  /** The KMS key of replicas of objects under KMS. */
  readonly keyId?: string | undefined;
  readonly time?: TimedSwitch | undefined;
  readonly metrics?: TimedSwitch | undefined;
}

/** How far the copying into one bucket is. */
export type ReplicationOutcome = 'PENDING' | 'COMPLETED' | 'FAILED';

/** Of a version: it is a copy itself, or so far are its copies, by the names of their buckets. */
export type ReplicationState =
  | 'REPLICA'
  | readonly (readonly [bucket: string, outcome: ReplicationOutcome])[];

/**
 * What `x-amz-replication-status` says. Of several destinations: FAILED once it failed to one, COMPLETED when it was
 * copied to all ("Getting replication status information", S3 User Guide).
 */
export function replicationStatus(
  state: ReplicationState | undefined,
): 'REPLICA' | ReplicationOutcome | undefined {
  if (state === undefined || state === 'REPLICA') return state;
  const outcomes = state.map(([, outcome]) => outcome);
  if (outcomes.includes('FAILED')) return 'FAILED';
  return outcomes.includes('PENDING') ? 'PENDING' : 'COMPLETED';
}

/** The state with another outcome of one bucket. */
export function withOutcome(
  state: ReplicationState | undefined,
  bucket: string,
  outcome: ReplicationOutcome,
): ReplicationState {
  if (state === 'REPLICA') return state;
  const others = (state ?? []).filter(([name]) => name !== bucket);
  return [...others, [bucket, outcome]];
}

/** What happened to a key. */
type Happened =
  | { readonly what: 'created' | 'changed'; readonly record: Selected }
  /** A client put a delete marker. Those of lifecycle rules are not copied. */
  | { readonly what: 'marked' };

/** What of a version rules go by. */
interface Selected {
  readonly tags?: Pairs | undefined;
  readonly encryption?: { readonly kind: string } | undefined;
  readonly replication?: ReplicationState | undefined;
}

/** What of a version its copies follow. */
interface Followed {
  readonly tags?: Pairs | undefined;
  readonly acl?: object | undefined;
  readonly retention?: object | undefined;
  readonly legalHold?: boolean | undefined;
}

/** The rules by which something is copied: one for each destination, the one with the highest priority. */
export function rulesFor(
  { rules }: Replication,
  key: string,
  happened: Happened,
): readonly ReplicationRule[] {
  const chosen = new Map<string, ReplicationRule>();
  for (const rule of rules) {
    if (rule.status !== 'Enabled' || !key.startsWith(rule.prefix ?? '')) continue;
    if (happened.what === 'created' && !hasTags(happened.record, rule)) continue;
    const other = chosen.get(rule.destination.bucket);
    if (!other || (rule.priority ?? 0) > (other.priority ?? 0)) chosen.set(rule.destination.bucket, rule);
  }
  return [...chosen.values()].filter(rule => applies(rule, happened));
}

function hasTags({ tags = [] }: Selected, rule: ReplicationRule): boolean {
  return (rule.tags ?? []).every(([name, value]) =>
    tags.some(([own, ownValue]) => own === name && ownValue === value),
  );
}

function applies(rule: ReplicationRule, happened: Happened): boolean {
  // In the first schema, a delete marker that a user made is copied ("Backward compatibility considerations").
  if (happened.what === 'marked') return rule.first ?? rule.deleteMarkers === 'Enabled';
  const { encryption, replication } = happened.record;
  const kms = encryption?.kind === 'aws:kms' || encryption?.kind === 'aws:kms:dsse';
  if (kms && rule.kmsObjects !== 'Enabled') return false;
  if (happened.what === 'created') return replication !== 'REPLICA';
  if (replication === 'REPLICA') return rule.replicaChanges === 'Enabled';
  // What was not copied has nothing that follows.
  return replication?.some(([bucket]) => bucket === rule.destination.bucket) ?? false;
}

/** Whether a version was changed in what its copies follow. */
export function isFollowed(before: Followed, after: Followed): boolean {
  return (
    before.tags !== after.tags ||
    before.acl !== after.acl ||
    before.retention !== after.retention ||
    before.legalHold !== after.legalHold
  );
}
