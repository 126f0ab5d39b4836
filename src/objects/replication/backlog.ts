import type { KeyOf, SpaceOf } from '../../store/keyspace.js';
import type { Kv, Version, Write } from '../../store/kv.js';
import { under } from '../../store/kv.js';
import { recordType } from '../../store/records.js';
import type { Buckets } from '../buckets/buckets.js';
import type { Outbox } from '../events/outbox.js';
import { everyEntry, type ListedVersion, type ListOptions, type ListPage } from '../listing/listing.js';
import type { Bucket, VersionRecord } from '../records.js';
import type { Versions } from '../versions/versions.js';
import { type ReplicationRule, rulesFor } from './rules.js';

/** How far a bucket was gone through. */
interface Progress {
  readonly name: string;
  /** The key that all was done up to; absent at the beginning. */
  readonly after?: string | undefined;
}

const rows = recordType<Progress>({ version: 1 });
const table: SpaceOf<'objects'> = 'replication-backlog';
const rowOf = (bucketId: string): KeyOf<'objects'> => [table, bucketId];

/** Copies of one destination that may wait before no more are asked for. */
const MOST_WAITING = 10_000;
/** Keys that are gone through between two notes of how far it is. */
const STEP = 500;

/** What the backlog works on. */
interface Parts {
  readonly buckets: Buckets;
  readonly versions: Versions;
  readonly replications: Outbox;
  listVersions(bucket: Bucket, options: ListOptions): Promise<ListPage<ListedVersion>>;
}

/**
 * Copies of what was in a bucket before its rules were, where one of them asks for it: versions without a copy, and
 * those whose copy failed, as S3 Batch Replication does it. One process of those that share a store may run it.
 */
export class Backlog {
  readonly #kv: Kv;
  readonly #parts: Parts;

  constructor(kv: Kv, parts: Parts) {
    this.#kv = kv;
    this.#parts = parts;
  }

  /** What the commit that sets a bucket's rules writes so that it is gone through from its beginning. */
  begin({ id, name }: Bucket): Write {
    return { key: rowOf(id), value: rows.encode({ name }) };
  }

  async clear({ id }: Bucket): Promise<void> {
    await this.#kv.commit([], [{ key: rowOf(id), value: undefined }]);
  }

  /** Goes through the buckets for which that is asked, as far as the copies that wait allow. `signal` ends it early. */
  async run(signal: AbortSignal): Promise<void> {
    const found = await this.#kv.list({ ...under([table]), damaged: () => undefined });
    for (const { key, value, version } of found) {
      if (signal.aborted) return;
      const progress = rows.decode(value);
      const bucket = await this.#parts.buckets.find(progress.name);
      const id = key[1] as string;
      const isThere = bucket?.id === id && !bucket.deleting && bucket.replication !== undefined;
      if (isThere) await this.#through(bucket, progress, version, signal);
      else await this.#note(id, version, undefined);
    }
  }

  /** Ends where something has begun it again meanwhile. */
  async #through(bucket: Bucket, progress: Progress, read: Version, signal: AbortSignal): Promise<void> {
    let version: Version | undefined = read;
    let keys = 0;
    let last = progress.after;
    const versions = everyEntry<ListedVersion>(
      options =>
        this.#parts.listVersions(bucket, {
          ...options,
          after: options.after ?? progress.after,
          damaged: () => undefined,
        }),
      ({ version: { id } }) => id,
    );
    for await (const { key, item } of versions) {
      if (key !== last && last !== undefined && ++keys % STEP === 0) {
        version = await this.#note(bucket.id, version, { ...progress, after: last });
        if (version === undefined || signal.aborted || (await this.#isFull(bucket))) return;
      }
      last = key;
      await this.#copy(bucket, key, item.version);
    }
    await this.#note(bucket.id, version, undefined);
  }

  async #copy(bucket: Bucket, key: string, version: VersionRecord): Promise<void> {
    const happened = version.marker
      ? ({ what: 'marked' } as const)
      : ({ what: 'created', record: version } as const);
    const rules = rulesFor(bucket.replication!, key, happened).filter(rule => isOwed(rule, version));
    if (rules.length > 0) await this.#parts.versions.copyExisting(bucket, key, version, rules);
  }

  async #isFull({ replication }: Bucket): Promise<boolean> {
    for (const { destination } of replication!.rules) {
      const waiting = await this.#parts.replications.count(destination.bucket, MOST_WAITING);
      if (waiting >= MOST_WAITING) return true;
    }
    return false;
  }

  /** Answers the row's version; undefined where it is gone, or was written by another. */
  async #note(id: string, version: Version | undefined, progress: Progress | undefined) {
    const key = rowOf(id);
    const value = progress && rows.encode(progress);
    if (!(await this.#kv.commit([{ key, version }], [{ key, value }]))) return undefined;
    return (await this.#kv.get(key))?.version;
  }
}

/** Delete markers have no record of their copies: those are found to be there. */
function isOwed(rule: ReplicationRule, version: VersionRecord): boolean {
  if (rule.existing !== 'Enabled') return false;
  if (version.marker || version.replication === undefined) return true;
  if (version.replication === 'REPLICA') return false;
  const outcome = version.replication.find(([bucket]) => bucket === rule.destination.bucket)?.[1];
  return outcome === undefined || outcome === 'FAILED';
}
