/**
 * Backups of a server's data, beside running servers or without one.
 *
 * A backup is laid out as a data directory is, wherever the data lies: `kv/` with the records as they were at one
 * moment, `blobs/` with the bodies that they name, and `backup.json`. It can be scrubbed where it lies. Done again into
 * the same directory, it copies the bodies that are new, and deletes those that are no longer named once the new
 * records are in place.
 */
import { access, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { lockDirectory } from '../core/directories/directory-lock.js';
import { SettingsError } from '../core/settings-error.js';
import { type RootKeySettings, rootKeyPath, writeDurably } from '../crypto/root-key.js';
import { type BlobHold, holdBlobs } from '../objects/index.js';
import { demandKnownFormat } from '../server/data-format.js';
import type { BodyCopier } from '../store/body-copier.js';
import {
  beginRecords,
  copyRecords,
  dropCopy,
  openRecords,
  recordsFile,
  takeRecords,
} from '../store/data-directory.js';
import { type Kv, under } from '../store/kv.js';
import type { LmdbStore } from '../store/lmdb/lmdb.js';
import { StoreDamaged } from '../store/lmdb/lmdb-tree.js';
import { openBodyCopier, openKv, type StorePlaces } from '../store/open.js';
import { demandTarget, putManifest } from './backup-manifest.js';
import {
  type BodyProgress,
  type CopiedBodies,
  copyNamed,
  copyRows,
  demandServerData,
  noBodies,
} from './moving.js';
import { demandData } from './scrub.js';

export interface BackupSettings {
  readonly metadataOnly?: boolean | undefined;
  /** The root key goes in too: the backup then opens everything. */
  readonly withRootKey?: boolean | undefined;
  /** Hard links to the files of bodies, which take no room; only within a file system. */
  readonly link?: boolean | undefined;
  readonly progress?: BodyProgress;
}

export interface BackupReport extends CopiedBodies {
  /** Files that no record names any more: deleted from the backup. */
  readonly deleted: number;
  readonly hasRootKey: boolean;
}

/**
 * Writes a backup into `target`, an empty directory or an earlier backup. Throws `SettingsError` for another directory
 * and where there is nothing to back up, `DirectoryInUse` where another backup is being written to it, `StoreDamaged`
 * or `ValueDamaged` where records are damaged, `StoreUnavailable` where a store went away: what an earlier run put
 * there then stays as it is.
 */
export async function backUp(
  settings: RootKeySettings & StorePlaces,
  target: string,
  clock: Clock,
  options: BackupSettings = {},
): Promise<BackupReport> {
  const source = await openSource(settings, clock, options);
  try {
    await demandTarget(target);
    const lock = await lockDirectory(target);
    try {
      const hold = await holdBlobs(source.kv, source.clock);
      try {
        const made = new Date(source.clock.now()).toISOString();
        const copied = await source.copyTo(target);
        return await fill(settings, target, { copied, made, options, hold, clock });
      } finally {
        await hold.release();
      }
    } finally {
      await lock.release();
    }
  } finally {
    await source.kv.close();
  }
}

/** Records that are to be copied. */
interface Source {
  readonly kv: Kv;
  /** That of the servers: holds run out by it. */
  readonly clock: Clock;
  /** Copies what is there at one moment to where it does not yet count. */
  copyTo(target: string): Promise<LmdbStore>;
}

/** Throws `SettingsError`, `StoreDamaged`. */
async function openSource(places: StorePlaces, clock: Clock, options: BackupSettings): Promise<Source> {
  if (places.kv !== undefined) return await openShared(places, clock, options);
  await demandData(places.data);
  const kv = await openRecords(places.data);
  try {
    await demandUndamaged(kv, places.data);
  } catch (error) {
    await kv.close();
    throw error;
  }
  return { kv, clock, copyTo: target => copyRecords(kv, target) };
}

async function openShared(
  places: StorePlaces,
  clock: Clock,
  { metadataOnly }: BackupSettings,
): Promise<Source> {
  if (places.blobs === undefined && !metadataOnly)
    throw new SettingsError('blobs: say where the bodies are: s3://BUCKET/PREFIX or file:///DIRECTORY');
  const { kv, time, snapshot } = await openKv(places);
  try {
    await demandServerData(kv);
    await demandKnownFormat(kv, false);
    const ahead = (await time!()) - clock.now();
    return {
      kv,
      clock: { now: () => clock.now() + ahead },
      async copyTo(target) {
        const moment = await snapshot!();
        const copied = await beginRecords(target);
        try {
          await copyRows(moment, copied);
          return copied;
        } catch (error) {
          await copied.close();
          await dropCopy(target);
          throw error;
        } finally {
          await moment.close();
        }
      },
    };
  } catch (error) {
    await kv.close();
    throw error;
  }
}

/** A backup that is being made: its records are copied, and do not count yet. */
interface Begun {
  readonly copied: LmdbStore;
  readonly made: string;
  readonly options: BackupSettings;
  readonly hold: BlobHold;
  readonly clock: Clock;
}

/** What belongs to the copied records; then these take the place of the former ones. */
async function fill(
  settings: RootKeySettings & StorePlaces,
  target: string,
  { copied, made, options, hold, clock }: Begun,
): Promise<BackupReport> {
  const { metadataOnly = false, withRootKey = false, link, progress } = options;
  let copier: BodyCopier | undefined;
  try {
    if (!metadataOnly)
      copier = await openBodyCopier({ from: settings, to: { data: target } }, () => clock.now(), link);
    const done = copier ? await copyNamed(copied, copier, progress) : noBodies;
    hold.demand();
    const hasRootKey = await putRootKey(settings, target, withRootKey);
    await takeRecords(target);
    await putManifest(target, { made, metadataOnly });
    const deleted = (await copier?.deleteOthers(id => isNamed(copied, id))) ?? 0;
    return { ...done, deleted, hasRootKey };
  } finally {
    await copier?.close();
    await copied.close();
    await dropCopy(target);
  }
}

/** Throws `StoreDamaged` where pages of the records in a directory are damaged: a copy of them would lack some. */
export async function demandUndamaged(kv: LmdbStore, directory: string): Promise<void> {
  const { damage } = await kv.verify();
  if (damage.length > 0) throw new StoreDamaged(recordsFile(directory), damage);
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
  if (!(await exists(path)))
    throw new SettingsError(`there is no root key in ${path}: name its file with --root-key-file`);
  await writeDurably(copy, await readFile(path, 'utf8'));
  return true;
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
