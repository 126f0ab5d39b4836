/**
 * Keeps a second server off a directory.
 *
 * Two locks, one behind the other. The kernel's (`kernel-lock.ts`) holds between all processes that have the directory,
 * in whatever container, and ends with its holder. The second is a file that names its holder, for people and for what
 * has no such lock: it is made whole and at once by linking it into place, and taken over if its holder no longer runs.
 * So that two starters do not take over at once (and the slower removes the lock of the faster), a process that would
 * remove a stale lock must first hold another lock, whose name has the stale one's token in it; that lock is taken in
 * the same way.
 */
import { randomBytes } from 'node:crypto';
import { link, open, readFile, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeDirectory, syncDirectory } from './directories.js';
import { takeKernelLock } from './kernel-lock.js';
import { livenessOf, ownIdentity, type ProcessIdentity } from './process-identity.js';

const LOCK = 'server.lock';
/** The file that the kernel's lock is on. */
const KERNEL_LOCK = 'server.lock.kernel';

/** Another process works on the directory. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse';

  constructor(
    readonly directory: string,
    /** The process that holds the lock, where it says. Of another container, it has another id here. */
    readonly pid: number | undefined,
  ) {
    super(`${directory} is in use by ${pid === undefined ? 'another process' : `process ${pid}`}`);
  }
}

export interface DirectoryLock {
  /** Whether the one before it ended without letting go: it was killed, or the power went. */
  readonly afterCrash: boolean;
  /** Lets the next one in. Idempotent. */
  release(): Promise<void>;
}

interface Holder extends ProcessIdentity {
  /** Random: tells this taking of the lock from every other. */
  readonly token: string;
}

/**
 * Locks a directory, making it where it does not exist, until `release` or the end of this process, however it
 * ends. Where this machine has no kernel's lock, processes of another boot or container cannot be seen and count as
 * ended. Throws `DirectoryInUse`.
 */
export async function lockDirectory(path: string): Promise<DirectoryLock> {
  const directory = resolve(path);
  await makeDirectory(directory);
  const kernel = await takeKernelLock(join(directory, KERNEL_LOCK));
  if (kernel === 'held') {
    throw new DirectoryInUse(directory, (await readHolder(join(directory, LOCK)))?.pid || undefined);
  }
  const letGo = async () => {
    if (kernel !== 'none') await kernel.release();
  };
  let afterCrash: boolean;
  try {
    afterCrash = await takeNamedLock(directory);
  } catch (error) {
    await letGo();
    throw error;
  }
  let released: Promise<void> | undefined;
  return {
    afterCrash,
    release() {
      released ??= unlink(join(directory, LOCK)).finally(letGo);
      return released;
    },
  };
}

/** Answers whether it was left behind by another process. */
async function takeNamedLock(directory: string): Promise<boolean> {
  const holder: Holder = { ...(await ownIdentity()), token: randomBytes(8).toString('hex') };
  const proof = join(directory, `${LOCK}.${holder.token}.new`);
  await writeSynced(proof, JSON.stringify(holder));
  try {
    const left = await acquire(directory, LOCK, proof);
    await syncDirectory(directory);
    return left;
  } finally {
    await unlink(proof);
  }
}

/** Writes a new file that is whole after a power loss. */
async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Answers whether it was taken over from one that ended without letting go. */
async function acquire(directory: string, name: string, proof: string): Promise<boolean> {
  const path = join(directory, name);
  let left = false;
  while (!(await succeeds(link(proof, path), 'EEXIST'))) {
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    if ((await livenessOf(holder)) === 'alive') throw new DirectoryInUse(directory, holder.pid);
    const takeover = `${name}.${holder.token}`;
    await acquire(directory, takeover, proof);
    try {
      // Only now is it sure that no other process removed the stale lock and that this one is not a new one's.
      if ((await readHolder(path))?.token === holder.token) {
        await unlink(path);
        left = true;
      }
    } finally {
      await unlink(join(directory, takeover));
    }
  }
  return left;
}

/** Of what names no holder: cut off by a power loss, or written by others. It keeps no process off. */
const NO_HOLDER: Holder = { pid: 0, started: '', scope: '', token: 'unreadable' };

/** `undefined` where the lock was released meanwhile. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return holderOf(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    if (error instanceof SyntaxError) return NO_HOLDER;
    throw error;
  }
}

function holderOf(value: unknown): Holder {
  const { pid, started, scope, token } = (value ?? {}) as Partial<Record<keyof Holder, unknown>>;
  const texts = [started, scope, token].every(text => typeof text === 'string');
  // The token becomes part of a file's name.
  const whole = Number.isSafeInteger(pid) && texts && /^[\w-]{1,64}$/.test(token as string);
  return whole ? (value as Holder) : NO_HOLDER;
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
