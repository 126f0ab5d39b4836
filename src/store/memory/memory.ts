/** The key-value store in memory: for tests and for servers that keep nothing. */
import { encodeBound, encodeKey } from '../keys.js';
import {
  type Check,
  type Entry,
  type Item,
  type Key,
  type Kv,
  type Range,
  StoreClosed,
  type Write,
} from '../kv.js';

interface Stored extends Entry {
  readonly key: Key;
}

/** Opens an empty store. */
export function openMemoryKv(): Kv {
  return new MemoryKv();
}

/** One character per byte: comparing two of these strings compares the keys. */
const text = (encoded: Buffer): string => encoded.toString('latin1');

class MemoryKv implements Kv {
  readonly #entries = new Map<string, Stored>();
  /** The encoded keys in order. */
  readonly #order: string[] = [];
  #version = 0;
  #open = true;

  async get(key: Key): Promise<Entry | undefined> {
    this.#demandOpen();
    return this.#entries.get(text(encodeBound(key)));
  }

  async getMany(keys: readonly Key[]): Promise<(Entry | undefined)[]> {
    this.#demandOpen();
    return keys.map(key => this.#entries.get(text(encodeBound(key))));
  }

  async list({ start, end, reverse = false, limit = Number.POSITIVE_INFINITY }: Range): Promise<Item[]> {
    this.#demandOpen();
    const from = this.#position(text(encodeBound(start)));
    const to = this.#position(text(encodeBound(end)));
    const count = Math.max(0, Math.min(to - from, limit));
    const items: Item[] = [];
    for (let index = 0; index < count; index++) {
      items.push(this.#entries.get(this.#order[reverse ? to - 1 - index : from + index]!)!);
    }
    return items;
  }

  async commit(checks: readonly Check[], writes: readonly Write[]): Promise<boolean> {
    this.#demandOpen();
    const encoded = writes.map(write => text(encodeKey(write.key)));
    for (const check of checks) {
      if (this.#entries.get(text(encodeBound(check.key)))?.version !== check.version) return false;
    }
    const version = ++this.#version;
    for (const [index, write] of writes.entries()) {
      if (write.value === undefined) this.#delete(encoded[index]!);
      else this.#put(encoded[index]!, { key: write.key, value: Buffer.from(write.value), version });
    }
    return true;
  }

  async close(): Promise<void> {
    this.#open = false;
  }

  #put(encoded: string, stored: Stored): void {
    if (!this.#entries.has(encoded)) this.#order.splice(this.#position(encoded), 0, encoded);
    this.#entries.set(encoded, stored);
  }

  #delete(encoded: string): void {
    if (this.#entries.delete(encoded)) this.#order.splice(this.#position(encoded), 1);
  }

  /** Where the first key stands that is not below `encoded`. */
  #position(encoded: string): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#order[middle]! < encoded) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #demandOpen(): void {
    if (!this.#open) throw new StoreClosed();
  }
}
