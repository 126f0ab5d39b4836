import { randomUUID } from 'node:crypto';
import { Background } from '../../core/background.js';
import { BoundedCache } from '../../core/bounded-cache.js';
import type { Clock } from '../../core/clock.js';
import { CountedQuota } from '../../core/counted-quota.js';
import { ApiError } from '../../core/errors.js';
import { contended, s3Errors } from '../../core/s3-errors.js';
import { Slices } from '../../core/slices.js';
import { type Check, type Entry, type Key, type Kv, under } from '../../store/kv.js';
import { OVERTAKEN, untilCommitted } from '../../store/retry.js';
import { rowsOf } from '../../store/scan.js';
import type { Announcement } from '../events/outbox.js';
import { after, prefixRange } from '../listing/key-range.js';
import {
  type Bucket,
  type BucketRecord,
  type BucketSettings,
  bucketDeletionKey,
  bucketKey,
  bucketRecords,
  EMPTY,
  ownedBucketKey,
} from '../records.js';

/**
 * "By default, you can create up to 10,000 general purpose buckets per AWS account" ("General purpose bucket quotas").
 */
const MOST_BUCKETS = 10_000;
/** Names read at once where all are gone through. */
const NAMES = 1000;

/** Decoded bucket records kept; every request reads one or more. */
const CACHED_BUCKETS = 1000;

export interface NewBucket extends BucketSettings {
  readonly name: string;
  /** Account id. */
  readonly owner: string;
  readonly partition: string;
  readonly region: string;
  /** As the request named the region, where that is an old name. */
  readonly oldLocation?: 'EU' | undefined;
}

/** One page of an account's buckets. */
export interface BucketPage {
  readonly buckets: readonly Bucket[];
  /** Whether there are more. */
  readonly more: boolean;
  /** Where the next page begins behind. */
  readonly last: string | undefined;
}

/** What a bucket holds besides its record, as far as deleting it goes. */
interface BucketHoldings {
  /** Whether any version of any object is in it. */
  isEmpty(bucket: Bucket): Promise<boolean>;
  /** Drops what goes with the bucket: unfinished uploads. */
  clear(bucket: Bucket): Promise<void>;
}

/** The buckets of every account: their names are one space. */
export class Buckets {
  readonly #kv: Kv;
  readonly #clock: Clock;
  readonly #holdings: BucketHoldings;
  /** The same stored version is the same object: what is derived from it can be kept with it. */
  readonly #cache = new BoundedCache<string, Bucket>(CACHED_BUCKETS);
  readonly #quota: CountedQuota;

