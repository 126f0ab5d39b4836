/** The object engine: buckets, versions of objects, listings and multipart uploads over a KV and a blob store. */
import type { Clock } from '../clock.js';
import type { Blobs } from '../store/blobs.js';
import { type Kv, under } from '../store/kv.js';
import { Buckets } from './buckets.js';
import { Contents } from './content.js';
import { Garbage } from './garbage.js';
import { type ListOptions, type ListPage, listObjects } from './listing.js';
import type { Bucket, ObjectRecord } from './records.js';
import { Versions } from './versions.js';

export interface ObjectsOptions {
  readonly kv: Kv;
  readonly blobs: Blobs;
  readonly clock: Clock;
  /** Bodies of at most so many bytes live in the KV. Default: 32 KiB. */
  readonly inlineLimit?: number;
}

export const DEFAULT_INLINE_LIMIT = 32 * 1024;

export class Objects {
  readonly buckets: Buckets;
  readonly contents: Contents;
  readonly versions: Versions;
  readonly #kv: Kv;
  readonly #garbage: Garbage;

  constructor({ kv, blobs, clock, inlineLimit = DEFAULT_INLINE_LIMIT }: ObjectsOptions) {
    this.#kv = kv;
    this.#garbage = new Garbage(kv, blobs);
    this.buckets = new Buckets(kv, clock, {
      isEmpty: bucket => this.#isEmpty(bucket),
      clear: async () => undefined,
    });
    this.contents = new Contents(kv, blobs, this.#garbage, inlineLimit);
    this.versions = new Versions(kv, clock, this.buckets, this.contents, this.#garbage);
  }

  /** A page of a bucket's current objects. */
  list(bucket: Bucket, options: ListOptions): Promise<ListPage<ObjectRecord>> {
    return listObjects(this.#kv, bucket, options);
  }

  /** Resolves once the deletions of blobs that are under way have ended. */
  settle(): Promise<void> {
    return this.#garbage.settle();
  }

  async #isEmpty(bucket: Bucket): Promise<boolean> {
    const rows = await Promise.all(
      ['object', 'version'].map(table => this.#kv.list({ ...under([table, bucket.id]), limit: 1 })),
    );
    return rows.every(found => found.length === 0);
  }
}

/**
 * Opens the engine over its stores, which stay the caller's to close, and ends what a crash cut short.
 * Several processes may open the same stores.
 */
export async function openObjects(options: ObjectsOptions): Promise<Objects> {
  const objects = new Objects(options);
  await objects.buckets.recover();
  return objects;
}

export { Buckets } from './buckets.js';
export * from './checksums.js';
export { ContentGone, type Received } from './content.js';
export { s3Errors } from './errors.js';
export { entryName, type ListEntry, type ListOptions, type ListPage } from './listing.js';
export * from './records.js';
export type { Deleted, Versions, WriteConditions } from './versions.js';
