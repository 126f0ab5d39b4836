import { open } from 'node:fs/promises';

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
