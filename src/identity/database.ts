/** Typed tables over the key-value store, and transactions on them. */
import { type Check, END, type Entry, type Key, type Kv, type Write } from '../store/kv.js';
import { type RecordFormat, type RecordType, recordType } from '../store/records.js';
import { BoundedCache } from './cache.js';
import { errors } from './errors.js';

type Parts = readonly (string | number)[];

/** A kind of record and where it is kept. */
export interface Table<T> {
  readonly name: string;
  readonly type: RecordType<T>;
}

export function table<T>(name: string, format: RecordFormat = { version: 1 }): Table<T> {
  return { name, type: recordType<T>(format) };
}

export interface Row<T> {
  /** The key's parts after the table's name. */
  readonly parts: Parts;
  readonly value: T;
}

/** How many of which rows to list. */
export interface Slice {
  /** Start behind this row and all under it. */
  readonly after?: Parts | undefined;
  readonly limit?: number;
}

const CACHED_RECORDS = 4096;
/** Enough for any burst of writers on other processes; writers of this one wait in line. */
const ATTEMPTS = 50;

function keyOf(of: Table<unknown>, parts: Parts): Key {
  return ['identity', of.name, ...parts];
}

/**
 * Reads and writes identity's records. What it returns is shared between requests: never change it.
 * Decoded records are kept as long as the store still holds the same version.
 */
export class Database {
  readonly #kv: Kv;
  readonly #decoded = new BoundedCache<string, { version: number; value: unknown }>(CACHED_RECORDS);
  readonly #lines = new Map<string, Promise<unknown>>();

  constructor(kv: Kv) {
    this.#kv = kv;
  }

  async get<T>(of: Table<T>, ...parts: Parts): Promise<T | undefined> {
    const key = keyOf(of, parts);
    const entry = await this.#kv.get(key);
    return entry === undefined ? undefined : this.#decode(of, key, entry);
  }

  /** The rows under `prefix` in key order. */
  async list<T>(of: Table<T>, prefix: Parts, slice: Slice = {}): Promise<Row<T>[]> {
    const base = keyOf(of, prefix);
    const start: Key = slice.after === undefined ? base : [...keyOf(of, slice.after), END];
    const limited = slice.limit === undefined ? {} : { limit: slice.limit };
    const items = await this.#kv.list({ start, end: [...base, END], ...limited });
    return items.map(item => ({
      parts: item.key.slice(2) as Parts,
      value: of.type.decode(item.value),
    }));
  }

  /** Stores one record without looking. */
  async put<T>(of: Table<T>, parts: Parts, value: T | undefined): Promise<void> {
    await this.#kv.commit([], [{ key: keyOf(of, parts), value: value && of.type.encode(value) }]);
  }

  /**
   * Runs `work` and commits what it wrote, all or nothing; runs it again where something it read has changed
   * meanwhile, in this process or another. Transactions of the same `line` of this process wait for each other.
   * Throws what `work` throws (and commits nothing), `ConcurrentModification` where others kept winning.
   */
  transact<T>(line: string, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const before = this.#lines.get(line) ?? Promise.resolve();
    const result = before.then(() => this.#attempt(work));
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    this.#lines.set(line, settled);
    settled.then(() => {
      if (this.#lines.get(line) === settled) this.#lines.delete(line);
    });
    return result;
  }

  async #attempt<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const transaction = new Transaction(this.#kv);
      const result = await work(transaction);
      if (await transaction.commit()) return result;
    }
    throw errors.ConcurrentModification();
  }

  #decode<T>(of: Table<T>, key: Key, entry: Entry): T {
    const name = key.join('\0');
    const known = this.#decoded.get(name);
    if (known?.version === entry.version) return known.value as T;
    const value = of.type.decode(entry.value);
    this.#decoded.set(name, { version: entry.version, value });
    return value;
  }
}

/** What a transaction has read, to be checked, and what it will write. It sees its own writes in `get`, not in `list`. */
export class Transaction {
  readonly #kv: Kv;
  readonly #checks = new Map<string, Check>();
  readonly #writes = new Map<string, Write & { record: unknown }>();

  constructor(kv: Kv) {
    this.#kv = kv;
  }

  async get<T>(of: Table<T>, ...parts: Parts): Promise<T | undefined> {
    const key = keyOf(of, parts);
    const name = key.join('\0');
    const written = this.#writes.get(name);
    if (written !== undefined) return written.record as T | undefined;
    const entry = await this.#kv.get(key);
    this.#checks.set(name, { key, version: entry?.version });
    return entry === undefined ? undefined : of.type.decode(entry.value);
  }

  /** The rows under `prefix`. Not checked: hold on to a record that every writer of these rows also writes. */
  async list<T>(of: Table<T>, prefix: Parts, limit?: number): Promise<Row<T>[]> {
    const base = keyOf(of, prefix);
    const items = await this.#kv.list({ start: base, end: [...base, END], ...(limit && { limit }) });
    return items.map(item => ({ parts: item.key.slice(2) as Parts, value: of.type.decode(item.value) }));
  }

  put<T>(of: Table<T>, parts: Parts, value: T): void {
    this.#write(of, parts, value, of.type.encode(value));
  }

  delete(of: Table<unknown>, ...parts: Parts): void {
    this.#write(of, parts, undefined, undefined);
  }

  /** Whether everything it read is unchanged and its writes are on disk. */
  async commit(): Promise<boolean> {
    if (this.#writes.size === 0) return true;
    const writes = [...this.#writes.values()].map(({ key, value }) => ({ key, value }));
    return await this.#kv.commit([...this.#checks.values()], writes);
  }

  #write(of: Table<unknown>, parts: Parts, record: unknown, value: Uint8Array | undefined): void {
    const key = keyOf(of, parts);
    this.#writes.set(key.join('\0'), { key, value, record });
  }
}
