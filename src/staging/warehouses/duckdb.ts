/** DuckDB as the warehouse: a file beside the job, and nothing to install. */
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { columnsOf, csvRows, type OpenDuckDb, openDuckDb, readCsv } from '../duckdb-engine.js';
import { StagingError } from '../errors.js';
import type { Job } from '../job.js';
import { Refusals, type Refused } from '../refusals.js';
import type { Column } from '../rows.js';
import { checkKeys, LOADS, quoteName, quoteText, selectOf, tableName } from './names.js';
import type { Loaded, StagedRows, Unloaded, Unloading, Warehouse } from './warehouse.js';

/** Opens the file, or makes it. One process at a time can have it. Throws `StagingError`. */
export async function openDuckDbWarehouse(job: Job, path: string, what: Unloaded): Promise<Warehouse> {
  const file = resolve(job.directory, path);
  try {
    return new DuckDbWarehouse(job, file, await openDuckDb(file), what);
  } catch (error) {
    throw new StagingError(`the warehouse ${path} does not open: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

class DuckDbWarehouse implements Warehouse {
  readonly #job: Job;
  readonly #file: string;
  readonly #database: OpenDuckDb;
  readonly #connection: DuckDBConnection;
  readonly #what: Unloaded;

  constructor(job: Job, file: string, database: OpenDuckDb, what: Unloaded) {
    this.#job = job;
    this.#file = file;
    this.#database = database;
    this.#connection = database.connection;
    this.#what = what;
  }

  async load(rows: StagedRows): Promise<Loaded> {
    try {
      await this.#run('BEGIN');
      await this.#run(
        `CREATE TABLE IF NOT EXISTS ${LOADS} (run VARCHAR PRIMARY KEY, job VARCHAR NOT NULL, rows BIGINT NOT NULL, loaded TIMESTAMPTZ NOT NULL DEFAULT now())`,
      );
      const [earlier] = await this.#ask(`SELECT rows FROM ${LOADS} WHERE run = ${quoteText(rows.run)}`);
      if (earlier) {
        await this.#run('ROLLBACK');
        const loaded = Number(earlier['rows']);
        return { rows: loaded, refused: rows.staged().rows - loaded, before: true };
      }
      const refused = await this.#inTransaction(rows);
      if (refused.length > 0) await rows.refuse(refused);
      const loaded = rows.staged().rows - refused.length;
      await this.#run(
        `INSERT INTO ${LOADS} (run, job, rows) VALUES (${quoteText(rows.run)}, ${quoteText(this.#job.job)}, ${loaded})`,
      );
      await this.#run('COMMIT');
      return { rows: loaded, refused: refused.length, before: false };
    } catch (error) {
      await this.#run('ROLLBACK').catch(() => undefined);
      throw answered(error, 'the warehouse has loaded nothing');
    }
  }

  async unload({ stage }: Unloading): Promise<void> {
    let rows = 0;
    try {
      await this.#run('BEGIN TRANSACTION READ ONLY');
      const answer = csvRows(
        this.#connection,
        selectOf(this.#what),
        this.#job.dialect,
        more => (rows += more),
      );
      await stage(answer, async () => rows);
    } catch (error) {
      // What goes wrong behind it has its own words.
      throw error instanceof StagingError ? error : answered(error, 'the warehouse has handed out nothing');
    }
  }

  columns(): Promise<readonly Column[]> {
    return columnsOf(this.#connection, selectOf(this.#what));
  }

  async missingRights(): Promise<readonly string[]> {
    const { table, query } = this.#what;
    const isSource = table !== undefined || query !== undefined;
    const select = selectOf(isSource ? this.#what : { table: this.#job.load!.table });
    await columnsOf(this.#connection, select);
    return [];
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #inTransaction(rows: StagedRows): Promise<readonly Refused[]> {
    const { mode = 'append', preSql = [], postSql = [], table: target } = this.#job.load!;
    const table = tableName(target);
    const transaction = await this.#transaction();
    await this.#statements(preSql, 'preSql', transaction);
    if (mode === 'truncate') await this.#run(`DELETE FROM ${table}`);
    const all = await columnsOf(this.#connection, `SELECT * FROM ${table}`);
    const columns = (rows.columns ?? all.map(({ name }) => name)).map(name => {
      const column = all.find(each => each.name === name);
      if (column) return column;
      throw new StagingError(`the table ${target} has no column ${quoteName(name)}`);
    });
    const refused =
      mode === 'upsert' ? await this.#upsert(rows, table, columns) : await this.#copy(rows, table, columns);
    await this.#statements(postSql, 'postSql', transaction);
    return refused;
  }

  async #statements(statements: readonly string[], what: string, transaction: string): Promise<void> {
    for (const statement of statements) await this.#run(statement);
    if ((await this.#transaction()) === transaction) return;
    throw new StagingError(`${what} ends the transaction: COMMIT and ROLLBACK have no place in it`);
  }

  async #transaction(): Promise<string> {
    return String((await this.#ask('SELECT txid_current() AS id'))[0]!['id']);
  }

  /** Through a table of this session, so that the files' own duplicates are met before the target changes. */
  async #upsert(rows: StagedRows, table: string, columns: readonly Column[]): Promise<readonly Refused[]> {
    const keys = this.#job.load!.keys!;
    checkKeys(
      keys,
      columns.map(({ name }) => name),
    );
    const names = columns.map(({ name }) => quoteName(name));
    await this.#run(
      `CREATE OR REPLACE TEMP TABLE karikagi_staged AS SELECT ${names} FROM ${table} WITH NO DATA`,
    );
    const refused = await this.#copy(rows, 'temp.karikagi_staged', columns);
    const quoted = keys.map(quoteName);
    const others = names.filter(name => !quoted.includes(name)).map(name => `${name} = EXCLUDED.${name}`);
    const action = others.length > 0 ? `UPDATE SET ${others}` : 'NOTHING';
    await this.#run(
      `INSERT INTO ${table} (${names}) SELECT ${names} FROM temp.karikagi_staged ON CONFLICT (${quoted}) DO ${action}`,
    );
    await this.#run('DROP TABLE temp.karikagi_staged');
    return refused;
  }

  /** Part by part through a file beside the database, so that no more than one is in memory. */
  async #copy(rows: StagedRows, table: string, columns: readonly Column[]): Promise<readonly Refused[]> {
    const names = columns.map(({ name }) => quoteName(name));
    const file = `${this.#file}.${randomBytes(4).toString('hex')}.csv`;
    const source = readCsv([file], columns, this.#job.dialect, true);
    const refusals = new Refusals(this.#job.maxErrors);
    let taken = 0;
    let before = 0;
    try {
      for await (const { bytes, rows: count } of rows.content) {
        await writeFile(file, bytes, { mode: 0o600 });
        const sql = `INSERT INTO ${table} (${names}) SELECT * FROM ${source}`;
        taken += (await this.#connection.run(sql)).rowsChanged;
        await this.#rejected(refusals, before);
        before += count;
      }
    } finally {
      await rm(file, { force: true });
    }
    const { length } = refusals.all;
    if (taken + length === before) return refusals.all;
    throw new StagingError(`the warehouse has taken ${taken} rows of ${before}, and refused ${length}`);
  }

  /** What the last scan of a file left out; `before`: records of the parts before it. */
  async #rejected(refusals: Refusals, before: number): Promise<void> {
    const found = await this.#ask(
      "SELECT line, any_value(csv_line) AS text, string_agg(error_message, '; ') AS reason FROM reject_errors GROUP BY line ORDER BY line",
    );
    for (const { line, text, reason } of found) {
      refusals.add({ record: before + Number(line), text: `${text}\n`, reason: String(reason) });
    }
    await this.#run('DROP TABLE reject_errors');
    await this.#run('DROP TABLE reject_scans');
  }

  async #run(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  async #ask(sql: string) {
    return (await this.#connection.run(sql)).getRowObjectsJson();
  }
}

/** What DuckDB says of a failure. */
function answered(error: unknown, what: string): unknown {
  if (error instanceof StagingError) return new StagingError(`${what}: ${error.message}`, { cause: error });
  if (!(error instanceof Error) || !/Error: /.test(error.message)) return error;
  return new StagingError(`${what}: ${error.message}`, { cause: error });
}
