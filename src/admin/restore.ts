/** Makes a server's data out of a backup: in a directory, or in PostgreSQL and a shared store of bodies. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { lockDirectory } from '../core/directories/directory-lock.js';
import { SettingsError } from '../core/settings-error.js';
import { type RootKeySettings, rootKeyPath, writeDurably } from '../crypto/root-key.js';
import { copyRecords, dropCopy, holdsRecords, openRecords, takeRecords } from '../store/data-directory.js';
import type { Kv } from '../store/kv.js';
import type { LmdbStore } from '../store/lmdb/lmdb.js';
import { openBodyCopier, openKv, type StorePlaces } from '../store/open.js';
import { type BackupSettings, demandUndamaged, exists } from './backup.js';
import { manifestOf } from './backup-manifest.js';
import {
  beginMove,
  type CopiedBodies,
  copyNamed,
  copyRows,
  demandSameRows,
  endMove,
  noBodies,
} from './moving.js';
import { demandData } from './scrub.js';

export interface RestoreReport extends CopiedBodies {
  /** When the backup was made, ISO 8601. */
  readonly made: string;
  /** Whether the root key is where a server looks for it: without the one of the backup, none starts on its data. */
  readonly hasRootKey: boolean;
}

/**
 * Restores a backup into stores that hold no data; a run that was cut short is taken up again, and no server starts on
 * the half of it. Bodies that are there already stay. Throws `SettingsError` where `source` is no backup or the stores
 * hold data, `DirectoryInUse`, `StoreDamaged`.
 */
export async function restore(
  settings: RootKeySettings & StorePlaces,
  source: string,
  clock: Clock,
  { progress }: Pick<BackupSettings, 'progress'> = {},
): Promise<RestoreReport> {
  const { made, metadataOnly } = await manifestOf(source);
  await demandData(source);
  const isShared = settings.kv !== undefined;
  if (!isShared && (await holdsRecords(settings.data)))
    throw new SettingsError(`${settings.data} holds data already: restore to another directory`);
  if (isShared && settings.blobs === undefined)
    throw new SettingsError('blobs: say where the bodies go: s3://BUCKET/PREFIX or file:///DIRECTORY');
  const lock = isShared ? undefined : await lockDirectory(settings.data);
  try {
    const kv = await openRecords(source);
    try {
      await demandUndamaged(kv, source);
      const hasRootKey = await putRootKey(settings, source);
      const bodies = async (): Promise<CopiedBodies> => {
        if (metadataOnly) return noBodies;
        const copier = await openBodyCopier({ from: { data: source }, to: settings }, () => clock.now());
        try {
          return await copyNamed(kv, copier, progress);
        } finally {
          await copier.close();
        }
      };
      const done = isShared
        ? await intoShared(settings, kv, bodies)
        : await intoDirectory(settings, kv, bodies);
      return { ...done, made, hasRootKey };
    } finally {
      await kv.close();
    }
  } finally {
    await lock?.release();
  }
}

/** The records count from the moment on when their file is in its place, whole. */
async function intoDirectory(
  { data }: StorePlaces,
  records: LmdbStore,
  bodies: () => Promise<CopiedBodies>,
): Promise<CopiedBodies> {
  const done = await bodies();
  await (await copyRecords(records, data)).close();
  await takeRecords(data);
  await dropCopy(data);
  return done;
}

/** The records count once the mark is gone that the move begins with. */
async function intoShared(
  places: StorePlaces,
  records: Kv,
  bodies: () => Promise<CopiedBodies>,
): Promise<CopiedBodies> {
  const { kv } = await openKv(places);
  try {
    await beginMove(records, kv);
    const done = await bodies();
    await copyRows(records, kv);
    await demandSameRows(records, kv);
    await endMove(kv);
    return done;
  } finally {
    await kv.close();
  }
}

/**
 * Puts the root key of the backup where there is none. Answers whether there is one, as far as it is in a file: that of
 * several servers is where the settings say.
 */
async function putRootKey(settings: RootKeySettings & StorePlaces, source: string): Promise<boolean> {
  const path = rootKeyPath(settings);
  if (path === undefined) return true;
  if (settings.kv !== undefined && settings.rootKeyFile === undefined) return false;
  const given = join(source, 'root.key');
  if (!(await exists(path)) && (await exists(given))) await writeDurably(path, await readFile(given, 'utf8'));
  return await exists(path);
}
