/**
 * Backups of a data directory, beside a running server or without one, and back again.
 *
 * A backup is laid out as the data directory is: `kv/` as it was at one moment, `blobs/` with the files that its
 * records name, and `backup.json`. It can be scrubbed where it lies. Done again into the same directory, it copies the
 * files that are new, and deletes those that are no longer named once the new records are in place.
 */
import { access, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { syncDirectory } from '../core/directories/directories.js';
import { lockDirectory } from '../core/directories/directory-lock.js';
import { SettingsError } from '../core/settings-error.js';
import { type RootKeySettings, rootKeyPath, writeDurably } from '../crypto/root-key.js';
import { type BlobHold, holdBlobs } from '../objects/index.js';
import {
  bodiesIn,
  copyRecords,
  dropCopy,
  holdsRecords,
  openRecords,
  recordsFile,
  takeRecords,
  wasBegun,
} from '../store/data-directory.js';
import { BlobCopier } from '../store/files/blob-copier.js';
import { type Kv, under } from '../store/kv.js';
import type { LmdbStore } from '../store/lmdb/lmdb.js';
import { StoreDamaged } from '../store/lmdb/lmdb-tree.js';
import type { StorePlaces } from '../store/open.js';
import { rowsOf } from '../store/scan.js';
import { demandData } from './scrub.js';

const MANIFEST = 'backup.json';
const FORMAT = 'karikagi-backup';
const VERSION = 1;

/** What `backup.json` says. */
interface Manifest {
  readonly format: typeof FORMAT;
  readonly version: number;
  /** When the records were as they are in it, ISO 8601. */
  readonly made: string;
  /** Without the bodies that are not in the records. */
  readonly metadataOnly: boolean;
}

export interface BackupSettings {
  readonly metadataOnly?: boolean | undefined;
  /** The root key goes in too: the backup then opens everything. */
  readonly withRootKey?: boolean | undefined;
  /** Hard links to the files of bodies, which take no room; only within a file system. */
  readonly link?: boolean | undefined;
  readonly progress?: (done: { readonly blobs: number; readonly bytes: number }) => void;
}

export interface BackupReport {
  /** Files of bodies that the records name. */
  readonly blobs: number;
  /** Of those, the ones that were not there yet, and their bytes. */
  readonly copied: number;
  readonly bytes: number;
  /** Files that no record names any more: deleted from the backup. */
  readonly deleted: number;
  /** Ids of files that the records name and that the source does not have: `scrub` says whose they are. */
  readonly missing: readonly string[];
  readonly hasRootKey: boolean;
}

/**
 * Writes a backup into `target`, an empty directory or an earlier backup. Throws `SettingsError` for another directory
 * and where there is nothing to back up, `DirectoryInUse` where another backup is being written to it, `StoreDamaged`
 * where pages of the records are damaged: what an earlier run put there then stays as it is.
 */
export async function backUp(
  settings: RootKeySettings & StorePlaces,
  target: string,
  clock: Clock,
  options: BackupSettings = {},
): Promise<BackupReport> {
  demandDirectory(settings, options);
  await demandData(settings.data);
  await demandTarget(target);
  const lock = await lockDirectory(target);
  try {
    const kv = await openRecords(settings.data);
    try {
      await demandWhole(kv, settings.data);
      const hold = await holdBlobs(kv, clock);
      try {
        const made = new Date(clock.now()).toISOString();
        const copied = await copyRecords(kv, target);
        const manifest: Manifest = {
          format: FORMAT,
          version: VERSION,
          made,
          metadataOnly: options.metadataOnly ?? false,
        };
        return await fill(settings, target, { copied, manifest, options, hold });
      } finally {
        await hold.release();
      }
    } finally {
      await kv.close();
    }
  } finally {
    await lock.release();
  }
}

/** A backup that is being made: its records are copied, and do not count yet. */
interface Begun {
  readonly copied: LmdbStore;
  readonly manifest: Manifest;
  readonly options: BackupSettings;
  readonly hold: BlobHold;
}

/** What belongs to the copied records; then these take the place of the former ones. */
async function fill(
  settings: RootKeySettings,
  target: string,
  { copied, manifest, options, hold }: Begun,
): Promise<BackupReport> {
  const copier = new BlobCopier(bodiesIn(settings.data), bodiesIn(target), options.link);
  try {
    const done = manifest.metadataOnly ? nothing : await copyNamed(copied, copier, options.progress);
    hold.demand();
    const hasRootKey = await putRootKey(settings, target, options.withRootKey ?? false);
    await takeRecords(target);
    await putManifest(target, manifest);
    const deleted = manifest.metadataOnly ? 0 : await copier.deleteOthers(id => isNamed(copied, id));
    return { ...done, deleted, hasRootKey };
  } finally {
    await copied.close();
    await dropCopy(target);
  }
}

/** Throws `SettingsError` for stores that are not in a directory: those have means of their own. */
function demandDirectory({ kv, blobs }: StorePlaces, { metadataOnly }: BackupSettings): void {
  if (kv !== undefined)
    throw new SettingsError(
      'the records are in PostgreSQL: back it up with its own means (pg_basebackup, WAL archiving), and the bodies with those of their store (docs/cluster.md); name a directory with --data to back that up',
    );
  if (blobs !== undefined && !metadataOnly)
    throw new SettingsError(
      'large bodies are not in the directory: back up their store with its own means, and the records with --metadata-only',
    );
}

const nothing = { blobs: 0, copied: 0, bytes: 0, missing: [] };

export interface RestoreReport extends Omit<BackupReport, 'deleted' | 'hasRootKey'> {
  /** When the backup was made, ISO 8601. */
  readonly made: string;
  /** Whether the directory has a root key: without the one it was made under, a server does not start on it. */
  readonly hasRootKey: boolean;
}

/**
 * Makes a data directory out of a backup; one that was cut short is taken up again. Files of bodies that are there
 * already stay. Throws `SettingsError` where `source` is no backup or the directory holds data, `DirectoryInUse`.
 */
export async function restore(
  settings: RootKeySettings,
  source: string,
  options: Pick<BackupSettings, 'progress'> = {},
): Promise<RestoreReport> {
  const { made, metadataOnly } = await manifestOf(source);
  await demandData(source);
  if (await holdsRecords(settings.data)) {
    throw new SettingsError(`${settings.data} holds data already: restore to another directory`);
  }
  const lock = await lockDirectory(settings.data);
  try {
    const copier = new BlobCopier(bodiesIn(source), bodiesIn(settings.data));
    const kv = await openRecords(source);
    try {
      await demandWhole(kv, source);
      const done = metadataOnly ? nothing : await copyNamed(kv, copier, options.progress);
      await (await copyRecords(kv, settings.data)).close();
      const path = rootKeyPath(settings);
      const given = join(source, 'root.key');
      if (path !== undefined && !(await exists(path)) && (await exists(given))) {
        await writeDurably(path, await readFile(given, 'utf8'));
      }
      await takeRecords(settings.data);
      await dropCopy(settings.data);
      return { ...done, made, hasRootKey: path === undefined || (await exists(path)) };
    } finally {
      await kv.close();
    }
  } finally {
    await lock.release();
  }
}

/** Throws `StoreDamaged` where pages of the records in a directory are damaged: a copy of them would lack some. */
async function demandWhole(kv: LmdbStore, directory: string): Promise<void> {
  const { damage } = await kv.verify();
  if (damage.length > 0) throw new StoreDamaged(recordsFile(directory), damage);
}

/** Copies the files that records name. */
async function copyNamed(kv: Kv, copier: BlobCopier, progress: BackupSettings['progress']) {
  let blobs = 0;
  let copied = 0;
  let bytes = 0;
  const missing: string[] = [];
  let before = '';
  for await (const { key } of rowsOf(kv, under(['blob']))) {
    const id = key[1] as string;
    if (id === before) continue;
    before = id;
    blobs++;
    const length = await copier.copy(id);
    if (length === undefined) missing.push(id);
    else if (length > 0) {
      copied++;
      bytes += length;
    }
    progress?.({ blobs, bytes });
  }
  await copier.finish();
  return { blobs, copied, bytes, missing };
}

async function isNamed(kv: Kv, id: string): Promise<boolean> {
  return (await kv.list({ ...under(['blob', id]), limit: 1 })).length > 0;
}

/** Answers whether the backup has the root key now. One that an earlier run put there goes where it is not wanted. */
async function putRootKey(settings: RootKeySettings, target: string, wanted: boolean): Promise<boolean> {
  const copy = join(target, 'root.key');
  await rm(copy, { force: true });
  if (!wanted) return false;
  const path = rootKeyPath(settings);
  if (path === undefined)
    throw new SettingsError('the root key is not in a file: keep it apart from the backup');
  await writeDurably(copy, await readFile(path, 'utf8'));
  return true;
}

async function putManifest(target: string, manifest: Manifest): Promise<void> {
  const next = join(target, `${MANIFEST}.new`);
  await rm(next, { force: true });
  await writeDurably(next, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(next, join(target, MANIFEST));
  await syncDirectory(target);
}

/** Throws `SettingsError` for a directory with something in it that is no backup, nor one that was begun. */
async function demandTarget(target: string): Promise<void> {
  const names = await readdir(target).catch(() => []);
  const others = names.filter(name => !name.startsWith('server.lock'));
  if (others.length > 0 && !wasBegun(others)) await manifestOf(target);
}

/** Throws `SettingsError` where there is none that this version reads. */
async function manifestOf(directory: string): Promise<Manifest> {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(await readFile(join(directory, MANIFEST), 'utf8'));
  } catch (cause) {
    throw new SettingsError(`${directory} is no backup`, { cause });
  }
  if (manifest.format === FORMAT && manifest.version === VERSION) return manifest;
  throw new SettingsError(`${directory} is a backup of another version of Karikagi`);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
