/**
 * The key-value store on one machine: LMDB, a copy-on-write B-tree in a memory-mapped file, which several
 * processes may have open at once.
 *
 * Durability. `overlappingSync` is off, so LMDB commits in its classic order: it writes the new pages, calls
 * fdatasync, and only then writes the meta page that makes them visible, through a descriptor opened with
 * O_DSYNC (`mdb_txn_commit`, `mdb_env_write_meta`). lmdb-js settles the transaction's promise after that
 * returned. Hence what `commit` has acknowledged is on disk, what a reader can see is on disk, and a crash at
 * any moment leaves the state before or after a transaction. With `overlappingSync`, readers would see commits
 * that a power loss takes back, and a failed sync would reject what stays visible.
 *
 * Group commit. A sync costs the same for one commit or a thousand: all commits that arrive while one
 * transaction is being synced go into the next. Each is checked and applied in order, with JavaScript running
 * inside LMDB's write transaction, so that checks hold against other processes too. The transaction is nested:
 * should a write fail midway, all of it is rolled back and all its commits are rejected.
 *
 * Integrity. LMDB's pages have no checksums: a flipped bit would be read as if it had been written. So each value
 * ends in a checksum (value-checksum.ts). Values from before there were any have versions below `CHECKED`.
 */
import { chmod, open as openFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { getLastVersion, open } from 'lmdb';
import { makeDirectory, syncDirectory } from '../directories/directories.js';
import { crc32 } from './crc32.js';
import { commits } from './ending.js';
import { decodeKey, encodeBound, encodeKey, writeKey } from './keys.js';
import {
  type Check,
  damagedAt,
  type Entry,
  type Item,
  type Key,
  type Kv,
  type Range,
  StoreClosed,
  type Version,
  type Write,
} from './kv.js';
import { checkedValue, valueUnder } from './value-checksum.js';

/** What is used of lmdb-js. Keys may be tuples or already encoded. */
interface Database {
  getBinaryFast(key: Key | Uint8Array): Uint8Array | undefined;
  getRange(range: {
    readonly start: Uint8Array;
    readonly end: Uint8Array;
    readonly reverse: boolean;
    readonly exclusiveStart: boolean;
    readonly inclusiveEnd: boolean;
    readonly limit: number;
    readonly versions: true;
  }): Iterable<{ readonly key: Key; readonly value: Buffer; readonly version: Version }>;
  put(key: Uint8Array, value: Uint8Array, version: Version): unknown;
  remove(key: Uint8Array): unknown;
  childTransaction<T>(action: () => T): Promise<T>;
  resetReadTxn(): void;
  backup(directory: string, compact: boolean): Promise<void>;
  close(): Promise<void>;
}

interface Commit {
  readonly checks: readonly { readonly key: Uint8Array; readonly version: Version | undefined }[];
  readonly writes: readonly { readonly key: Uint8Array; readonly value: Uint8Array | undefined }[];
  readonly resolve: (applied: boolean) => void;
  readonly reject: (error: unknown) => void;
  applied: boolean;
}

export interface LmdbOptions {
  /** Bytes of address space to begin with; the map grows as the data does. Default: 1 GiB. */
  readonly mapSize?: number;
  /** What it throws ends a commit before it is tried. */
  readonly demandRoom?: (() => void) | undefined;
}

export interface LmdbStore extends Kv {
  /**
   * Writes what was committed last into a new store in an empty directory, while others go on, and resolves once it is
   * on disk. The copy has no free pages.
   */
  copyTo(directory: string): Promise<void>;
}

/** Commits in one transaction, so that its dirty pages stay bounded. */
const BATCH = 1024;

/** Holds the end of the versions that were handed out. Above every key, so that no range reaches it. */
const VERSIONS = Buffer.of(0xff, 0xff);

/** Versions that a process reserves at a time: enough that the reservation costs nothing, few enough to waste. */
const VERSION_BLOCK = 2 ** 20;

/** Where versions begin whose values end in a checksum. */
const CHECKED = 2 ** 50;

/**
 * Opens the store in the directory `path`, making both where they do not exist.
 * Rejects with the system's error where that fails.
 */
export async function openLmdb(path: string, options: LmdbOptions = {}): Promise<LmdbStore> {
  const directory = resolve(path);
  await makeDirectory(directory);
  const openDatabase = (): Database =>
    open(directory, {
      noSubdir: false,
      mapSize: options.mapSize ?? 2 ** 30,
      overlappingSync: false,
      // Else lmdb-js makes a promise of its own for each turn's writes: unhandled, it would end the process on a full disk.
      eventTurnBatching: false,
      useVersions: true,
      keyEncoder: { writeKey: writeAnyKey, readKey: readAnyKey },
      encoder: { encode: (value: Uint8Array) => value, decode: copy },
    }) as unknown as Database;
  const db = openDatabase();
  await chmod(join(directory, 'data.mdb'), 0o600);
  await syncDirectory(directory);
  return new LmdbKv(db, openDatabase, options.demandRoom);
}

function writeAnyKey(key: Key | Uint8Array, target: Buffer, start: number): number {
  if (!(key instanceof Uint8Array)) return writeKey(key, target, start);
  target.set(key, start);
  return start + key.length;
}

/** The checksum of the stored key that lmdb-js read last: of an item of a range it reads the key, then the value. */
let keySum = 0;

/** Empty where the stored key is damaged: no key is. */
function readAnyKey(bytes: Uint8Array, start: number, end: number): Key {
  keySum = crc32(bytes.subarray(start, end));
  try {
    return decodeKey(bytes, start, end);
  } catch {
    return [];
  }
}

/** lmdb-js reads into one buffer that it uses again, of which it sets `length` but not the true extent. */
function copy(shared: Uint8Array, length = shared.length): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  bytes.set(new Uint8Array(shared.buffer, shared.byteOffset, length));
  return bytes;
}

