/** What nothing refers to any more: no damage, but room that does not come back by itself. */
import type { Blobs } from '../../store/blobs.js';
import { type Entry, type Item, type Key, type Kv, under } from '../../store/kv.js';
import type { RecordType } from '../../store/records.js';
import { rowsOf } from '../../store/scan.js';
import { contentKey, type ObjectRecord, partLists, partRecords } from '../records.js';
import { versionRecords } from '../versions/version-records.js';
import { ORPHAN_AGE_MS } from './garbage.js';

export interface Leftovers {
  /** Blobs that no row refers to. The server deletes them once they are a day old. */
  readonly blobs: number;
  /** Bytes in those. */
  readonly bytes: number;
  /** Rows for blobs or bodies of versions that are gone. */
  readonly rows: number;
}

/** Rows that are compared at once with all versions: what is held in memory. */
const SLICE = 1_000_000;
/** While the server works, a version may move to where it was looked for already: look again. */
const LOOKS = 3;

/** Goes through all blobs, references and bodies. `now`: milliseconds since the epoch. */
export async function findLeftovers(kv: Kv, blobs: Blobs, now: number): Promise<Leftovers> {
  let rows = 0;
  for (const table of ['blob', 'content']) {
    for await (const slice of slicesOf(kv, table)) rows += await countUnclaimed(kv, slice);
  }
  let count = 0;
  let bytes = 0;
  for await (const { id, size, modified } of blobs.list()) {
    if (modified >= now - ORPHAN_AGE_MS) continue;
    if ((await kv.list({ ...under(['blob', id]), limit: 1, damaged: ignore })).length > 0) continue;
    count++;
    bytes += size;
  }
  return { blobs: count, bytes, rows };
}

/** Damage is reported where the row is looked at for itself. */
const ignore = () => undefined;

const nameOf = (key: Key): string => JSON.stringify(key);

async function* slicesOf(kv: Kv, table: string): AsyncGenerator<Map<string, Key>> {
  let slice = new Map<string, Key>();
  for await (const { key } of rowsOf(kv, { ...under([table]), damaged: ignore })) {
    slice.set(nameOf(key), key);
    if (slice.size < SLICE) continue;
    yield slice;
    slice = new Map();
  }
  if (slice.size > 0) yield slice;
}

/** How many of the rows no version and no part claims. */
async function countUnclaimed(kv: Kv, rows: Map<string, Key>): Promise<number> {
  for (let look = 0; look < LOOKS && rows.size > 0; look++) {
    for await (const claimed of claims(kv)) rows.delete(nameOf(claimed));
    for (const [name, key] of rows) {
      if ((await kv.get(key).catch(ignore)) === undefined) rows.delete(name);
    }
  }
  return rows.size;
}

/** The keys of all rows that versions and unfinished uploads need. */
async function* claims(kv: Kv): AsyncGenerator<Key> {
  for (const table of ['object', 'version']) {
    for await (const item of rowsOf(kv, { ...under([table]), damaged: ignore })) {
      const record = readable(versionRecords, item);
      if (record && !record.marker) yield* claimsOf(kv, item, record);
    }
  }
  for await (const item of rowsOf(kv, { ...under(['part']), damaged: ignore })) {
    const part = readable(partRecords, item);
    if (part) yield ['blob', part.blob, item.key[1]!];
  }
}

async function* claimsOf(kv: Kv, { key }: Item, { id, content }: ObjectRecord): AsyncGenerator<Key> {
  if (content.kind === 'blob') {
    yield ['blob', content.blob, id];
    return;
  }
  const row = contentKey(key[1] as string, id);
  yield row;
  if (content.kind === 'inline') return;
  const list = await kv.get(row).catch(ignore);
  for (const { blob } of (list && readable(partLists, list)) ?? []) yield ['blob', blob, id];
}

function readable<T>(type: RecordType<T>, { value }: Entry): T | undefined {
  try {
    return type.decode(value);
  } catch {
    return undefined;
  }
}
