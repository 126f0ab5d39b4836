import type { Kv } from '../../store/kv.js';
import { recordType } from '../../store/records.js';
import type { Bucket } from '../records.js';
import type { Buckets } from './buckets.js';
import { SettingsById } from './settings-by-id.js';

/**
 * A list of what is in a bucket, written again and again ("Cataloging and analyzing your data with S3 Inventory", S3
 * User Guide).
 */
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

const rows = recordType<StoredInventory>({ version: 1 });

/** The inventories of buckets. */
export class Inventories {
  readonly #settings: SettingsById<StoredInventory>;

  constructor(kv: Kv, buckets: Buckets) {
    this.#settings = new SettingsById(kv, buckets, 'inventory', rows);
  }

  async find(bucket: Bucket, id: string): Promise<Inventory | undefined> {
    return (await this.#settings.find(bucket, id))?.inventory;
  }

  /** In place of an earlier one of its id. Throws TooManyConfigurations, OperationAborted. */
  put(bucket: Bucket, inventory: Inventory): Promise<void> {
    return this.#settings.put(bucket, inventory.id, before => ({
      bucket: bucket.name,
      bucketId: bucket.id,
      inventory,
      lastRun: before?.lastRun,
    }));
  }

  /** Whether there was one. */
  delete(bucket: Bucket, id: string): Promise<boolean> {
    return this.#settings.delete(bucket, id);
  }

  /** By id, behind `after`. */
  async list(bucket: Bucket, after: string | undefined, limit: number): Promise<Inventory[]> {
    return (await this.#settings.list(bucket, after, limit)).map(({ inventory }) => inventory);
  }

  /** Those of every bucket, but for what is damaged: who asks for it by its id hears of that. */
  all(): Promise<StoredInventory[]> {
    return this.#settings.all();
  }

  /** Notes that a list was finished. Without effect where the inventory is gone. */
  finished({ bucketId, inventory }: StoredInventory, lastRun: number): Promise<void> {
    return this.#settings.change(bucketId, inventory.id, now => ({ ...now, lastRun }));
  }

  /** Drops those of a bucket to which none is added any more. */
  clear(bucket: Bucket): Promise<void> {
    return this.#settings.clear(bucket);
  }
}
