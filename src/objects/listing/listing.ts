import { Background } from '../../core/background.js';
import { turns } from '../../core/slices.js';
import { encodeKey } from '../../store/keys.js';
import { type Item, type Key, type Kv, type Range, under, ValueDamaged } from '../../store/kv.js';
import {
  type Bucket,
  type ObjectRecord,
  type UploadRecord,
  uploadRecords,
  type VersionRecord,
} from '../records.js';
import { versionRecords } from '../versions/version-records.js';
import { clientKey, type FoundObject, foundObjects } from './found-object.js';
import { compareNames, prefixRange, successor } from './key-range.js';
import { type Fold, skipFolded } from './skip-folded.js';

/** Rows read at once, at least and at most: few where folding may skip the rest, many where it does not. */
const SMALLEST_BATCH = 16;
const LARGEST_BATCH = 1001;

export interface ListOptions {
  readonly prefix?: string | undefined;
  /** Keys that have it behind the prefix are folded into one common prefix that ends with it. */
  readonly delimiter?: string | undefined;
  /**
   * Begin behind this key; where this very listing folds it into a common prefix, behind all that this stands for
   * (recorded of ListObjects, test_list_objects_marker_common_prefixes; the others alike).
   */
  readonly after?: string | undefined;
  /** With `after`: begin behind this one of that key's versions or uploads, not behind all of them. */
  readonly afterId?: string | undefined;
  /** At most so many entries: keys and common prefixes together. */
  readonly limit: number;
  /**
   * Hears of each key under which a record is damaged, which is then left out. Without it such a record fails the page:
   * a client that takes what is not listed for gone would delete what the key stands for elsewhere.
   */
  readonly damaged?: ((key: string) => void) | undefined;
}

/** An entry of a listing: a common prefix, or what stands under a key. */
export type ListEntry<T> = { readonly prefix: string } | { readonly key: string; readonly item: T };

export interface ListPage<T> extends Page<ListEntry<T>> {}

/** Current objects: what clients are shown of them. */
export interface ObjectPage extends Page<{ readonly prefix: string } | FoundObject> {}

interface Page<E> {
  readonly entries: readonly E[];
  /** Whether there are more behind the last. */
  readonly more: boolean;
}

/** A version in a listing. */
export interface ListedVersion {
  readonly version: VersionRecord;
  readonly isLatest: boolean;
}

/** A multipart upload in a listing. */
export interface ListedUpload {
  readonly id: string;
  readonly upload: UploadRecord;
}

/** Entries read at once where all are gone through: it takes about a millisecond. */
const PAGE = 100;

/**
 * Every entry of a listing without delimiter, page by page, for work in the background: it goes at that pace, with all
 * that is done with each entry. `idOf`: for listings that have several entries of one key, the id by which they tell
 * them apart.
 */
export async function* everyEntry<T>(
  list: (options: ListOptions) => Promise<ListPage<T>>,
  idOf: (item: T) => string | undefined = () => undefined,
): AsyncGenerator<{ readonly key: string; readonly item: T }> {
  const background = new Background();
  let from: Pick<ListOptions, 'after' | 'afterId'> = {};
  for (;;) {
    const { entries, more } = await list({ ...from, limit: PAGE });
    for (const entry of entries) {
      yield withKey(entry);
      await background.pause();
    }
    const last = entries.at(-1);
    if (!more || !last) return;
    const { key, item } = withKey(last);
    from = { after: key, afterId: idOf(item) };
  }
}

function withKey<T>(entry: ListEntry<T>): { readonly key: string; readonly item: T } {
  if ('prefix' in entry) throw new TypeError('a listing without delimiter has no prefixes');
  return entry;
}

/** The name that an entry has in the order of the listing: where the next page begins behind. */
export function entryName(entry: ListEntry<unknown>): string {
  return 'prefix' in entry ? entry.prefix : entry.key;
}

/**
 * A page of a bucket's current objects: what clients are shown of them, read of an entry when it is asked for. Throws
 * `ValueDamaged`.
 */
export async function listObjects(kv: Kv, bucket: Bucket, options: ListOptions): Promise<ObjectPage> {
  const found = foundObjects(['object', bucket.id]);
  return await listFolded(kv, bucket, ['object'], options, found);
}

/** As `listObjects`: all that is stored of them. */
export async function listRecords(
  kv: Kv,
  bucket: Bucket,
  options: ListOptions,
): Promise<ListPage<ObjectRecord>> {
  const page = await listFolded(kv, bucket, ['object'], options, foundRow);
  return mapped(bucket, page, row => versionRecords.decode(row.value) as ObjectRecord);
}

/**
 * A page of a bucket's versions: by key, and the newest of a key first. The current version lies in a table of
 * its own, unless it is a delete marker. Throws `ValueDamaged`.
 */
