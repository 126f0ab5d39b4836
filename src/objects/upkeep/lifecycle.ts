/** Lifecycle: what rules say of objects, versions and uploads, and doing it ("Managing the lifecycle of objects"). */

import type { Clock } from '../../core/clock.js';
import { ApiError } from '../../core/errors.js';
import { s3RequestId } from '../../core/random.js';
import { DAY_MS } from '../../core/time.js';
import type { Buckets } from '../buckets/buckets.js';
import type { Origin } from '../events/events.js';
import {
  damagedKeys,
  everyEntry,
  type ListedUpload,
  type ListedVersion,
  type ListOptions,
  type ListPage,
} from '../listing/listing.js';
import type { Bucket, LifecycleRule, ObjectRecord, VersionRecord } from '../records.js';
import type { Uploads } from '../uploads/uploads.js';
import type { Versions } from '../versions/versions.js';

/** Who does it, for the events ("EventBridge event message structure", S3 User Guide). */
const SERVICE = 's3.amazonaws.com';

/**
 * When something of an age of `days` falls due: the first midnight (UTC) after them ("Lifecycle rules: based on
 * an object's age"). Milliseconds since the epoch.
 */
export function dueAfter(since: number, days: number): number {
  return Math.ceil((since + days * DAY_MS) / DAY_MS) * DAY_MS;
}

/** Whether the rule's filter lets a key in, as far as the key alone goes. */
function coversKey(rule: LifecycleRule, key: string): boolean {
  return rule.enabled && key.startsWith(rule.filter.prefix ?? '');
}

function covers(rule: LifecycleRule, key: string, { size, tags = [] }: ObjectRecord): boolean {
  const { largerThan, smallerThan, tags: wanted = [] } = rule.filter;
  if (!coversKey(rule, key)) return false;
  if (largerThan !== undefined && size <= largerThan) return false;
  if (smallerThan !== undefined && size >= smallerThan) return false;
  return wanted.every(([name, value]) => tags.some(tag => tag[0] === name && tag[1] === value));
}

/** When the current version of a key expires, and by which rule; of several, the first to fall due. */
export function expirationOf(
  rules: readonly LifecycleRule[] | undefined,
  key: string,
  record: ObjectRecord,
): { readonly at: number; readonly ruleId: string } | undefined {
  let first: { at: number; ruleId: string } | undefined;
  for (const rule of rules ?? []) {
    const { days, date } = rule.expiration ?? {};
    const at = days === undefined ? date : dueAfter(record.modified, days);
    if (at === undefined || !covers(rule, key, record)) continue;
    if (!first || at < first.at) first = { at, ruleId: rule.id };
  }
  return first;
}

/** What the worker needs of the engine. */
interface LifecycleStores {
  readonly clock: Clock;
  readonly buckets: Buckets;
  readonly versions: Versions;
  readonly uploads: Uploads;
  listVersions(bucket: Bucket, options: ListOptions): Promise<ListPage<ListedVersion>>;
  listUploads(bucket: Bucket, options: ListOptions): Promise<ListPage<ListedUpload>>;
}

/** What a run did. */
export interface LifecycleReport {
  /** Current objects deleted or hidden behind a delete marker. */
  expired: number;
  /** Noncurrent versions and lone delete markers removed. */
  removed: number;
  transitioned: number;
  aborted: number;
}

/**
 * Applies the rules of every bucket once. Several processes may do it at the same time. What is written to
 * while it runs is left for the next time, and so is what Object Lock protects. Keys under which a record is damaged
 * are left as they are; when all others are done, throws `ValueDamaged` for them. Where `signal` ends it, what is left
 * waits for the next run.
 */
