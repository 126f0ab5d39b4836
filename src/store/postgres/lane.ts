/**
 * A connection that commits: one batch at a time, each in one statement at SERIALIZABLE.
 *
 * Each lane has a row of its own, which the statement sets to the number of its batch. A lane whose connection broke
 * off therefore knows from that row whether the batch was applied: it is never applied twice, and its outcome is never
 * guessed. At SERIALIZABLE, a batch that is sent again while the first attempt still runs on the server meets that row
 * and fails with 40001, or finds it set.
 */

import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { MINUTE_MS } from '../../core/time.js';
import type { CommitStats } from '../commit-stats.js';
import { CommitInDoubt, StoreUnavailable } from '../kv.js';
import { type Batch, packed } from './batch.js';
import { type Connection, ConnectionLost, PATIENCE_MS } from './connection.js';
import { SessionsShared } from './sessions.js';

/** For how long a batch whose outcome is not known waits for the primary that knows it, milliseconds. */
const DOUBT_MS = MINUTE_MS;

/** Attempts at a batch that others get in the way of, and how many of them go without a pause. */
const ATTEMPTS = 100;
const AT_ONCE = 3;

/** serialization_failure, deadlock_detected: nothing was done, and the same statement may succeed now. */
const AGAIN: readonly unknown[] = ['40001', '40P01'];
/** disk_full */
const FULL = '53100';

/** $1: bytes of keys and values; $2 to $5: checks; $6 to $11: writes; $12: lane; $13: batch. */
export const COMMIT = `
WITH c AS MATERIALIZED (
  SELECT i, substring($1::bytea FROM o + 1 FOR n) AS k, ver
  FROM unnest($2::int[], $3::int[], $4::int[], $5::bigint[]) AS t(i, o, n, ver)),
bad AS MATERIALIZED (
  SELECT DISTINCT i FROM c WHERE c.ver IS DISTINCT FROM (SELECT kv.ver FROM kv WHERE kv.k = c.k)),
lane AS (
  UPDATE kv_lane SET batch = $13, bad = ARRAY(SELECT i FROM bad), used = now()
  WHERE lane = $12 AND batch = $13::bigint - 1 AND current_setting('transaction_isolation') = 'serializable'
  RETURNING 1),
w AS MATERIALIZED (
  SELECT i, substring($1::bytea FROM ko + 1 FOR kn) AS k,
    CASE WHEN vn >= 0 THEN substring($1::bytea FROM vo + 1 FOR vn) END AS v, ver
  FROM unnest($6::int[], $7::int[], $8::int[], $9::int[], $10::int[], $11::bigint[]) AS t(i, ko, kn, vo, vn, ver)
  WHERE i NOT IN (SELECT i FROM bad) AND EXISTS (SELECT 1 FROM lane)),
put AS (
  INSERT INTO kv SELECT k, ver, v FROM w WHERE v IS NOT NULL
  ON CONFLICT (k) DO UPDATE SET ver = excluded.ver, v = excluded.v),
del AS (DELETE FROM kv USING w WHERE kv.k = w.k AND w.v IS NULL)
SELECT EXISTS (SELECT 1 FROM lane) AS applied, ARRAY(SELECT i FROM bad) AS bad,
  current_setting('transaction_isolation') AS isolation`;

/** PostgreSQL has no room. Its code is that of a full disk. */
class DatabaseFull extends Error {
  override readonly name = 'DatabaseFull';
  readonly code = 'ENOSPC';
}

export class Lane {
  readonly connection: Connection;
  readonly #stats: CommitStats;
  /** Of its row; undefined until there is one. */
  #id: string | undefined;
  /** The number of the last batch that was applied. */
  #last = 0;

  constructor(connection: Connection, stats: CommitStats) {
    this.connection = connection;
    this.#stats = stats;
  }

