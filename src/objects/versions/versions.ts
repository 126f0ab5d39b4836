import type { Clock } from '../../core/clock.js';
import { ApiError } from '../../core/errors.js';
import { KeyedMutex } from '../../core/keyed-mutex.js';
import { contended, s3Errors } from '../../core/s3-errors.js';
import {
  type Check,
  END,
  type Entry,
  type Key,
  type Kv,
  under,
  ValueDamaged,
  type Version,
  type Write,
} from '../../store/kv.js';
import { OVERTAKEN, untilCommitted } from '../../store/retry.js';
import { rowsOf } from '../../store/scan.js';
import type { Contents, PlacedContent, Received } from '../bodies/content.js';
import { type Buckets, checkOf } from '../buckets/buckets.js';
import { BY_S3, type Cause, type ObjectEvent, type RemovalName } from '../events/events.js';
import type { Outbox } from '../events/outbox.js';
import {
  type Bucket,
  contentKey,
  type DeleteMarker,
  type KeyState,
  keyStateKey,
  keyStates,
  type ObjectAttributes,
  type ObjectRecord,
  objectKey,
  type VersionRecord,
  versionKey,
} from '../records.js';
import {
  isFollowed,
  type ReplicationOutcome,
  type ReplicationRule,
  type ReplicationState,
  rulesFor,
  withOutcome,
} from '../replication/rules.js';
import type { Garbage } from '../upkeep/garbage.js';
import { type Candidate, etagOf } from './candidate.js';
import { demandDeletable } from './lock.js';
import { isForeignVersionId, isVersionId, sequenceAt, sequenceOf, versionId } from './version-id.js';
import { versionRecords } from './version-records.js';
import { type DeleteConditions, demandConditions, type WriteConditions } from './write-conditions.js';

/** What a delete did. */
export interface Deleted {
  /** The marker that was made or deleted, or the version that was deleted. */
  readonly version?: VersionRecord | undefined;
  /** Whether `version` is a new delete marker. */
  readonly madeMarker: boolean;
}

/** A key's current version and its place among the versions, as stored. */
interface Current {
  readonly object: ObjectRecord | undefined;
  readonly objectVersion: Version | undefined;
  /** Only in buckets that have had versioning enabled. */
  readonly state: KeyState | undefined;
  readonly stateVersion: Version | undefined;
  /** In place of `object`, where its record is damaged. */
  readonly lost?: LostVersion | undefined;
}

/** What is known of a version whose record is damaged. */
interface LostVersion {
  readonly key: Key;
  readonly stored: Version | undefined;
  /** Absent for a null version from before versioning. */
  readonly id: string | undefined;
  readonly isNull: boolean;
  readonly damage: ValueDamaged;
}

/** What one change writes, and what it makes garbage. */
class Change {
  readonly checks: Check[];
  readonly writes: Write[] = [];
  readonly garbage: string[] = [];
  /** Whether it has an event. */
  announced = false;
  /** Whether it has copies to be made. */
  copied = false;

  constructor(bucket: Bucket, key: string, current: Current) {
    this.checks = [checkOf(bucket), { key: objectKey(bucket.id, key), version: current.objectVersion }];
    if (bucket.versioning)
      this.checks.push({ key: keyStateKey(bucket.id, key), version: current.stateVersion });
  }

  put(key: Write['key'], value: Uint8Array | undefined): void {
    this.writes.push({ key, value });
  }
}

/** The versions of objects: writing, finding and deleting them. */
export class Versions {
  readonly #kv: Kv;
  readonly #clock: Clock;
  readonly #buckets: Buckets;
  readonly #contents: Contents;
  readonly #garbage: Garbage;
  readonly #outbox: Outbox;
  readonly #replications: Outbox;
  /** Of many whose commits collide, one succeeds at a time: the others wait, so as not to work for nothing. */
  readonly #contended = new KeyedMutex();

  constructor(stores: {
    readonly kv: Kv;
    readonly clock: Clock;
    readonly buckets: Buckets;
    readonly contents: Contents;
    readonly garbage: Garbage;
    readonly outbox: Outbox;
    readonly replications: Outbox;
  }) {
    this.#kv = stores.kv;
    this.#clock = stores.clock;
    this.#buckets = stores.buckets;
    this.#contents = stores.contents;
    this.#garbage = stores.garbage;
    this.#outbox = stores.outbox;
    this.#replications = stores.replications;
  }

