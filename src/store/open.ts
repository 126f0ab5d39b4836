/** The stores of a server: the one place that knows which kinds there are, and where they lie. */
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Scheduler, systemScheduler } from '../core/scheduler.js';
import type { Blobs } from './blobs.js';
import { type BodyCopier, StoreCopier } from './body-copier.js';
import type { CommitStats } from './commit-stats.js';
import { bodiesIn, recordsFile, recordsIn } from './data-directory.js';
import { BlobCopier } from './files/blob-copier.js';
import { openFileBlobs } from './files/files.js';
import { keyspaceOf } from './keyspace.js';
import type { Kv, Snapshot } from './kv.js';
import { Handover } from './lmdb/handover.js';
import { openLmdb } from './lmdb/lmdb.js';
import type { TreeReport } from './lmdb/lmdb-tree.js';
import { openMemoryKv } from './memory/memory.js';
import { openMemoryBlobs } from './memory/memory-blobs.js';
import { ReadAhead } from './read-ahead.js';
import { type Room, watchRoom } from './room.js';

/** Where the stores are. */
export interface StorePlaces {
  /** A directory, or `memory`. */
  readonly data: string;
  /** `postgres://…`; absent: LMDB in the directory. */
  readonly kv?: string | undefined;
  /** `s3://BUCKET/PREFIX` or `file:///DIRECTORY`; absent: files in the directory. */
  readonly blobs?: string | undefined;
}

export interface Stores {
  readonly kv: Kv;
  readonly blobs: Blobs;
  /** Of the disk that bodies are written to; absent where that is not this machine's. */
  readonly room: Room | undefined;
  /** For requests, where the records are a network away. */
  readonly readAhead: ReadAhead | undefined;
  /** Whether servers on other machines may use them too. */
  readonly isShared: boolean;
  /** What commits of this process have taken; absent in memory. */
  readonly commits: CommitStats | undefined;
  /** Of the store's machine, milliseconds since the epoch; absent where that is this one. */
  readonly time: (() => Promise<number>) | undefined;
  /** Begins one, where records are read over a network; those of a directory are copied as they lie. */
  readonly snapshot: (() => Promise<Snapshot>) | undefined;
  /** Where the records are this machine's: their file, and what looks at its pages (see `LmdbStore`). */
  readonly pages: RecordPages | undefined;
  /** Commits for another process of this machine; absent where the records are elsewhere. */
  readonly takeOver: ((channel: Duplex) => void) | undefined;
  close(): Promise<void>;
}

export interface RecordPages {
  readonly file: string;
  verify(): Promise<TreeReport>;
}

/** Places that do not fit together or cannot be read. The message names the setting. */
class BadStorePlace extends Error {
  override readonly name = 'BadStorePlace';
}

/**
 * Opens both stores. `now`: milliseconds since the epoch. `committer`: a channel to a process that commits for this one
 * (its `takeOver`). Throws `BadStorePlace`, and what the stores' own openers throw.
 */