/** The value of what is stored, or nothing where it is damaged. `sum`: of the key. */
function opened(sum: number, stored: Buffer, version: Version): Entry | undefined {
  const value = version < CHECKED ? stored : valueUnder(sum, stored);
  return value && { value, version };
}

class LmdbKv implements LmdbStore {
  #db: Database;
  readonly #open: () => Database;
  readonly #demandRoom: () => void;
  /** LMDB does nothing more once it could not write a meta page: it must be opened again. */
  #broken = false;
  #repairing: Promise<void> | undefined;
  #waiting: Commit[] = [];
  /** Settles when the commits under way are through. */
  #running: Promise<void> | undefined;
  /** Whether nobody can have been told of a commit that the read transaction does not show. */
  #newest = false;
  #nextVersion = 0;
  #endOfVersions = 0;
  #closing: Promise<void> | undefined;

  constructor(db: Database, open: () => Database, demandRoom: () => void = () => undefined) {
    this.#db = db;
    this.#open = open;
    this.#demandRoom = demandRoom;
  }

  async get(key: Key): Promise<Entry | undefined> {
    this.#demandOpen();
    if (this.#broken) await this.#repair();
    this.#seeNewest();
    const encoded = encodeBound(key);
    const shared = this.#db.getBinaryFast(encoded);
    if (shared === undefined) return undefined;
    const entry = opened(crc32(encoded), copy(shared), getLastVersion());
    if (entry === undefined) throw damagedAt(key, getLastVersion());
    return entry;
  }

  async list(range: Range): Promise<Item[]> {
    const { start, end, reverse = false, limit = Number.POSITIVE_INFINITY } = range;
    this.#demandOpen();
    const low = encodeBound(start);
    const high = encodeBound(end);
    if (limit <= 0 || Buffer.compare(low, high) >= 0) return [];
    if (this.#broken) await this.#repair();
    this.#seeNewest();
    const damaged = range.damaged ?? raise;
    const items: Item[] = [];
    // Drained without pause, so within one read transaction.
    for (const { key, value, version } of this.#db.getRange({
      start: reverse ? high : low,
      end: reverse ? low : high,
      reverse,
      exclusiveStart: reverse,
      inclusiveEnd: reverse,
      limit,
      versions: true,
    })) {
      const entry = opened(keySum, value, version);
      if (entry === undefined) damaged(key, version);
      else items.push({ key, value: entry.value, version });
    }
    return items;
  }

