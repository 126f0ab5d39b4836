/** The embedded DuckDB: warehouse and reader of Parquet. Nothing is downloaded for it. */
import { tmpdir } from 'node:os';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Job } from './job.js';
import type { Column } from './rows.js';
import { quoteName, quoteText } from './warehouses/names.js';

/** What DuckDB may keep in memory; beyond that it uses the disk. */
const MEMORY = '96MB';
/** Bytes that its CSV reader has in memory at once; a record is at most a quarter of that. */
const CSV_BUFFER = 8 * 2 ** 20;

export interface OpenDuckDb {
  readonly connection: DuckDBConnection;
  readonly close: () => Promise<void>;
}

/** Opens a database file, or makes it; `undefined`: one in memory. Throws what DuckDB answers. */
export async function openDuckDb(path?: string): Promise<OpenDuckDb> {
  // Its library is 70 MB: only jobs that use it load it.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(path ?? ':memory:', {
    memory_limit: MEMORY,
    threads: '2',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    ...(path === undefined && { temp_directory: tmpdir() }),
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return {
    connection,
    async close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** The columns of a SELECT. Throws what DuckDB answers. */
export async function columnsOf(connection: DuckDBConnection, select: string): Promise<readonly Column[]> {
  const described = await connection.run(`DESCRIBE ${select}`);
  const rows = await described.getRowObjectsJson();
  return rows.map(row => ({ name: String(row['column_name']), type: String(row['column_type']) }));
}

/**
 * The rows of a SELECT as CSV, with a header, in pieces of some 2000 rows. `count` hears how many rows each piece has.
 * Throws what DuckDB answers.
 */
export async function* csvRows(
  connection: DuckDBConnection,
  select: string,
  dialect: Job['dialect'],
  count: (rows: number) => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  const columns = await columnsOf(connection, select);
  yield Buffer.from(`${columns.map(({ name }) => quoteName(name)).join(dialect.delimiter)}\n`);
  const fields = columns.map(column => fieldOf(column, dialect));
  const line = fields.join(` || ${quoteText(dialect.delimiter)} || `);
  const result = await connection.stream(`SELECT ${line} || chr(10) FROM (${select}\n) AS answer`);
  for (
    let chunk = await result.fetchChunk();
    chunk && chunk.rowCount > 0;
    chunk = await result.fetchChunk()
  ) {
    count(chunk.rowCount);
    yield Buffer.from((chunk.getColumnValues(0) as string[]).join(''));
  }
}

/** Types whose text never holds a quote, a line break or a usual delimiter. */
const PLAIN =
  /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(.*|FLOAT|DOUBLE|BOOLEAN|DATE|TIMESTAMP[\w ]*|UUID)$/;

function fieldOf({ name, type }: Column, { delimiter, nullText }: Job['dialect']): string {
  const value = `CAST(${quoteName(name)} AS VARCHAR)`;
  const plain = nullText === '' && /[,;|\t]/.test(delimiter) && PLAIN.test(type);
  const text = plain ? value : `'"' || replace(${value}, '"', '""') || '"'`;
  return `coalesce(${text}, ${quoteText(nullText)})`;
}

/**
 * `read_csv(…)` of staged files with these columns. With `rejects`, records that do not fit are left out and are in the
 * table `reject_errors` of the connection.
 */
export function readCsv(
  files: readonly string[],
  columns: readonly Column[],
  { delimiter, nullText }: Job['dialect'],
  rejects = false,
): string {
  const types = columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`);
  const options = [
    `columns = {${types.join(', ')}}`,
    `delim = ${quoteText(delimiter)}`,
    `nullstr = ${quoteText(nullText)}`,
    `buffer_size = ${CSV_BUFFER}`,
    `quote = '"', escape = '"', header = false, auto_detect = false, allow_quoted_nulls = false`,
    // The strict reader refuses files whose line breaks differ.
    'strict_mode = false',
    ...(rejects ? ['store_rejects = true', 'rejects_limit = 0'] : []),
  ];
  return `read_csv([${files.map(quoteText).join(', ')}], ${options.join(', ')})`;
}
