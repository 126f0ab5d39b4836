import { contended, s3Errors } from '../../core/s3-errors.js';
import type { SpaceOf } from '../../store/keyspace.js';
import { END, type Kv, under } from '../../store/kv.js';
import type { RecordType } from '../../store/records.js';
import { OVERTAKEN, untilCommitted } from '../../store/retry.js';
import type { Bucket } from '../records.js';
import { type Buckets, checkOf } from './buckets.js';

/**
 * "You can have up to 1,000 … configurations per bucket" (PutBucketInventoryConfiguration, -Analytics…, -Metrics…,
 * -IntelligentTiering…, S3 API Reference).
 */
const MOST = 1000;

/**
 * Settings of which a bucket has many, each under an id: too many, and too seldom looked at, for the bucket's record.
 * `T`: what is stored of one.
 */
export class SettingsById<T> {
  readonly #kv: Kv;
  readonly #buckets: Buckets;
  readonly #table: SpaceOf<'objects'>;
  readonly #rows: RecordType<T>;

  constructor(kv: Kv, buckets: Buckets, table: SpaceOf<'objects'>, rows: RecordType<T>) {
    this.#kv = kv;
    this.#buckets = buckets;
    this.#table = table;
    this.#rows = rows;
  }

  async find(bucket: Bucket, id: string): Promise<T | undefined> {
    const entry = await this.#kv.get([this.#table, bucket.id, id]);
    return entry && this.#rows.decode(entry.value);
  }

  /**
   * In place of an earlier one of its id. `make`: from what is there so far. Throws TooManyConfigurations,
   * OperationAborted.
   */
  async put(bucket: Bucket, id: string, make: (before: T | undefined) => T): Promise<void> {
    const key = [this.#table, bucket.id, id];
    await this.#buckets.commitIn(bucket, async now => {
      const entry = await this.#kv.get(key);
      if (!entry && (await this.#kv.list({ ...this.#of(bucket), limit: MOST })).length >= MOST) {
        throw s3Errors.TooManyConfigurations();
      }
      const value = this.#rows.encode(make(entry && this.#rows.decode(entry.value)));
      const checks = [checkOf(now), { key, version: entry?.version }];
      return (await this.#kv.commit(checks, [{ key, value }])) ? undefined : OVERTAKEN;
    });
  }

  /** Whether there was one. */
  async delete(bucket: Bucket, id: string): Promise<boolean> {
    const key = [this.#table, bucket.id, id];
    return await untilCommitted(async () => {
      const entry = await this.#kv.get(key);
      if (!entry) return false;
      const deleted = await this.#kv.commit([{ key, version: entry.version }], [{ key, value: undefined }]);
      return deleted ? true : OVERTAKEN;
    }, contended);
  }

  /** By id, behind `after`. */
  async list(bucket: Bucket, after: string | undefined, limit: number): Promise<T[]> {
    const start = [this.#table, bucket.id, ...(after === undefined ? [] : [`${after}\0`])];
    const found = await this.#kv.list({ start, end: [this.#table, bucket.id, END], limit });
    return found.map(({ value }) => this.#rows.decode(value));
  }

  /** Those of every bucket, but for what is damaged: who asks for it by its id hears of that. */
  async all(): Promise<T[]> {
    return (await this.#kv.list({ ...under([this.#table]), damaged: () => {} })).map(({ value }) =>
      this.#rows.decode(value),
    );
  }

  /** Changes one, without effect where it is gone. */
  async change(bucketId: string, id: string, make: (before: T) => T): Promise<void> {
    const key = [this.#table, bucketId, id];
    await untilCommitted(async () => {
      const entry = await this.#kv.get(key);
      if (!entry) return;
      const value = this.#rows.encode(make(this.#rows.decode(entry.value)));
      return (await this.#kv.commit([{ key, version: entry.version }], [{ key, value }]))
        ? undefined
        : OVERTAKEN;
    }, contended);
  }

  /** Drops those of a bucket to which none is added any more. */
  async clear(bucket: Bucket): Promise<void> {
    const found = await this.#kv.list(this.#of(bucket));
    if (found.length === 0) return;
    await this.#kv.commit(
      [],
      found.map(({ key }) => ({ key, value: undefined })),
    );
  }

  #of({ id }: Bucket) {
    return under([this.#table, id]);
  }
}
