/** Trees of files whose names clients are known to trip over. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Relative paths; all of them distinct as keys, some of them alike to the eye. */
export const ODD_NAMES: readonly string[] = [
  'a b/ c  d.txt',
  'plus+and+more.txt',
  'percent%41%25%.txt',
  'composed-\u00e9.txt',
  'decomposed-e\u0301.txt',
  '\u{1f5dd}\ufe0f/\u9375 \u{1f600}.txt',
  '.hidden/.file',
  '..two dots/...three',
  '~tilde/!*\'()"quoted".txt',
  '#hash?query&and=equals;semi:colon@at,comma$dollar',
  '<angle>&amp;[square]{curly}|bar^caret`tick',
  'back\\slash.txt',
  `long/${'x'.repeat(120)}/${'\u3042'.repeat(80)}.txt`,
];

/** Bytes of the one file that clients send in parts of 5 MiB. */
export const LARGE = 11 * 1024 * 1024 + 1;

/** Writes a file of each name, holding its name, and `large.bin`. */
export async function writeTree(directory: string): Promise<void> {
  for (const name of ODD_NAMES) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), name);
  }
  await writeFile(join(directory, 'large.bin'), randomBytes(LARGE));
}

/** The relative paths of all files below a directory, sorted. */
export async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

/** Both hold the same files with the same bytes. */
export async function assertSameTree(actual: string, expected: string): Promise<void> {
  const names = await filesBelow(expected);
  assert.deepEqual(await filesBelow(actual), names);
  for (const name of names) {
    assert.ok((await readFile(join(actual, name))).equals(await readFile(join(expected, name))), name);
  }
}
