/** Rows into and out of PostgreSQL. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { StagingError } from './errors.js';
import type { Job } from './job.js';
import { connect, LOADS, makeLoads, tableName } from './postgres.js';

/** Rows that are to be loaded, and how many they must be. */
export interface Rows {
  readonly run: string;
  readonly expected: number;
  readonly columns: readonly string[] | undefined;
  /** CSV without a header. */
  readonly content: () => AsyncIterable<Uint8Array>;
}

/**
 * Loads rows in one transaction, which also writes the run into the table of loads: so they are loaded once, however often
 * this is called. Throws `StagingError` after a rollback; nothing is loaded then.
 */
export async function loadRows(
  job: Job,
  rows: Rows,
): Promise<{ readonly rows: number; readonly before: boolean }> {
  const client = await connect(job);
  try {
    await makeLoads(client);
    await client.query('BEGIN');
    // Waits for a process that is just loading the same run.
    const { rowCount } = await client.query(
      `INSERT INTO ${LOADS} (run, job, rows) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
      [rows.run, job.job, rows.expected],
    );
    if (rowCount === 0) {
      await client.query('ROLLBACK');
      return { rows: rows.expected, before: true };
    }
    await inTransaction(client, job, rows);
    await client.query('COMMIT');
    return { rows: rows.expected, before: false };
  } catch (error) {
    throw answered(error, 'the warehouse has loaded nothing');
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function inTransaction(client: pg.Client, job: Job, rows: Rows): Promise<void> {
  const { load } = job;
  const { mode = 'append', preSql = [], postSql = [] } = load!;
  const table = tableName(load!.table);
  const transaction = await transactionOf(client);
  const run = async (statements: readonly string[], what: string) => {
    for (const statement of statements) await client.query(statement);
    if ((await transactionOf(client)) === transaction) return;
    throw new StagingError(`${what} ends the transaction: COMMIT and ROLLBACK have no place in it`);
  };
  await run(preSql, 'preSql');
  if (mode === 'truncate') await client.query(`TRUNCATE ${table}`);
  if (mode === 'upsert') await upsert(client, job, rows, table);
  else await copyInto(client, job, rows, table);
  await run(postSql, 'postSql');
}

async function transactionOf(client: pg.Client): Promise<string> {
  return (await client.query('SELECT pg_current_xact_id()::text AS id')).rows[0].id;
}

/** Through a table of this session, which holds the rows to their types before any row of the target changes. */
async function upsert(client: pg.Client, job: Job, rows: Rows, table: string): Promise<void> {
  const columns = rows.columns ?? (await columnsOf(client, table));
  const names = columns.map(pg.escapeIdentifier);
  const keys = job.load!.keys!.map(pg.escapeIdentifier);
  const missing = keys.filter(key => !names.includes(key));
  if (missing.length > 0) throw new StagingError(`load.keys: the files have no column ${missing.join(', ')}`);
  const staged = 'pg_temp.karikagi_staged';
  await client.query(
    `CREATE TEMP TABLE karikagi_staged ON COMMIT DROP AS SELECT ${names} FROM ${table} WITH NO DATA`,
  );
  await copyInto(client, job, { ...rows, columns }, staged);
  const others = names.filter(name => !keys.includes(name)).map(name => `${name} = EXCLUDED.${name}`);
  const action = others.length > 0 ? `UPDATE SET ${others}` : 'NOTHING';
  await client.query(
    `INSERT INTO ${table} (${names}) SELECT ${names} FROM ${staged} ON CONFLICT (${keys}) DO ${action}`,
  );
}

async function columnsOf(client: pg.Client, table: string): Promise<readonly string[]> {
  const { rows } = await client.query(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
    [table],
  );
  return rows.map(({ name }: { name: string }) => name);
}

async function copyInto(client: pg.Client, job: Job, rows: Rows, table: string): Promise<void> {
  const columns = rows.columns ? ` (${rows.columns.map(pg.escapeIdentifier)})` : '';
  const stream = client.query(copyFrom(`COPY ${table}${columns} FROM STDIN WITH (${dialectOf(job)})`));
  await pipeline(Readable.from(rows.content()), stream);
  if (stream.rowCount === rows.expected) return;
  throw new StagingError(
    `the warehouse has taken ${stream.rowCount} rows of ${rows.expected}: a line of \\. alone ends them early`,
  );
}

function dialectOf({ dialect }: Job, header = false): string {
  const { delimiter, nullText } = dialect;
  const more = header ? ', HEADER true' : '';
  return `FORMAT csv, ENCODING 'UTF8', DELIMITER ${pg.escapeLiteral(delimiter)}, NULL ${pg.escapeLiteral(nullText)}${more}`;
}

/**
 * Hands the rows of the job's table or query to `take`, as CSV with a header, all of one moment. Returns how many they
 * are. Nothing of the warehouse can change by it. Throws `StagingError`.
 */
export async function unloadRows(
  job: Job,
  take: (source: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<number> {
  const { table, query } = job.unload!;
  const client = await connect(job);
  try {
    await client.query('BEGIN READ ONLY');
    const what = query ?? `SELECT * FROM ${tableName(table!)}`;
    const stream = client.query(copyTo(`COPY (${what}\n) TO STDOUT WITH (${dialectOf(job, true)})`));
    await take(stream);
    await client.query('COMMIT');
    return stream.rowCount;
  } catch (error) {
    throw answered(error, 'the warehouse has handed out nothing');
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** What the server says of a failure, with the line that it means. */
function answered(error: unknown, what: string): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  const { message, detail, where } = error;
  return new StagingError([`${what}: ${message}`, detail, where].filter(Boolean).join('; '), {
    cause: error,
  });
}
