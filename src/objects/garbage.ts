import type { Clock } from '../clock.js';
import type { Blobs } from '../store/blobs.js';
import { type Kv, under } from '../store/kv.js';

/** A blob that nothing refers to may still be on its way into its commit: only older ones are orphans. */
const ORPHAN_AGE_MS = 24 * 3600 * 1000;

/**
 * Deletes blobs that nothing refers to any more. A blob that a reader of this process still reads is deleted
 * when the reader is done; a reader of another process fails honestly.
 */
export class Garbage {
  readonly #kv: Kv;
  readonly #blobs: Blobs;
  /** Readers per blob. */
  readonly #readers = new Map<string, number>();
  readonly #waiting = new Set<string>();
  readonly #deletions = new Set<Promise<void>>();

  constructor(kv: Kv, blobs: Blobs) {
    this.#kv = kv;
    this.#blobs = blobs;
  }

  hold(blob: string): void {
    this.#readers.set(blob, (this.#readers.get(blob) ?? 0) + 1);
  }

  release(blob: string): void {
    const left = this.#readers.get(blob)! - 1;
    if (left > 0) {
      this.#readers.set(blob, left);
      return;
    }
    this.#readers.delete(blob);
    if (this.#waiting.delete(blob)) this.discard([blob]);
  }

  /**
   * Deletes those of the blobs that nothing refers to, behind the caller's back: the commit that dropped the
   * reference has succeeded, and what fails here is found again by `sweep`.
   */
  discard(blobs: Iterable<string>): void {
    for (const blob of blobs) {
      if (this.#readers.has(blob)) {
        this.#waiting.add(blob);
        continue;
      }
      const deletion = this.#deleteUnreferenced(blob).then(
        () => undefined,
        () => undefined,
      );
      this.#deletions.add(deletion);
      void deletion.then(() => this.#deletions.delete(deletion));
    }
  }

  /** Resolves once all deletions begun so far have ended. */
  async settle(): Promise<void> {
    await Promise.all(this.#deletions);
  }

  /** Deletes the blobs that a crash left without reference. Answers how many. */
  async sweep(clock: Clock): Promise<number> {
    const before = clock.now() - ORPHAN_AGE_MS;
    let swept = 0;
    for await (const { id, modified } of this.#blobs.list()) {
      if (modified < before && (await this.#deleteUnreferenced(id))) swept++;
    }
    return swept;
  }

  /**
   * New references are made only from records that hold one, or for a blob just written: once there is none,
   * there will be none.
   */
  async #deleteUnreferenced(blob: string): Promise<boolean> {
    const references = await this.#kv.list({ ...under(['blob', blob]), limit: 1 });
    if (references.length > 0) return false;
    await this.#blobs.delete(blob);
    return true;
  }
}
