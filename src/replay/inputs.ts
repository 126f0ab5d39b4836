/** Reads what a replay is given: a copy of accounts, changes to it, a span of time. */
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { DAY_MS, MINUTE_MS } from '../core/time.js';
import { type AccountCopy, copiesOfFiles, type Files, type ProposedPolicy } from '../policy/replay/index.js';

/** Bytes of a copy's files together: an account at its quotas is far smaller. */
const LARGEST_COPY = 1024 * 1024 * 1024;

/** The text files below a directory by their path, with `/` between names. Throws where it does not exist. */
export async function readFiles(directory: string): Promise<Files> {
  const files = new Map<string, string>();
  let bytes = 0;
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) {
    const name = relative(directory, path).split(sep).join('/');
    if (!/^\d{12}\//.test(name)) continue;
    const text = await readFile(path, 'utf8');
    bytes += text.length;
    if (bytes > LARGEST_COPY) throw new RangeError(`${directory} holds more than a copy of accounts`);
    files.set(name, text);
  }
  return files;
}

/**
 * Writes a copy's files. What the directory has of the same accounts and the copy has not is removed; of other accounts
 * everything stays.
 */
export async function writeFiles(directory: string, files: Files): Promise<void> {
  const accounts = new Set([...files.keys()].map(path => path.slice(0, 12)));
  for (const account of accounts) await rm(join(directory, account), { recursive: true, force: true });
  for (const [path, text] of files) {
    const file = join(directory, ...path.split('/'));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/**
 * The accounts that a directory is a copy of. Throws `Error` where it holds none: policies that are not read would deny
 * all.
 */
export async function readCopies(directory: string): Promise<AccountCopy[]> {
  const copies = copiesOfFiles(await readFiles(directory));
  if (copies.length === 0)
    throw new Error(`${directory} holds no copy of an account: files stand below 111122223333/ and the like`);
  return copies;
}

/** Of the form `FILE`, or `ARN=FILE` with what the policy belongs to. */
export async function readChange(argument: string): Promise<ProposedPolicy> {
  const isFile = await stat(argument).then(
    found => found.isFile(),
    () => false,
  );
  const match = isFile ? null : /^((?:trust:)?arn:.+?)=(.+)$/.exec(argument);
  const file = match?.[2] ?? argument;
  const document = await readFile(file, 'utf8');
  return { name: file, document, ...(match && { place: match[1] as string }) };
}

const UNITS: Readonly<Record<string, number>> = { m: MINUTE_MS, h: 60 * MINUTE_MS, d: DAY_MS };

/**
 * The beginning of a span up to now, milliseconds since the epoch: `30d`, `12h`, or a date. Throws `RangeError`.
 */
export function sinceOf(text: string, now: number): number {
  const [, number, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? [];
  const time = number === undefined ? Date.parse(text) : now - Number(number) * UNITS[unit]!;
  if (Number.isNaN(time)) throw new RangeError(`"${text}" is no span (30d, 12h) and no date (2026-01-31)`);
  return time;
}
