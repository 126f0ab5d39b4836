/**
 * Keeps a second server off a directory.
 *
 * The lock is a file that names its holder, made whole and at once by linking it into place. If its holder no
 * longer runs, it is taken over. So that two starters do not take over at once (and the slower removes the
 * lock of the faster), whoever would remove a stale lock must first hold another lock, whose name has the
 * stale one's token in it; that lock is taken in the same way.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeDirectory } from './directories.js';
import { livenessOf, ownIdentity, type ProcessIdentity } from './process-identity.js';

const LOCK = 'server.lock';

/** Another process works on the directory. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse';

  constructor(
    readonly directory: string,
    /** The process that holds the lock. */
    readonly pid: number,
  ) {
    super(`${directory} is in use by process ${pid}`);
  }
}

export interface DirectoryLock {
  /** Lets the next one in. Idempotent. */
  release(): Promise<void>;
}

interface Holder extends ProcessIdentity {
  /** Random: tells this taking of the lock from every other. */
  readonly token: string;
}

/**
 * Locks a directory, making it where it does not exist, until `release` or the end of this process, however it
 * ends. Processes of another boot or container cannot be seen and count as ended. Throws `DirectoryInUse`.
 */
export async function lockDirectory(path: string): Promise<DirectoryLock> {
  const directory = resolve(path);
  await makeDirectory(directory);
  const holder: Holder = { ...(await ownIdentity()), token: randomBytes(8).toString('hex') };
  const proof = join(directory, `${LOCK}.${holder.token}.new`);
  await writeFile(proof, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
  try {
    await acquire(directory, LOCK, proof);
  } finally {
    await unlink(proof);
  }
  let released: Promise<void> | undefined;
  return {
    release() {
      released ??= unlink(join(directory, LOCK));
      return released;
    },
  };
}

async function acquire(directory: string, name: string, proof: string): Promise<void> {
  const path = join(directory, name);
  while (!(await succeeds(link(proof, path), 'EEXIST'))) {
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    if ((await livenessOf(holder)) === 'alive') throw new DirectoryInUse(directory, holder.pid);
    const takeover = `${name}.${holder.token}`;
    await acquire(directory, takeover, proof);
    try {
      // Only now is it sure that nobody else removed the stale lock and that this one is not a new one's.
      if ((await readHolder(path))?.token === holder.token) await unlink(path);
    } finally {
      await unlink(join(directory, takeover));
    }
  }
}

/** `undefined` where the lock was released meanwhile. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Whether it succeeded, or failed with that code; any other failure passes through. */
async function succeeds(work: Promise<void>, code: string): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (isCode(error, code)) return false;
    throw error;
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