  /**
   * The current version of a key, or the one of `id` (`null` is the null version); a delete marker where that
   * is what it is. Throws InvalidArgument for what cannot be an id: in a bucket that never had versioning, nothing that
   * another store made can (LocalStack's recordings of AWS, test_get_object_with_version_unversioned_bucket).
   */
  async find(bucket: Bucket, key: string, id?: string): Promise<VersionRecord | undefined> {
    if (id !== undefined) {
      const found = await this.#locate(bucket, key, id);
      if (found || !bucket.versioning) return found?.record;
      // Becoming current moves a version: looking twice finds it in one of its places.
      return (await this.#locate(bucket, key, id))?.record;
    }
    const entry = await this.#kv.get(objectKey(bucket.id, key));
    if (entry) return versionRecords.decode(entry.value);
    if (!bucket.versioning) return undefined;
    const state = await this.#state(bucket, key);
    return state.state && this.#read(versionKey(bucket.id, key, state.state.latest));
  }

  /**
   * Puts a received body under a key. Throws PreconditionFailed, NoSuchKey, NoSuchBucket, OperationAborted;
   * `ValueDamaged` where the record of the current version is damaged and has to be known or kept.
   */
  async put(
    bucket: Bucket,
    key: string,
    attributes: ObjectAttributes & Pick<ObjectRecord, 'encryption'>,
    body: Received,
    conditions: WriteConditions = {},
    cause?: Cause,
  ): Promise<ObjectRecord> {
    const { size, checksum } = body;
    const candidate: Candidate = {
      record: { ...attributes, size, etag: etagOf(body, attributes.encryption), checksum },
      cause,
      place: id => this.#contents.place(bucket.id, id, body.stored),
    };
    try {
      return await this.commit(bucket, key, candidate, conditions);
    } catch (error) {
      this.#contents.abandon(body.stored, error);
      throw error;
    }
  }

  /** Makes a candidate the current version of a key. Throws as `put` does. */
  async commit(
    bucket: Bucket,
    key: string,
    candidate: Candidate,
    conditions: WriteConditions = {},
  ): Promise<ObjectRecord> {
    return this.#attempt(bucket, key, now => this.commitOnce(now, key, candidate, conditions));
  }

  /** As `commit`, but answers undefined where the commit did not find all as it was read or as the candidate has it. */
  async commitOnce(
    bucket: Bucket,
    key: string,
    candidate: Candidate,
    conditions: WriteConditions = {},
  ): Promise<ObjectRecord | undefined> {
    const { place, checks = [], writes: further = [], cause } = candidate;
    const current = await this.#current(bucket, key);
    demandReplaceable(bucket, current, conditions);
    demandConditions(conditions, key, current.object);
    const change = new Change(bucket, key, current);
    const isNull = bucket.versioning !== 'Enabled';
    const { time, id } = this.#next(current);
    const { content, salt, writes } = await place(id);
    const rules = bucket.replication
      ? rulesFor(bucket.replication, key, { what: 'created', record: candidate.record })
      : [];
    const replication = pendingTo(undefined, rules);
    const record: ObjectRecord = {
      ...candidate.record,
      id,
      isNull,
      modified: time,
      content,
      salt,
      replication,
    };
    await this.#retire(bucket, key, current, isNull, change);
    change.checks.push(...checks);
    change.put(objectKey(bucket.id, key), versionRecords.encode(record));
    change.writes.push(...writes, ...further);
    if (bucket.versioning) {
      this.#setState(bucket, key, change, current, { latest: id, marker: false }, isNull ? id : undefined);
    }
    if (cause && bucket.notifications) {
      const { size, etag } = record;
      await this.#announce(
        bucket,
        change,
        { ...cause, key, size, etag, versionId: shownId(record) },
        sequenceOf(id) - 1,
      );
    }
    const event = cause?.event ?? 'ObjectCreated:Put';
    await this.#replicate(bucket, key, change, record, rules, { event, after: sequenceOf(id) - 1 });
    return (await this.#apply(bucket, change)) ? record : undefined;
  }

  /** Where a version lies that was found before; undefined once it is gone. */
  async whereIs(bucket: Bucket, key: string, record: ObjectRecord): Promise<Located | undefined> {
    const found = await this.#locate(bucket, key, record.isNull ? 'null' : record.id);
    return found?.record.id === record.id ? found : undefined;
  }

  /** Throws PreconditionFailed, NoSuchKey, as a write with these conditions would now. */
  async demand(bucket: Bucket, key: string, conditions: WriteConditions): Promise<void> {
    if (conditions.ifMatch === undefined && conditions.ifNoneMatch === undefined) return;
    const version = await this.find(bucket, key);
    demandConditions(conditions, key, asObject(version));
  }

  /**
   * Deletes the current version, or, where the bucket has versioning, puts a delete marker in its place. Throws
   * `ValueDamaged` as `put` does.
   */
  async delete(bucket: Bucket, key: string, conditions: DeleteConditions = {}): Promise<Deleted> {
    const plan: Plan<Deleted> = async (now, current, change) => {
      demandReplaceable(now, current, conditions);
      if (conditions.ifMatch !== undefined) demandConditions(conditions, key, current.object);
      if (conditions.ifId !== undefined && conditions.ifId !== current.object?.id) return unchanged;
      if (!now.versioning) {
        const { object, lost } = current;
        if (!object && !lost) return unchanged;
        change.put(objectKey(now.id, key), undefined);
        if (object) await this.#drop(now, object, change);
        await this.#announceRemoval(now, change, key, conditions.cause, object ?? lost!, current);
        return { madeMarker: false };
      }
      const isNull = now.versioning === 'Suspended';
      const { time, id } = this.#next(current);
      const marker: DeleteMarker = { marker: true, id, isNull, modified: time };
      await this.#retire(now, key, current, isNull, change);
      change.put(objectKey(now.id, key), undefined);
      change.put(versionKey(now.id, key, id), versionRecords.encode(marker));
      this.#setState(now, key, change, current, { latest: id, marker: true }, isNull ? id : undefined);
      if (conditions.cause) await this.#tellOfMarker(now, key, marker, conditions.cause, change);
      return { version: marker, madeMarker: true };
    };
    return this.#change(bucket, key, plan);
  }

  /**
   * Deletes one version for good; idempotent. Throws AccessDenied for a version that is locked, unless
   * `bypassGovernance` and its lock lets itself be bypassed; `ValueDamaged` for one whose record is damaged where it
   * may be locked.
   */
  async deleteVersion(
    bucket: Bucket,
    key: string,
    id: string,
    options: { bypassGovernance?: boolean } & Omit<DeleteConditions, 'ifId'> = {},
  ): Promise<Deleted> {
    const plan: Plan<Deleted> = async (now, current, change) => {
      const found = await this.#locateOrLost(now, key, id, current);
      if (found && 'damage' in found) return this.#deleteLost(now, key, found, current, change, options);
      if (options.ifMatch !== undefined) demandConditions(options, key, asObject(found?.record));
      if (!found && isForeignVersionId(id)) {
        throw s3Errors.NoSuchVersion({ members: { Key: key, VersionId: id } });
      }
      if (!found) return unchanged;
      const { record } = found;
      if (!record.marker) {
        demandDeletable(record, this.#clock.now(), options.bypassGovernance ?? false);
        await this.#drop(now, record, change);
      }
      change.checks.push({ key: found.key, version: found.stored });
      const next = now.versioning && (await this.#promote(now, key, current, record.id, change));
      if (next) change.put(objectKey(now.id, key), versionRecords.encode(next));
      if (!next || record !== current.object) change.put(found.key, undefined);
      await this.#announceRemoval(now, change, key, options.cause, record, current);
      return { version: record, madeMarker: false };
    };
    return this.#change(bucket, key, plan);
  }

  /** Deletes a version whose record is damaged. What kept its body is left over. */
  async #deleteLost(
    bucket: Bucket,
    key: string,
    lost: LostVersion,
    current: Current,
    change: Change,
    { ifMatch, cause }: DeleteConditions,
  ): Promise<Deleted> {
    if (ifMatch !== undefined || bucket.objectLock) throw lost.damage;
    change.checks.push({ key: lost.key, version: lost.stored });
    // Without a state, it is the only one.
    const next = current.state && (await this.#promote(bucket, key, current, lost.id!, change));
    change.put(lost.key, undefined);
    if (next) change.put(objectKey(bucket.id, key), versionRecords.encode(next));
    await this.#announceRemoval(bucket, change, key, cause, lost, current);
    return { madeMarker: false };
  }

  /**
   * Rewrites a version's attributes in place: tags, retention, legal hold. Its copies follow. Throws NoSuchKey,
   * NoSuchVersion, MethodNotAllowed.
   */
  async update(
    bucket: Bucket,
    key: string,
    id: string | undefined,
    change: (record: ObjectRecord) => ObjectRecord,
    cause?: Cause,
  ): Promise<ObjectRecord> {
    return this.#rewrite(bucket, key, id, async (now, current, before, planned) => {
      const changed = change(before);
      const rules =
        now.replication && isFollowed(before, changed)
          ? rulesFor(now.replication, key, { what: 'changed', record: changed })
          : [];
      const record = { ...changed, replication: pendingTo(changed.replication, rules) };
      if (cause && now.notifications && changed !== before) {
        const { size, etag, storageClass } = record;
        const told = { ...cause, key, size, etag, storageClass, versionId: shownId(record) };
        await this.#announce(now, planned, told, newestOf(current));
      }
      const event = cause?.event ?? 'ObjectTagging:Put';
      await this.#replicate(now, key, planned, record, rules, { event, after: newestOf(current) });
      return record;
    });
  }

  /**
   * Has a version that is there already copied by these rules. Without effect on what is gone.
   */
  async copyExisting(
    bucket: Bucket,
    key: string,
    version: VersionRecord,
    rules: readonly ReplicationRule[],
  ): Promise<void> {
    const event = version.marker ? 'ObjectRemoved:DeleteMarkerCreated' : 'ObjectCreated:Put';
    if (version.marker) {
      await this.#change(bucket, key, async (now, current, change) => {
        if (!(await this.#locate(now, key, clientId(version), current))) return true;
        await this.#replicate(now, key, change, version, rules, { event, after: newestOf(current) });
        return true;
      });
      return;
    }
    await this.#rewrite(bucket, key, clientId(version), async (now, current, before, planned) => {
      const record = { ...before, replication: pendingTo(before.replication, rules) };
      await this.#replicate(now, key, planned, record, rules, { event, after: newestOf(current) });
      return record;
    }).catch(ifGone);
  }

  /**
   * Notes what became of the copy of a version in another bucket. `failure`: the event of one that failed. Without
   * effect where the version is gone.
   */
  async noteCopy(
    bucket: Bucket,
    key: string,
    version: ObjectRecord,
    target: { readonly bucket: string; readonly outcome: ReplicationOutcome },
    failure?: Pick<ObjectEvent, 'replication'>,
  ): Promise<void> {
    await this.#rewrite(bucket, key, clientId(version), async (now, current, before, planned) => {
      if (failure) {
        const { size, etag } = before;
        const event = 'Replication:OperationFailedReplication';
        const told = {
          ...failure,
          event,
          origin: BY_S3,
          key,
          size,
          etag,
          versionId: shownId(before),
        } as const;
        await this.#announce(now, planned, told, newestOf(current));
      }
      return { ...before, replication: withOutcome(before.replication, target.bucket, target.outcome) };
    }).catch(ifGone);
  }

  /** Has a copy follow its original. Throws as `update`. */
  async updateReplica(
    bucket: Bucket,
    key: string,
    version: ObjectRecord,
    change: (record: ObjectRecord) => ObjectRecord,
  ): Promise<void> {
    await this.#rewrite(bucket, key, clientId(version), async (_now, _current, before) => change(before));
  }

  /**
   * Puts the copy of a version of another bucket where its id has its place among the versions, which need not be the
   * first. Answers false, and changes nothing, where the bucket has the version. Throws NoSuchBucket,
   * OperationAborted; InvalidBucketState where versioning is not enabled, or another null version is there;
   * `ValueDamaged` as `put` does.
   */
  async putReplica(
    bucket: Bucket,
    key: string,
    version: Replica | DeleteMarker,
    place: (bucket: string, id: string) => PlacedContent,
  ): Promise<boolean> {
    return this.#change(bucket, key, async (now, current, change) => {
      if (now.versioning !== 'Enabled') throw s3Errors.InvalidBucketState(UNVERSIONED);
      demandReplaceable(now, current, {});
      const { id } = version;
      const found = await this.#locate(now, key, clientId(version), current);
      if (found && found.record.id !== id) throw s3Errors.InvalidBucketState(OTHER_NULL);
      if (found) return false;
      const record = version.marker ? version : this.#placed(version, place(now.id, id), change);
      // An id that came from elsewhere must not be that of another key's version: content goes by the id alone.
      change.checks.push({ key: contentKey(now.id, id), version: undefined });
      await this.#insert(now, key, record, current, change);
      if (now.notifications) await this.#announce(now, change, replicaEvent(key, record), newestOf(current));
      return true;
    });
  }

  /** Puts a version where its id has its place. */
  async #insert(
    bucket: Bucket,
    key: string,
    record: VersionRecord,
    current: Current,
    change: Change,
  ): Promise<void> {
    const { id, isNull, marker = false } = record;
    const row = versionRecords.encode(record);
    const latest = current.state?.latest ?? current.object?.id;
    const nullId = isNull ? id : undefined;
    // Ids sort the newest first.
    if (latest !== undefined && latest < id) {
      change.put(versionKey(bucket.id, key, id), row);
      const above = { latest, marker: current.state?.marker ?? false };
      this.#setState(bucket, key, change, current, above, nullId);
      return;
    }
    await this.#retire(bucket, key, current, isNull, change);
    change.put(objectKey(bucket.id, key), marker ? undefined : row);
    if (marker) change.put(versionKey(bucket.id, key, id), row);
    this.#setState(bucket, key, change, current, { latest: id, marker }, nullId);
  }

  #placed(version: Replica, { content, salt, writes }: PlacedContent, change: Change): ObjectRecord {
    change.writes.push(...writes);
    return { ...version, content, salt };
  }

  /** Rewrites a version as `make` says. Throws NoSuchKey, NoSuchVersion, MethodNotAllowed. */
  #rewrite(
    bucket: Bucket,
    key: string,
    id: string | undefined,
    make: (now: Bucket, current: Current, before: ObjectRecord, planned: Change) => Promise<ObjectRecord>,
  ): Promise<ObjectRecord> {
    return this.#change(bucket, key, async (now, current, planned) => {
      if (id === undefined && current.lost) throw current.lost.damage;
      const found =
        id === undefined ? asLocated(now, key, current) : await this.#locate(now, key, id, current);
      if (!found) {
        throw id === undefined
          ? s3Errors.NoSuchKey({ members: { Key: key } })
          : s3Errors.NoSuchVersion({ members: { Key: key, VersionId: id } });
      }
      if (found.record.marker) {
        throw s3Errors.MethodNotAllowed({ members: { ResourceType: 'DeleteMarker' } });
      }
      const record = await make(now, current, found.record, planned);
      planned.checks.push({ key: found.key, version: found.stored });
      planned.put(found.key, versionRecords.encode(record));
      return record;
    });
  }

  /** Plans and applies a change until its commit finds everything as the plan saw it. The plan looks at `lost`. */
  #change<T>(bucket: Bucket, key: string, plan: Plan<T>): Promise<T> {
    return this.#attempt(bucket, key, async now => {
      const current = await this.#current(now, key);
      const change = new Change(now, key, current);
      const result = await plan(now, current, change);
      return change.writes.length === 0 || (await this.#apply(now, change)) ? result : undefined;
    });
  }

  /** Tries until something is answered, each time with the bucket as it is then. */
  async #attempt<T>(bucket: Bucket, key: string, once: (now: Bucket) => Promise<T | undefined>): Promise<T> {
    const name = `${bucket.id}/${key}`;
    const first = this.#contended.isContended(name) ? undefined : await once(bucket);
    if (first !== undefined) return first;
    return this.#contended.run(name, () =>
      untilCommitted(async () => (await once(await this.#buckets.again(bucket))) ?? OVERTAKEN, contended),
    );
  }

  /** Commits a change. Throws OperationAborted where the bucket is being deleted. */
  async #apply(bucket: Bucket, change: Change): Promise<boolean> {
    if (bucket.deleting) throw s3Errors.OperationAborted();
    const applied = await this.#kv.commit(change.checks, change.writes);
    if (applied) {
      this.#garbage.discard(change.garbage);
      if (change.announced) this.#outbox.committed();
      if (change.copied) this.#replications.committed();
    }
    return applied;
  }

  async #tellOfMarker(
    bucket: Bucket,
    key: string,
    marker: DeleteMarker,
    { event, origin }: Cause<RemovalName>,
    change: Change,
  ): Promise<void> {
    const after = sequenceOf(marker.id) - 1;
    if (bucket.notifications) {
      const made = { key, etag: NO_BYTES_MD5, versionId: shownId(marker) };
      const announced = { ...made, event: `${event}:DeleteMarkerCreated`, origin } as const;
      await this.#announce(bucket, change, announced, after);
    }
    if (event !== 'ObjectRemoved' || !bucket.replication) return;
    const rules = rulesFor(bucket.replication, key, { what: 'marked' });
    const copied = { event: 'ObjectRemoved:DeleteMarkerCreated', after } as const;
    await this.#replicate(bucket, key, change, marker, rules, copied);
  }

  async #announceRemoval(
    bucket: Bucket,
    change: Change,
    key: string,
    cause: Cause<RemovalName> | undefined,
    removed: Shown,
    current: Current,
  ): Promise<void> {
    if (!cause || !bucket.notifications) return;
    const event = `${cause.event}:Delete` as const;
    const announced = { key, event, origin: cause.origin, versionId: shownId(removed) };
    await this.#announce(bucket, change, announced, newestOf(current));
  }

  /** Adds to a change what tells of it, after everything up to the sequence `previous`. */
  async #announce(
    bucket: Bucket,
    change: Change,
    event: Omit<ObjectEvent, 'bucket' | 'time'>,
    previous: number,
  ): Promise<void> {
    const announcement = await this.#outbox.announce(bucket, event, previous);
    if (!announcement) return;
    change.checks.push(...announcement.checks);
    change.writes.push(...announcement.writes);
    change.announced = true;
  }

  /** Adds to a change what has a version copied, after everything up to the sequence `after`. */
  async #replicate(
    bucket: Bucket,
    key: string,
    change: Change,
    version: Replica | DeleteMarker,
    rules: readonly ReplicationRule[],
    { event, after }: { readonly event: ObjectEvent['event']; readonly after: number },
  ): Promise<void> {
    if (rules.length === 0) return;
    const targets = rules.map(({ id, destination }) => ({ destination: destination.bucket, ruleId: id }));
    const waiting = { event, key, versionId: shownId(version), origin: BY_S3 };
    const { checks, writes } = await this.#replications.announceTo(bucket, waiting, targets, after);
    change.checks.push(...checks);
    change.writes.push(...writes);
    change.copied = true;
  }

  /** Callers look at `lost`, too: without it, there is no object. */
  async #current(bucket: Bucket, key: string): Promise<Current> {
    let damage: ValueDamaged | undefined;
    const noted = (error: unknown): undefined => {
      if (!(error instanceof ValueDamaged)) throw error;
      damage = error;
    };
    const reading = this.#kv.get(objectKey(bucket.id, key)).catch(noted);
    const [entry, state] = bucket.versioning
      ? await Promise.all([reading, this.#state(bucket, key)])
      : [await reading, { state: undefined, stateVersion: undefined }];
    const object = entry && (versionRecords.decode(entry.value) as ObjectRecord);
    if (damage) {
      return {
        object,
        objectVersion: damage.version,
        ...state,
        lost: lostCurrent(bucket, key, state.state, damage),
      };
    }
    return { object, objectVersion: entry?.version, ...state };
  }

  async #state(bucket: Bucket, key: string): Promise<Pick<Current, 'state' | 'stateVersion'>> {
    let entry: Entry | undefined;
    try {
      entry = await this.#kv.get(keyStateKey(bucket.id, key));
    } catch (error) {
      if (!(error instanceof ValueDamaged)) throw error;
      return { state: await this.#stateAnew(bucket, key, error), stateVersion: error.version };
    }
    return { state: entry && keyStates.decode(entry.value), stateVersion: entry?.version };
  }

  /** The state of a key from its versions, where the record of it is damaged. Throws that where one of them is, too. */
  async #stateAnew(bucket: Bucket, key: string, damage: ValueDamaged): Promise<KeyState> {
    const object = await this.#read(objectKey(bucket.id, key));
    let latest = object;
    let nullId = object?.isNull ? object.id : undefined;
    for await (const { value } of rowsOf(this.#kv, under(['version', bucket.id, key]))) {
      const version = versionRecords.decode(value);
      latest ??= version;
      if (version.isNull) nullId = version.id;
    }
    if (!latest) throw damage;
    return { latest: latest.id, marker: latest.marker ?? false, nullId };
  }

  async #read(key: Write['key']): Promise<VersionRecord | undefined> {
    const entry = await this.#kv.get(key);
    return entry && versionRecords.decode(entry.value);
  }

  /** The time and id of a version that is newer than every other of its key. */
  #next({ object, state }: Current): { time: number; id: string } {
    const time = this.#clock.now();
    const latest = state?.latest ?? object?.id;
    return { time, id: versionId(sequenceAt(time, latest === undefined ? 0 : sequenceOf(latest))) };
  }

  /**
   * Makes room for a new current version: the one so far moves among the others, or is dropped where the new
   * one replaces it (both are null versions, or the bucket has no versioning).
   */
  async #retire(
    bucket: Bucket,
    key: string,
    { object, state }: Current,
    nextIsNull: boolean,
    change: Change,
  ): Promise<void> {
    if (object && nextIsNull && object.isNull) await this.#drop(bucket, object, change);
    else if (object) change.put(versionKey(bucket.id, key, object.id), versionRecords.encode(object));
    const nullId = state?.nullId;
    if (!nextIsNull || nullId === undefined || nullId === object?.id) return;
    const rowKey = versionKey(bucket.id, key, nullId);
    const replaced = await this.#read(rowKey).catch(ifDamaged);
    change.put(rowKey, undefined);
    if (replaced && !replaced.marker) await this.#drop(bucket, replaced, change);
  }

  async #drop(bucket: Bucket, record: ObjectRecord, change: Change): Promise<void> {
    const { writes, blobs } = await this.#contents.drop(bucket.id, record);
    change.writes.push(...writes);
    change.garbage.push(...blobs);
  }

  #setState(
    bucket: Bucket,
    key: string,
    change: Change,
    current: Current,
    latest: Pick<KeyState, 'latest' | 'marker'>,
    nullId: string | undefined,
  ): void {
    // A null version from before versioning was enabled is known only by its record.
    const kept = current.state
      ? current.state.nullId
      : current.object?.isNull
        ? current.object.id
        : undefined;
    const state: KeyState = { ...latest, nullId: nullId ?? kept };
    change.put(keyStateKey(bucket.id, key), keyStates.encode(state));
  }

  /** Once `removed` is gone: answers the version that becomes current, where `removed` was and one is left. */
  async #promote(
    bucket: Bucket,
    key: string,
    current: Current,
    removed: string,
    change: Change,
  ): Promise<ObjectRecord | undefined> {
    const stateKey = keyStateKey(bucket.id, key);
    const nullId = current.state?.nullId === removed ? undefined : current.state?.nullId;
    if (removed !== (current.state?.latest ?? current.object?.id)) {
      change.put(stateKey, keyStates.encode({ ...current.state!, nullId }));
      return undefined;
    }
    const base = ['version', bucket.id, key];
    const damaged = (row: Key) => {
      if (row.at(-1) !== removed)
        throw new ValueDamaged('the version that would become current is damaged', row);
    };
    const rows = await this.#kv.list({ start: [...base, removed], end: [...base, END], limit: 2, damaged });
    const next = rows.map(row => versionRecords.decode(row.value)).find(row => row.id !== removed);
    const state = next && { latest: next.id, marker: next.marker ?? false, nullId };
    change.put(stateKey, state && keyStates.encode(state));
    if (!next || next.marker) return undefined;
    change.put(versionKey(bucket.id, key, next.id), undefined);
    return next;
  }

  /** As `#locate`, and also finds versions whose records are damaged. */
  async #locateOrLost(
    bucket: Bucket,
    key: string,
    id: string,
    current: Current,
  ): Promise<Located | LostVersion | undefined> {
    if (current.lost && isCalled(current.lost, id)) return current.lost;
    try {
      return await this.#locate(bucket, key, id, current);
    } catch (error) {
      if (!(error instanceof ValueDamaged)) throw error;
      const rowId = error.key.at(-1) as string;
      const isNull = rowId === current.state?.nullId;
      const lost = { key: error.key, stored: error.version, id: rowId, isNull, damage: error };
      return isCalled(lost, id) ? lost : undefined;
    }
  }

  /** Where the version of an id that a client gave is stored. */
  async #locate(bucket: Bucket, key: string, id: string, known?: Current): Promise<Located | undefined> {
    if (id !== 'null' && !isVersionId(id)) {
      if (bucket.versioning && isForeignVersionId(id)) return undefined;
      const members = { ArgumentName: 'versionId', ArgumentValue: id };
      throw s3Errors.InvalidArgument('Invalid version id specified', { members });
    }
    const current = known ?? (await this.#current(bucket, key));
    if (current.lost && isCalled(current.lost, id)) throw current.lost.damage;
    if (current.object && isCalled(current.object, id)) return asLocated(bucket, key, current);
    const rowId = id === 'null' ? current.state?.nullId : id;
    if (rowId === undefined) return undefined;
    const rowKey = versionKey(bucket.id, key, rowId);
    const entry = await this.#kv.get(rowKey);
    const record = entry && versionRecords.decode(entry.value);
    return record && isCalled(record, id) ? { key: rowKey, record, stored: entry!.version } : undefined;
  }
}

