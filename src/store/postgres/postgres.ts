/**
 * The key-value store on PostgreSQL, for servers on several machines.
 *
 * Durability and isolation. Every commit is a statement at SERIALIZABLE on the primary, and PostgreSQL answers it after
 * its log is on disk (and on the standbys that `synchronous_standby_names` asks for). Reads go to the primary too, so
 * that what was acknowledged is seen by every server.
 *
 * Group commit. The commits that arrive while a lane's statement is under way go into its next one. Two lanes work side
 * by side; what would hinder what is under way waits for it, so that servers meet serialization failures only from one
 * another.
 */
import { CommitStats } from '../commit-stats.js';
import { encodeBound, encodeKey } from '../keys.js';
import {
  type Check,
  type Entry,
  type Item,
  type Key,
  type Kv,
  type Range,
  type Snapshot,
  StoreClosed,
  type Write,
} from '../kv.js';
import { checkedValue } from '../lmdb/value-checksum.js';
import { Batch, keyName, type PendingCommit } from './batch.js';
import { Connection } from './connection.js';
import { Lane } from './lane.js';
import { Reads } from './reads.js';
import { entryOf, itemOf, type Row, rangeStatement } from './rows.js';
import { migrate } from './schema.js';
import { serversOf } from './servers.js';
import { demandOwnSessions } from './sessions.js';
import { beginSnapshot } from './snapshot.js';

interface PostgresOptions {
  /** Connections that commit. */
  readonly lanes?: number;
  /** Connections that read. */
  readonly readers?: number;
}

interface PostgresStore extends Kv {
  readonly commits: CommitStats;
  /** The database's time, milliseconds since the epoch. */
  time(): Promise<number>;
  /** What is stored at this moment. Throws `StoreUnavailable`. */
  snapshot(): Promise<Snapshot>;
}

/** What connections that commit begin with: one plan for all batches, since the statement is the same. */
const COMMITTING = `SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE;
  SET plan_cache_mode = force_generic_plan; SET synchronous_commit = on`;
const MANAGING = 'SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED';
const READING = `SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY;
  SET plan_cache_mode = force_generic_plan`;

/**
 * Lanes of servers that ended without a word, days after they were last used. Not at SERIALIZABLE, where others that
 * commit meanwhile would make it fail.
 */
const FORGOTTEN = `DELETE FROM kv_lane WHERE used < now() - interval '30 days'`;

/** For how long the start waits for a primary, milliseconds. */
const START_MS = 30_000;

/** Versions that a server reserves at a time. */
const VERSION_BLOCK = 2 ** 20;

