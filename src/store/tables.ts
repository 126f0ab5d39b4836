/** Typed tables over the key-value store, and transactions on them. */
import { BoundedCache } from '../core/bounded-cache.js';
import { KeyedMutex } from '../core/keyed-mutex.js';
import type { Keyspace } from './keyspace.js';
import { type Check, END, type Entry, type Item, type Key, type Kv, type Write } from './kv.js';
import { type RecordFormat, type RecordType, recordType } from './records.js';
import { OVERTAKEN, untilCommitted } from './retry.js';

export type Parts = readonly (string | number)[];

/** A kind of record and where it is kept. */
export interface Table<T> {
  readonly name: string;
  readonly type: RecordType<T>;
}

export function table<T>(name: string, format: RecordFormat = { version: 1 }): Table<T> {
  return { name, type: recordType<T>(format) };
}

/** Where a record is. */
export interface Place<T> {
  readonly of: Table<T>;
  readonly parts: Parts;
}

export function at<T>(of: Table<T>, ...parts: Parts): Place<T> {
  return { of, parts };
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

/** Whose tables they are. */
export interface Owner {
  /** The first part of the keys of all its rows (`store/keyspace.ts`). */
  readonly space: Keyspace;
  /** The error for a transaction that others always get ahead of. */
  contended(): Error;
}

/**
 * Reads and writes the records of one owner. What it returns is shared between requests: never change it.
 * Decoded records are kept as long as the store still holds the same version.
 */
export class Database {
  readonly #kv: Kv;
  readonly #owner: Owner;
  readonly #decoded = new BoundedCache<string, { version: number; value: unknown }>(CACHED_RECORDS);
  readonly #lines = new KeyedMutex();

  constructor(kv: Kv, owner: Owner) {
    this.#kv = kv;
    this.#owner = owner;
  }

  async get<T>(of: Table<T>, ...parts: Parts): Promise<T | undefined> {
    const key = keyOf(this.#owner, of, parts);
    const entry = await this.#kv.get(key);
    return entry === undefined ? undefined : this.#decode(of, key, entry);
  }

  /** The records at several places, read in one go. */
  async getMany<T extends readonly unknown[]>(
    ...places: { readonly [I in keyof T]: Place<T[I]> }
  ): Promise<{ [I in keyof T]: T[I] | undefined }> {
    const keys = places.map(({ of, parts }) => keyOf(this.#owner, of, parts));
    const entries = await this.#kv.getMany(keys);
    const records = entries.map(
      (entry, index) => entry && this.#decode(places[index]!.of, keys[index]!, entry),
    );
    return records as { [I in keyof T]: T[I] | undefined };
  }

  /** The rows under `prefix` in key order. */
  async list<T>(of: Table<T>, prefix: Parts, slice: Slice = {}): Promise<Row<T>[]> {
    return await this.#rows(of, prefix, [...keyOf(this.#owner, of, prefix), END], slice);
  }

  /** The rows under `prefix` up to those under `to`, which are among them. */
  async listTo<T>(of: Table<T>, prefix: Parts, to: Parts, slice: Slice = {}): Promise<Row<T>[]> {
    return await this.#rows(of, prefix, [...keyOf(this.#owner, of, to), END], slice);
  }

  /** The parts of the keys of the rows under `prefix`: what is in the rows is not looked at. */
  async listParts(of: Table<unknown>, prefix: Parts, slice: Slice = {}): Promise<Parts[]> {
    const rows = await this.#items(of, prefix, [...keyOf(this.#owner, of, prefix), END], slice);
    return rows.map(partsOf);
  }

  /** The rows of a table before `end`. */
  async listUntil<T>(of: Table<T>, end: Parts, slice: Slice = {}): Promise<Row<T>[]> {
    return await this.#rows(of, [], keyOf(this.#owner, of, end), slice);
  }

  /** Stores one record without looking. */
  async put<T>(of: Table<T>, parts: Parts, value: T | undefined): Promise<void> {
    await this.#kv.commit(
      [],
      [{ key: keyOf(this.#owner, of, parts), value: value && of.type.encode(value) }],
    );
  }

  /**
   * Runs `work` and commits what it wrote, all or nothing; runs it again where something it read has changed
   * meanwhile, in this process or another. Transactions of the same `line` of this process wait for each other.
   * Throws what `work` throws (and commits nothing), and the owner's error where others kept winning.
   */
  transact<T>(line: string, work: (transaction: Transaction) => Promise<T> | T): Promise<T> {
    return this.#lines.run(line, () =>
      untilCommitted(async () => {
        const transaction = new Transaction(this.#kv, this.#owner);
        const result = await work(transaction);
        return (await transaction.commit()) ? result : OVERTAKEN;
      }, this.#owner.contended),
    );
  }

  async #rows<T>(of: Table<T>, from: Parts, end: Key, slice: Slice): Promise<Row<T>[]> {
    const items = await this.#items(of, from, end, slice);
    return items.map(item => ({ parts: partsOf(item), value: of.type.decode(item.value) }));
  }

  #items(of: Table<unknown>, from: Parts, end: Key, { after, limit }: Slice): Promise<Item[]> {
    const start: Key = after ? [...keyOf(this.#owner, of, after), END] : keyOf(this.#owner, of, from);
    return this.#kv.list({ start, end, ...(limit !== undefined && { limit }) });
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

/**
 * What a transaction has read, to be checked, and what it will write. It sees its own writes in `get`, not in `list`.
 */
export class Transaction {
  readonly #kv: Kv;
  readonly #checks = new Map<string, Check>();
  readonly #writes = new Map<string, Write & { record: unknown }>();
  readonly #owner: Owner;

  constructor(kv: Kv, owner: Owner) {
    this.#kv = kv;
    this.#owner = owner;
  }

  async get<T>(of: Table<T>, ...parts: Parts): Promise<T | undefined> {
    const key = keyOf(this.#owner, of, parts);
    const name = key.join('\0');
    const written = this.#writes.get(name);
    if (written !== undefined) return written.record as T | undefined;
    const entry = await this.#kv.get(key);
    this.#checks.set(name, { key, version: entry?.version });
    return entry === undefined ? undefined : of.type.decode(entry.value);
  }

  /** The rows under `prefix`. Not checked: hold on to a record that every writer of these rows also writes. */
  async list<T>(of: Table<T>, prefix: Parts, limit?: number): Promise<Row<T>[]> {
    const base = keyOf(this.#owner, of, prefix);
    const items = await this.#kv.list({ start: base, end: [...base, END], ...(limit && { limit }) });
    return items.map(item => ({ parts: partsOf(item), value: of.type.decode(item.value) }));
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
    const key = keyOf(this.#owner, of, parts);
    this.#writes.set(key.join('\0'), { key, value, record });
  }
}

function partsOf({ key }: Item): Parts {
  return key.slice(2) as Parts;
}

function keyOf(owner: Owner, of: Table<unknown>, parts: Parts): Key {
  return [owner.space, of.name, ...parts];
}
