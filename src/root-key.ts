import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Settings, SettingsError } from './settings.js';

const BYTES = 32;

/** A root key that was replaced: what it sealed still opens. */
export interface FormerRootKey {
  readonly key: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly replaced: number;
}

/** The key under which secrets and sessions are sealed, and those before it, the newest first. */
export interface RootKeys {
  readonly current: Uint8Array;
  readonly former: readonly FormerRootKey[];
}

/** Whatever keeps secrets sealed under the root key. */
export interface Sealer {
  /**
   * Seals anew under the current root key what is still sealed under a former one; resolves with how much that
   * was. Requests go on meanwhile. Ends early once `signal` is aborted.
   */
  reseal(signal: AbortSignal): Promise<number>;
}

type KeySettings = Pick<Settings, 'data' | 'rootKeyFile'>;

/** Where the root keys stand; `undefined` for a server in memory. */
export function rootKeyPath({ data, rootKeyFile }: KeySettings): string | undefined {
  return rootKeyFile ?? (data === 'memory' ? undefined : join(data, 'root.key'));
}

/**
 * The root keys: read from their file, made on the first start of a data directory, random for a server in memory.
 * Throws `SettingsError` where the file holds something else, or is missing though it was named.
 */
export async function loadRootKeys(settings: KeySettings): Promise<RootKeys> {
  const path = rootKeyPath(settings);
  if (path === undefined) return { current: randomBytes(BYTES), former: [] };
  return readRootKeys(path).catch(async error => {
    if (settings.rootKeyFile !== undefined || error.cause?.code !== 'ENOENT') throw error;
    await mkdir(settings.data, { recursive: true, mode: 0o700 });
    const keys = { current: randomBytes(BYTES), former: [] };
    await writeDurably(path, textOf(keys));
    return keys;
  });
}

/** Throws `SettingsError` for a file that cannot be read or holds something else. */
export async function readRootKeys(path: string): Promise<RootKeys> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new SettingsError(`the root key cannot be read from ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
  const [current, ...former] = text.trim().split('\n');
  return {
    current: keyIn(current!, path),
    former: former.map(line => {
      const [key = '', time = ''] = line.trim().split(/\s+/);
      const replaced = Date.parse(time);
      if (Number.isNaN(replaced)) throw notAKey(path);
      return { key: keyIn(key, path), replaced };
    }),
  };
}

/** Puts other root keys in place of those in the file, all or nothing; they are on disk when this resolves. */
export async function replaceRootKeys(path: string, keys: RootKeys): Promise<void> {
  const next = `${path}.new`;
  await rm(next, { force: true });
  await writeDurably(next, textOf(keys));
  await rename(next, path);
  await syncDirectoryOf(path);
}

/** The current key on the first line; each former one on a line of its own, with the time when it was replaced. */
function textOf({ current, former }: RootKeys): string {
  const encode = (key: Uint8Array) => Buffer.from(key).toString('base64');
  const lines = former.map(({ key, replaced }) => `${encode(key)} ${new Date(replaced).toISOString()}`);
  return `${[encode(current), ...lines].join('\n')}\n`;
}

function keyIn(text: string, path: string): Uint8Array {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === BYTES) return key;
  throw notAKey(path);
}

function notAKey(path: string): SettingsError {
  return new SettingsError(`${path} does not hold a root key: ${BYTES} bytes in base64`);
}

/** Writes a new file that only its owner can read, and resolves once it is on disk. Throws where it exists. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectoryOf(path);
}

async function syncDirectoryOf(path: string): Promise<void> {
  const directory = await open(join(path, '..'), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
