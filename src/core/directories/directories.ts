/** Directories whose entries are sure to be found again after a power loss. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a directory for its owner alone, with those above it that are missing, and puts their names on disk.
 * `path` is absolute.
 */
export async function makeDirectory(path: string): Promise<void> {
  const top = await mkdir(path, { recursive: true, mode: 0o700 });
  if (top === undefined) return;
  for (let made = path; made.length >= top.length; made = dirname(made)) await syncDirectory(dirname(made));
}

/**
 * Puts the names in a directory on disk: a file that was created or renamed is only sure to be found after a
 * power loss once its directory is synced. Does nothing on Windows, which cannot sync a directory.
 */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
