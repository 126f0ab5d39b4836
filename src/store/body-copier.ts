/** Copies bodies from one store to another. They never change, so each is copied once. */
import { BlobDamaged, BlobMissing, type Blobs } from './blobs.js';

export interface BodyCopier {
  /**
   * Copies one body unless it is there; several may be copied at once. Answers its length in bytes, 0 where it was
   * there, undefined where the source does not have it whole. It is sure to be found again once `finish` has resolved.
   */
  copy(id: string): Promise<number | undefined>;
  finish(): Promise<void>;
  /** Deletes from the target what is not to be kept. Answers how many bodies that were. */
  deleteOthers(isKept: (id: string) => Promise<boolean>): Promise<number>;
  close(): Promise<void>;
}

/** Between any two stores. What is read is compared with its checksums on the way. */
export class StoreCopier implements BodyCopier {
  readonly #from: Blobs;
  readonly #to: Blobs;
  #there: Promise<Set<string>> | undefined;

  constructor(from: Blobs, to: Blobs) {
    this.#from = from;
    this.#to = to;
  }

  async copy(id: string): Promise<number | undefined> {
    this.#there ??= idsIn(this.#to);
    const there = await this.#there;
    if (there.has(id)) return 0;
    try {
      const { size } = await this.#to.write(this.#from.read(id), id);
      there.add(id);
      return size;
    } catch (error) {
      if (error instanceof BlobMissing || error instanceof BlobDamaged) return undefined;
      throw error;
    }
  }

  /** Each body is on disk when it was copied. */
  async finish(): Promise<void> {}

  async deleteOthers(isKept: (id: string) => Promise<boolean>): Promise<number> {
    let deleted = 0;
    for await (const { id } of this.#to.list()) {
      if (await isKept(id)) continue;
      await this.#to.delete(id);
      deleted++;
    }
    return deleted;
  }

  async close(): Promise<void> {
    await Promise.all([this.#from.close(), this.#to.close()]);
  }
}

async function idsIn(blobs: Blobs): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { id } of blobs.list()) ids.add(id);
  return ids;
}