  async commit(checks: readonly Check[], writes: readonly Write[]): Promise<boolean> {
    this.#demandOpen();
    this.#demandRoom();
    const encodedChecks = checks.map(({ key, version }) => ({ key: encodeBound(key), version }));
    const encodedWrites = writes.map(({ key, value }) => {
      const encoded = encodeKey(key);
      return { key: encoded, value: value && checkedValue(encoded, value) };
    });
    return new Promise((resolve, reject) => {
      const commit = { checks: encodedChecks, writes: encodedWrites, resolve, reject, applied: false };
      this.#waiting.push(commit);
      this.#running ??= this.#run();
    });
  }

  async copyTo(directory: string): Promise<void> {
    this.#demandOpen();
    await this.#db.backup(directory, true);
    const copied = await openFile(join(directory, 'data.mdb'), 'r+');
    try {
      await copied.chmod(0o600);
      await copied.sync();
    } finally {
      await copied.close();
    }
    await syncDirectory(directory);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Whether transactions can be begun at all. */
  #begins(): boolean {
    try {
      this.#db.resetReadTxn();
      this.#db.getBinaryFast(VERSIONS);
      return true;
    } catch {
      return false;
    }
  }

  /** Opens the store anew. Throws where that fails; then the next one who needs it tries again. */
  #repair(): Promise<void> {
    this.#repairing ??= this.#reopen().finally(() => {
      this.#repairing = undefined;
    });
    return this.#repairing;
  }

  async #reopen(): Promise<void> {
    await this.#db.close();
    this.#db = this.#open();
    this.#broken = false;
  }

  async #close(): Promise<void> {
    await this.#running;
    await this.#db.close();
  }

  /**
   * lmdb-js keeps a read transaction for the rest of a turn or longer: it would miss what others commit meanwhile.
   * Until this process has handled the event at hand, though, it hears of no commit by others. Its own commits say
   * so themselves.
   */
  #seeNewest(): void {
    if (this.#newest) return;
    this.#db.resetReadTxn();
    this.#newest = true;
    process.nextTick(this.#expire);
  }

  readonly #expire = (): void => {
    this.#newest = false;
  };

  async #run(): Promise<void> {
    commits(this, true);
    while (this.#waiting.length > 0) await this.#runBatch();
    commits(this, false);
    this.#running = undefined;
  }

  async #runBatch(): Promise<void> {
    let batch: Commit[] = [];
    try {
      if (this.#broken) await this.#repair();
      await this.#db.childTransaction(() => {
        // Taken only now: what arrived while the transaction was waiting for the lock comes along.
        batch = this.#waiting.splice(0, BATCH);
        for (const commit of batch) this.#apply(commit);
      });
    } catch (error) {
      this.#endOfVersions = 0;
      if (batch.length === 0) batch = this.#waiting.splice(0);
      const reason = await causeOf(error);
      this.#broken ||= !this.#begins();
      for (const commit of batch) commit.reject(reason);
      return;
    }
    this.#expire();
    for (const commit of batch) commit.resolve(commit.applied);
  }

  #apply(commit: Commit): void {
    for (const { key, version } of commit.checks) if (this.#versionOf(key) !== version) return;
    const version = this.#newVersion();
    for (const { key, value } of commit.writes) {
      if (value === undefined) this.#db.remove(key);
      else this.#db.put(key, value, version);
    }
    commit.applied = true;
  }

  #versionOf(key: Uint8Array): Version | undefined {
    return this.#db.getBinaryFast(key) === undefined ? undefined : getLastVersion();
  }

  /** Never handed out before, by any process. Only within the write transaction, with which a reservation commits. */
  #newVersion(): Version {
    if (this.#nextVersion >= this.#endOfVersions) {
      this.#nextVersion = Math.max(this.#versionOf(VERSIONS) ?? 0, CHECKED);
      this.#endOfVersions = this.#nextVersion + VERSION_BLOCK;
      this.#db.put(VERSIONS, new Uint8Array(0), this.#endOfVersions);
    }
    return this.#nextVersion++;
  }

  #demandOpen(): void {
    if (this.#closing !== undefined) throw new StoreClosed();
  }
}

function raise(key: Key, version: Version): never {
  throw damagedAt(key, version);
}

/** lmdb-js rejects with a general error that promises the true one. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (cause) {
    return new Error('the store could not commit', { cause });
  }
}
