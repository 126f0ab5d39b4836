/** Reads from the primary: what is asked for in one turn of the event loop goes in one round trip. */
import type { QueryResultRow } from 'pg';
import { keyName } from './batch.js';
import type { Connection } from './connection.js';

/** A row as PostgreSQL answers it. */
export interface Row {
  readonly k: Buffer;
  /** A bigint, which comes as text. */
  readonly ver: string;
  readonly v: Buffer;
}

/** Keys in one round trip, at most. */
const TOGETHER = 500;

interface Wanted {
  readonly key: Buffer;
  readonly resolve: (row: Row | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export class Reads {
  readonly #connections: readonly Connection[];
  #wanted: Wanted[] = [];

  constructor(connections: readonly Connection[]) {
    this.#connections = connections;
  }

  /** The row of a key, as it is after this call. Throws `StoreUnavailable`. */
  get(key: Buffer): Promise<Row | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#wanted.push({ key, resolve, reject }) === 1) setImmediate(() => this.#fetch());
    });
  }

  /** What a statement answers. Throws `StoreUnavailable`, and PostgreSQL's own error where the statement failed. */
  query<R extends QueryResultRow>(name: string, text: string, values: unknown[]): Promise<R[]> {
    return this.#freest().ask<R>({ name, text, values });
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
    for (let start = 0; start < wanted.length; start += TOGETHER)
      void this.#fetchTogether(wanted.slice(start, start + TOGETHER));
  }

  async #fetchTogether(wanted: readonly Wanted[]): Promise<void> {
    try {
      const keys = [...new Map(wanted.map(({ key }) => [keyName(key), key])).values()];
      const rows = await this.query<Row>('get', 'SELECT k, ver, v FROM kv WHERE k = ANY($1::bytea[])', [
        keys,
      ]);
      const found = new Map(rows.map(row => [keyName(row.k), row]));
      for (const { key, resolve } of wanted) resolve(found.get(keyName(key)));
    } catch (error) {
      for (const { reject } of wanted) reject(error);
    }
  }
}