  /** `most`: buckets of an account. */
  constructor(kv: Kv, clock: Clock, holdings: BucketHoldings, most = MOST_BUCKETS) {
    this.#kv = kv;
    this.#clock = clock;
    this.#holdings = holdings;
    this.#quota = new CountedQuota({
      most,
      count: owner => this.#countOwned(owner),
      refusal: () => s3Errors.TooManyBuckets(),
    });
  }

  async find(name: string): Promise<Bucket | undefined> {
    const entry = await this.#kv.get(bucketKey(name));
    return entry && this.#bucket(name, entry);
  }

  /** The bucket as this process has seen it last, if it remembers: it may have changed, or be gone. */
  lastSeen(name: string): Bucket | undefined {
    return this.#cache.get(name);
  }

  /** Throws NoSuchBucket, and what `demand` throws of the bucket. */
  async get(name: string, demand?: (bucket: Bucket) => void): Promise<Bucket> {
    const bucket = await this.find(name);
    if (!bucket) throw s3Errors.NoSuchBucket({ members: { BucketName: name } });
    demand?.(bucket);
    return bucket;
  }

  /**
   * The bucket as it is now, for a write to be tried again. Throws NoSuchBucket where it is gone (a new bucket
   * of that name is another one), OperationAborted while it is being deleted.
   */
  async again(bucket: Bucket): Promise<Bucket> {
    const now = await this.get(bucket.name);
    if (now.id !== bucket.id) throw s3Errors.NoSuchBucket({ members: { BucketName: bucket.name } });
    return now;
  }

  /**
   * Commits something in a bucket: `attempt` is given the bucket as it is then, and answers `OVERTAKEN` where its
   * commit, which checks the bucket, did not succeed. Throws as `again`, and OperationAborted where others always got
   * ahead or the bucket is being deleted.
   */
  commitIn<T>(bucket: Bucket, attempt: (now: Bucket) => Promise<T | typeof OVERTAKEN>): Promise<T> {
    return untilCommitted(async again => {
      const now = again ? await this.again(bucket) : bucket;
      if (now.deleting) throw s3Errors.OperationAborted();
      return await attempt(now);
    }, contended);
  }

  /** Throws BucketAlreadyOwnedByYou, BucketAlreadyExists, TooManyBuckets. The name's form is the caller's affair. */
  async create(bucket: NewBucket): Promise<Bucket> {
    const record: BucketRecord = { ...bucket, id: randomUUID(), created: this.#clock.now() };
    return await untilCommitted(async () => {
      const existing = await this.find(bucket.name);
      if (existing?.deleting) throw s3Errors.OperationAborted();
      if (existing) {
        const members = { BucketName: bucket.name };
        throw existing.owner === bucket.owner
          ? s3Errors.BucketAlreadyOwnedByYou({ members })
          : s3Errors.BucketAlreadyExists({ members });
      }
      const key = bucketKey(bucket.name);
      const writes = [
        { key, value: bucketRecords.encode(record) },
        { key: ownedBucketKey(bucket.owner, bucket.name), value: EMPTY },
      ];
      const checks = [{ key, version: undefined }];
      const created = await this.#quota.run(bucket.owner, () => this.#kv.commit(checks, writes));
      return created ? await this.get(bucket.name) : OVERTAKEN;
    }, contended);
  }

  /** An account's buckets by name: those that begin with `prefix` and come after `after`. */
  async list(
    owner: string,
    options: { prefix?: string; after?: string; limit: number },
  ): Promise<BucketPage> {
    const { start, end } = prefixRange(['bucket-of', owner], options.prefix ?? '');
    const from = options.after === undefined ? start : after(['bucket-of', owner], options.after, start);
    const items = await this.#kv.list({ start: from, end, limit: options.limit + 1 });
    const names = items.slice(0, options.limit).map(item => String(item.key[2]));
    const found = await Promise.all(names.map(name => this.find(name)));
    return {
      buckets: found.filter(bucket => bucket !== undefined && bucket.owner === owner) as Bucket[],
      more: items.length > options.limit,
      last: names.at(-1),
    };
  }

  /**
   * Changes settings. `undefined` deletes one. `announcement`: what the commit adds for the events of the change.
   * Throws NoSuchBucket, OperationAborted.
   */
  async update(
    bucket: Bucket,
    change: BucketSettings | ((now: Bucket) => BucketSettings),
    announcement?: Announcement,
  ): Promise<void> {
    await this.commitIn(bucket, async now => {
      const settings = typeof change === 'function' ? change(now) : change;
      return (await this.#replace(now, { ...recordOf(now), ...settings }, announcement))
        ? undefined
        : OVERTAKEN;
    });
  }

  /**
   * Deletes an empty bucket. It is marked first: from then on no commit that puts something in it succeeds,
   * and only then is it looked at again. Throws BucketNotEmpty.
   */
  async delete(bucket: Bucket): Promise<void> {
    const marked = await untilCommitted(async again => {
      const now = again ? await this.again(bucket) : bucket;
      if (now.deleting) return now;
      await this.#demandEmpty(now);
      const note = { key: bucketDeletionKey(bucket.name), value: EMPTY };
      const replaced = await this.#replace(
        now,
        { ...recordOf(now), deleting: true },
        { checks: [], writes: [note] },
      );
      return replaced ? await this.again(bucket) : OVERTAKEN;
    }, contended);
    const ended = { key: bucketDeletionKey(bucket.name), value: undefined };
    try {
      await this.#demandEmpty(marked);
    } catch (error) {
      const { deleting: _, ...record } = recordOf(marked);
      await this.#replace(marked, record, { checks: [], writes: [ended] });
      throw error;
    }
    await this.#holdings.clear(marked);
    const deleted = await this.#kv.commit(
      [checkOf(marked)],
      [
        { key: bucketKey(bucket.name), value: undefined },
        { key: ownedBucketKey(bucket.owner, bucket.name), value: undefined },
        ended,
      ],
    );
    // Another deletion has taken the mark: it either did the same, or found something and took it back.
    if (!deleted && (await this.find(bucket.name))?.id === bucket.id) throw s3Errors.OperationAborted();
  }

  /** Every bucket of every account, by name, for work in the background. */
  async *all(): AsyncGenerator<Bucket> {
    const background = new Background();
    for await (const row of rowsOf(this.#kv, under(['bucket']))) {
      yield this.#bucket(String(row.key[1]), row);
      await background.pause();
    }
  }

  /** Ends the deletions that a crash cut short. */
  async recover(): Promise<void> {
    for await (const { key } of rowsOf(this.#kv, under(['bucket-deletion']))) {
      await this.#endDeletion(String(key[1]));
    }
  }

  async #endDeletion(name: string): Promise<void> {
    const bucket = await this.find(name);
    if (bucket?.deleting) {
      await this.endDeletion(bucket);
      return;
    }
    // An earlier version, which knows nothing of notes, has ended it.
    const check = { key: bucketKey(name), version: bucket?.stored };
    await this.#kv.commit([check], [{ key: bucketDeletionKey(name), value: undefined }]);
  }

  /** Goes on with the deletion of a bucket that is marked, unless others do, or it is not empty any more. */
  async endDeletion(bucket: Bucket): Promise<void> {
    await this.delete(bucket).catch(ifRefused);
  }

  async #countOwned(owner: string): Promise<number> {
    const slices = new Slices(owner);
    const { end } = under(['bucket-of', owner]);
    let count = 0;
    for (let start: Key = ['bucket-of', owner]; ; ) {
      const rows = await this.#kv.list({ start, end, limit: NAMES });
      count += rows.length;
      if (rows.length < NAMES) return count;
      start = [...rows.at(-1)!.key, 0];
      await slices.pause();
    }
  }

  async #demandEmpty(bucket: Bucket): Promise<void> {
    if (await this.#holdings.isEmpty(bucket)) return;
    throw s3Errors.BucketNotEmpty(bucket.versioning !== undefined, {
      members: { BucketName: bucket.name },
    });
  }

  async #replace(bucket: Bucket, record: BucketRecord, announcement?: Announcement): Promise<boolean> {
    const write = { key: bucketKey(bucket.name), value: bucketRecords.encode(record) };
    const { checks = [], writes = [] } = announcement ?? {};
    return this.#kv.commit([checkOf(bucket), ...checks], [write, ...writes]);
  }

  #bucket(name: string, { value, version }: Entry): Bucket {
    const cached = this.#cache.get(name);
    if (cached?.stored === version) return cached;
    const bucket = { ...bucketRecords.decode(value), stored: version };
    this.#cache.set(name, bucket);
    return bucket;
  }
}

/** Holds while no setting of the bucket has changed and it is not being deleted. */
export function checkOf(bucket: Bucket): Check {
  return { key: bucketKey(bucket.name), version: bucket.stored };
}

function recordOf({ stored: _, accountBlock: __, ...record }: Bucket): BucketRecord {
  return record;
}

/** A deletion may be refused: the bucket is not empty, or another process ends it. */
function ifRefused(error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
}
