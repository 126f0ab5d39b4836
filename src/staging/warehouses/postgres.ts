/** PostgreSQL as the warehouse: rows go through COPY. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { StagingError } from '../errors.js';
import type { Job } from '../job.js';
import type { SecretReference } from '../job-schema.js';
import type { PartContent } from '../part-content.js';
import { halves } from '../records.js';
import { Refusals, type Refused } from '../refusals.js';
import type { Column } from '../rows.js';
import { CopyOut } from './copy-out.js';
import { checkKeys, LOADS, quoteName, quoteText, selectOf, tableName } from './names.js';
import type { Loaded, StagedRows, Unloaded, Unloading, Warehouse } from './warehouse.js';
import { answered, connect, describe } from './wire.js';

/** Logs in. Throws `StagingError`. */
export async function openPostgres(job: Job, url: SecretReference, what: Unloaded): Promise<Warehouse> {
  return new PostgresWarehouse(job, await connect(job, url), what);
}

/**
 * Of the transaction of a load, which is open while parts are staged. It is not ended for waiting for one; and a
 * machine that is gone with its connection holds its locks for a minute, not for the two hours of TCP.
 */
const SETTINGS = [
  'idle_in_transaction_session_timeout = 0',
  'tcp_keepalives_idle = 30',
  'tcp_keepalives_interval = 10',
  'tcp_keepalives_count = 3',
];

class PostgresWarehouse implements Warehouse {
  readonly #job: Job;
  readonly #client: pg.Client;
  readonly #what: Unloaded;

  constructor(job: Job, client: pg.Client, what: Unloaded) {
    this.#job = job;
    this.#client = client;
    this.#what = what;
  }

