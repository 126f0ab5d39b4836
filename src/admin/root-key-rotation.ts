/**
 * Replacing the root key without logging anyone out. The new key seals from the next start on; what former keys
 * sealed still opens. While the server runs it reseals what it stores; sessions run out by themselves, after 36
 * hours at most. Then the former keys can be forgotten.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import { lockDirectory } from '../core/directories/directory-lock.js';
import { SettingsError } from '../core/settings-error.js';
import {
  loadRootKeys,
  type RootKeySettings,
  type RootKeys,
  replaceRootKeys,
  rootKeyPath,
  type Sealer,
} from '../crypto/root-key.js';
import { derivedKey } from '../crypto/sealing.js';
import { holdsRecords } from '../store/data-directory.js';
import type { KeyOf } from '../store/keyspace.js';
import type { Kv } from '../store/kv.js';
import { openKv, type StorePlaces } from '../store/open.js';

/** The longest session: 129,600 seconds (STS API Reference, GetSessionToken). */
const LONGEST_SESSION = 129_600_000;

/** Under which root key everything stored is sealed. */
const SEALED_UNDER: KeyOf<'server'> = ['server', 'sealed-under'];

export interface RootKeyStatus {
  readonly path: string;
  /** When each former key was replaced, milliseconds since the epoch; the newest first. */
  readonly former: readonly number[];
  /** Whether everything stored is sealed under the current key. */
  readonly resealed: boolean;
  /** When no session is left that a former key sealed, milliseconds since the epoch; absent without former keys. */
  readonly sessionsEnd?: number;
}

/**
 * Makes a new root key for a stopped server; the one there is becomes a former one. Throws `DirectoryInUse` while
 * the server runs, `SettingsError` for a server in memory.
 */
export async function rotateRootKey(settings: RootKeySettings, clock: Clock): Promise<RootKeyStatus> {
  return await whileStopped(settings, async (path, keys) => {
    const replaced = { key: keys.current, replaced: clock.now() };
    const next = { current: randomBytes(32), former: [replaced, ...keys.former] };
    await replaceRootKeys(path, next, settings.rootKeyKms);
    return statusOf(path, next, false);
  });
}

/** The root keys of a stopped server. Throws as `rotateRootKey` does. */
export async function rootKeyStatus(settings: RootKeySettings & StorePlaces): Promise<RootKeyStatus> {
  return await whileStopped(settings, async (path, keys) =>
    statusOf(path, keys, await isResealed(settings, keys)),
  );
}

/**
 * Forgets the former root keys of a stopped server. Throws `SettingsError` while something stored is still sealed
 * under one of them, or a session may be; the latter not where `endSessions`, which ends those sessions.
 */
export async function forgetRootKeys(
  settings: RootKeySettings & StorePlaces,
  clock: Clock,
  endSessions: boolean,
): Promise<RootKeyStatus> {
  return await whileStopped(settings, async (path, keys) => {
    const { resealed, sessionsEnd = 0 } = statusOf(path, keys, await isResealed(settings, keys));
    if (!resealed) {
      throw new SettingsError(
        'something is still sealed under a former root key: start the server and let it reseal everything',
      );
    }
    if (!endSessions && clock.now() < sessionsEnd) {
      throw new SettingsError(
        `sessions that a former root key sealed may live until ${new Date(sessionsEnd).toISOString()}`,
      );
    }
    const left = { current: keys.current, former: [] };
    await replaceRootKeys(path, left, settings.rootKeyKms);
    return statusOf(path, left, true);
  });
}

/**
 * Reseals, in the background, what is stored under former root keys. `report` hears once of how much that was,
 * or of the error; the answer ends it.
 */
export function startResealing(
  kv: Kv,
  keys: RootKeys,
  sealers: readonly Sealer[],
  report: (outcome: number | Error) => void,
): () => Promise<void> {
  const stop = new AbortController();
  const work = async () => {
    if (keys.former.length === 0 || (await sealedUnder(kv)) === fingerprint(keys.current)) return;
    let resealed = 0;
    for (const sealer of sealers) resealed += await sealer.reseal(stop.signal);
    if (stop.signal.aborted) return;
    await kv.commit([], [{ key: SEALED_UNDER, value: Buffer.from(fingerprint(keys.current)) }]);
    report(resealed);
  };
  const working = work().catch(report);
  return async () => {
    stop.abort();
    await working;
  };
}

/**
 * For stores that several servers share: all must have one root key. Notes this one's where there is none yet. Throws
 * `SettingsError` where what is stored is sealed under a key that this server does not have.
 */
export async function demandSameRootKey(kv: Kv, keys: RootKeys): Promise<void> {
  const noted = await sealedUnder(kv);
  const own = [keys.current, ...keys.former.map(({ key }) => key)].map(fingerprint);
  if (noted !== undefined && own.includes(noted)) return;
  // The oldest: what is stored may be sealed under it, until it was resealed.
  const note = { key: SEALED_UNDER, value: Buffer.from(own.at(-1)!) };
  if (noted === undefined && (await kv.commit([{ key: SEALED_UNDER, version: undefined }], [note]))) return;
  if (noted === undefined) return await demandSameRootKey(kv, keys);
  throw new SettingsError(
    'the stores are sealed under another root key: give this server the same --root-key-file as the others',
  );
}

async function whileStopped<T>(
  settings: RootKeySettings,
  work: (path: string, keys: RootKeys) => Promise<T>,
): Promise<T> {
  const path = rootKeyPath(settings);
  if (settings.data === 'memory' || path === undefined) {
    throw new SettingsError(
      'only a root key in a file can be replaced here: not that of a server in memory, nor one in the environment',
    );
  }
  const lock = await lockDirectory(settings.data);
  try {
    return await work(path, await loadRootKeys(settings, holdsRecords));
  } finally {
    await lock.release();
  }
}

function statusOf(path: string, { former }: RootKeys, resealed: boolean): RootKeyStatus {
  const times = former.map(({ replaced }) => replaced);
  const sessionsEnd = times.length === 0 ? {} : { sessionsEnd: Math.max(...times) + LONGEST_SESSION };
  return { path, former: times, resealed: resealed || times.length === 0, ...sessionsEnd };
}

async function isResealed(settings: RootKeySettings & StorePlaces, keys: RootKeys): Promise<boolean> {
  // The records are elsewhere, where this command cannot look: the former keys stay.
  if (settings.kv === undefined && !(await holdsRecords(settings.data))) return false;
  const { kv } = await openKv(settings);
  try {
    return (await sealedUnder(kv)) === fingerprint(keys.current);
  } finally {
    await kv.close();
  }
}

async function sealedUnder(kv: Kv): Promise<string | undefined> {
  const entry = await kv.get(SEALED_UNDER);
  return entry && Buffer.from(entry.value).toString();
}

/** Tells root keys apart without telling anything of them. */
function fingerprint(rootKey: Uint8Array): string {
  return derivedKey(rootKey, 'karikagi: fingerprint of the root key', 16).toString('hex');
}
