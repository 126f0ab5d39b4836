import { END, type Entry, type Kv, under } from '../../store/kv.js';
import { recordType } from '../../store/records.js';
import { OVERTAKEN, untilCommitted } from '../../store/retry.js';
import { contended, s3Errors } from '../errors.js';
import type { Bucket } from '../records.js';
import { type Buckets, checkOf } from './buckets.js';

/** A list of what is in a bucket, written again and again ("Cataloging and analyzing your data with S3 Inventory", S3 User Guide). */
export interface Inventory {
  readonly id: string;
  readonly enabled: boolean;
  /** Only of keys that begin with it. */
  readonly prefix?: string | undefined;
  readonly versions: 'All' | 'Current';
  readonly frequency: 'Daily' | 'Weekly';
  /** The optional fields, as they were given. */
  readonly fields: readonly string[];
  readonly destination: {
    /** The name of a bucket. */
    readonly bucket: string;
    /** Account id. */
    readonly account?: string | undefined;
    readonly prefix?: string | undefined;
    /** SSE-S3, whatever the bucket's default is. */
    readonly encrypted: boolean;
  };
}

/** An inventory, whose it is, and how far it has come. */
export interface StoredInventory {
  /** The bucket's name and id. */
  readonly bucket: string;
  readonly bucketId: string;
  readonly inventory: Inventory;
  /** When the last list was begun that was finished, milliseconds since the epoch. */
  readonly lastRun?: number | undefined;
}

/** "You can have up to 1,000 inventory configurations per bucket" (PutBucketInventoryConfiguration, S3 API Reference). */
const MOST = 1000;

const rows = recordType<StoredInventory>({ version: 1 });
const table = 'inventory';

/** The inventories of buckets: too many, and too seldom looked at, to stand in the buckets' records. */
export class Inventories {
  readonly #kv: Kv;
  readonly #buckets: Buckets;

  constructor(kv: Kv, buckets: Buckets) {
    this.#kv = kv;
    this.#buckets = buckets;
  }

  async find(bucket: Bucket, id: string): Promise<Inventory | undefined> {
    const entry = await this.#kv.get([table, bucket.id, id]);
    return entry && rows.decode(entry.value).inventory;
  }

  /** In place of an earlier one of its id. Throws TooManyConfigurations, OperationAborted. */
  async put(bucket: Bucket, inventory: Inventory): Promise<void> {
    const key = [table, bucket.id, inventory.id];
    await this.#buckets.commitIn(bucket, async now => {
      const entry = await this.#kv.get(key);
      if (!entry && (await this.#kv.list({ ...under([table, bucket.id]), limit: MOST })).length >= MOST) {
        throw s3Errors.TooManyConfigurations();
      }
      const lastRun = entry && rows.decode(entry.value).lastRun;
      const value = rows.encode({ bucket: bucket.name, bucketId: bucket.id, inventory, lastRun });
      const stored = await this.#kv.commit(
        [checkOf(now), { key, version: entry?.version }],
        [{ key, value }],
      );
      return stored ? undefined : OVERTAKEN;
    });
  }

  /** Whether there was one. */
  async delete(bucket: Bucket, id: string): Promise<boolean> {
    const key = [table, bucket.id, id];
    return await untilCommitted(async () => {
      const entry = await this.#kv.get(key);
      if (!entry) return false;
      const deleted = await this.#kv.commit([{ key, version: entry.version }], [{ key, value: undefined }]);
      return deleted ? true : OVERTAKEN;
    }, contended);
  }

  /** By id, behind `after`. */
  async list(bucket: Bucket, after: string | undefined, limit: number): Promise<Inventory[]> {
    const start = [table, bucket.id, ...(after === undefined ? [] : [`${after}\0`])];
    const found = await this.#kv.list({ start, end: [table, bucket.id, END], limit });
    return found.map(({ value }) => rows.decode(value).inventory);
  }

  /** Those of every bucket, but for what is damaged: who asks for it by its id is told. */
  async all(): Promise<StoredInventory[]> {
    return (await this.#kv.list({ ...under([table]), damaged: () => {} })).map(({ value }) =>
      rows.decode(value),
    );
  }

  /** Notes that a list was finished. Without effect where the inventory is gone. */
  async finished({ bucketId, inventory }: StoredInventory, lastRun: number): Promise<void> {
    const key = [table, bucketId, inventory.id];
    let entry: Entry | undefined;
    do {
      entry = await this.#kv.get(key);
      if (!entry) return;
    } while (
      !(await this.#kv.commit(
        [{ key, version: entry.version }],
        [{ key, value: rows.encode({ ...rows.decode(entry.value), lastRun }) }],
      ))
    );
  }

  /** Drops those of a bucket to which none is added any more. */
  async clear(bucket: Bucket): Promise<void> {
    const found = await this.#kv.list(under([table, bucket.id]));
    if (found.length === 0) return;
    await this.#kv.commit(
      [],
      found.map(({ key }) => ({ key, value: undefined })),
    );
  }
}
