/** All rows as they were at one moment: one transaction that reads, on a connection of its own. */
import type { ClientConfig } from 'pg';
import { type Item, type Range, type Snapshot, StoreUnavailable } from '../kv.js';
import { Connection, ConnectionLost, PATIENCE_MS } from './connection.js';
import { itemOf, type Row, rangeStatement } from './rows.js';

/**
 * Begins one. Throws `StoreUnavailable`. DEFERRABLE waits for a moment that no commit under way can make inconsistent,
 * and holds up none ("SET TRANSACTION", PostgreSQL documentation: suited for backups).
 */
export async function beginSnapshot(servers: readonly ClientConfig[]): Promise<Snapshot> {
  const connection = new Connection(
    servers,
    'SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0',
  );
  const ask = async (range: Range): Promise<Item[]> => {
    const statement = rangeStatement(range);
    if (statement === undefined) return [];
    try {
      return (await connection.query<Row>(statement)).flatMap(row => itemOf(row, range.damaged));
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      throw new StoreUnavailable('the connection to PostgreSQL was lost, and the snapshot with it', {
        cause: error,
      });
    }
  };
  try {
    await connection.open(PATIENCE_MS);
    await connection.query({ text: 'BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE' });
    // Its first statement chooses the moment.
    await connection.query({ text: 'SELECT 1 FROM kv_meta LIMIT 1' });
  } catch (error) {
    await connection.close();
    throw error instanceof ConnectionLost
      ? new StoreUnavailable('the connection to PostgreSQL was lost', { cause: error })
      : error;
  }
  return { list: ask, close: () => connection.close() };
}
