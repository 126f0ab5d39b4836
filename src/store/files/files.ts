/**
 * Bodies as files. A body is written under a temporary name, synced, renamed to its id in one of 256
 * directories, and that directory synced: a file under its id is always whole.
 */

import { mkdir, open, opendir, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { makeDirectory, syncDirectory } from '../../core/directories/directories.js';
import { livenessOf, ownIdentity, type ProcessIdentity } from '../../core/directories/process-identity.js';
import { DAY_MS } from '../../core/time.js';
import {
  BLOB_ID,
  BlobDamaged,
  type BlobInfo,
  BlobMissing,
  type Blobs,
  newBlobId,
  type StoredBlob,
} from '../blobs.js';
import { contentSize, readBlocks, writeBlocks } from './block-file.js';

const TEMPORARY = 'tmp';
/** After so many milliseconds without a write, a temporary file of a process that cannot be seen is given up. */
const GIVEN_UP = DAY_MS;
/** Each holds the bodies whose ids begin with its name. */
export const FAN_OUT = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'));
const DIRECTORIES = [TEMPORARY, ...FAN_OUT];

/**
 * Opens the store in a directory, making it where it does not exist. Removes the temporary files that ended
 * processes left; those of running ones, which may share the directory, stay.
 * `now`: milliseconds since the epoch. What `demandRoom` throws ends a write.
 */
export async function openFileBlobs(
  directory: string,
  now: () => number,
  demandRoom: () => void = () => undefined,
): Promise<Blobs> {
  const root = resolve(directory);
  await makeDirectory(root);
  const present = new Set(await readdir(root));
  const missing = DIRECTORIES.filter(name => !present.has(name));
  await Promise.all(missing.map(name => mkdir(join(root, name), { recursive: true, mode: 0o700 })));
  await syncDirectory(root);
  const temporary = join(root, TEMPORARY);
  await sweep(temporary, now());
  return new FileBlobs(root, encodeIdentity(await ownIdentity()), now, demandRoom);
}

class FileBlobs implements Blobs {
  readonly #root: string;
  /** What the names of this process's temporary files begin with. */
  readonly #owner: string;
  readonly #now: () => number;
  readonly #demandRoom: () => void;
  readonly #writes = new Set<Promise<StoredBlob>>();
  #open = true;

  constructor(root: string, owner: string, now: () => number, demandRoom: () => void) {
    this.#root = root;
    this.#owner = owner;
    this.#now = now;
    this.#demandRoom = demandRoom;
  }

  async write(source: AsyncIterable<Uint8Array>, id = newBlobId()): Promise<StoredBlob> {
    this.#demandOpen();
    const write = this.#write(source, id);
    this.#writes.add(write);
    try {
      return await write;
    } finally {
      this.#writes.delete(write);
    }
  }

  async *read(id: string, start?: number, end?: number, segment?: number): AsyncIterable<Uint8Array> {
    this.#demandOpen();
    if (!BLOB_ID.test(id)) throw new BlobMissing(`no blob ${id}`);
    const handle = await orMissing(open(this.#path(id), 'r'));
    if (handle === undefined) throw new BlobMissing(`no blob ${id}`);
    try {
      yield* readBlocks(handle, start, end, segment);
    } catch (error) {
      throw error instanceof BlobDamaged ? new BlobDamaged(`blob ${id}: ${error.message}`) : error;
    } finally {
      await handle.close();
    }
  }

  async delete(id: string): Promise<void> {
    this.#demandOpen();
    if (BLOB_ID.test(id)) await orMissing(unlink(this.#path(id)));
  }

  async *list(): AsyncIterable<BlobInfo> {
    this.#demandOpen();
    for (const directory of FAN_OUT) {
      for await (const { name } of await opendir(join(this.#root, directory))) {
        if (!BLOB_ID.test(name)) continue;
        const found = await orMissing(stat(this.#path(name)));
        if (found !== undefined)
          yield { id: name, size: contentSize(found.size) ?? 0, modified: found.mtimeMs };
      }
    }
  }

  /** Waits for the writes under way. */
  async close(): Promise<void> {
    this.#open = false;
    await Promise.allSettled(this.#writes);
  }

  async #write(source: AsyncIterable<Uint8Array>, id: string): Promise<StoredBlob> {
    const temporary = join(this.#root, TEMPORARY, `${this.#owner}.${id}`);
    const handle = await open(temporary, 'wx', 0o600);
    try {
      let size: number;
      try {
        size = await writeBlocks(handle, source, this.#demandRoom);
        const modified = this.#now() / 1000;
        await handle.utimes(modified, modified);
        await handle.sync();
      } finally {
        await handle.close();
      }
      const path = this.#path(id);
      await rename(temporary, path);
      await syncDirectory(dirname(path));
      return { id, size };
    } catch (error) {
      await orMissing(unlink(temporary));
      throw error;
    }
  }

  #path(id: string): string {
    return blobPath(this.#root, id);
  }

  #demandOpen(): void {
    if (!this.#open) throw new Error('the store is closed');
  }
}

/** Only for what `BLOB_ID` matches: nothing that a caller hands in can lead out of the directory. */
export function blobPath(root: string, id: string): string {
  return join(root, id.slice(0, 2), id);
}

/** Removes what ended processes left behind unfinished. */
async function sweep(temporary: string, now: number): Promise<void> {
  for await (const { name } of await opendir(temporary)) {
    const path = join(temporary, name);
    const owner = decodeIdentity(name);
    const liveness = owner === undefined ? 'elsewhere' : await livenessOf(owner);
    if (liveness === 'alive') continue;
    if (liveness === 'elsewhere') {
      const found = await orMissing(stat(path));
      if (found === undefined || now - found.mtimeMs < GIVEN_UP) continue;
    }
    await orMissing(unlink(path));
  }
}

/** As part of a file name: `pid.started.scope`, the last in hexadecimal. */
function encodeIdentity({ pid, started, scope }: ProcessIdentity): string {
  return `${pid}.${started}.${Buffer.from(scope).toString('hex')}`;
}

function decodeIdentity(name: string): ProcessIdentity | undefined {
  const [pid, started, scope] = name.split('.');
  if (started === undefined || scope === undefined) return undefined;
  return { pid: Number(pid), started, scope: Buffer.from(scope, 'hex').toString() };
}

/** `undefined` where there is no such file. */
export async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
