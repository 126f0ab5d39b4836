import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';

/** Writes a file that is not there yet. Throws a sentence where it is: nothing is written over. */
export async function writeNew(file: string, content: string, mode = 0o644): Promise<void> {
  try {
    await writeFile(file, content, { mode, flag: 'wx' });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? taken(file) : error;
  }
}

/** Throws as `writeNew` would, before work is done whose result would have no place. */
export function demandNew(file: string): void {
  if (existsSync(file)) throw taken(file);
}

function taken(file: string): Error {
  return new Error(`${file} exists already: take it away, or name another place`);
}
