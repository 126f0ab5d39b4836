/** Moves a server's data from one kind of stores to another: a directory, or PostgreSQL and shared bodies. */
import type { Clock } from '../core/clock.js';
import { lockDirectory } from '../core/directories/directory-lock.js';
import type { Blobs } from '../store/blobs.js';
import { openStores, type StorePlaces, type Stores } from '../store/open.js';
import { beginMove, copyRows, demandSameRows, eachOf, endMove } from './moving.js';

export interface MigrationProgress {
  readonly bodies: number;
  readonly bytes: number;
  readonly rows: number;
}

export interface MigrationReport extends MigrationProgress {
  /** What an earlier, unfinished run had moved already. */
  readonly found: { readonly bodies: number; readonly rows: number };
}

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
    await beginMove(from.kv, to.kv);
    const counts = { bodies: 0, bytes: 0, rows: 0 };
    const seen = () => progress(counts);
    const foundBodies = await copyBodies(from.blobs, to.blobs, counts, seen);
    const foundRows = await copyRows(from.kv, to.kv, rows => {
      counts.rows += rows;
      seen();
    });
    await demandSameRows(from.kv, to.kv);
    await demandSameBodies(from.blobs, to.blobs);
    await endMove(to.kv);
    return { ...counts, found: { bodies: foundBodies, rows: foundRows } };
  } finally {
    while (ends.length > 0) await ends.pop()!();
  }
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
  await eachOf(from.list(), async ({ id, size }) => {
    if (there.has(id)) found++;
    else {
      await to.write(from.read(id), id);
      counts.bodies++;
      counts.bytes += size;
    }
    seen();
  });
  return found;
}

async function demandSameBodies(from: Blobs, to: Blobs): Promise<void> {
  const sizes = new Map<string, number>();
  for await (const { id, size } of to.list()) sizes.set(id, size);
  for await (const { id, size } of from.list())
    if (sizes.get(id) !== size) throw new Error(`the body ${id} was not moved whole`);
}
