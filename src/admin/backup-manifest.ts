/** What a backup says of itself: `backup.json` beside its records. */
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../core/directories/directories.js';
import { SettingsError } from '../core/settings-error.js';
import { writeDurably } from '../crypto/root-key.js';
import { wasBegun } from '../store/data-directory.js';

const MANIFEST = 'backup.json';
const FORMAT = 'karikagi-backup';
const VERSION = 1;

export interface Manifest {
  /** When the records were as they are in it, ISO 8601. */
  readonly made: string;
  /** Without the bodies that are not in the records. */
  readonly metadataOnly: boolean;
}

export async function putManifest(target: string, { made, metadataOnly }: Manifest): Promise<void> {
  const next = join(target, `${MANIFEST}.new`);
  await rm(next, { force: true });
  const manifest = { format: FORMAT, version: VERSION, made, metadataOnly };
  await writeDurably(next, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(next, join(target, MANIFEST));
  await syncDirectory(target);
}

/** Throws `SettingsError` for a directory with something in it that is no backup, nor one that was begun. */
export async function demandTarget(target: string): Promise<void> {
  const names = await readdir(target).catch(() => []);
  const others = names.filter(name => !name.startsWith('server.lock'));
  if (others.length > 0 && !wasBegun(others)) await manifestOf(target);
}

/** Throws `SettingsError` where there is none that this version reads. */
export async function manifestOf(directory: string): Promise<Manifest> {
  let manifest: Manifest & { readonly format: unknown; readonly version: unknown };
  try {
    manifest = JSON.parse(await readFile(join(directory, MANIFEST), 'utf8'));
  } catch (cause) {
    throw new SettingsError(`${directory} is no backup`, { cause });
  }
  if (manifest.format === FORMAT && manifest.version === VERSION) return manifest;
  throw new SettingsError(`${directory} is a backup of another version of Karikagi`);
}
