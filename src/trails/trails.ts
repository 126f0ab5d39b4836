import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import type { Selectors } from '../events/selection.js';
import type { Kv } from '../store/kv.js';
import { Database, type Owner, type Transaction } from '../store/tables.js';
import { isLogging, type Trail, type TrailStatus, tables } from './records.js';

/** Trails of an account in a region ("Quotas in AWS CloudTrail"); those of all regions count in each. */
export const MOST_TRAILS = 5;

/** Times of logging that are remembered: between two deliveries it is not switched more often. */
const MOST_TIMES = 100;

/** What a trail is made with. */
export type NewTrail = Omit<Trail, 'id' | 'times' | 'validatedSince' | 'selectors'> & {
  readonly validated: boolean;
};

/** What may be changed of a trail at once. */
type TrailChange = Partial<Pick<Trail, 'bucket' | 'prefix' | 'keyArn' | 'globalServices' | 'multiRegion'>> & {
  readonly validated?: boolean | undefined;
};

type Place = Pick<Trail, 'account' | 'region' | 'name'>;

const owner: Owner = {
  space: 'trail',
  contended: () => new Error('the trail is being changed by too many others'),
};

/** The trails of all accounts. */
export class Trails {
  readonly store: Database;
  readonly #clock: Clock;

  constructor(kv: Kv, clock: Clock) {
    this.store = new Database(kv, owner);
    this.#clock = clock;
  }

  async find({ account, region, name }: Place): Promise<Trail | undefined> {
    return await this.store.get(tables.trails, account, region, name);
  }

  /** By region, then by name. */
  async ofAccount(account: string): Promise<Trail[]> {
    return (await this.store.list(tables.trails, [account])).map(({ value }) => value);
  }

  async all(): Promise<Trail[]> {
    return (await this.store.list(tables.trails, [])).map(({ value }) => value);
  }

  async status(trail: Trail): Promise<TrailStatus> {
    return (await this.store.get(tables.statuses, trail.id)) ?? {};
  }

  /** A trail that does not log yet. Answers `taken` for a name that the region has, `full` beyond `MOST_TRAILS`. */
  async create({ validated, ...made }: NewTrail): Promise<Trail | 'taken' | 'full'> {
    const { account, region, name } = made;
    return await this.store.transact(account, async transaction => {
      if (await transaction.get(tables.trails, account, region, name)) return 'taken';
      const others = await transaction.list(tables.trails, [account]);
      const here = others.filter(({ value }) => value.region === region || value.multiRegion);
      if (here.length >= MOST_TRAILS) return 'full';
      const trail: Trail = {
        ...made,
        id: randomUUID(),
        times: [],
        ...(validated && { validatedSince: this.#clock.now() }),
      };
      transaction.put(tables.trails, [account, region, name], trail);
      return trail;
    });
  }

  /** `undefined` where it is gone. */
  update(trail: Trail, { validated, ...change }: TrailChange): Promise<Trail | undefined> {
    return this.#change(trail, now => {
      const validatedSince = validated === false ? undefined : (now.validatedSince ?? this.#clock.now());
      return { ...now, ...change, ...(validated !== undefined && { validatedSince }) };
    });
  }

  setSelectors(trail: Trail, selectors: Selectors): Promise<Trail | undefined> {
    return this.#change(trail, now => ({ ...now, selectors }));
  }

  setTags(trail: Trail, make: (tags: Trail['tags']) => Trail['tags']): Promise<Trail | undefined> {
    return this.#change(trail, now => ({ ...now, tags: make(now.tags) }));
  }

  startLogging(trail: Trail): Promise<Trail | undefined> {
    return this.#change(trail, now =>
      isLogging(now)
        ? now
        : { ...now, times: [...now.times, { from: this.#clock.now() }].slice(-MOST_TIMES) },
    );
  }

  stopLogging(trail: Trail): Promise<Trail | undefined> {
    return this.#change(trail, now => {
      if (!isLogging(now)) return now;
      const { from } = now.times.at(-1)!;
      return { ...now, times: [...now.times.slice(0, -1), { from, to: this.#clock.now() }] };
    });
  }

  /** With what is known of its deliveries. What was delivered stays. */
  async delete({ id, account, region, name }: Trail): Promise<void> {
    const rows = await Promise.all([
      this.store.list(tables.positions, [id]),
      this.store.list(tables.files, [id]),
      this.store.list(tables.chains, [id]),
    ]);
    await this.store.transact(account, async transaction => {
      const now = await transaction.get(tables.trails, account, region, name);
      if (now?.id !== id) return;
      transaction.delete(tables.trails, account, region, name);
      transaction.delete(tables.statuses, id);
      for (const { parts } of rows[0]) transaction.delete(tables.positions, ...parts);
      for (const { parts } of rows[1]) transaction.delete(tables.files, ...parts);
      for (const { parts } of rows[2]) transaction.delete(tables.chains, ...parts);
    });
  }

  /** Changes what is stored about a trail, without effect where it is gone. */
  async about(trail: Trail, work: (transaction: Transaction) => Promise<void> | void): Promise<void> {
    const { id, account, region, name } = trail;
    await this.store.transact(id, async transaction => {
      const now = await transaction.get(tables.trails, account, region, name);
      if (now?.id === id) await work(transaction);
    });
  }

  /** What is not given stays as it is; `undefined` as a value takes it away. */
  async note(trail: Trail, change: TrailStatus): Promise<void> {
    await this.about(trail, async transaction => noteIn(transaction, trail, change));
  }

  async #change(trail: Trail, make: (now: Trail) => Trail): Promise<Trail | undefined> {
    const { id, account, region, name } = trail;
    return await this.store.transact(account, async transaction => {
      const now = await transaction.get(tables.trails, account, region, name);
      if (now?.id !== id) return undefined;
      const made = make(now);
      if (made !== now) transaction.put(tables.trails, [account, region, name], made);
      return made;
    });
  }
}

/** As `Trails.note`, among other changes. */
export async function noteIn(transaction: Transaction, { id }: Trail, change: TrailStatus): Promise<void> {
  const before = (await transaction.get(tables.statuses, id)) ?? {};
  transaction.put(tables.statuses, [id], { ...before, ...change });
}