/** A version, and where it is stored. */
interface Located {
  readonly key: Write['key'];
  readonly record: VersionRecord;
  readonly stored: Version;
}

/** An object of another bucket without its content. */
export type Replica = Omit<ObjectRecord, 'content' | 'salt'>;

type Plan<T> = (now: Bucket, current: Current, change: Change) => Promise<T>;

/** What clients know a version by. */
type Shown = Pick<LostVersion, 'id' | 'isNull'>;

const unchanged: Deleted = { madeMarker: false };

/** The current version where its record is damaged: its key's state knows it, once versioning was enabled. */
function lostCurrent(
  bucket: Bucket,
  key: string,
  state: KeyState | undefined,
  damage: ValueDamaged,
): LostVersion {
  const isNull = state === undefined || state.nullId === state.latest;
  return { key: objectKey(bucket.id, key), stored: damage.version, id: state?.latest, isNull, damage };
}

/**
 * Throws the damage of a current version that is kept among the others, which takes its record, or that conditions are
 * to be compared with.
 */
function demandReplaceable(
  { versioning }: Bucket,
  { lost }: Current,
  { ifMatch, ifNoneMatch, ifId }: WriteConditions & DeleteConditions,
): void {
  if (!lost) return;
  const isConditional = ifMatch !== undefined || ifNoneMatch !== undefined || ifId !== undefined;
  if (isConditional || versioning === 'Enabled' || !lost.isNull) throw lost.damage;
}

