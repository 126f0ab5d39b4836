/** Reads from the primary: what is asked for in one turn of the event loop goes in one round trip. */
import type { QueryConfig, QueryResultRow } from 'pg';
import { keyName } from './batch.js';
import type { Connection } from './connection.js';
import type { Row } from './rows.js';

/** Keys in one round trip, as a rule: what is asked for together stays together. */
const TOGETHER = 500;

interface Wanted {
  readonly keys: readonly Buffer[];
  readonly resolve: (rows: (Row | undefined)[]) => void;
  readonly reject: (error: unknown) => void;
}

export class Reads {
  readonly #connections: readonly Connection[];
  #wanted: Wanted[] = [];

  constructor(connections: readonly Connection[]) {
    this.#connections = connections;
  }

  /** The rows of keys, as they are after this call, from one snapshot. Throws `StoreUnavailable`. */
  get(keys: readonly Buffer[]): Promise<(Row | undefined)[]> {
    return new Promise((resolve, reject) => {
      if (this.#wanted.push({ keys, resolve, reject }) === 1) setImmediate(() => this.#fetch());
    });
  }

  /** What a statement answers. Throws `StoreUnavailable`, and PostgreSQL's own error where the statement failed. */
  query<R extends QueryResultRow>(statement: QueryConfig): Promise<R[]> {
    return this.#freest().ask<R>(statement);
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map(connection => connection.close()));
  }

  #freest(): Connection {
    return this.#connections.reduce((best, next) => (next.waiting < best.waiting ? next : best));
  }

  #fetch(): void {
    const wanted = this.#wanted;
    this.#wanted = [];
    let together: Wanted[] = [];
    let size = 0;
    for (const one of wanted) {
      if (size > 0 && size + one.keys.length > TOGETHER) {
        void this.#fetchTogether(together);
        together = [];
        size = 0;
      }
      together.push(one);
      size += one.keys.length;
    }
    void this.#fetchTogether(together);
  }

  async #fetchTogether(wanted: readonly Wanted[]): Promise<void> {
    try {
      const named = wanted.flatMap(({ keys }) => keys.map(key => [keyName(key), key] as const));
      const keys = [...new Map(named).values()];
      const rows = await this.query<Row>({
        name: 'get',
        text: 'SELECT k, ver, v FROM kv WHERE k = ANY($1::bytea[])',
        values: [keys],
      });
      const found = new Map(rows.map(row => [keyName(row.k), row]));
      for (const { keys, resolve } of wanted) resolve(keys.map(key => found.get(keyName(key))));
    } catch (error) {
      for (const { reject } of wanted) reject(error);
    }
  }
}
