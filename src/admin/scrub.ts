/** Verifies everything in a data directory, beside a running server or without one. */
import { access } from 'node:fs/promises';
import type { Clock } from '../core/clock.js';
import { SettingsError } from '../core/settings-error.js';
import { type RootKeySettings, readRootKeys, rootKeyPath } from '../crypto/root-key.js';
import {
  type Damage,
  OwnKeys,
  type ScrubProgress,
  type ScrubReport,
  scrubObjects,
  unreadReport,
} from '../objects/index.js';
import { demandKnownFormat } from '../server/data-format.js';
import { holdsRecords } from '../store/data-directory.js';
import { decodeKey } from '../store/keys.js';
import type { Kv } from '../store/kv.js';
import type { TreeDamage } from '../store/lmdb/lmdb-tree.js';
import { openStores, type StorePlaces } from '../store/open.js';

export interface ScrubSettings {
  /** Bytes of bodies to read in a second, so that clients are not kept waiting. Default: as fast as the disk is. */
  readonly bytesPerSecond?: number | undefined;
  readonly progress?: (progress: ScrubProgress) => void;
}

/**
 * Reads everything in a server's stores, or in a backup, and answers what is damaged. Changes nothing. Without the root
 * key, what is encrypted under SSE-S3 is checked by its checksums alone. Throws `SettingsError` where there is no such
 * data, a newer Karikagi has written it, or the root key is another's, `StoreDamaged` where the store cannot be opened
 * safely.
 */
export async function scrub(
  settings: RootKeySettings & StorePlaces,
  clock: Clock,
  { bytesPerSecond, progress }: ScrubSettings = {},
): Promise<ScrubReport> {
  if (settings.kv === undefined) await demandData(settings.data);
  const stores = await openStores(settings, () => clock.now());
  try {
    const damage = (await stores.pages?.verify())?.damage ?? [];
    if (damage.length > 0) return unreadReport(damage.map(pageDamage));
    const kv: Kv = {
      ...readOnly,
      get: key => stores.kv.get(key),
      getMany: keys => stores.kv.getMany(keys),
      list: range => stores.kv.list(range),
    };
    await demandKnownFormat(kv, false);
    const keys = await ownKeys(settings, kv);
    const pace = bytesPerSecond && paced(bytesPerSecond);
    return await scrubObjects({
      kv,
      blobs: stores.blobs,
      keys,
      now: clock.now(),
      ...(pace && { pace }),
      ...(progress && { progress }),
    });
  } finally {
    await stores.close();
  }
}

/** Says of which records a damaged page deprives the store. */
function pageDamage({ problem, from, to }: TreeDamage): Damage {
  const row = `kv/data.mdb, records from ${boundText(from, 'the first')} to ${boundText(to, 'the last')}`;
  return { row: from && to && from.equals(to) ? 'kv/data.mdb' : row, problem };
}

function boundText(key: Buffer | undefined, none: string): string {
  if (key === undefined) return none;
  try {
    return JSON.stringify(decodeKey(key));
  } catch {
    return key.toString('hex');
  }
}

/** Throws `SettingsError` where a directory holds no server's data. */
export async function demandData(directory: string): Promise<void> {
  if (!(await holdsRecords(directory))) throw new SettingsError(`${directory} holds no data of a server`);
}

const readOnly: Pick<Kv, 'commit' | 'close'> = {
  commit: () => Promise.reject(new Error('a scrub changes nothing')),
  close: () => Promise.resolve(),
};

async function ownKeys(settings: RootKeySettings, kv: Kv): Promise<OwnKeys | undefined> {
  const path = rootKeyPath(settings);
  if (path === undefined || !(await exists(path))) return undefined;
  const { current, former } = await readRootKeys(path, settings.rootKeyKms);
  const keys = new OwnKeys(
    kv,
    current,
    former.map(({ key }) => key),
  );
  if (await keys.fit()) return keys;
  throw new SettingsError(`the root key in ${path} is not that of this data`);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Waits as long as reading so much should have taken, a tenth of a second at a time. */
function paced(bytesPerSecond: number): (bytes: number) => Promise<void> | void {
  let owed = 0;
  return bytes => {
    owed += bytes / bytesPerSecond;
    if (owed < 0.1) return;
    const wait = owed * 1000;
    owed = 0;
    return new Promise(resolve => setTimeout(resolve, wait));
  };
}