function ifDamaged(error: unknown): undefined {
  if (!(error instanceof ValueDamaged)) throw error;
}

/** Of a delete marker: it has no bytes. */
const NO_BYTES_MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

/** The id of a version that has one for clients. */
function shownId({ id, isNull }: Shown): string | undefined {
  return isNull ? undefined : id;
}

/** What clients call a version. */
function clientId({ id, isNull }: { readonly id: string; readonly isNull: boolean }): string {
  return isNull ? 'null' : id;
}

/** Throws what is no answer that a version, or its bucket, is gone. */
function ifGone(error: unknown): void {
  if (error instanceof ApiError && /^NoSuch(Key|Version|Bucket)$|^MethodNotAllowed$/.test(error.code)) return;
  throw error;
}

/** The state of a version that these rules have copied. */
function pendingTo(
  state: ReplicationState | undefined,
  rules: readonly ReplicationRule[],
): ReplicationState | undefined {
  return rules.reduce<ReplicationState | undefined>(
    (sofar, { destination }) => withOutcome(sofar, destination.bucket, 'PENDING'),
    state,
  );
}

const UNVERSIONED = 'The bucket that copies go to must have versioning enabled.';
const OTHER_NULL = 'The bucket that copies go to has a null version of its own under this key.';

function replicaEvent(key: string, record: VersionRecord): Omit<ObjectEvent, 'bucket' | 'time'> {
  const versionId = shownId(record);
  if (record.marker) {
    return { event: 'ObjectRemoved:DeleteMarkerCreated', key, etag: NO_BYTES_MD5, versionId, origin: BY_S3 };
  }
  const { size, etag } = record;
  return { event: 'ObjectCreated:Put', key, size, etag, versionId, origin: BY_S3 };
}

/** The sequence of the newest version of a key that has one; 0 where nothing says it. */
function newestOf({ object, state }: Current): number {
  const latest = state?.latest ?? object?.id;
  return latest === undefined ? 0 : sequenceOf(latest);
}

function asObject(version: VersionRecord | undefined): ObjectRecord | undefined {
  return version?.marker ? undefined : version;
}

/** Whether clients know the version under this id. */
function isCalled(version: Shown, id: string): boolean {
  return id === 'null' ? version.isNull : version.id === id && !version.isNull;
}

function asLocated(bucket: Bucket, key: string, { object, objectVersion }: Current): Located | undefined {
  return object && { key: objectKey(bucket.id, key), record: object, stored: objectVersion! };
}