export async function runLifecycle(stores: LifecycleStores, signal?: AbortSignal): Promise<LifecycleReport> {
  const report: LifecycleReport = { expired: 0, removed: 0, transitioned: 0, aborted: 0 };
  let damage: Error | undefined;
  for await (const bucket of stores.buckets.all()) {
    if (signal?.aborted) break;
    const rules = bucket.lifecycle?.filter(rule => rule.enabled) ?? [];
    // Earlier versions left no note of it that a start would find.
    if (bucket.deleting) await stores.buckets.endDeletion(bucket);
    if (rules.length === 0 || bucket.deleting) continue;
    const run = new BucketRun(stores, bucket, rules, report, signal);
    await run.versions();
    await run.uploads();
    if (run.damaged.size > 0) damage ??= damagedKeys(bucket, [...run.damaged]);
  }
  if (damage) throw damage;
  return report;
}

/** The rules of one bucket, applied once. */
class BucketRun {
  /** Keys under which a record is damaged. */
  readonly damaged = new Set<string>();
  readonly #stores: LifecycleStores;
  readonly #bucket: Bucket;
  readonly #rules: readonly LifecycleRule[];
  readonly #report: LifecycleReport;
  readonly #signal: AbortSignal | undefined;
  readonly #now: number;
  readonly #origin: Origin = {
    requestId: s3RequestId(),
    principalId: SERVICE,
    requester: SERVICE,
    sourceIp: SERVICE,
  };

  constructor(
    stores: LifecycleStores,
    bucket: Bucket,
    rules: readonly LifecycleRule[],
    report: LifecycleReport,
    signal: AbortSignal | undefined,
  ) {
    this.#stores = stores;
    this.#bucket = bucket;
    this.#rules = rules;
    this.#report = report;
    this.#signal = signal;
    this.#now = stores.clock.now();
  }

  async versions(): Promise<void> {
    const group: VersionRecord[] = [];
    let key: string | undefined;
    const damaged = (name: string) => this.damaged.add(name);
    const list = (options: ListOptions) => this.#stores.listVersions(this.#bucket, { ...options, damaged });
    for await (const entry of everyEntry(list, ({ version }) => version.id)) {
      // Not with the versions of a key that have been read so far.
      if (this.#signal?.aborted) return;
      if (entry.key !== key && key !== undefined) await this.#key(key, group.splice(0));
      key = entry.key;
      group.push(entry.item.version);
    }
    if (key !== undefined) await this.#key(key, group);
  }

  async uploads(): Promise<void> {
    const damaged = (name: string) => this.damaged.add(name);
    const list = (options: ListOptions) => this.#stores.listUploads(this.#bucket, { ...options, damaged });
    for await (const { key, item } of everyEntry(list, ({ id }) => id)) {
      if (this.#signal?.aborted) return;
      const due = this.#rules.some(
        rule =>
          rule.abortUploadsAfter !== undefined &&
          coversKey(rule, key) &&
          dueAfter(item.upload.initiated, rule.abortUploadsAfter) <= this.#now,
      );
      if (due && (await ifPossible(this.#stores.uploads.abort(this.#bucket, key, item.id))))
        this.#report.aborted++;
    }
  }

  /** All versions of one key, the newest first. */
  async #key(key: string, versions: readonly VersionRecord[]): Promise<void> {
    const [current, ...others] = versions;
    // Which one is current, and how many there are, is not known.
    if (!current || this.damaged.has(key)) return;
    let since = current.modified;
    let newer = 0;
    let left = others.length;
    for (const version of others) {
      const id = version.isNull ? 'null' : version.id;
      if (this.#isSuperfluous(key, version, since, newer)) {
        if (await ifPossible(this.#deleteVersion(key, id))) {
          this.#report.removed++;
          left--;
        }
      } else {
        await this.#transition(key, version, id, this.#noncurrentClassOf(key, version, since, newer));
        newer++;
      }
      since = version.modified;
    }
    if (!current.marker) await this.#object(key, current);
    else if (left === 0 && this.#isLoneMarkerDue(key, current.modified)) {
      const id = current.isNull ? 'null' : current.id;
      if (await ifPossible(this.#deleteVersion(key, id))) this.#report.removed++;
    }
  }

  async #object(key: string, record: ObjectRecord): Promise<void> {
    const { versions } = this.#stores;
    const expiration = expirationOf(this.#rules, key, record);
    if (expiration && expiration.at <= this.#now) {
      const cause = { event: 'LifecycleExpiration', origin: this.#origin } as const;
      const deletion = versions.delete(this.#bucket, key, { ifId: record.id, cause });
      if (await ifPossible(deletion)) this.#report.expired++;
      return;
    }
    await this.#transition(key, record, undefined, this.#classOf(key, record));
  }

  /** Changes the class of a version. `id`: as its key names it; undefined: the current version. */
  async #transition(
    key: string,
    version: VersionRecord,
    id: string | undefined,
    storageClass: string | undefined,
  ): Promise<void> {
    if (version.marker || storageClass === undefined || storageClass === version.storageClass) return;
    const change = this.#stores.versions.update(
      this.#bucket,
      key,
      id,
      now => (now.id === version.id ? { ...now, storageClass } : now),
      { event: 'LifecycleTransition', origin: this.#origin },
    );
    if (await ifPossible(change)) this.#report.transitioned++;
  }

  #deleteVersion(key: string, id: string): Promise<unknown> {
    const cause = { event: 'LifecycleExpiration', origin: this.#origin } as const;
    return this.#stores.versions.deleteVersion(this.#bucket, key, id, { cause });
  }

  /** The storage class that an object is in by now, by the last transition that fell due. */
  #classOf(key: string, record: ObjectRecord): string | undefined {
    const transitions = this.#rules
      .filter(rule => covers(rule, key, record))
      .flatMap(rule => rule.transitions ?? [])
      .map(({ days, date, storageClass }) => ({
        at: days === undefined ? date : dueAfter(record.modified, days),
        storageClass,
      }));
    return this.#lastDue(transitions);
  }

  /** As `#classOf`, for a noncurrent version; `since` and `newer` as in `#isSuperfluous`. */
  #noncurrentClassOf(key: string, version: VersionRecord, since: number, newer: number): string | undefined {
    if (version.marker) return undefined;
    const transitions = this.#rules
      .filter(rule => covers(rule, key, version))
      .flatMap(rule => rule.noncurrentTransitions ?? [])
      .filter(({ keep = 0 }) => newer >= keep)
      .map(({ days, storageClass }) => ({ at: dueAfter(since, days), storageClass }));
    return this.#lastDue(transitions);
  }

  #lastDue(
    transitions: readonly { readonly at: number | undefined; readonly storageClass: string }[],
  ): string | undefined {
    let last = { at: Number.NEGATIVE_INFINITY, storageClass: undefined as string | undefined };
    for (const { at, storageClass } of transitions) {
      if (at !== undefined && at <= this.#now && at > last.at) last = { at, storageClass };
    }
    return last.storageClass;
  }

  /** `since`: when it stopped being current. `newer`: how many noncurrent versions before it are kept. */
  #isSuperfluous(key: string, version: VersionRecord, since: number, newer: number): boolean {
    return this.#rules.some(rule => {
      const { days, keep = 0 } = rule.noncurrentExpiration ?? {};
      if (days === undefined || newer < keep || dueAfter(since, days) > this.#now) return false;
      return version.marker ? coversKey(rule, key) : covers(rule, key, version);
    });
  }

  /** A delete marker with nothing behind it goes where a rule says so, or with the objects of its age. */
  #isLoneMarkerDue(key: string, modified: number): boolean {
    return this.#rules.some(({ expiration, ...rule }) => {
      if (!expiration || !coversKey({ ...rule, expiration }, key)) return false;
      if (expiration.loneMarkers) return true;
      return expiration.days !== undefined && dueAfter(modified, expiration.days) <= this.#now;
    });
  }
}

/** Whether it was done: what changed meanwhile, is gone or is locked is left alone. */
async function ifPossible(action: Promise<unknown>): Promise<boolean> {
  try {
    await action;
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) return false;
    throw error;
  }
}
