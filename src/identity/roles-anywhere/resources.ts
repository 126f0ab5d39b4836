import { randomUUID } from 'node:crypto';
import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import type { Database, Table, Transaction } from '../../store/tables.js';
import type { Page } from '../page.js';
import { anywhereErrors } from './errors.js';
import type { AnywhereResource } from './model.js';

/** Where resources stand: a region of an account. */
export interface Place {
  readonly home: Pick<Account, 'id'>;
  readonly region: string;
}

interface ResourcesOptions<T> {
  readonly table: Table<T>;
  /** As messages call one: `trust anchor`. */
  readonly noun: string;
  /** How many a region of an account may have. */
  readonly quota: number;
}

/**
 * The trust anchors, profiles or revocation lists of accounts by region. What takes an id throws
 * `ResourceNotFoundException` where there is none of it.
 */
export class Resources<T extends AnywhereResource> {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #options: ResourcesOptions<T>;

  constructor(db: Database, clock: Clock, options: ResourcesOptions<T>) {
    this.#db = db;
    this.#clock = clock;
    this.#options = options;
  }

  /** Throws `ValidationException` over the quota, and what `check` throws of the others that are there. */
  async create(
    { home, region }: Place,
    given: Omit<T, 'id' | 'created' | 'updated'>,
    check?: (others: readonly T[]) => void,
  ): Promise<T> {
    const { table, noun, quota } = this.#options;
    return await this.#db.transact(home.id, async transaction => {
      const others = (await transaction.list(table, [home.id, region], quota)).map(row => row.value);
      if (others.length >= quota) {
        const message = `An account has at most ${quota} resources of the kind ${noun} in a region.`;
        throw anywhereErrors.ValidationException(message);
      }
      check?.(others);
      const now = this.#clock.now();
      const made = { ...given, id: randomUUID(), created: now, updated: now } as unknown as T;
      transaction.put(table, [home.id, region, made.id], made);
      return made;
    });
  }

  async find({ home, region }: Place, id: string): Promise<T | undefined> {
    return await this.#db.get(this.#options.table, home.id, region, id);
  }

  /** What was found by that id. */
  demand(found: T | undefined, id: string): T {
    if (found === undefined) throw this.#notFound(id);
    return found;
  }

  /** In the order of their ids. */
  async list({ home, region }: Place, { after, limit }: Page): Promise<T[]> {
    const start = after === undefined ? undefined : [home.id, region, after];
    const rows = await this.#db.list(this.#options.table, [home.id, region], { after: start, limit });
    return rows.map(row => row.value);
  }

  async update(place: Place, id: string, change: (before: T) => T): Promise<T> {
    return await this.#change(place, id, (before, transaction, key) => {
      const after = { ...change(before), updated: this.#clock.now() };
      transaction.put(this.#options.table, key, after);
      return after;
    });
  }

  /** Resolves with what was there. */
  async delete(place: Place, id: string): Promise<T> {
    return await this.#change(place, id, (before, transaction, key) => {
      transaction.delete(this.#options.table, ...key);
      return before;
    });
  }

  async #change(
    { home, region }: Place,
    id: string,
    change: (before: T, transaction: Transaction, key: readonly string[]) => T,
  ): Promise<T> {
    return await this.#db.transact(home.id, async transaction => {
      const key = [home.id, region, id];
      const before = this.demand(await transaction.get(this.#options.table, ...key), id);
      return change(before, transaction, key);
    });
  }

  #notFound(id: string) {
    return anywhereErrors.ResourceNotFoundException(`The ${this.#options.noun} ${id} does not exist.`);
  }
}
