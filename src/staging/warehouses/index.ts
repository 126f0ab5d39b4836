/** The warehouses that there are. */
import type { Job } from '../job.js';
import type { WarehouseSettings } from '../job-schema.js';
import { openDuckDbWarehouse } from './duckdb.js';
import { openPostgres } from './postgres.js';
import { openRedshift } from './redshift.js';
import type { Unloaded, Warehouse } from './warehouse.js';

export type { Loaded, Place, Staged, StagedRows, Unloaded, Warehouse } from './warehouse.js';
export { isAway } from './wire.js';

/** Opens the job's warehouse, or the one that a load reads from. Throws `StagingError`. */
export function openWarehouse(job: Job, what: Unloaded, settings: WarehouseSettings): Promise<Warehouse> {
  const { type, path, url } = settings;
  if (type === 'duckdb') return openDuckDbWarehouse(job, path!, what);
  if (type === 'postgres') return openPostgres(job, url!, what);
  return openRedshift(job, settings, what);
}
