/** The object engine: buckets, versions of objects, listings and multipart uploads over a KV and a blob store. */
import type { Clock } from '../core/clock.js';
import type { Scheduler } from '../core/scheduler.js';
import type { Blobs } from '../store/blobs.js';
import type { SpaceOf } from '../store/keyspace.js';
import { type Key, type Kv, under } from '../store/kv.js';
import { recordType } from '../store/records.js';
import { Contents } from './bodies/content.js';
import { OwnKeys } from './bodies/own-keys.js';
import { AccountBlocks } from './buckets/account-blocks.js';
import { Buckets } from './buckets/buckets.js';
import { Inventories } from './buckets/inventories.js';
import { SettingsById } from './buckets/settings-by-id.js';
import { Outbox } from './events/outbox.js';
import {
  type ListedUpload,
  type ListedVersion,
  type ListOptions,
  type ListPage,
  listObjects,
  listRecords,
  listUploads,
  listVersions,
  type ObjectPage,
} from './listing/listing.js';
import { type Bucket, bucketKey, keyStateKey, type ObjectRecord, objectKey } from './records.js';
import { Backlog } from './replication/backlog.js';
import { Garbage, type ReadElsewhere } from './upkeep/garbage.js';
import { type LifecycleReport, runLifecycle } from './upkeep/lifecycle.js';
import { Uploads } from './uploads/uploads.js';
import { type CopySource, type CopyTarget, copyVersion } from './versions/copy.js';
import { Versions } from './versions/versions.js';

interface ObjectsOptions {
  readonly kv: Kv;
  readonly blobs: Blobs;
  readonly clock: Clock;
  /** 32 bytes: the keys of encrypted objects are wrapped under it. Without one, no object can be encrypted. */
  readonly rootKey?: Uint8Array;
  /** Root keys that were replaced: what they wrapped still opens. */
  readonly formerRootKeys?: readonly Uint8Array[];
  /** Bodies of at most so many bytes live in the KV. Default: 32 KiB. */
  readonly inlineLimit?: number;
  /** Throws where no more bodies are to be taken in. */
  readonly demandRoom?: (() => void) | undefined;
  /** For stores that several processes work on. */
  readonly readElsewhere?: ReadElsewhere | undefined;
  /** Milliseconds that bodies outlive their last reference, for readers on other machines. Default: 0. */
  readonly deletionDelay?: number | undefined;
  /** Default: the machine's time. */
  readonly scheduler?: Scheduler | undefined;
}

const DEFAULT_INLINE_LIMIT = 32 * 1024;

/** What a bucket may have many of, each under an id, and what is given back of it as it was given. */
export type ConfigurationKind = 'Analytics' | 'IntelligentTiering' | 'Metrics';

export class Objects {
  readonly clock: Clock;
  readonly buckets: Buckets;
  readonly accountBlocks: AccountBlocks;
  readonly contents: Contents;
  readonly versions: Versions;
  readonly uploads: Uploads;
  readonly inventories: Inventories;
  /** Settings that nothing here acts on, as they were given. */
  readonly configurations: Readonly<Record<ConfigurationKind, SettingsById<object>>>;
  /** Events of buckets that have a destination. */
  readonly outbox: Outbox;
  /** Copies that are to be made in other buckets: their destinations are the names of buckets. */
  readonly replications: Outbox;
  /** What was there before it was to be copied. */
  readonly backlog: Backlog;
  /** Of objects under SSE-S3. */
  readonly keys: OwnKeys | undefined;
  readonly #kv: Kv;
  readonly #garbage: Garbage;

