/**
 * Verifies everything that the engine stores, while requests may go on: what is found is damage only if the record it
 * was found at is then still what it was, since every change of a version rewrites its record before bytes go.
 */
import type { Blobs } from '../../store/blobs.js';
import { keyspaceOf } from '../../store/keyspace.js';
import { type Item, type Key, type Kv, under, ValueDamaged } from '../../store/kv.js';
import { rowsOf } from '../../store/scan.js';
import type { OwnKeys } from '../bodies/own-keys.js';
import {
  type BucketRecord,
  bucketRecords,
  keyStateKey,
  keyStates,
  objectKey,
  partRecords,
  type UploadRecord,
  uploadRecords,
  versionKey,
} from '../records.js';
import { versionRecords } from '../versions/version-records.js';
import { Bodies, Damaged } from './scrub-bodies.js';
import { findLeftovers, type Leftovers } from './scrub-leftovers.js';

export interface Damage {
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  readonly versionId?: string | undefined;
  /** Where it is stored, for what belongs to no object. */
  readonly row?: string | undefined;
  readonly problem: string;
}

export interface ScrubProgress {
  /** Rows of the key-value store that were read. */
  readonly rows: number;
  readonly buckets: number;
  /** Versions of objects, delete markers not included. */
  readonly versions: number;
  readonly markers: number;
  /** Parts of unfinished uploads. */
  readonly parts: number;
  /** Bytes of bodies that were read, as they are stored. */
  readonly bytes: number;
  /**
   * Versions and uploads that are encrypted under a key that is not at hand: of KMS, or the customer's. Their checksums
   * were looked at, not whether they are authentic.
   */
  readonly sealed: number;
}

export interface ScrubReport extends ScrubProgress {
  readonly damaged: readonly Damage[];
  /** Pages of the store are damaged: nothing else was read. */
  readonly unread?: true;
  readonly leftovers: Leftovers;
}

interface ScrubOptions {
  readonly kv: Kv;
  readonly blobs: Blobs;
  /** Of objects under SSE-S3, where the root key is at hand. */
  readonly keys?: OwnKeys | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Hears of the bytes that were read, and may take its time. */
  readonly pace?: (bytes: number) => Promise<void> | void;
  /** Hears how far it is, now and then. */
  readonly progress?: (progress: ScrubProgress) => void;
}

/** Reads every row, every body and every blob. Throws what the stores throw for more than a row or a body. */
export async function scrubObjects(options: ScrubOptions): Promise<ScrubReport> {
  const scrub = new Scrub(options);
  const buckets = await scrub.buckets();
  await scrub.rows();
  for (const bucket of buckets.values()) await scrub.bucket(bucket);
  await scrub.parts(buckets);
  return scrub.report(await findLeftovers(options.kv, options.blobs, options.now));
}

/** The report on a store of which no record can be relied on: what is damaged in its pages. */
export function unreadReport(damaged: readonly Damage[]): ScrubReport {
  return { ...NOTHING, damaged, leftovers: { blobs: 0, bytes: 0, rows: 0 }, unread: true };
}

const NOTHING: ScrubProgress = {
  rows: 0,
  buckets: 0,
  versions: 0,
  markers: 0,
  parts: 0,
  bytes: 0,
  sealed: 0,
};

/** Rows whose damage is reported at the version that they belong to. */
const BODIES = 'content';
/** Rows between two reports of progress. */
const OFTEN = 500;
/** Damage is reported once, by `rows`. */
const ignore = () => undefined;

class Scrub {
  readonly #kv: Kv;
  readonly #options: ScrubOptions;
  readonly #bodies: Bodies;
  readonly #damaged: Damage[] = [];
  readonly #names = new Map<string, string>();
  readonly #seen = { ...NOTHING };

