import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Settings, SettingsError } from './settings.js';

const BYTES = 32;

/**
 * The key under which secrets and sessions are sealed: read from its file, made on the first start of a data
 * directory, random for a server in memory. Throws `SettingsError` where the file holds something else, or is
 * missing though it was named.
 */
export async function loadRootKey(settings: Pick<Settings, 'data' | 'rootKeyFile'>): Promise<Uint8Array> {
  if (settings.rootKeyFile !== undefined) return readKey(settings.rootKeyFile);
  if (settings.data === 'memory') return randomBytes(BYTES);
  const path = join(settings.data, 'root.key');
  return readKey(path).catch(async error => {
    if (error.cause?.code !== 'ENOENT') throw error;
    await mkdir(settings.data, { recursive: true, mode: 0o700 });
    const key = randomBytes(BYTES);
    await writeDurably(path, `${key.toString('base64')}\n`);
    return key;
  });
}

async function readKey(path: string): Promise<Uint8Array> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new SettingsError(`the root key cannot be read from ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === BYTES) return key;
  throw new SettingsError(`${path} does not hold a root key: ${BYTES} bytes in base64`);
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
  const directory = await open(join(path, '..'), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