  constructor(options: ObjectsOptions) {
    const {
      kv,
      blobs,
      clock,
      rootKey,
      formerRootKeys,
      inlineLimit = DEFAULT_INLINE_LIMIT,
      readElsewhere,
      deletionDelay,
      scheduler,
    } = options;
    this.keys = rootKey && new OwnKeys(kv, rootKey, formerRootKeys);
    this.#kv = kv;
    this.clock = clock;
    this.#garbage = new Garbage(kv, blobs, clock, readElsewhere, deletionDelay, scheduler);
    this.outbox = new Outbox(kv, clock);
    this.replications = new Outbox(kv, clock, 'replication');
    this.backlog = new Backlog(kv, this);
    this.buckets = new Buckets(kv, clock, {
      isEmpty: bucket => this.#isEmpty(bucket),
      clear: async bucket => {
        await this.uploads.abortAll(bucket);
        await this.inventories.clear(bucket);
        await this.backlog.clear(bucket);
        for (const settings of Object.values(this.configurations)) await settings.clear(bucket);
      },
    });
    this.accountBlocks = new AccountBlocks(kv);
    this.inventories = new Inventories(kv, this.buckets);
    const configurations = (table: SpaceOf<'objects'>) =>
      new SettingsById<object>(kv, this.buckets, table, recordType({ version: 1 }));
    this.configurations = {
      Analytics: configurations('analytics'),
      IntelligentTiering: configurations('intelligent-tiering'),
      Metrics: configurations('metrics'),
    };
    this.contents = new Contents(kv, blobs, this.#garbage, inlineLimit, options.demandRoom);
    const { buckets, contents, outbox, replications } = this;
    const garbage = this.#garbage;
    this.versions = new Versions({ kv, clock, buckets, contents, garbage, outbox, replications });
    const { versions } = this;
    this.uploads = new Uploads({ kv, clock, buckets, contents, versions, garbage });
  }

  /** A page of a bucket's current objects, as clients are shown them. */
  list(bucket: Bucket, options: ListOptions): Promise<ObjectPage> {
    return listObjects(this.#kv, bucket, options);
  }

  /** A page of a bucket's current objects, with all that is stored of them. */
  listRecords(bucket: Bucket, options: ListOptions): Promise<ListPage<ObjectRecord>> {
    return listRecords(this.#kv, bucket, options);
  }

  /** A page of all versions, delete markers included: by key, the newest of a key first. */
  listVersions(bucket: Bucket, options: ListOptions): Promise<ListPage<ListedVersion>> {
    return listVersions(this.#kv, bucket, options);
  }

  /** A page of a bucket's unfinished uploads: by key, the oldest of a key first. */
  listUploads(bucket: Bucket, options: ListOptions): Promise<ListPage<ListedUpload>> {
    return listUploads(this.#kv, bucket, options);
  }

  /**
   * The rows that a request on a bucket, or on a key in it, most likely looks at: the bucket's own, and the key's as
   * far as it is known which bucket that is.
   */
  expectedRows(bucket: string, key?: string): readonly Key[] {
    const rows = [bucketKey(bucket)];
    const known = key === undefined ? undefined : this.buckets.lastSeen(bucket);
    if (known) rows.push(objectKey(known.id, key!));
    if (known?.versioning) rows.push(keyStateKey(known.id, key!));
    return rows;
  }

  /** Copies a version; see `copyVersion`. */
  copy(source: CopySource, target: CopyTarget): Promise<ObjectRecord> {
    return copyVersion(this, source, target);
  }

  /** Applies every bucket's lifecycle rules once; `signal` ends it early. */
  applyLifecycle(signal?: AbortSignal): Promise<LifecycleReport> {
    return runLifecycle(this, signal);
  }

  /** Deletes the blobs that crashes left behind; `signal` ends it early. Answers how many. */
  sweep(signal?: AbortSignal): Promise<number> {
    return this.#garbage.sweep(signal);
  }

  /** Answers another process's `ReadElsewhere`: see `Garbage.leave`. */
  leaveToReaders(blobs: readonly string[]): string[] {
    return this.#garbage.leave(blobs);
  }

  /** Rewraps keys that are still wrapped under a former root key. Answers how many. */
  async reseal(): Promise<number> {
    return (await this.keys?.reseal()) ?? 0;
  }

  /** Resolves once the deletions of blobs that are under way have ended. */
  settle(): Promise<void> {
    return this.#garbage.settle();
  }

  async #isEmpty(bucket: Bucket): Promise<boolean> {
    let damaged = 0;
    const rows = await Promise.all(
      ['object', 'version'].map(table =>
        this.#kv.list({ ...under([table, bucket.id]), limit: 1, damaged: () => damaged++ }),
      ),
    );
    return damaged === 0 && rows.every(found => found.length === 0);
  }
}

/**
 * Opens the engine over its stores, which stay the caller's to close, and ends what a crash cut short.
 * Several processes may open the same stores.
 */
export async function openObjects(options: ObjectsOptions): Promise<Objects> {
  const objects = new Objects(options);
  await objects.buckets.recover();
  await objects.uploads.recover();
  return objects;
}

export { type BlobHold, holdBlobs } from './bodies/blob-hold.js';
export * from './bodies/checksums.js';
export { ContentGone, entityTooLarge, LARGEST_BODY, type Received } from './bodies/content.js';
export { deriveDataKey, derivedDataKey, OwnKeys, ownerOf } from './bodies/own-keys.js';
export { Buckets, type NewBucket } from './buckets/buckets.js';
export type { Inventory, StoredInventory } from './buckets/inventories.js';
export type { SettingsById } from './buckets/settings-by-id.js';
export * from './events/events.js';
export type { Announcement, Outbox, Pending } from './events/outbox.js';
export type { FoundObject, PlacedObject } from './listing/found-object.js';
export {
  entryName,
  everyEntry,
  type ListEntry,
  type ListedUpload,
  type ListedVersion,
  type ListOptions,
  type ListPage,
  type ObjectPage,
} from './listing/listing.js';
export * from './records.js';
export type { Backlog } from './replication/backlog.js';
export {
  bytesOf,
  type CopiedContent,
  type CopiedPart,
  type CopyKeys,
  copyContent,
  type Manifest,
  readContent,
  receiveContent,
} from './replication/copied-content.js';
export * from './replication/rules.js';
export * from './tags.js';
export type { ReadElsewhere } from './upkeep/garbage.js';
export { startHousekeeping } from './upkeep/housekeeping.js';
export { dueAfter, expirationOf, type LifecycleReport } from './upkeep/lifecycle.js';
export {
  type Damage,
  type ScrubProgress,
  type ScrubReport,
  scrubObjects,
  unreadReport,
} from './upkeep/scrub.js';
export { type Completion, type NamedPart, SMALLEST_PART } from './uploads/completion.js';
export type { NewUpload } from './uploads/uploads.js';
export type { Replica } from './versions/announcing.js';
export type { CopySource, CopyTarget } from './versions/copy.js';
export { demandRetention } from './versions/lock.js';
export { isUploadIdOf, isVersionId } from './versions/version-id.js';
export type { ListedObject } from './versions/version-records.js';
export type { Deleted, Versions } from './versions/versions.js';
export type { WriteConditions } from './versions/write-conditions.js';