export async function openStores(
  places: StorePlaces,
  now: () => number,
  scheduler: Scheduler = systemScheduler,
  committer?: Duplex,
): Promise<Stores> {
  demandPair(places);
  const opened: (() => unknown)[] = [];
  const close = async () => {
    while (opened.length > 0) await opened.pop()!();
  };
  try {
    const room = await openRoom(places, scheduler);
    opened.push(() => room?.close());
    const { kv, readAhead, commits, time, snapshot, pages, takeOver } = await openKv(places, room, committer);
    opened.push(() => kv.close());
    const blobs = await openBlobs(places, now, room);
    opened.push(() => blobs.close());
    const isShared = places.kv !== undefined;
    return { kv, readAhead, blobs, room, isShared, commits, time, snapshot, pages, takeOver, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Records that several machines share name bodies that all of them must find. */
function demandPair({ data, kv, blobs }: StorePlaces): void {
  if (kv !== undefined && blobs === undefined)
    throw new BadStorePlace(
      'blobs: where kv is shared, bodies must be, too: s3://BUCKET/PREFIX or file:///DIRECTORY',
    );
  if (kv !== undefined && data === 'memory')
    throw new BadStorePlace('data: a server whose stores are elsewhere still needs a directory of its own');
}

/** Bodies in this machine's files: the directory that they are in. */
function directoryOf({ data, blobs }: StorePlaces): string | undefined {
  if (blobs?.startsWith('s3:') || (blobs === undefined && data === 'memory')) return undefined;
  return blobs === undefined ? data : fileURLToPath(blobs);
}

/** The directory of bodies themselves. */
function bodyDirectoryOf(places: StorePlaces): string | undefined {
  const directory = directoryOf(places);
  return directory !== undefined && places.blobs === undefined ? bodiesIn(directory) : directory;
}

async function openRoom(places: StorePlaces, scheduler: Scheduler): Promise<Room | undefined> {
  const directory = directoryOf(places);
  return directory === undefined ? undefined : await watchRoom(directory, undefined, scheduler);
}

/** The records alone; their `close` is that of the store. Throws what the stores' own openers throw. */
export async function openKv(
  { data, kv }: StorePlaces,
  room?: Room,
  committer?: Duplex,
): Promise<{
  kv: Kv;
  readAhead?: ReadAhead;
  commits?: CommitStats;
  time?: () => Promise<number>;
  snapshot?: () => Promise<Snapshot>;
  pages?: RecordPages;
  takeOver?: (channel: Duplex) => void;
}> {
  if (kv !== undefined) {
    const { openPostgres } = await import('./postgres/postgres.js');
    const store = await openPostgres(kv);
    const readAhead = new ReadAhead(store, { isSteady: key => keyspaceOf(key)?.isSteady ?? false });
    const { commits, snapshot } = store;
    return { kv: readAhead.kv, readAhead, commits, time: () => store.time(), snapshot };
  }
  if (data === 'memory') return { kv: openMemoryKv() };
  const store = await openLmdb(recordsIn(data), {
    demandRoom: room?.demandLast,
    handover: committer && new Handover(committer),
  });
  return {
    kv: store,
    commits: store.commits,
    pages: { file: recordsFile(data), verify: () => store.verify() },
    takeOver: channel => store.takeOver(channel),
  };
}

/** Throws what the stores' own openers throw. */
async function openBlobs(places: StorePlaces, now: () => number, room?: Room): Promise<Blobs> {
  const directory = bodyDirectoryOf(places);
  const { blobs } = places;
  if (directory !== undefined) return await openFileBlobs(directory, now, room?.demand);
  if (blobs === undefined) return openMemoryBlobs(now);
  const { openS3Blobs } = await import('./s3/s3-blobs.js');
  return await openS3Blobs(s3PlaceOf(blobs));
}

/**
 * Copies bodies between two places. `now`: milliseconds since the epoch. `link`: hard links, where both are
 * directories. Throws `BadStorePlace` where links are asked for and are not possible, and what the stores' own openers
 * throw.
 */
export async function openBodyCopier(
  { from, to }: { readonly from: StorePlaces; readonly to: StorePlaces },
  now: () => number,
  link = false,
): Promise<BodyCopier> {
  const [source, target] = [bodyDirectoryOf(from), bodyDirectoryOf(to)];
  if (source !== undefined && target !== undefined) return new BlobCopier(source, target, link);
  if (link) throw new BadStorePlace('link: bodies that are not files on this machine cannot be linked');
  const blobs = await openBlobs(from, now);
  try {
    return new StoreCopier(blobs, await openBlobs(to, now));
  } catch (error) {
    await blobs.close();
    throw error;
  }
}

/**
 * `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`. Keys come from where the AWS SDK looks for them (environment, profile,
 * web identity, container, instance); they are renewed by it, and never stand in the URL.
 */
export function s3PlaceOf(text: string) {
  const url = new URL(text);
  const endpoint = url.searchParams.get('endpoint');
  const region = url.searchParams.get('region');
  if (url.username !== '' || url.password !== '')
    throw new BadStorePlace('blobs: keys do not stand in the URL; give them by environment, profile or role');
  const path = decodeURIComponent(url.pathname.replace(/^\/+|\/+$/g, ''));
  return {
    bucket: url.host,
    prefix: path === '' ? '' : `${path}/`,
    client: {
      ...(endpoint !== null && { endpoint, forcePathStyle: true }),
      ...(region !== null && { region }),
    },
  };
}