  /**
   * Applies each commit of a batch whose checks hold; answers which did. Throws `StoreUnavailable` where nothing was
   * applied, `CommitInDoubt` where that is not known.
   */
  async apply(batch: Batch): Promise<boolean[]> {
    const columns = packed(batch.commits);
    // Whether the batch was sent, and no answer came.
    let inDoubt = false;
    let deadline = Number.POSITIVE_INFINITY;
    for (let attempt = 1; ; attempt++) {
      if (attempt > 1) this.#stats.retried++;
      try {
        await this.connection.open(inDoubt ? Math.max(0, deadline - performance.now()) : PATIENCE_MS);
        this.#id ??= await this.#newRow();
        const bad = (inDoubt && (await this.#landed())) || (await this.#send(columns));
        if (bad !== undefined) {
          this.#last++;
          const failed = new Set(bad);
          return batch.commits.map((_, index) => !failed.has(index));
        }
        // The row has moved: an attempt whose answer was lost did it.
        inDoubt = true;
      } catch (error) {
        if (error instanceof ConnectionLost) {
          if (!inDoubt && this.#id !== undefined) deadline = performance.now() + DOUBT_MS;
          inDoubt ||= this.#id !== undefined;
        } else if (error instanceof pg.DatabaseError && AGAIN.includes(error.code)) {
          if (attempt >= ATTEMPTS) throw this.#ended(inDoubt, error);
          if (attempt > AT_ONCE) await pause(Math.random() * Math.min(2 ** attempt, 200));
          continue;
        } else throw this.#ended(inDoubt, error);
      }
      if (performance.now() > deadline) throw this.#ended(inDoubt, undefined);
    }
  }

  /** Takes the lane's row away: it has applied its last batch. */
  async close(): Promise<void> {
    if (this.#id !== undefined)
      await this.connection
        .query({ text: 'DELETE FROM kv_lane WHERE lane = $1', values: [this.#id] })
        .catch(() => undefined);
    await this.connection.close();
  }

  async #newRow(): Promise<string> {
    this.#last = 0;
    const [row] = await this.connection.query<{ lane: string }>({
      text: 'INSERT INTO kv_lane DEFAULT VALUES RETURNING lane',
    });
    return row!.lane;
  }

  /**
   * Which of the batch's members failed; undefined where the row is not where this batch finds it. Throws
   * `SessionsShared`, with nothing done, where the session is not as it was begun.
   */
  async #send(columns: readonly (Buffer | string)[]): Promise<number[] | undefined> {
    const [row] = await this.connection.query<{ applied: boolean; bad: number[]; isolation: string }>({
      name: 'commit',
      text: COMMIT,
      values: [...columns, this.#id, this.#last + 1],
    });
    if (row!.isolation !== 'serializable') throw new SessionsShared();
    return row!.applied ? row!.bad : undefined;
  }

  /**
   * Which members of the batch failed whose answer was lost, where it was applied. Throws `CommitInDoubt` where the row
   * is gone, with what it knew.
   */
  async #landed(): Promise<number[] | undefined> {
    const [row] = await this.connection.query<{ batch: string; bad: number[] }>({
      text: 'SELECT batch, bad FROM kv_lane WHERE lane = $1',
      values: [this.#id],
    });
    if (row === undefined) throw new CommitInDoubt('the row of this connection is gone from kv_lane');
    return Number(row.batch) === this.#last + 1 ? row.bad : undefined;
  }

  /**
   * What becomes of a batch that cannot go on. A lane in doubt begins with a new row: the state of the old one is
   * unknown.
   */
  #ended(inDoubt: boolean, cause: unknown): Error {
    if (inDoubt) {
      this.#id = undefined;
      return cause instanceof CommitInDoubt
        ? cause
        : new CommitInDoubt('PostgreSQL went away while it was committing', { cause });
    }
    if (cause instanceof StoreUnavailable || cause instanceof SessionsShared) return cause;
    if (cause instanceof pg.DatabaseError && cause.code === FULL)
      return new DatabaseFull('PostgreSQL has no room left', { cause });
    return new Error('PostgreSQL refused a commit', { cause });
  }
}
