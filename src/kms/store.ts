/** Typed reads and transactions on the key-value store. */
import { type Check, END, type Entry, type Key, type Kv, type Write } from '../store/kv.js';
import { errors } from './errors.js';
import type { Table } from './records.js';

export type Parts = readonly (string | number)[];

export interface Row<T> {
  /** The key's parts after the table's name. */
  readonly parts: Parts;
  readonly value: T;
}

/** Decoded records that are kept: a key in use is not decoded again for every request. */
const KEPT = 2048;
/** Enough for any burst of writers. */
const ATTEMPTS = 50;

const keyOf = (of: Table<unknown>, parts: Parts): Key => ['kms', of.name, ...parts];

export class KmsStore {
  readonly #kv: Kv;
  readonly #decoded = new Map<string, { readonly version: number; readonly value: unknown }>();

  constructor(kv: Kv) {
    this.#kv = kv;
  }

  /** What it answers is shared between requests: never change it. */
  async get<T>(of: Table<T>, ...parts: Parts): Promise<T | undefined> {
    const key = keyOf(of, parts);
    const entry = await this.#kv.get(key);
    return entry && this.#decode(of, key.join('\0'), entry);
  }

  /** Rows under `prefix` in key order, at most `limit`, behind the row `after` where one is given. */
  async list<T>(of: Table<T>, prefix: Parts, limit?: number, after?: Parts): Promise<Row<T>[]> {
    const base = keyOf(of, prefix);
    const start: Key = after ? [...keyOf(of, after), END] : base;
    return await this.#rows(of, start, [...base, END], limit);
  }

  /** Rows of a table up to `end` (exclusive), behind the row `after` where one is given. */
  async listUntil<T>(of: Table<T>, end: Parts, limit: number, after?: Parts): Promise<Row<T>[]> {
    const start: Key = after ? [...keyOf(of, after), END] : keyOf(of, []);
    return await this.#rows(of, start, keyOf(of, end), limit);
  }

  /**
   * Runs `work` and commits what it wrote, all or nothing; runs it again where something it read has changed
   * meanwhile. Throws what `work` throws (nothing is then written), `KMSInternalException` where others kept winning.
   */
  async transact<T>(work: (transaction: Transaction) => Promise<T> | T): Promise<T> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const transaction = new Transaction(this.#kv);
      const result = await work(transaction);
      if (await transaction.commit()) return result;
    }
    throw errors.KMSInternalException(['The key is being changed by too many requests.']);
  }

  async #rows<T>(of: Table<T>, start: Key, end: Key, limit: number | undefined): Promise<Row<T>[]> {
    const items = await this.#kv.list({ start, end, ...(limit !== undefined && { limit }) });
    return items.map(item => ({ parts: item.key.slice(2) as Parts, value: of.type.decode(item.value) }));
  }

  #decode<T>(of: Table<T>, name: string, entry: Entry): T {
    const known = this.#decoded.get(name);
    if (known?.version === entry.version) return known.value as T;
    const value = of.type.decode(entry.value);
    if (this.#decoded.size >= KEPT) this.#decoded.clear();
    this.#decoded.set(name, { version: entry.version, value });
    return value;
  }
}

/** What was read, to be checked, and what will be written. `get` sees the transaction's own writes. */
export class Transaction {
  readonly #kv: Kv;
  readonly #checks = new Map<string, Check>();
  readonly #writes = new Map<string, Write & { readonly record: unknown }>();

  constructor(kv: Kv) {
    this.#kv = kv;
  }

  async get<T>(of: Table<T>, ...parts: Parts): Promise<T | undefined> {
    const key = keyOf(of, parts);
    const name = key.join('\0');
    const written = this.#writes.get(name);
    if (written) return written.record as T | undefined;
    const entry = await this.#kv.get(key);
    this.#checks.set(name, { key, version: entry?.version });
    return entry && of.type.decode(entry.value);
  }

  /** Rows under `prefix`. Not checked: also read a record that every writer of these rows writes. */
  async list<T>(of: Table<T>, prefix: Parts): Promise<Row<T>[]> {
    const base = keyOf(of, prefix);
    const items = await this.#kv.list({ start: base, end: [...base, END] });
    return items.map(item => ({ parts: item.key.slice(2) as Parts, value: of.type.decode(item.value) }));
  }

  put<T>(of: Table<T>, parts: Parts, record: T): void {
    const key = keyOf(of, parts);
    this.#writes.set(key.join('\0'), { key, value: of.type.encode(record), record });
  }

  delete(of: Table<unknown>, ...parts: Parts): void {
    const key = keyOf(of, parts);
    this.#writes.set(key.join('\0'), { key, value: undefined, record: undefined });
  }

  /** Whether everything it read is unchanged and its writes are on disk. */
  async commit(): Promise<boolean> {
    if (this.#writes.size === 0) return true;
    const writes = [...this.#writes.values()].map(({ key, value }) => ({ key, value }));
    return await this.#kv.commit([...this.#checks.values()], writes);
  }
}
