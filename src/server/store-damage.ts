/** Looks at the pages of the store when a server starts. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ownBoot } from '../core/directories/process-identity.js';
import type { Logger } from '../core/log.js';
import { harmsAll, StoreDamaged } from '../store/lmdb/lmdb-tree.js';
import type { RecordPages } from '../store/open.js';

/** A store up to so many bytes is looked through before it is used: it takes a tenth of a second. */
const SMALL_STORE = 32 * 2 ** 20;
/**
 * After a crash, one up to so many bytes, which takes some twenty seconds. What LMDB comes upon in a damaged page may
 * end the process: then the next start finds it, and says so, rather than come upon it again.
 */
const SMALL_AFTER_CRASH = 8 * 2 ** 30;

/** In the data directory: in which boot of the machine the server there found every page whole, and of which file. */
const WHOLE = 'server.whole';

/** The data directory, and whether the server before ended without letting go of it. */
export interface Left {
  readonly directory: string;
  readonly afterCrash: boolean;
}

/** What is left to do of it. */
export interface Look {
  /** Begins with what was not looked at before the store is used. */
  begin(): void;
  /** Resolves when nothing is looked at any more. */
  ended(): Promise<void>;
}

/**
 * Looks for damaged pages; in a large store, while requests are served. A crash makes a start careful, unless the
 * server that it ended had looked through the same file since the machine was started: a process that is killed takes
 * nothing with it that it wrote, and what ended it was no page. `left`: absent for a process that does not keep the
 * directory. Throws `StoreDamaged` where any record may be missing.
 */
export async function lookForDamage(
  { file, verify }: RecordPages,
  log: Logger,
  left: Left | undefined,
): Promise<Look> {
  const { size, dev, ino } = await stat(file);
  const boot = await ownBoot();
  const note = `${boot} ${dev} ${ino}\n`;
  const isDoubtful = left?.afterCrash && (boot === undefined || (await wholeIn(left.directory)) !== note);
  // Until this server has looked, too.
  if (left) await rm(join(left.directory, WHOLE), { force: true });
  const look = async () => {
    const { damage } = await verify();
    for (const { problem } of damage.slice(0, SHOWN_DAMAGE))
      log.error('the store is damaged', { file, problem });
    if (damage.length === 0) {
      if (left) await writeFile(join(left.directory, WHOLE), note, { mode: 0o600 });
      return;
    }
    if (harmsAll(damage)) throw new StoreDamaged(file, damage);
    log.error(
      'nothing is written to a damaged store, and what may be missing is not read: restore the last backup',
      {
        damaged: damage.length,
      },
    );
  };
  if (size <= (isDoubtful ? SMALL_AFTER_CRASH : SMALL_STORE)) {
    await look();
    return { begin: () => undefined, ended: async () => undefined };
  }
  let looked: Promise<void> | undefined;
  return {
    begin() {
      looked ??= look().catch(error => log.error('looking for damage failed', { error: String(error) }));
    },
    ended: async () => looked,
  };
}

function wholeIn(directory: string): Promise<string | undefined> {
  return readFile(join(directory, WHOLE), 'utf8').catch(() => undefined);
}

/** So many damaged pages are named in the log. */
const SHOWN_DAMAGE = 20;