  async load(rows: StagedRows): Promise<Loaded> {
    const client = this.#client;
    try {
      await makeLoads(client);
      await client.query('BEGIN');
      for (const setting of SETTINGS) await client.query(`SET LOCAL ${setting}`);
      // Waits for a process that is just loading the same run.
      await client.query('SELECT pg_advisory_xact_lock($1::bit(64)::bigint)', [`x${rows.run}`]);
      const earlier = await this.#earlier(rows);
      if (earlier) return earlier;
      const refused = await this.#inTransaction(rows);
      const loaded = rows.staged().rows - refused.length;
      if (refused.length > 0) await rows.refuse(refused);
      const row = [rows.run, this.#job.job, loaded];
      await client.query(`INSERT INTO ${LOADS} (run, job, rows) VALUES ($1, $2, $3)`, row);
      await client.query('COMMIT');
      return { rows: loaded, refused: refused.length, before: false };
    } catch (error) {
      throw answered(error, 'the warehouse has loaded nothing');
    }
  }

  async unload({ stage }: Unloading): Promise<void> {
    const client = this.#client;
    try {
      await client.query('BEGIN READ ONLY');
      const copy = `COPY (${selectOf(this.#what)}\n) TO STDOUT WITH (${dialectOf(this.#job, true)})`;
      const stream = client.query(new CopyOut(copy));
      await stage(stream, async () => {
        await client.query('COMMIT');
        return stream.rowCount;
      });
    } catch (error) {
      throw answered(error, 'the warehouse has handed out nothing');
    }
  }

  columns(): Promise<readonly Column[]> {
    return describe(this.#client, selectOf(this.#what));
  }

  async missingRights(): Promise<readonly string[]> {
    const { load } = this.#job;
    const { query, table } = this.#what;
    if (query !== undefined) {
      // A statement with a name is prepared, and more than one cannot be.
      await this.#client.query({ name: 'try', text: `EXPLAIN ${query}` });
      return [];
    }
    if (table !== undefined) return missingOn(this.#client, table, ['SELECT']);
    const missing = await missingOn(this.#client, load!.table, rightsOf(this.#job));
    if (missing.length > 0) return missing;
    return missingForLoads(this.#client, ['INSERT', 'SELECT']);
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }

  /** What an earlier process has loaded of the run, once all was staged. */
  async #earlier({ run, staged }: StagedRows): Promise<Loaded | undefined> {
    const { rows } = await this.#client.query(`SELECT rows FROM ${LOADS} WHERE run = $1`, [run]);
    if (rows.length === 0) return undefined;
    await this.#client.query('ROLLBACK');
    const loaded = Number(rows[0].rows);
    return { rows: loaded, refused: staged().rows - loaded, before: true };
  }

  async #inTransaction(rows: StagedRows): Promise<readonly Refused[]> {
    const { mode = 'append', preSql = [], postSql = [], table: target } = this.#job.load!;
    const table = tableName(target);
    const transaction = await this.#transaction();
    await this.#statements(preSql, 'preSql', transaction);
    if (mode === 'truncate') await this.#client.query(`TRUNCATE ${table}`);
    const refused =
      mode === 'upsert' ? await this.#upsert(rows, table) : await this.#copy(rows, table, rows.columns);
    await this.#statements(postSql, 'postSql', transaction);
    return refused;
  }

  async #statements(statements: readonly string[], what: string, transaction: string): Promise<void> {
    for (const statement of statements) await this.#client.query(statement);
    if ((await this.#transaction()) === transaction) return;
    throw new StagingError(`${what} ends the transaction: COMMIT and ROLLBACK have no place in it`);
  }

  async #transaction(): Promise<string> {
    return (await this.#client.query('SELECT pg_current_xact_id()::text AS id')).rows[0].id;
  }

  /** Through a table of this session, which holds the rows to their types before any row of the target changes. */
  async #upsert(rows: StagedRows, table: string): Promise<readonly Refused[]> {
    const columns = rows.columns ?? (await columnsOf(this.#client, table));
    const keys = this.#job.load!.keys!;
    checkKeys(keys, columns);
    const names = columns.map(quoteName);
    const quoted = keys.map(quoteName);
    const staged = 'pg_temp.karikagi_staged';
    await this.#client.query(
      `CREATE TEMP TABLE karikagi_staged ON COMMIT DROP AS SELECT ${names} FROM ${table} WITH NO DATA`,
    );
    const refused = await this.#copy(rows, staged, columns);
    const others = names.filter(name => !quoted.includes(name)).map(name => `${name} = EXCLUDED.${name}`);
    const action = others.length > 0 ? `UPDATE SET ${others}` : 'NOTHING';
    await this.#client.query(
      `INSERT INTO ${table} (${names}) SELECT ${names} FROM ${staged} ON CONFLICT (${quoted}) DO ${action}`,
    );
    return refused;
  }

  /** All rows in one COPY; where records may be refused, each part in its own. */
  async #copy(
    rows: StagedRows,
    table: string,
    columns: readonly string[] | undefined,
  ): Promise<readonly Refused[]> {
    const named = columns ? ` (${columns.map(quoteName)})` : '';
    const sql = `COPY ${table}${named} FROM STDIN WITH (${dialectOf(this.#job)})`;
    const refusals = new Refusals(this.#job.maxErrors);
    if (this.#job.maxErrors === 0) await this.#send(sql, rows.content);
    else {
      let before = 0;
      for await (const part of rows.content) {
        await this.#sendTolerant(sql, part, before, refusals);
        before += part.rows;
      }
    }
    return refusals.all;
  }

  async #send(sql: string, pieces: AsyncIterable<Piece> | Iterable<Piece>): Promise<void> {
    let expected = 0;
    const content = async function* () {
      for await (const { bytes, rows } of pieces) {
        expected += rows;
        yield bytes;
      }
    };
    const stream = this.#client.query(copyFrom(sql));
    await pipeline(Readable.from(content()), stream);
    if (stream.rowCount === expected) return;
    throw new StagingError(
      `the warehouse has taken ${stream.rowCount} rows of ${expected}: a line of \\. alone ends them early`,
    );
  }

  /** Halves records that are refused together until each one that is refused stands alone. */
  async #sendTolerant(sql: string, piece: Piece, before: number, refusals: Refusals): Promise<void> {
    const { bytes, rows } = piece;
    await this.#client.query('SAVEPOINT piece');
    try {
      await this.#send(sql, [piece]);
      await this.#client.query('RELEASE piece');
    } catch (error) {
      if (!(error instanceof pg.DatabaseError && REFUSED.test(error.code ?? ''))) throw error;
      await this.#client.query('ROLLBACK TO piece');
      if (rows === 1) {
        const text = Buffer.from(bytes).toString();
        return refusals.add({ record: before + 1, text, reason: error.message });
      }
      const [first, second] = halves(bytes, rows);
      const middle = Math.floor(rows / 2);
      await this.#sendTolerant(sql, { bytes: first, rows: middle }, before, refusals);
      await this.#sendTolerant(sql, { bytes: second, rows: rows - middle }, before + middle, refusals);
    }
  }
}

/** Whole records, and how many. */
type Piece = Pick<PartContent, 'bytes' | 'rows'>;

/** Codes of rows that do not fit ("PostgreSQL Error Codes", data exceptions and integrity constraints). */
const REFUSED = /^(22|23)/;

async function missingOn(client: pg.Client, name: string, rights: readonly string[]) {
  const table = tableName(name);
  const { rows: found } = await client.query('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  if (!found[0].there) return [`the table ${table} does not exist`];
  const missing: string[] = [];
  for (const right of rights) {
    const { rows } = await client.query('SELECT has_table_privilege($1, $2) AS has', [table, right]);
    if (!rows[0].has) missing.push(`${right} on ${table}`);
  }
  return missing;
}

async function missingForLoads(client: pg.Client, rights: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query(
    `SELECT to_regclass($1) IS NOT NULL AS there, current_schema() AS schema,
      has_schema_privilege(current_schema(), 'CREATE') AS may_create`,
    [LOADS],
  );
  const { there, schema, may_create } = rows[0];
  if (there) return missingOn(client, LOADS, rights);
  return may_create ? [] : [`CREATE on the schema ${schema}, for ${LOADS}`];
}

/** Codes of a table that another process has just made ("PostgreSQL Error Codes"). */
const THERE = /^(42P07|23505)$/;

/** Makes the table of loads where it is missing. Throws what the server answers. */
async function makeLoads(client: pg.Client): Promise<void> {
  const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS there', [LOADS]);
  if (rows[0].there) return;
  const columns =
    'run text PRIMARY KEY, job text NOT NULL, rows bigint NOT NULL, loaded timestamptz NOT NULL DEFAULT now()';
  await client.query(`CREATE TABLE ${LOADS} (${columns})`).catch((error: { code?: string }) => {
    if (!THERE.test(error.code ?? '')) throw error;
  });
}

function rightsOf({ load }: Job): readonly string[] {
  if (load?.mode === 'truncate') return ['INSERT', 'TRUNCATE'];
  return load?.mode === 'upsert' ? ['INSERT', 'SELECT', 'UPDATE'] : ['INSERT'];
}

async function columnsOf(client: pg.Client, table: string): Promise<readonly string[]> {
  const { rows } = await client.query(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
    [table],
  );
  return rows.map(({ name }: { name: string }) => name);
}

function dialectOf({ dialect }: Job, header = false): string {
  const { delimiter, nullText } = dialect;
  const more = header ? ', HEADER true' : '';
  return `FORMAT csv, ENCODING 'UTF8', DELIMITER ${quoteText(delimiter)}, NULL ${quoteText(nullText)}${more}`;
}
