/** Which jobs land parts while others are staged. */
import type { Job } from './job.js';
import { isParquet } from './parquet.js';

/**
 * Whether parts land while others are staged: as the job says, else where the transaction of a load takes no lock
 * before the rows. TRUNCATE keeps readers out of the table, and `preSql` may do the same.
 */
export function overlaps({ load, unload, warehouse, staging }: Job): boolean {
  // By a manifest of all parts; and the rows of an unload it stages itself.
  if (warehouse.type === 'redshift') return false;
  // DuckDB would take its memory twice, and one file cannot be open twice.
  const files = unload ? [unload.file] : (load?.files ?? []);
  const isDuckDbToo = files.some(isParquet) || load?.from?.warehouse.type === 'duckdb';
  if (warehouse.type === 'duckdb' && isDuckDbToo) return false;
  const locks = load?.mode === 'truncate' || (load?.preSql ?? []).length > 0;
  // The source may be the same table: its query and the lock would wait for each other.
  if (load?.from && locks) return false;
  return staging?.overlap ?? !locks;
}
