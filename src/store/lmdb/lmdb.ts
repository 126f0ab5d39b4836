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
 * Several processes that commit take turns at LMDB's write lock, each with a sync of its own. Those of one server may
 * hand their commits to one of them instead (handover.ts), which applies them as its own. The lock stays what keeps
 * commits apart: any process may commit by itself at any time.
 *
 * Integrity. LMDB's pages have no checksums: a flipped bit would be read as if it had been written. So each value
 * ends in a checksum (value-checksum.ts). Whether the pages are whole is what `verify` looks at, and a range notices
 * where a damaged page cuts it short (range-check.ts). What is known to be damaged is not read, and nothing is written
 * to a store that is: LMDB would carry the damage on, or end the process over it.
 */
import { chmod, open as openFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { getLastVersion, open } from 'lmdb';
import { crc32 } from '../../core/crc32.js';
import { makeDirectory, syncDirectory } from '../../core/directories/directories.js';
import { CommitStats } from '../commit-stats.js';
import { encodeBound, encodeKey, writeKey } from '../keys.js';
import {
  type Check,
  damagedAt,
  type Entry,
  type Item,
  type Key,
  type Kv,
  type Range,
  StoreClosed,
  ValueDamaged,
  type Version,
  type Write,
} from '../kv.js';
import { RangeCheck, TOP } from '../range-check.js';
import { commits } from './exit-guard.js';
import { type Handover, takeOver } from './handover.js';
import type { EncodedCommit } from './handover-frames.js';
import {
  demandHead,
  harmsKey,
  harmsRange,
  StoreDamaged,
  type TreeDamage,
  type TreeReport,
  walkFile,
} from './lmdb-tree.js';
import { type Beginning, CHECKED, copy, opened, RowReader } from './lmdb-values.js';

import { checkedValue } from './value-checksum.js';

/** What lmdb-js answers of a row. Its key and value are in `row` until the next one is read. */
interface Row {
  readonly version: Version;
}

/** Not by its name: linters take it for a hook of React. */
const KEEP_SNAPSHOT = 'useReadTransaction';

/** What is used of lmdb-js. Keys may be tuples or already encoded. */
interface Database {
  getBinaryFast(key: Key | Uint8Array): Uint8Array | undefined;
  getRange(range: RangeCheck['range']): Iterable<Row>;
  /** Keeps the newest snapshot until `done`. */
  [KEEP_SNAPSHOT](): { done(): void };
  put(key: Uint8Array, value: Uint8Array, version: Version): unknown;
  remove(key: Uint8Array): unknown;
  childTransaction<T>(action: () => T): Promise<T>;
  resetReadTxn(): void;
  backup(directory: string, compact: boolean): Promise<void>;
  close(): Promise<void>;
}

interface Commit extends EncodedCommit {
  readonly resolve: (applied: boolean) => void;
  readonly reject: (error: unknown) => void;
  applied: boolean;
}

interface LmdbOptions {
  /** Bytes of address space to begin with; the map grows as the data does. Default: 1 GiB. */
  readonly mapSize?: number;
  /** What it throws ends a commit before it is tried. */
  readonly demandRoom?: (() => void) | undefined;
  /** To a process that commits for this one. Default: it commits by itself. */
  readonly handover?: Handover | undefined;
}

export interface LmdbStore extends Kv {
  /** Of this process. */
  readonly commits: CommitStats;
  /** Commits for another process, which ends the channel. */
  takeOver(channel: Duplex): void;
  /**
   * Writes what was committed last into a new store in an empty directory, while others go on, and resolves once it is
   * on disk. The copy has no free pages.
   */
  copyTo(directory: string): Promise<void>;
  /**
   * Looks at every page, while others go on. From then on, what reads records that may be missing throws
   * `ValueDamaged`, and commits are rejected with `StoreDamaged`.
   */
  verify(): Promise<TreeReport>;
}

/** Commits in one transaction, so that its dirty pages stay bounded. */
const BATCH = 1024;

/** Holds the end of the versions that were handed out. Above every key, so that no range reaches it. */
const VERSIONS = Buffer.of(0xff, 0xff);

/** Versions that a process reserves at a time: enough that the reservation costs nothing, few enough to waste. */
const VERSION_BLOCK = 2 ** 20;

/**
 * Opens the store in the directory `path`, making both where they do not exist.
 * Rejects with the system's error where that fails, with `StoreDamaged` where it cannot be opened safely.
 */
export async function openLmdb(path: string, options: LmdbOptions = {}): Promise<LmdbStore> {
  const directory = resolve(path);
  await makeDirectory(directory);
  const openDatabase = (): Database =>
    open(directory, {
      noSubdir: false,
      mapSize: options.mapSize ?? 2 ** 30,
      overlappingSync: false,
      // Else lmdb-js makes a promise of its own for each turn's writes: unhandled, it would end the process on a full
      // disk.
      eventTurnBatching: false,
      useVersions: true,
      keyEncoder: { writeKey: writeAnyKey, readKey: readAnyKey },
      encoder: { encode: (value: Uint8Array) => value, decode: readRow },
    }) as unknown as Database;
  const file = join(directory, 'data.mdb');
  await demandHead(file);
  const db = openDatabase();
  await chmod(file, 0o600);
  await syncDirectory(directory);
  return new LmdbKv(file, db, openDatabase, options);
}

function writeAnyKey(key: Key | Uint8Array, target: Buffer, start: number): number {
  if (!(key instanceof Uint8Array)) return writeKey(key, target, start);
  target.set(key, start);
  return start + key.length;
}

/** The row of a range that lmdb-js read last: it reads the key, then the value. */
const row = new RowReader();

function beginningOf(start: Key, end: Key): Beginning {
  let count = 0;
  while (count < start.length && start[count] === end[count]) count++;
  const parts = start.slice(0, count);
  return { parts, length: encodeBound(parts).length };
}

function readAnyKey(bytes: Uint8Array, start: number, end: number): undefined {
  row.key(bytes, start, end);
}

function readRow(shared: Uint8Array, length = shared.length): undefined {
  row.value(shared, length);
}

class LmdbKv implements LmdbStore {
  readonly skips = true;
  readonly commits = new CommitStats();
  #db: Database;
  readonly #open: () => Database;
  readonly #demandRoom: () => void;
  readonly #handover: Handover | undefined;
  /** The file. */
  readonly #path: string;
  /** What is known to be damaged. */
  #damage: readonly TreeDamage[] = [];
  /** LMDB does nothing more once it could not write a meta page: it must be opened again. */
  #broken = false;
  #repairing: Promise<void> | undefined;
  #waiting: Commit[] = [];
  /** Settles when the commits under way are through. */
  #running: Promise<void> | undefined;
  /** Whether no answer can rest on a commit that the read transaction does not show. */
  #newest = false;
  #nextVersion = 0;
  #endOfVersions = 0;
  #closing: Promise<void> | undefined;

  constructor(
    path: string,
    db: Database,
    open: () => Database,
    { demandRoom = () => undefined, handover }: LmdbOptions,
  ) {
    this.#path = path;
    this.#db = db;
    this.#open = open;
    this.#demandRoom = demandRoom;
    this.#handover = handover;
  }

  async get(key: Key): Promise<Entry | undefined> {
    this.#demandOpen();
    if (this.#broken) await this.#repair();
    this.#seeNewest();
    return this.#read(key);
  }

  async getMany(keys: readonly Key[]): Promise<(Entry | undefined)[]> {
    this.#demandOpen();
    if (this.#broken) await this.#repair();
    this.#seeNewest();
    // Without a pause, all in one read transaction.
    return keys.map(key => this.#read(key));
  }

  #read(key: Key): Entry | undefined {
    const encoded = encodeBound(key);
    if (this.#damage.some(one => harmsKey(one, encoded))) throw new ValueDamaged(MISSING, key);
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
    if (this.#damage.some(one => harmsRange(one, low, high))) throw new ValueDamaged(MISSING);
    const asked = { ...range, limit, beginning: beginningOf(start, end), read: 0 };
    const items: Item[] = [];
    // Read without pause: within one read transaction.
    for (let from: Buffer | undefined = low; from && Buffer.compare(from, high) < 0; ) {
      const checked = new RangeCheck(from, high, reverse);
      from = this.#readOn(checked, asked, items);
      const isAtEnd = from === undefined && !checked.ended && asked.read < limit;
      if (isAtEnd && !checked.mayEnd(this.#edge(reverse))) throw new ValueDamaged(CUT_SHORT);
    }
    return items;
  }

  /** Reads the items of a range up to where it is to go on somewhere else, which it answers. */
  #readOn(checked: RangeCheck, asked: Asked, items: Item[]): Buffer | undefined {
    const { limit, beginning, damaged = raise, skipTo } = asked;
    // It goes on behind the end, as LMDB takes damage for one.
    for (const { version } of this.#db.getRange(checked.range)) {
      demandOrder(checked);
      if (checked.ended) return undefined;
      const next = skipTo?.(row.bytes, row.start, row.keyEnd);
      if (next) return next;
      const item = row.opened(version, beginning);
      if (item === undefined) damaged(row.keyOf(beginning), version);
      else items.push(item);
      if (++asked.read === limit) return undefined;
    }
    return undefined;
  }

  /** The first or the last stored key, found from that end; absent where the store is empty. */
  #edge(first: boolean): Uint8Array | undefined {
    const checked = new RangeCheck(Buffer.alloc(0), TOP, !first);
    for (const _ of this.#db.getRange(checked.range)) {
      demandOrder(checked);
      break;
    }
    return checked.last;
  }

  async commit(checks: readonly Check[], writes: readonly Write[]): Promise<boolean> {
    this.#demandWritable();
    const encodedChecks = checks.map(({ key, version }) => ({ key: encodeBound(key), version }));
    const encodedWrites = writes.map(({ key, value }) => {
      const encoded = encodeKey(key);
      return { key: encoded, value: value && checkedValue(encoded, value) };
    });
    const commit = { checks: encodedChecks, writes: encodedWrites };
    if (this.#handover === undefined) return this.#commit(commit);
    const applied = await this.#handover.commit(commit);
    // The read transaction may be from before.
    this.#expire();
    return applied ?? this.#commit(commit);
  }

  takeOver(channel: Duplex): void {
    takeOver(channel, async commit => {
      this.#demandWritable();
      return await this.#commit(commit);
    });
  }

  #commit({ checks, writes }: EncodedCommit): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ checks, writes, resolve, reject, applied: false });
      this.#running ??= this.#run();
    });
  }

  /** Throws what keeps a commit from being tried. */
  #demandWritable(): void {
    this.#demandOpen();
    if (this.#damage.length > 0) throw new StoreDamaged(this.#path, this.#damage);
    this.#demandRoom();
  }

  async verify(): Promise<TreeReport> {
    this.#demandOpen();
    this.#db.resetReadTxn();
    // While it lasts, no page of its snapshot or of a later one is used again.
    const transaction = this.#db[KEEP_SNAPSHOT]();
    try {
      const report = await walkFile(this.#path);
      this.#damage = report.damage;
      return report;
    } finally {
      transaction.done();
    }
  }

  async copyTo(directory: string): Promise<void> {
    const { damage } = await this.verify();
    if (damage.length > 0) throw new StoreDamaged(this.#path, damage);
    await this.#db.backup(directory, true);
    const copy = await walkFile(join(directory, 'data.mdb'));
    if (copy.damage.length > 0) throw new StoreDamaged(join(directory, 'data.mdb'), copy.damage);
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

  /** Reopens the store. Throws where that fails; then the next one who needs it tries again. */
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
    await this.#handover?.close();
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
    const began = performance.now();
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
      this.commits.failed += batch.length;
      for (const commit of batch) commit.reject(reason);
      return;
    }
    this.#expire();
    const applied = batch.reduce((count, commit) => count + Number(commit.applied), 0);
    this.commits.batch(batch.length, applied, performance.now() - began);
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

const CUT_SHORT = 'a range of records ends where it should not: a page of the store is damaged';
const OUT_OF_ORDER = 'records are out of order: a page of the store is damaged';
const MISSING = 'records may be missing here: a page of the store is damaged';

/** What is asked of a range. */
interface Asked extends Range {
  readonly limit: number;
  readonly beginning: Beginning;
  /** Items so far, damaged ones too. */
  read: number;
}

/** Hears of the row. */
function demandOrder(checked: RangeCheck): void {
  checked.key(row.bytes, row.start, row.keyEnd);
  if (!checked.inOrder) throw new ValueDamaged(OUT_OF_ORDER);
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
