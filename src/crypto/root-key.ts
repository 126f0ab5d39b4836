import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SettingsError } from '../core/settings-error.js';
import { isSealedRootKey, openRootKey, sealRootKey } from './root-key-kms.js';

const BYTES = 32;

/** A root key that was replaced: what it sealed still opens. */
interface FormerRootKey {
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
   * Reseals under the current root key what is still sealed under a former one; resolves with how much that
   * was. Requests go on meanwhile. Ends early once `signal` is aborted.
   */
  reseal(signal: AbortSignal): Promise<number>;
}

/** Where root keys come from: what the settings of the same names say. */
export interface RootKeySettings {
  readonly data: string;
  readonly rootKeyFile: string | undefined;
  readonly rootKey?: string | undefined;
  readonly rootKeyKms?: string | undefined;
}

/** Where the root keys stand; `undefined` for a server in memory, and for keys that no file holds. */
export function rootKeyPath({ data, rootKeyFile, rootKey }: RootKeySettings): string | undefined {
  if (rootKey !== undefined) return undefined;
  return rootKeyFile ?? (data === 'memory' ? undefined : join(data, 'root.key'));
}

/**
 * The root keys: read from their file, made on the first start of a data directory, random for a server in memory.
 * The setting `rootKey` stands above all that. Where an external KMS is to seal them and they lie open in their file,
 * they are sealed from then on. `holdsData`: whether a directory holds what a root key has sealed. Throws
 * `SettingsError` where the file holds something else, or is missing though it was named or there is data already, and
 * where that KMS cannot be used.
 */
export async function loadRootKeys(
  settings: RootKeySettings,
  holdsData: (directory: string) => Promise<boolean>,
): Promise<RootKeys> {
  const { rootKey, rootKeyKms } = settings;
  if (rootKey !== undefined) return await parseRootKeys(rootKey, 'the setting rootKey', rootKeyKms);
  const path = rootKeyPath(settings);
  if (path === undefined) return { current: randomBytes(BYTES), former: [] };
  return readRootKeys(path, rootKeyKms).catch(async error => {
    if (settings.rootKeyFile !== undefined || error.cause?.code !== 'ENOENT') throw error;
    if (await holdsData(settings.data)) {
      throw new SettingsError(
        `${path} is missing, and what is stored in ${settings.data} only opens with the root key that was there`,
        { cause: error },
      );
    }
    await mkdir(settings.data, { recursive: true, mode: 0o700 });
    const keys = { current: randomBytes(BYTES), former: [] };
    await writeDurably(path, await textOf(keys, rootKeyKms));
    return keys;
  });
}

/** Throws `SettingsError` for a file that cannot be read or opened, or holds something else. */
export async function readRootKeys(path: string, rootKeyKms?: string): Promise<RootKeys> {
  const text = await readKeyFile(path);
  const found = await parseRootKeys(text, path, rootKeyKms);
  const isSealed = text.trim().split('\n').every(isSealedRootKey);
  if (rootKeyKms !== undefined && !isSealed) await replaceRootKeys(path, found, rootKeyKms);
  return found;
}

/** `origin`: where the text stands, for errors. */
async function parseRootKeys(
  text: string,
  origin: string,
  rootKeyKms: string | undefined,
): Promise<RootKeys> {
  const entries = text
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/));
  const keys: Uint8Array[] = [];
  for (const [key = ''] of entries) keys.push(await keyIn(key, origin, rootKeyKms));
  const former = entries.slice(1).map(([, time = ''], index) => {
    const replaced = Date.parse(time);
    if (Number.isNaN(replaced)) throw notAKey(origin);
    return { key: keys[index + 1]!, replaced };
  });
  return { current: keys[0]!, former };
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new SettingsError(`the root key cannot be read from ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Puts other root keys in place of those in the file, all or nothing; they are on disk when this resolves. */
export async function replaceRootKeys(path: string, keys: RootKeys, rootKeyKms?: string): Promise<void> {
  const next = `${path}.new`;
  await rm(next, { force: true });
  await writeDurably(next, await textOf(keys, rootKeyKms));
  await rename(next, path);
  await syncDirectoryOf(path);
}

/** The current key on the first line; each former one on a line of its own, with the time when it was replaced. */
async function textOf({ current, former }: RootKeys, rootKeyKms: string | undefined): Promise<string> {
  const encode = async (key: Uint8Array) =>
    rootKeyKms === undefined ? Buffer.from(key).toString('base64') : await sealRootKey(key, rootKeyKms);
  const lines = [await encode(current)];
  for (const { key, replaced } of former) {
    lines.push(`${await encode(key)} ${new Date(replaced).toISOString()}`);
  }
  return `${lines.join('\n')}\n`;
}

async function keyIn(text: string, path: string, rootKeyKms: string | undefined): Promise<Uint8Array> {
  if (isSealedRootKey(text) && rootKeyKms === undefined) {
    throw new SettingsError(
      `the root key in ${path} is sealed: rootKeyKms must name the KMS key that opens it`,
    );
  }
  const key = isSealedRootKey(text) ? await openRootKey(text, rootKeyKms!) : Buffer.from(text, 'base64');
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
