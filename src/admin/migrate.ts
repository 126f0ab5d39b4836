/** Moves a server's data from one kind of stores to another: a directory, or PostgreSQL and shared bodies. */
import type { Clock } from '../core/clock.js';
import { lockDirectory } from '../core/directories/directory-lock.js';
import { SettingsError } from '../core/settings-error.js';
import { FIRST_ACCOUNT } from '../server/bootstrap.js';
import type { Blobs } from '../store/blobs.js';
import { compareKeys } from '../store/keys.js';
import { type KeyOf, keyspaceOf } from '../store/keyspace.js';
import type { Item, Key, Kv, Write } from '../store/kv.js';
import { openStores, type StorePlaces, type Stores } from '../store/open.js';
import { rowsOf } from '../store/scan.js';

export interface MigrationProgress {
  readonly bodies: number;
  readonly bytes: number;
  readonly rows: number;
}

export interface MigrationReport extends MigrationProgress {
  /** What an earlier, unfinished run had moved already. */
  readonly found: { readonly bodies: number; readonly rows: number };
}

/** A row of the target while data is moved into it. */
const UNFINISHED: KeyOf<'server'> = ['server', 'migration'];

/** Rows in one commit, and bytes of their values, at most. */
const MOST_ROWS = 200;
const MOST_BYTES = 2 ** 21;

/**
 * Copies everything, bodies first, then compares both sides. Changes nothing in the source. What an earlier run moved
 * is not moved again. No server may run on either side: directories are locked; that no server has a PostgreSQL open is
 * for the caller to see to. Throws `SettingsError` where the source holds nothing or the target holds something else.
 */
export async function migrate(
  places: { readonly from: StorePlaces; readonly to: StorePlaces },
  clock: Clock,
  progress: (progress: MigrationProgress) => void = () => undefined,
): Promise<MigrationReport> {
  const ends: (() => Promise<void>)[] = [];
  try {
    const [from, to] = [await opened(places.from, clock, ends), await opened(places.to, clock, ends)];
    await demandEmpty(from.kv, to.kv);
    const counts = { bodies: 0, bytes: 0, rows: 0 };
    const seen = () => progress(counts);
    const foundBodies = await copyBodies(from.blobs, to.blobs, counts, seen);
    const foundRows = await copyRows(from.kv, to.kv, counts, seen);
    await demandSame(from, to);
    await to.kv.commit([], [{ key: UNFINISHED, value: undefined }]);
    return { ...counts, found: { bodies: foundBodies, rows: foundRows } };
  } finally {
    while (ends.length > 0) await ends.pop()!();
  }
}

/** Throws `SettingsError` for a store into which data is being moved. */
export async function demandWhole(kv: Kv): Promise<void> {
  if ((await kv.get(UNFINISHED)) === undefined) return;
  throw new SettingsError(
    'a migration into these stores has not ended: run the same karikagi migrate again, which goes on where it stopped',
  );
}

async function opened(places: StorePlaces, clock: Clock, ends: (() => Promise<void>)[]): Promise<Stores> {
  if (places.kv === undefined) {
    const lock = await lockDirectory(places.data);
    ends.push(() => lock.release());
  }
  const stores = await openStores(places, () => clock.now());
  ends.push(() => stores.close());
  return stores;
}

async function demandEmpty(from: Kv, to: Kv): Promise<void> {
  const [account, other, unfinished] = await Promise.all([
    from.get(FIRST_ACCOUNT),
    to.get(FIRST_ACCOUNT),
    to.get(UNFINISHED),
  ]);
  if (account === undefined) throw new SettingsError('from: there is no data of a server');
  await demandWhole(from);
  if (unfinished !== undefined && !Buffer.from(unfinished.value).equals(account.value))
    throw new SettingsError('to: data of another server is being moved into these stores');
  if (other !== undefined && unfinished === undefined)
    throw new SettingsError('to: these stores hold data of a server; give empty ones');
  await to.commit([], [{ key: UNFINISHED, value: account.value }]);
}

/** Answers how many were there. */
async function copyBodies(
  from: Blobs,
  to: Blobs,
  counts: { bodies: number; bytes: number },
  seen: () => void,
): Promise<number> {
  const there = new Set<string>();
  for await (const { id } of to.list()) there.add(id);
  let found = 0;
  for await (const { id, size } of from.list()) {
    if (there.has(id)) found++;
    else {
      await to.write(from.read(id), id);
      counts.bodies++;
      counts.bytes += size;
    }
    seen();
  }
  return found;
}

/** A row of one side or both, in order. */
interface Pair {
  readonly source: Item | undefined;
  readonly target: Item | undefined;
}

/** What says which processes run stays where they run. */
const moves = (key: Key): boolean =>
  compareKeys(key, UNFINISHED) !== 0 && keyspaceOf(key)?.isPassing === undefined;

async function* pairsOf(from: Kv, to: Kv): AsyncGenerator<Pair, void> {
  const [sources, targets] = [rowsOf(from), rowsOf(to)];
  let [source, target] = [await sources.next(), await targets.next()];
  while (!source.done || !target.done) {
    const order = source.done ? 1 : target.done ? -1 : compareKeys(source.value.key, target.value.key);
    const pair = {
      source: source.done || order > 0 ? undefined : source.value,
      target: target.done || order < 0 ? undefined : target.value,
    };
    if (moves((pair.source ?? pair.target)!.key)) yield pair;
    if (order <= 0) source = await sources.next();
    if (order >= 0) target = await targets.next();
  }
}

const areSame = ({ source, target }: Pair): boolean =>
  source !== undefined && target !== undefined && Buffer.compare(source.value, target.value) === 0;

/** Answers how many were there. */
async function copyRows(from: Kv, to: Kv, counts: { rows: number }, seen: () => void): Promise<number> {
  let found = 0;
  let writes: Write[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    await to.commit([], writes);
    counts.rows += writes.length;
    writes = [];
    bytes = 0;
    seen();
  };
  for await (const pair of pairsOf(from, to)) {
    if (areSame(pair)) {
      found++;
      continue;
    }
    writes.push({ key: (pair.source ?? pair.target)!.key, value: pair.source?.value });
    bytes += pair.source?.value.length ?? 0;
    if (writes.length >= MOST_ROWS || bytes >= MOST_BYTES) await flush();
  }
  await flush();
  return found;
}

async function demandSame(from: Stores, to: Stores): Promise<void> {
  for await (const pair of pairsOf(from.kv, to.kv))
    if (!areSame(pair))
      throw new Error(
        `the record ${JSON.stringify((pair.source ?? pair.target)!.key)} differs: does a server run on one of the sides?`,
      );
  const sizes = new Map<string, number>();
  for await (const { id, size } of to.blobs.list()) sizes.set(id, size);
  for await (const { id, size } of from.blobs.list())
    if (sizes.get(id) !== size) throw new Error(`the body ${id} was not moved whole`);
}
