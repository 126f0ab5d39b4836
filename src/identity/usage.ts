import type { Database } from './database.js';
import { tables } from './model.js';

/** How precise the last use of a key is. */
const MINUTE = 60_000;
/** Keys whose last noted use is remembered; for others it is noted again. */
const REMEMBERED = 10_000;

/** Notes when access keys were used, at most once a minute for each. */
export class KeyUsage {
  readonly #db: Database;
  readonly #noted = new Map<string, number>();
  readonly #writing = new Set<Promise<void>>();

  constructor(db: Database) {
    this.#db = db;
  }

  note(accessKeyId: string, service: string, region: string, now: number): void {
    const last = this.#noted.get(accessKeyId);
    if (last !== undefined && Math.abs(now - last) < MINUTE) return;
    if (this.#noted.size >= REMEMBERED) this.#noted.clear();
    this.#noted.set(accessKeyId, now);
    // A use that cannot be noted is no reason to fail the request; the store's failure shows elsewhere.
    const writing = this.#write(accessKeyId, service, region, now).catch(() => undefined);
    this.#writing.add(writing);
    writing.finally(() => this.#writing.delete(writing));
  }

  /** Resolves once all that was noted is written. */
  async settled(): Promise<void> {
    await Promise.all(this.#writing);
  }

  /** Only while the key exists: a deleted key leaves nothing behind. */
  async #write(accessKeyId: string, service: string, region: string, time: number): Promise<void> {
    await this.#db.transact(accessKeyId, async transaction => {
      if ((await transaction.get(tables.accessKeys, accessKeyId)) === undefined) return;
      transaction.put(tables.accessKeyUses, [accessKeyId], { time, service, region });
    });
  }
}
