import { randomBytes, randomInt } from 'node:crypto';
import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import type { Partition } from '../../policy/types.js';
import type { Database, Transaction } from '../../store/tables.js';
import { errors, overQuota } from '../errors.js';
import { type AccountRecord, type Counts, tables } from '../model.js';
import { quotas } from './quotas.js';

const ACCOUNT_ID = /^\d{12}$/;
const CANONICAL_ID = /^[0-9a-f]{64}$/;

const NO_COUNTS: Counts = { users: 0, groups: 0, roles: 0, policies: 0, instanceProfiles: 0 };

/** The quotas' names as refusals give them. */
const QUOTAS: Readonly<Record<keyof Counts, string>> = {
  users: 'UsersPerAccount',
  groups: 'GroupsPerAccount',
  roles: 'RolesPerAccount',
  policies: 'PoliciesPerAccount',
  instanceProfiles: 'InstanceProfilesPerAccount',
};

export interface NewAccount {
  /** 12 digits; a random one where absent. */
  readonly id?: string | undefined;
  readonly name: string;
  readonly partition: Partition;
}

/** The accounts of this server. An account belongs to one partition and is never moved. */
export class Accounts {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  find(id: string): Promise<AccountRecord | undefined> {
    if (!ACCOUNT_ID.test(id)) return Promise.resolve(undefined);
    return this.#db.get(tables.accounts, id);
  }

  /** The account of that S3 canonical user id (64 hexadecimal digits). */
  async findByCanonicalId(canonicalId: string): Promise<AccountRecord | undefined> {
    if (!CANONICAL_ID.test(canonicalId)) return undefined;
    const id = await this.#db.get(tables.canonicalIds, canonicalId);
    return id === undefined ? undefined : await this.find(id);
  }

  /** All accounts in the order of their ids. */
  async list(): Promise<AccountRecord[]> {
    return (await this.#db.list(tables.accounts, [])).map(row => row.value);
  }

  /**
   * Makes an account without credentials. Throws `EntityAlreadyExists` where the id is taken, `RangeError` where it is
   * none.
   */
  async create({ id, name, partition }: NewAccount): Promise<AccountRecord> {
    if (id !== undefined && !ACCOUNT_ID.test(id)) throw new RangeError('an account id has 12 digits');
    return await this.#db.transact('accounts', async transaction => {
      const chosen = id ?? String(randomInt(1, 10 ** 12)).padStart(12, '0');
      if ((await transaction.get(tables.accounts, chosen)) !== undefined) {
        throw errors.EntityAlreadyExists(`Account ${chosen} already exists.`);
      }
      const canonicalId = randomBytes(32).toString('hex');
      const account = { id: chosen, partition, name, canonicalId, created: this.#clock.now(), keys: [] };
      transaction.put(tables.accounts, [chosen], account);
      transaction.put(tables.canonicalIds, [canonicalId], chosen);
      return account;
    });
  }

  /**
   * Gives an account its alias, in place of the one it had: unique within the partition.
   * Throws `EntityAlreadyExists` where another account has it.
   */
  async setAlias(account: Account, alias: string): Promise<void> {
    await this.#db.transact('accounts', async transaction => {
      const record = await this.#demand(transaction, account.id);
      const holder = await transaction.get(tables.aliases, account.partition, alias);
      if (holder !== undefined && holder !== account.id) {
        throw errors.EntityAlreadyExists(`The account alias ${alias} already exists.`);
      }
      if (record.alias !== undefined) transaction.delete(tables.aliases, account.partition, record.alias);
      transaction.put(tables.aliases, [account.partition, alias], account.id);
      transaction.put(tables.accounts, [account.id], { ...record, alias });
    });
  }

  /** Throws `NoSuchEntity` where the account's alias is another one. */
  async deleteAlias(account: Account, alias: string): Promise<void> {
    await this.#db.transact('accounts', async transaction => {
      const record = await this.#demand(transaction, account.id);
      if (record.alias !== alias) {
        throw errors.NoSuchEntity(`The Account Alias with name ${alias} cannot be found.`);
      }
      transaction.delete(tables.aliases, account.partition, alias);
      transaction.put(tables.accounts, [account.id], { ...record, alias: undefined });
    });
  }

  async counts(id: string): Promise<Counts> {
    return (await this.#db.get(tables.counts, id)) ?? NO_COUNTS;
  }

  async #demand(transaction: Transaction, id: string): Promise<AccountRecord> {
    const record = await transaction.get(tables.accounts, id);
    if (record === undefined) throw errors.NoSuchEntity(`The account with id ${id} cannot be found.`);
    return record;
  }
}

/** Counts one more (or, with -1, one less) of something within a transaction. Throws `LimitExceeded`. */
export async function count(
  transaction: Transaction,
  account: string,
  what: keyof Counts,
  change: 1 | -1,
): Promise<void> {
  const counts = (await transaction.get(tables.counts, account)) ?? NO_COUNTS;
  const number = counts[what] + change;
  if (change > 0 && number > quotas[what]) throw overQuota(QUOTAS[what], quotas[what]);
  transaction.put(tables.counts, [account], { ...counts, [what]: number });
}
