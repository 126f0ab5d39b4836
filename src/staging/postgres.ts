/** PostgreSQL as the warehouse. */
import pg from 'pg';
import { StagingError } from './errors.js';
import type { Job } from './job.js';
import { secretOf } from './secrets.js';

/** Milliseconds until a server that does not answer counts as away. */
const CONNECT_TIMEOUT = 10_000;

/** The table with a row for every run that is loaded, in the first schema of the login's search path. */
export const LOADS = 'karikagi_staging_loads';

/** Logs in. Throws `StagingError`, whose message holds neither the URL nor the password. */
export async function connect(job: Job): Promise<pg.Client> {
  const url = await secretOf(job.warehouse.url, 'warehouse.url', job.directory);
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    application_name: `karikagi staging ${job.job}`,
  });
  // A server that goes away is met by the statement that waits for it.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    const { message, code } = error as { message: string; code?: string };
    throw new StagingError(
      `the warehouse does not let us in: ${(message || code || '').replaceAll(url, '…')}`,
    );
  }
  return client;
}

/** `"public"."orders"` of `public.orders`. Throws `StagingError` for more than two names. */
export function tableName(table: string): string {
  const names = table.split('.');
  if (names.length <= 2 && names.every(name => name !== '')) return names.map(pg.escapeIdentifier).join('.');
  throw new StagingError(`${table} is no table's name: NAME or SCHEMA.NAME`);
}

/** What the login may not do that the job does; empty where nothing is missing. Throws what the server answers. */
export async function missingRights(client: pg.Client, job: Job): Promise<readonly string[]> {
  const { load, unload } = job;
  if (unload?.query !== undefined) {
    // A statement with a name is prepared, and more than one cannot be.
    await client.query({ name: 'try', text: `EXPLAIN ${unload.query}` });
    return [];
  }
  const table = tableName((load ?? unload)!.table!);
  const { rows: found } = await client.query('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  if (!found[0].there) return [`the table ${table} does not exist`];
  const missing: string[] = [];
  for (const right of rightsOf(job)) {
    const { rows } = await client.query('SELECT has_table_privilege($1, $2) AS has', [table, right]);
    if (!rows[0].has) missing.push(`${right} on ${table}`);
  }
  if (load) missing.push(...(await missingForLoads(client)));
  return missing;
}

async function missingForLoads(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query(
    `SELECT to_regclass($1) IS NOT NULL AS there, current_schema() AS schema,
      has_schema_privilege(current_schema(), 'CREATE') AS may_create,
      CASE WHEN to_regclass($1) IS NOT NULL THEN has_table_privilege($1, 'INSERT') END AS may_insert`,
    [LOADS],
  );
  const { there, schema, may_create, may_insert } = rows[0];
  if (there) return may_insert ? [] : [`INSERT on ${LOADS}`];
  return may_create ? [] : [`CREATE on the schema ${schema}, for ${LOADS}`];
}

/** Codes of a table that another process has just made ("PostgreSQL Error Codes"). */
const THERE = /^(42P07|23505)$/;

/** Makes the table of loads where it is missing. Throws what the server answers. */
export async function makeLoads(client: pg.Client): Promise<void> {
  const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS there', [LOADS]);
  if (rows[0].there) return;
  const columns =
    'run text PRIMARY KEY, job text NOT NULL, rows bigint NOT NULL, loaded timestamptz NOT NULL DEFAULT now()';
  await client.query(`CREATE TABLE ${LOADS} (${columns})`).catch((error: { code?: string }) => {
    if (!THERE.test(error.code ?? '')) throw error;
  });
}

function rightsOf({ load }: Job): readonly string[] {
  if (!load) return ['SELECT'];
  if (load.mode === 'truncate') return ['INSERT', 'TRUNCATE'];
  return load.mode === 'upsert' ? ['INSERT', 'SELECT', 'UPDATE'] : ['INSERT'];
}
