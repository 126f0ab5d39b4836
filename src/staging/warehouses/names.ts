/** Names and texts in SQL, the same for every warehouse. */
import { StagingError } from '../errors.js';

/** The table with a row for every run that is loaded, in the first schema of the login's search path. */
export const LOADS = 'karikagi_staging_loads';

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** For a server that takes a backslash as it is. */
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** `"public"."orders"` of `public.orders`. Throws `StagingError` for more than two names. */
export function tableName(table: string): string {
  const names = table.split('.');
  if (names.length <= 2 && names.every(name => name !== '')) return names.map(quoteName).join('.');
  throw new StagingError(`${table} is no table's name: NAME or SCHEMA.NAME`);
}

/** The SELECT of a table or of a query. */
export function selectOf({ table, query }: { readonly table?: string; readonly query?: string }): string {
  return query ?? `SELECT * FROM ${tableName(table!)}`;
}

/** Throws `StagingError` where a key is no column of the files. */
export function checkKeys(keys: readonly string[], columns: readonly string[]): void {
  const missing = keys.filter(key => !columns.includes(key));
  if (missing.length === 0) return;
  throw new StagingError(`load.keys: the files have no column ${missing.map(quoteName).join(', ')}`);
}
