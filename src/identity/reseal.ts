import type { Database, Row, Table } from '../store/tables.js';

/** Records that are resealed in one commit. */
const AT_ONCE = 64;

/**
 * Goes through a table whose records hold sealed secrets. `reseal` answers with the record sealed under the current
 * root key, or `undefined` where it already is. Resolves with how many it changed; ends early once `signal` is
 * aborted.
 */
export async function resealTable<T>(
  db: Database,
  table: Table<T>,
  signal: AbortSignal,
  reseal: (row: Row<T>) => T | undefined,
): Promise<number> {
  let resealed = 0;
  let after: Row<T>['parts'] | undefined;
  while (!signal.aborted) {
    const rows = await db.list(table, [], { after, limit: AT_ONCE });
    if (rows.length === 0) break;
    resealed += await db.transact('reseal', async transaction => {
      let changed = 0;
      for (const { parts } of rows) {
        const value = await transaction.get(table, ...parts);
        const sealed = value && reseal({ parts, value });
        if (sealed === undefined) continue;
        transaction.put(table, parts, sealed);
        changed++;
      }
      return changed;
    });
    after = rows.at(-1)!.parts;
  }
  return resealed;
}
