import type { Item, Key, Kv } from '../store/kv.js';
import { compareNames, prefixRange, successor } from './key-range.js';
import { type Bucket, type ObjectRecord, type VersionRecord, versionRecords } from './records.js';

/** Rows read at once, at least and at most: few where folding may skip the rest, many where it does not. */
const SMALLEST_BATCH = 16;
const LARGEST_BATCH = 1001;

export interface ListOptions {
  readonly prefix?: string | undefined;
  /** Keys that have it behind the prefix are folded into one common prefix that ends with it. */
  readonly delimiter?: string | undefined;
  /** Begin behind this key; behind all that it stands for where it is a common prefix of this very listing. */
  readonly after?: string | undefined;
  /** At most so many entries: keys and common prefixes together. */
  readonly limit: number;
}

/** An entry of a listing: a common prefix, or a row. */
export type ListEntry<T> = { readonly prefix: string } | { readonly key: string; readonly item: T };

export interface ListPage<T> {
  readonly entries: readonly ListEntry<T>[];
  /** Whether there are more behind the last. */
  readonly more: boolean;
}

/** The name that an entry has in the order of the listing: where the next page begins behind. */
export function entryName(entry: ListEntry<unknown>): string {
  return 'prefix' in entry ? entry.prefix : entry.key;
}

/** The current objects of a bucket. */
export async function listObjects(
  kv: Kv,
  bucket: Bucket,
  options: ListOptions,
): Promise<ListPage<ObjectRecord>> {
  const page = await listFolded(kv, ['object', bucket.id], options);
  return { ...page, entries: page.entries.map(decoded) as ListEntry<ObjectRecord>[] };
}

function decoded(entry: ListEntry<Item>): ListEntry<VersionRecord> {
  return 'prefix' in entry ? entry : { key: entry.key, item: versionRecords.decode(entry.item.value) };
}

/**
 * Lists the rows `[...base, key]` in key order. What it reads is in proportion to what it answers: the rest of
 * a common prefix is skipped, not read.
 */
export async function listFolded(kv: Kv, base: Key, options: ListOptions): Promise<ListPage<Item>> {
  const { prefix = '', delimiter = '', limit } = options;
  const range = prefixRange(base, prefix);
  const entries: ListEntry<Item>[] = [];
  if (limit === 0) return { entries, more: false };
  let start = startBehind(base, options, range.start);
  let batch = delimiter === '' ? LARGEST_BATCH : SMALLEST_BATCH;
  while (start !== undefined) {
    const wanted = Math.min(batch, limit - entries.length + 1);
    const rows: readonly Item[] = await kv.list({ start, end: range.end, limit: wanted });
    const step = fold(rows, base, prefix, delimiter, entries, limit);
    if (step.full) return { entries, more: true };
    if (rows.length < wanted) break;
    start = step.skipped ? behindPrefix(base, step.skipped) : [...base, `${keyOf(rows.at(-1)!, base)}\0`];
    batch = step.skipped ? SMALLEST_BATCH : Math.min(batch * 2, LARGEST_BATCH);
  }
  return { entries, more: false };
}

/** Adds rows to the entries. `skipped`: the common prefix that the last of the rows is folded into. */
function fold(
  rows: readonly Item[],
  base: Key,
  prefix: string,
  delimiter: string,
  entries: ListEntry<Item>[],
  limit: number,
): { readonly full: boolean; readonly skipped: string | undefined } {
  let folded: string | undefined;
  for (const item of rows) {
    const key = keyOf(item, base);
    if (folded !== undefined && key.startsWith(folded)) continue;
    if (entries.length === limit) return { full: true, skipped: undefined };
    folded = commonPrefix(key, prefix, delimiter);
    entries.push(folded === undefined ? { key, item } : { prefix: folded });
  }
  return { full: false, skipped: folded };
}

/** What a key is folded into. */
export function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

function keyOf(item: Item, base: Key): string {
  return item.key[base.length] as string;
}

/** Where a listing starts; undefined where it would start behind everything. */
function startBehind(
  base: Key,
  { prefix = '', delimiter = '', after }: ListOptions,
  start: Key,
): Key | undefined {
  if (after === undefined || (prefix !== '' && compareNames(after, prefix) < 0)) return start;
  if (after.startsWith(prefix) && commonPrefix(after, prefix, delimiter) === after)
    return behindPrefix(base, after);
  return [...base, `${after}\0`];
}

function behindPrefix(base: Key, prefix: string): Key | undefined {
  const next = successor(prefix);
  return next === undefined ? undefined : [...base, next];
}