  constructor(options: ScrubOptions) {
    const { kv, blobs, keys, pace } = options;
    this.#kv = kv;
    this.#options = options;
    this.#bodies = new Bodies({
      kv,
      blobs,
      keys,
      read: bytes => {
        this.#seen.bytes += bytes;
        this.#tell();
        return pace?.(bytes);
      },
      sealed: () => {
        this.#seen.sealed++;
      },
    });
  }

  report(leftovers: Leftovers): ScrubReport {
    return { ...this.#seen, damaged: this.#damaged, leftovers };
  }

  /** Every row of the key-value store: whether it is whole, and found by its key. */
  async rows(): Promise<void> {
    const damaged: Key[] = [];
    let before: Key = [];
    for await (const item of rowsOf(this.#kv, { damaged: key => damaged.push(key) })) {
      if (++this.#seen.rows % OFTEN === 0) this.#tell();
      const found = await this.#kv.get(item.key).catch(ignore);
      if (keyspaceOf(item.key) === undefined)
        this.#add(item.key, 'no part of this version of Karikagi writes such a record');
      if (found === undefined && (await this.#isListed(before, item))) damaged.push(item.key);
      before = item.key;
    }
    for (const key of damaged) {
      if (key[0] === BODIES || !(await this.#isDamaged(key))) continue;
      this.#add(key, 'the record is damaged', await this.#shownId(key));
    }
  }

  /** By id. */
  async buckets(): Promise<Map<string, BucketRecord>> {
    const buckets = new Map<string, BucketRecord>();
    for await (const item of rowsOf(this.#kv, { ...under(['bucket']), damaged: ignore })) {
      await this.#check(item, async () => {
        const bucket = bucketRecords.decode(item.value);
        buckets.set(bucket.id, bucket);
        this.#names.set(bucket.id, bucket.name);
      });
    }
    this.#seen.buckets = buckets.size;
    return buckets;
  }

  /** Every version in a bucket, and which of a key's is the latest. */
  async bucket(bucket: BucketRecord): Promise<void> {
    for (const table of ['object', 'version']) {
      for await (const item of this.#under([table, bucket.id])) {
        await this.#check(item, async () => {
          const record = versionRecords.decode(item.value);
          if (table === 'version') await this.#checkCurrent(bucket, item.key[2] as string);
          if (record.marker) this.#seen.markers++;
          else {
            this.#seen.versions++;
            await this.#bodies.checkVersion(bucket, item.key[2] as string, record);
          }
        });
      }
    }
    for await (const item of this.#under(['key', bucket.id])) {
      await this.#check(item, () => this.#checkState(bucket, item));
    }
  }

  /** The parts of unfinished uploads. */
  async parts(buckets: ReadonlyMap<string, BucketRecord>): Promise<void> {
    const uploads = new Map<string, { readonly bucket: BucketRecord; key: string; record: UploadRecord }>();
    for await (const item of this.#under(['upload'])) {
      const [, bucketId, key, id] = item.key as readonly string[];
      const bucket = buckets.get(bucketId!);
      await this.#check(item, async () => {
        const record = uploadRecords.decode(item.value);
        if (bucket) uploads.set(id!, { bucket, key: key!, record });
      });
    }
    for await (const item of this.#under(['part'])) {
      const upload = uploads.get(item.key[1] as string);
      if (!upload) continue;
      const { bucket, key, record } = upload;
      const check = async () => {
        this.#seen.parts++;
        const dataKey = await this.#bodies.partsKey(bucket, key, record.encryption);
        const part = partRecords.decode(item.value);
        await this.#bodies.checkBlob(part, item.key[1] as string, record.encryption, dataKey);
      };
      await this.#check(item, check, ['upload', bucket.id, key, item.key[1]!]);
    }
  }

  async #checkState(bucket: BucketRecord, { key, value }: Item): Promise<void> {
    const name = key[2] as string;
    const { latest, marker } = keyStates.decode(value);
    const row = marker ? versionKey(bucket.id, name, latest) : objectKey(bucket.id, name);
    const found = await this.#kv.get(row).then(
      entry => entry && versionRecords.decode(entry.value).id,
      // That is reported at the version itself.
      error => (error instanceof ValueDamaged ? latest : Promise.reject(error)),
    );
    if (found !== latest) throw new Damaged(`its latest version ${latest} is missing`);
  }

  /** Of a key that has a version that is not current, what its current one is must be on record. */
  async #checkCurrent(bucket: BucketRecord, key: string): Promise<void> {
    const state = await this.#kv.get(keyStateKey(bucket.id, key)).catch(error => {
      // That is reported at the record itself.
      if (error instanceof ValueDamaged) return error;
      throw error;
    });
    if (state === undefined) throw new Damaged('the record of its current version is missing');
  }

  /** Notes what a check throws, unless the row has changed meanwhile. `named`: the row that says whose it is. */
  async #check(item: Item, check: () => Promise<void>, named: Key = item.key): Promise<void> {
    try {
      await check();
    } catch (error) {
      const now = await this.#kv.get(item.key);
      if (now?.version === item.version) this.#add(named, (error as Error).message);
    }
  }

  /** Whether a row is found on the way from the one before it, rather than by its key. */
  async #isListed(before: Key, { key, version }: Item): Promise<boolean> {
    const rows = await this.#kv.list({ start: before, end: [...key, 0], damaged: ignore });
    return rows.at(-1)?.version === version;
  }

  async #isDamaged(key: Key): Promise<boolean> {
    if (key.length === 0) return true;
    return this.#kv.get(key).then(
      entry => entry === undefined,
      error => error instanceof ValueDamaged,
    );
  }

  /** The id by which clients delete a version whose record does not tell it; undefined without versioning. */
  async #shownId([table, bucket, key, rowId]: Key): Promise<string | undefined> {
    if (table !== 'object' && table !== 'version') return undefined;
    const entry = await this.#kv.get(keyStateKey(bucket as string, key as string)).catch(ignore);
    const state = entry && keyStates.decode(entry.value);
    const id = table === 'version' ? (rowId as string) : state?.latest;
    return id !== undefined && id === state?.nullId ? 'null' : id;
  }

  #under(prefix: Key): AsyncIterable<Item> {
    return rowsOf(this.#kv, { ...under(prefix), damaged: ignore });
  }

  #add(row: Key, problem: string, shownId?: string): void {
    const [table, id, key, rowId] = row as readonly string[];
    const versionId = shownId ?? (table === 'version' ? rowId : undefined);
    const bucket = this.#names.get(id!);
    const ofObject = ['object', 'version', 'key', 'upload'].includes(table!) && bucket !== undefined;
    if (!ofObject) this.#damaged.push({ row: JSON.stringify(row), problem });
    else this.#damaged.push({ bucket, key, ...(versionId && { versionId }), problem });
  }

  #tell(): void {
    this.#options.progress?.(this.#seen);
  }
}