export async function listVersions(
  kv: Kv,
  bucket: Bucket,
  options: ListOptions,
): Promise<ListPage<ListedVersion>> {
  const page = await listFolded(kv, bucket, ['object', 'version'], options, foundRow);
  let previous = (await followsOthers(kv, bucket, page, options)) ? options.after : undefined;
  return mapped(bucket, page, (row, key) => {
    const isLatest = key !== previous;
    previous = key;
    return { version: versionRecords.decode(row.value), isLatest };
  });
}

/**
 * Whether the page begins with a version of the marked key that is not its newest. The marked version may be gone, and
 * all that were newer.
 */
async function followsOthers(
  kv: Kv,
  bucket: Bucket,
  { entries: [first] }: ListPage<Item>,
  { after, afterId }: ListOptions,
): Promise<boolean> {
  if (afterId === undefined || !first || !('item' in first) || first.key !== after) return false;
  for (const table of ['object', 'version']) {
    const [newest] = await kv.list({
      ...under([table, bucket.id, after]),
      limit: 1,
      damaged: () => undefined,
    });
    if (newest) return Buffer.compare(encodeKey(newest.key), encodeKey(first.item.key)) !== 0;
  }
  return false;
}

/** A page of a bucket's unfinished uploads: by key, and the oldest of a key first. Throws `ValueDamaged`. */
export async function listUploads(
  kv: Kv,
  bucket: Bucket,
  options: ListOptions,
): Promise<ListPage<ListedUpload>> {
  const page = await listFolded(kv, bucket, ['upload'], options, foundRow);
  return mapped(bucket, page, row => ({
    id: row.key.at(-1) as string,
    upload: uploadRecords.decode(row.value),
  }));
}

function foundRow(item: Item): ListEntry<Item> {
  return { key: clientKey(item)!, item };
}

/** Reading the records of a page takes as long as finding them. */
async function mapped<T>(
  { id }: Bucket,
  { entries, more }: ListPage<Item>,
  read: (row: Item, key: string) => T,
): Promise<ListPage<T>> {
  const entry = (one: ListEntry<Item>) =>
    'prefix' in one ? one : { key: one.key, item: read(one.item, one.key) };
  return { entries: await turns.run(id, () => entries.map(entry)), more };
}

/**
 * Lists the rows `[table, bucket, key]` and `[table, bucket, key, id]` of one table, or of several merged, in key
 * order. What it reads is in proportion to what it answers: the rest of a common prefix is skipped, not read. Nor does
 * it matter then whether it is whole.
 */
async function listFolded<E>(
  kv: Kv,
  bucket: Bucket,
  names: readonly string[],
  options: ListOptions,
  found: (row: Item) => E,
): Promise<Page<E | { readonly prefix: string }>> {
  const { prefix = '', delimiter = '', limit } = options;
  const tables = names.map(name => [name, bucket.id]);
  const entries: (E | { readonly prefix: string })[] = [];
  const damaged: string[] = [];
  const page = (more: boolean) => {
    if (damaged.length > 0) throw damagedKeys(bucket, damaged);
    return { entries, more };
  };
  if (limit === 0) return { entries, more: false };
  const fold = delimiter === '' ? undefined : { prefix, delimiter };
  const cursors = await Promise.all(tables.map(table => openCursor(kv, table, options, fold)));
  for (;;) {
    for (const cursor of cursors) if (cursor.needsLoading) await cursor.load();
    const first = firstOf(cursors);
    if (!first) return page(false);
    if (entries.length + damaged.length === limit) return page(true);
    const folded = fold && commonPrefix(first.key!, prefix, delimiter);
    if (folded === undefined) {
      const row = first.row!;
      if (isWhole(row)) entries.push(found(row));
      else if (options.damaged) options.damaged(first.key!);
      else damaged.push(first.key!);
      first.advance();
    } else {
      entries.push({ prefix: folded });
      for (const cursor of cursors) cursor.skip(folded);
    }
  }
}

/** So many are named in an error. */
const NAMED = 20;

/** The error of rows that are damaged: it names their keys, for the log. */
export function damagedKeys({ name }: Bucket, keys: readonly string[]): ValueDamaged {
  const named = [...new Set(keys)].slice(0, NAMED).map(key => JSON.stringify(key));
  return new ValueDamaged(
    `${keys.length} records in bucket ${name} are damaged, under the keys ${named.join(', ')}`,
  );
}

/** A row of a listing; without a value where it is damaged. */
type Row = Item | { readonly key: Key; readonly value?: never };

function isWhole(row: Row): row is Item {
  // Not by asking for it: the value of a row is made each time.
  return 'value' in row;
}

/** What a key is folded into. */
function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** The cursor that stands at the smallest key; of several at the same key, the first. */
function firstOf(cursors: readonly Cursor[]): Cursor | undefined {
  if (cursors.length === 1) return cursors[0]!.row && cursors[0];
  let first: Cursor | undefined;
  for (const cursor of cursors) {
    if (cursor.key === undefined) continue;
    if (!first || compareNames(cursor.key, first.key!) < 0) first = cursor;
  }
  return first;
}

