/** Looks at the pages of the store when a server starts. */
import { stat } from 'node:fs/promises';
import type { Logger } from '../core/log.js';
import { harmsAll, StoreDamaged } from '../store/lmdb/lmdb-tree.js';
import type { RecordPages } from '../store/open.js';

/** A store up to so many bytes is looked through before it is used: it takes a quarter of a second. */
const SMALL_STORE = 128 * 2 ** 20;
/**
 * After a crash, one up to so many bytes, which takes some ten seconds. What LMDB comes upon in a damaged page may end
 * the process: then the next start finds it, and says so, rather than come upon it again.
 */
const SMALL_AFTER_CRASH = 8 * 2 ** 30;

/**
 * Looks for damaged pages; in a large store, while requests are served. `afterCrash`: whether the server before ended
 * without closing it. Answers what waits for the end of it. Throws `StoreDamaged` where any record may be missing.
 */
export async function lookForDamage(
  { file, verify }: RecordPages,
  log: Logger,
  afterCrash: boolean,
): Promise<() => Promise<void>> {
  const look = async () => {
    const { damage } = await verify();
    for (const { problem } of damage.slice(0, SHOWN_DAMAGE))
      log.error('the store is damaged', { file, problem });
    if (damage.length === 0) return;
    if (harmsAll(damage)) throw new StoreDamaged(file, damage);
    log.error(
      'nothing is written to a damaged store, and what may be missing is not read: restore the last backup',
      {
        damaged: damage.length,
      },
    );
  };
  if ((await stat(file)).size <= (afterCrash ? SMALL_AFTER_CRASH : SMALL_STORE)) {
    await look();
    return async () => undefined;
  }
  const looked = look().catch(error => log.error('looking for damage failed', { error: String(error) }));
  return () => looked;
}

/** So many damaged pages are named in the log. */
const SHOWN_DAMAGE = 20;
