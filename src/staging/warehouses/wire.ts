/** A login at a server that speaks PostgreSQL's wire protocol. */
import pg from 'pg';
import { StagingError } from '../errors.js';
import type { Job } from '../job.js';
import type { SecretReference } from '../job-schema.js';
import type { Column } from '../rows.js';
import { secretOf } from '../secrets.js';

/** Milliseconds until a server that does not answer counts as away. */
const CONNECT_TIMEOUT = 10_000;

/** Logs in. Throws `StagingError`, whose message holds neither the URL nor the password. */
export async function connect(job: Job, reference: SecretReference): Promise<pg.Client> {
  const url = await secretOf(reference, 'warehouse.url', job.directory);
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
      { cause: error },
    );
  }
  return client;
}

/** The columns of a SELECT, by the names of DuckDB's types. Throws what the server answers. */
export async function describe(client: pg.Client, select: string): Promise<readonly Column[]> {
  const { fields } = await client.query(`SELECT * FROM (${select}\n) AS answer LIMIT 0`);
  const ids = fields.map(({ dataTypeID }) => dataTypeID);
  const modifiers = fields.map(({ dataTypeModifier }) => dataTypeModifier);
  const types = ids.map((id, index) => `format_type(${id}, ${modifiers[index]}) AS t${index}`);
  const { rows } = await client.query(`SELECT ${types.join(', ')}`);
  return fields.map(({ name }, index) => ({ name, type: duckDbType(rows[0][`t${index}`]) }));
}

/** Types whose text DuckDB reads without loss. */
const TYPES: Readonly<Record<string, string>> = {
  smallint: 'SMALLINT',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  real: 'FLOAT',
  'double precision': 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  'timestamp without time zone': 'TIMESTAMP',
  'timestamp with time zone': 'TIMESTAMPTZ',
  'time without time zone': 'TIME',
  uuid: 'UUID',
};

/** `DECIMAL(10,2)` of `numeric(10,2)`. A number without a scale stays text, as no type holds all of them. */
function duckDbType(type: string): string {
  const decimal = /^numeric\((\d+),(\d+)\)$/.exec(type);
  if (decimal && Number(decimal[1]) <= 38) return `DECIMAL(${decimal[1]},${decimal[2]})`;
  return TYPES[type] ?? 'VARCHAR';
}

/**
 * Codes of a server that goes away: a connection's own, an administrator's, and those of a system that shuts down or is
 * not up yet ("PostgreSQL Error Codes", classes 08 and 57P).
 */
const AWAY = /^(08\w{3}|57P0[123]|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/;

/** Whether a failure is the server's going away, so that the same may succeed a little later. */
export function isAway(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) {
    const { code, message } = one as Error & { code?: string };
    if (AWAY.test(code ?? '') || /^Connection terminated|^timeout expired/.test(message)) return true;
  }
  return false;
}

/** What the server says of a failure, with the line that it means. */
export function answered(error: unknown, what: string): unknown {
  if (error instanceof StagingError) return error;
  if (!(error instanceof pg.DatabaseError)) return error;
  const { message, detail, where } = error;
  return new StagingError([`${what}: ${message}`, detail, where].filter(Boolean).join('; '), {
    cause: error,
  });
}