/** Goes through the rows of one table, reading them in batches. */
class Cursor {
  readonly #kv: Kv;
  readonly #table: Key;
  readonly #end: Key;
  readonly #fold: Fold | undefined;
  /** Where the next batch begins; undefined where there is none. */
  #next: Key | undefined;
  readonly #smallest: number;
  #batch: number;
  #rows: readonly Row[] = [];
  #at = 0;

  constructor(kv: Kv, table: Key, range: CursorRange, fold: Fold | undefined) {
    this.#kv = kv;
    this.#table = table;
    this.#next = range.start;
    this.#end = range.end;
    this.#fold = fold;
    const folds = fold !== undefined && !kv.skips;
    this.#smallest = folds ? SMALLEST_BATCH : Math.min(range.limit, LARGEST_BATCH);
    this.#batch = this.#smallest;
  }

  get row(): Row | undefined {
    return this.#rows[this.#at];
  }

  /** The client's key of the row it stands at. */
  get key(): string | undefined {
    return this.row && clientKey(this.row);
  }

  get needsLoading(): boolean {
    return this.row === undefined && this.#next !== undefined;
  }

  async load(): Promise<void> {
    const damaged: Key[] = [];
    const range = {
      start: this.#next!,
      end: this.#end,
      limit: this.#batch,
      damaged: (key: Key) => damaged.push(key),
      ...(this.#fold && { skipTo: skipFolded(this.#table, this.#fold) }),
    };
    const rows = await turns.run(String(this.#table[1]), () => this.#kv.list(range));
    this.#rows = damaged.length === 0 ? rows : inOrder(rows, damaged);
    this.#at = 0;
    const last = this.#rows.at(-1);
    this.#next = last && this.#rows.length === this.#batch ? behindRow(last.key) : undefined;
    this.#batch = Math.min(this.#batch * 2, LARGEST_BATCH);
  }

  advance(): void {
    this.#at++;
  }

  /** Goes behind every key that begins with `prefix`. */
  skip(prefix: string): void {
    while (this.key?.startsWith(prefix)) this.#at++;
    if (!this.needsLoading) return;
    this.#next = behindPrefix(this.#table, prefix);
    this.#batch = this.#smallest;
  }
}

interface CursorRange {
  readonly start: Key | undefined;
  readonly end: Key;
  /** Items that are looked for. */
  readonly limit: number;
}

/** The rows with those that are damaged in their places. Throws `ValueDamaged` where a key itself is damaged. */
function inOrder(rows: readonly Item[], damaged: readonly Key[]): Row[] {
  if (damaged.some(key => key.length === 0)) throw new ValueDamaged('the key of a record is damaged');
  return [...rows, ...damaged.map(key => ({ key }))]
    .map(row => ({ row, encoded: encodeKey(row.key) }))
    .sort((a, b) => Buffer.compare(a.encoded, b.encoded))
    .map(({ row }) => row);
}

/** The first key behind that of a row. */
function behindRow(key: Key): Key {
  return [...key.slice(0, -1), `${key.at(-1) as string}\0`];
}

/** The first key of a table behind all that begin with `prefix`; undefined where there is none. */
function behindPrefix(table: Key, prefix: string): Key | undefined {
  const next = successor(prefix);
  return next === undefined ? undefined : [...table, next];
}

async function openCursor(kv: Kv, table: Key, options: ListOptions, fold: Fold | undefined): Promise<Cursor> {
  const range = prefixRange(table, options.prefix ?? '');
  const start = await startOf(kv, table, options, range);
  // One more shows whether there are more.
  return new Cursor(kv, table, { start, end: range.end, limit: options.limit + 1 }, fold);
}

/** Where a listing starts; undefined where it would start behind everything. */
async function startOf(kv: Kv, table: Key, options: ListOptions, { start }: Range): Promise<Key | undefined> {
  const { prefix = '', delimiter = '', after, afterId } = options;
  if (after === undefined || (prefix !== '' && compareNames(after, prefix) < 0)) return start;
  const folded = after.startsWith(prefix) ? commonPrefix(after, prefix, delimiter) : undefined;
  if (folded !== undefined) return behindPrefix(table, folded);
  if (afterId === undefined) return [...table, `${after}\0`];
  if (table[0] !== 'object') return [...table, after, `${afterId}\0`];
  // A key's one row in the table of current objects is behind the id if it is of an older version.
  const [row] = await kv.list({ ...under([...table, after]), limit: 1, damaged: () => undefined });
  const isBehind = row !== undefined && versionRecords.decode(row.value).id > afterId;
  return isBehind ? [...table, after] : [...table, `${after}\0`];
}
