import type { Clock } from '../../core/clock.js';
import { ApiError } from '../../core/errors.js';
import { KeyedMutex } from '../../core/keyed-mutex.js';
import { contended, s3Errors } from '../../core/s3-errors.js';
import { END, type Key, type Kv, ValueDamaged } from '../../store/kv.js';
import { OVERTAKEN, untilCommitted } from '../../store/retry.js';
import type { Contents, PlacedContent, Received } from '../bodies/content.js';
import type { Buckets } from '../buckets/buckets.js';
import { BY_S3, type Cause, type ObjectEvent } from '../events/events.js';
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
import { Announcing, type Replica, replicaEvent } from './announcing.js';
import { type Candidate, etagOf } from './candidate.js';
import {
  Change,
  type Current,
  clientId,
  type Located,
  type LostVersion,
  newestOf,
  shownId,
} from './change.js';
import { demandDeletable } from './lock.js';
import { asLocated, Lookup } from './lookup.js';
import { isForeignVersionId, sequenceAt, sequenceOf, versionId } from './version-id.js';
import { versionRecords } from './version-records.js';
import { type DeleteConditions, demandConditions, type WriteConditions } from './write-conditions.js';

/** What a delete did. */
export interface Deleted {
  /** The marker that was made or deleted, or the version that was deleted. */
  readonly version?: VersionRecord | undefined;
  /** Whether `version` is a new delete marker. */
  readonly madeMarker: boolean;
}

/** The versions of objects: writing, finding and deleting them. */
export class Versions {
  readonly #kv: Kv;
  readonly #clock: Clock;
  readonly #buckets: Buckets;
  readonly #contents: Contents;
  readonly #garbage: Garbage;
  readonly #lookup: Lookup;
  readonly #announcing: Announcing;
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
    this.#lookup = new Lookup(stores.kv);
    this.#announcing = new Announcing(stores.outbox, stores.replications);
  }

  /**
   * The current version of a key, or the one of `id` (`null` is the null version); a delete marker where that
   * is what it is. Throws InvalidArgument for what cannot be an id: in a bucket that never had versioning, nothing that
   * another store made can (LocalStack's recordings of AWS, test_get_object_with_version_unversioned_bucket).
   */
  find(bucket: Bucket, key: string, id?: string): Promise<VersionRecord | undefined> {
    return this.#lookup.find(bucket, key, id);
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
    const current = await this.#lookup.current(bucket, key);
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
      await this.#announcing.announce(
        bucket,
        change,
        { ...cause, key, size, etag, versionId: shownId(record) },
        sequenceOf(id) - 1,
      );
    }
    const event = cause?.event ?? 'ObjectCreated:Put';
    await this.#announcing.replicate(bucket, key, change, record, rules, {
      event,
      after: sequenceOf(id) - 1,
    });
    return (await this.#apply(bucket, change)) ? record : undefined;
  }

  /** Where a version lies that was found before; undefined once it is gone. */
  async whereIs(bucket: Bucket, key: string, record: ObjectRecord): Promise<Located | undefined> {
    const found = await this.#lookup.locate(bucket, key, record.isNull ? 'null' : record.id);
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
        await this.#announcing.tellOfRemoval(now, change, key, conditions.cause, object ?? lost!, current);
        return { madeMarker: false };
      }
      const isNull = now.versioning === 'Suspended';
      const { time, id } = this.#next(current);
      const marker: DeleteMarker = { marker: true, id, isNull, modified: time };
      await this.#retire(now, key, current, isNull, change);
      change.put(objectKey(now.id, key), undefined);
      change.put(versionKey(now.id, key, id), versionRecords.encode(marker));
      this.#setState(now, key, change, current, { latest: id, marker: true }, isNull ? id : undefined);
      if (conditions.cause) await this.#announcing.tellOfMarker(now, key, marker, conditions.cause, change);
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
      const found = await this.#lookup.locateOrLost(now, key, id, current);
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
      await this.#announcing.tellOfRemoval(now, change, key, options.cause, record, current);
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
    await this.#announcing.tellOfRemoval(bucket, change, key, cause, lost, current);
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
        const announced = { ...cause, key, size, etag, storageClass, versionId: shownId(record) };
        await this.#announcing.announce(now, planned, announced, newestOf(current));
      }
      const event = cause?.event ?? 'ObjectTagging:Put';
      await this.#announcing.replicate(now, key, planned, record, rules, { event, after: newestOf(current) });
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
        if (!(await this.#lookup.locate(now, key, clientId(version), current))) return true;
        await this.#announcing.replicate(now, key, change, version, rules, {
          event,
          after: newestOf(current),
        });
        return true;
      });
      return;
    }
    await this.#rewrite(bucket, key, clientId(version), async (now, current, before, planned) => {
      const record = { ...before, replication: pendingTo(before.replication, rules) };
      await this.#announcing.replicate(now, key, planned, record, rules, { event, after: newestOf(current) });
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
        const announced = {
          ...failure,
          event,
          origin: BY_S3,
          key,
          size,
          etag,
          versionId: shownId(before),
        } as const;
        await this.#announcing.announce(now, planned, announced, newestOf(current));
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
      const found = await this.#lookup.locate(now, key, clientId(version), current);
      if (found && found.record.id !== id) throw s3Errors.InvalidBucketState(OTHER_NULL);
      if (found) return false;
      const record = version.marker ? version : this.#placed(version, place(now.id, id), change);
      // An id that came from elsewhere must not be that of another key's version: content goes by the id alone.
      change.checks.push({ key: contentKey(now.id, id), version: undefined });
      await this.#insert(now, key, record, current, change);
      if (now.notifications)
        await this.#announcing.announce(now, change, replicaEvent(key, record), newestOf(current));
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
        id === undefined ? asLocated(now, key, current) : await this.#lookup.locate(now, key, id, current);
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
      const current = await this.#lookup.current(now, key);
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
      this.#announcing.committed(change);
    }
    return applied;
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
    const replaced = await this.#lookup.read(rowKey).catch(ifDamaged);
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
}

type Plan<T> = (now: Bucket, current: Current, change: Change) => Promise<T>;

const unchanged: Deleted = { madeMarker: false };

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

function asObject(version: VersionRecord | undefined): ObjectRecord | undefined {
  return version?.marker ? undefined : version;
}
