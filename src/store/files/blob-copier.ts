/**
 * Copies files of bodies from one directory of `openFileBlobs` to another. They never change, so each is copied once.
 */
import { constants, copyFile, link, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { makeDirectory, syncDirectory } from '../../core/directories/directories.js';
import { BLOB_ID } from '../blobs.js';
import type { BodyCopier } from '../body-copier.js';
import { blobPath, FAN_OUT, orMissing } from './files.js';

export class BlobCopier implements BodyCopier {
  readonly #from: string;
  readonly #to: string;
  readonly #link: boolean;
  readonly #changed = new Set<string>();

  /** `link`: hard links, which take no room but only work within a file system; else copies. */
  constructor(from: string, to: string, link = false) {
    this.#from = resolve(from);
    this.#to = resolve(to);
    this.#link = link;
  }

  async copy(id: string): Promise<number | undefined> {
    if (!BLOB_ID.test(id)) return undefined;
    const [source, target] = [blobPath(this.#from, id), blobPath(this.#to, id)];
    const found = await orMissing(stat(source));
    if (found === undefined) return undefined;
    if ((await orMissing(stat(target)))?.size === found.size) return 0;
    await makeDirectory(dirname(target));
    const temporary = join(this.#to, `${id}.new`);
    await orMissing(unlink(temporary));
    await this.#put(source, temporary);
    await rename(temporary, target);
    this.#changed.add(dirname(target));
    return found.size;
  }

  async deleteOthers(isKept: (id: string) => Promise<boolean>): Promise<number> {
    let deleted = 0;
    for (const directory of FAN_OUT) {
      for (const name of (await orMissing(readdir(join(this.#to, directory)))) ?? []) {
        if (!BLOB_ID.test(name) || (await isKept(name))) continue;
        await orMissing(unlink(join(this.#to, directory, name)));
        deleted++;
      }
    }
    return deleted;
  }

  /** Puts the names of all that was copied on disk. */
  async finish(): Promise<void> {
    for (const directory of this.#changed) await syncDirectory(directory);
    this.#changed.clear();
  }

  async close(): Promise<void> {}

  async #put(source: string, target: string): Promise<void> {
    if (this.#link) return link(source, target);
    await copyFile(source, target, constants.COPYFILE_FICLONE);
    const copied = await open(target, 'r+');
    try {
      await copied.chmod(0o600);
      await copied.sync();
    } finally {
      await copied.close();
    }
  }
}
