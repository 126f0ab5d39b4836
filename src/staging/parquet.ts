/** Parquet files at the ends of a job: staged objects are always CSV. */
import { resolve } from 'node:path';
import { csvRows, openDuckDb, readCsv } from './duckdb-engine.js';
import { StagingError } from './errors.js';
import type { Job } from './job.js';
import type { Column } from './rows.js';
import { quoteText } from './warehouses/names.js';

export const isParquet = (file: string): boolean => file.endsWith('.parquet');

/** The rows of a file as CSV with a header. Throws `StagingError`. */
export async function* parquetRows(job: Job, file: string): AsyncGenerator<Uint8Array> {
  const { connection, close } = await openDuckDb();
  try {
    const select = `SELECT * FROM read_parquet(${quoteText(resolve(job.directory, file))})`;
    yield* csvRows(connection, select, job.dialect);
  } catch (error) {
    throw new StagingError(`${file}: ${(error as Error).message}`, { cause: error });
  } finally {
    await close();
  }
}

/** Writes a Parquet file of staged files that lie on the disk. Returns its rows. Throws `StagingError`. */
export async function writeParquet(
  job: Job,
  files: readonly string[],
  columns: readonly Column[],
  path: string,
): Promise<number> {
  const { connection, close } = await openDuckDb();
  try {
    const rows = files.length > 0 ? readCsv(files, columns, job.dialect) : emptyOf(columns);
    const copy = `COPY (SELECT * FROM ${rows}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`;
    const { rowsChanged } = await connection.run(copy);
    return rowsChanged;
  } catch (error) {
    throw new StagingError(`${path}: ${(error as Error).message}`, { cause: error });
  } finally {
    await close();
  }
}

function emptyOf(columns: readonly Column[]): string {
  const nulls = columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS "${name.replaceAll('"', '""')}"`);
  return `(SELECT ${nulls.join(', ')} LIMIT 0) AS nothing`;
}