/**
 * Opens the store in the database that `url` names, and makes its tables where there are none. Throws `BadPostgresUrl`,
 * `StoreUnavailable` where no primary answers, `SchemaTooNew`, `SessionsShared`.
 */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<PostgresStore> {
  const servers = serversOf(url);
  const connections = (count: number, session: string) =>
    Array.from({ length: count }, () => new Connection(servers, session));
  const committing = connections(options.lanes ?? 2, COMMITTING);
  const store = new PostgresKv(
    commits => committing.map(connection => new Lane(connection, commits)),
    new Connection(servers, MANAGING),
    new Reads(connections(options.readers ?? 4, READING)),
    () => beginSnapshot(servers),
  );
  try {
    await store.begin();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

interface Waiting extends PendingCommit {
  readonly resolve: (applied: boolean) => void;
  readonly reject: (error: unknown) => void;
}

class PostgresKv implements PostgresStore {
  readonly commits = new CommitStats();
  /** Those that have nothing to do. */
  readonly #idle: Lane[];
  readonly #lanes: readonly Lane[];
  /** For what is neither a commit nor a read: the schema, and blocks of versions. */
  readonly #management: Connection;
  readonly #reads: Reads;
  #waiting: Waiting[] = [];
  readonly #running = new Map<Batch, Promise<void>>();
  #nextVersion = 0;
  #endOfVersions = 0;
  #reserving: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    lanesOf: (commits: CommitStats) => readonly Lane[],
    management: Connection,
    reads: Reads,
    readonly snapshot: () => Promise<Snapshot>,
  ) {
    const lanes = lanesOf(this.commits);
    this.#lanes = lanes;
    this.#idle = [...lanes];
    this.commits.lanes = { all: lanes.length, busy: () => lanes.length - this.#idle.length };
    this.#management = management;
    this.#reads = reads;
  }

  async begin(): Promise<void> {
    const [lane] = this.#lanes;
    await this.#management.open(START_MS);
    await lane!.connection.open(START_MS);
    await demandOwnSessions(this.#management, lane!.connection);
    await migrate(this.#management);
    await this.#management.ask({ text: FORGOTTEN });
  }

  async get(key: Key): Promise<Entry | undefined> {
    this.#demandOpen();
    const [row] = await this.#reads.get([encodeBound(key)]);
    return entryOf(key, row);
  }

  async getMany(keys: readonly Key[]): Promise<(Entry | undefined)[]> {
    this.#demandOpen();
    const rows = await this.#reads.get(keys.map(encodeBound));
    return keys.map((key, index) => entryOf(key, rows[index]));
  }

  async list(range: Range): Promise<Item[]> {
    this.#demandOpen();
    const statement = rangeStatement(range);
    if (statement === undefined) return [];
    return (await this.#reads.query<Row>(statement)).flatMap(row => itemOf(row, range.damaged));
  }

  async commit(checks: readonly Check[], writes: readonly Write[]): Promise<boolean> {
    this.#demandOpen();
    const encodedChecks = checks.map(({ key, version }) => ({ key: encodeBound(key), version }));
    // Of several writes of one key, the last one counts.
    const encodedWrites = new Map(
      writes.map(({ key, value }) => {
        const encoded = encodeKey(key);
        return [keyName(encoded), { key: encoded, value: value && checkedValue(encoded, value) }] as const;
      }),
    );
    while (this.#nextVersion >= this.#endOfVersions) await (this.#reserving ??= this.#reserve());
    const version = this.#nextVersion++;
    return new Promise((resolve, reject) => {
      const commit = { checks: encodedChecks, writes: [...encodedWrites.values()], version, resolve, reject };
      // What arrives in the same turn goes along.
      if (this.#waiting.push(commit) === 1) setImmediate(() => this.#dispatch());
    });
  }

  async time(): Promise<number> {
    const [row] = await this.#reads.query<{ now: string }>({
      name: 'time',
      text: 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now',
    });
    return Number(row!.now);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    while (this.#waiting.length > 0 || this.#running.size > 0) {
      await Promise.all(this.#running.values());
      await new Promise(setImmediate);
    }
    await Promise.all([
      ...this.#lanes.map(lane => lane.close()),
      this.#management.close(),
      this.#reads.close(),
    ]);
  }

  /** Gives each idle lane a batch of what waits and is hindered by nothing under way. */
  #dispatch(): void {
    while (this.#idle.length > 0) {
      const batch = this.#nextBatch();
      if (batch.commits.length === 0) return;
      const lane = this.#idle.pop()!;
      this.#running.set(
        batch,
        this.#run(lane, batch).finally(() => {
          this.#running.delete(batch);
          this.#idle.push(lane);
          this.#dispatch();
        }),
      );
    }
  }

  #nextBatch(): Batch<Waiting> {
    const running = [...this.#running.keys()];
    const batch = new Batch<Waiting>();
    const left: Waiting[] = [];
    let isFull = false;
    for (const commit of this.#waiting) {
      const fits = !isFull && !running.some(other => other.hinders(commit)) && batch.add(commit);
      if (fits) continue;
      left.push(commit);
      isFull ||= batch.isFull;
    }
    this.#waiting = left;
    return batch;
  }

  async #run(lane: Lane, batch: Batch<Waiting>): Promise<void> {
    const { length } = batch.commits;
    const began = performance.now();
    try {
      const applied = await lane.apply(batch);
      this.commits.batch(length, applied.filter(Boolean).length, performance.now() - began);
      for (const [index, commit] of batch.commits.entries()) commit.resolve(applied[index]!);
    } catch (error) {
      this.commits.failed += length;
      for (const commit of batch.commits) commit.reject(error);
    }
  }

  /** Takes versions that no server was given before: what is not used by its end is lost. */
  async #reserve(): Promise<void> {
    try {
      const [row] = await this.#management.ask<{ value: string }>({
        text: `UPDATE kv_meta SET value = value + ${VERSION_BLOCK} WHERE name = 'versions' RETURNING value`,
      });
      this.#endOfVersions = Number(row!.value);
      this.#nextVersion = this.#endOfVersions - VERSION_BLOCK;
    } finally {
      this.#reserving = undefined;
    }
  }

  #demandOpen(): void {
    if (this.#closing !== undefined) throw new StoreClosed();
  }
}
