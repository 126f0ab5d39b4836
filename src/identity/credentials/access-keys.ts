import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import type { Database, Transaction } from '../../store/tables.js';
import { quotas } from '../accounts/quotas.js';
import { newId } from '../entities/unique-id.js';
import { errors, overQuota } from '../errors.js';
import { type Keyring, newSecretAccessKey } from '../keyring.js';
import { type AccessKey, type LastUse, tables } from '../model.js';
import { demandEntity } from '../policies/entity-policies.js';
import { resealTable } from '../reseal.js';

/** Whose keys: a user's by name, or the root user's where it is absent. */
type KeyOwner = string | undefined;

export interface NewAccessKey {
  readonly id: string;
  readonly secretAccessKey: string;
  readonly created: number;
}

/** An access key without its secret. */
export interface AccessKeyInfo {
  readonly id: string;
  readonly active: boolean;
  readonly created: number;
}

/** Long-term access keys of users and of root users. Secrets are stored encrypted under the root key. */
export class AccessKeys {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #keyring: Keyring;

  constructor(db: Database, clock: Clock, keyring: Keyring) {
    this.#db = db;
    this.#clock = clock;
    this.#keyring = keyring;
  }

  /** Throws `NoSuchEntity` for the user, `LimitExceeded` for the third key. */
  async create(home: Account, owner: KeyOwner): Promise<NewAccessKey> {
    return await this.#db.transact(home.id, async transaction => {
      const { keys, setKeys } = await keyHolder(transaction, home, owner);
      if (keys.length >= quotas.accessKeysPerUser) {
        throw overQuota('AccessKeysPerUser', quotas.accessKeysPerUser);
      }
      const id = await freeId(transaction, home.id);
      const secretAccessKey = newSecretAccessKey();
      const created = this.#clock.now();
      const secret = this.#keyring.sealSecret(secretAccessKey, id);
      const user = owner?.toLowerCase();
      transaction.put(tables.accessKeys, [id], { account: home.id, user, created, active: true, secret });
      setKeys([...keys, id]);
      return { id, secretAccessKey, created };
    });
  }

  find(id: string): Promise<AccessKey | undefined> {
    return this.#db.get(tables.accessKeys, id);
  }

  /** The keys of those ids, oldest first. */
  async list(ids: readonly string[]): Promise<AccessKeyInfo[]> {
    const keys = await Promise.all(ids.map(id => this.find(id)));
    return keys.flatMap((key, index) =>
      key === undefined ? [] : [{ id: ids[index]!, active: key.active, created: key.created }],
    );
  }

  /** Throws `NoSuchEntity` where the owner has no such key. */
  async setActive(home: Account, owner: KeyOwner, id: string, active: boolean): Promise<void> {
    await this.#db.transact(home.id, async transaction => {
      const { keys } = await keyHolder(transaction, home, owner);
      const key = keys.includes(id) ? await transaction.get(tables.accessKeys, id) : undefined;
      if (key === undefined) throw noSuchKey(id);
      transaction.put(tables.accessKeys, [id], { ...key, active });
    });
  }

  /** Throws `NoSuchEntity` where the owner has no such key. */
  async delete(home: Account, owner: KeyOwner, id: string): Promise<void> {
    await this.#db.transact(home.id, async transaction => {
      const { keys, setKeys } = await keyHolder(transaction, home, owner);
      if (!keys.includes(id)) throw noSuchKey(id);
      transaction.delete(tables.accessKeys, id);
      transaction.delete(tables.accessKeyUses, id);
      setKeys(keys.filter(key => key !== id));
    });
  }

  async lastUse(id: string): Promise<LastUse | undefined> {
    return await this.#db.get(tables.accessKeyUses, id);
  }

  /** Seals every secret under the current root key; resolves with how many were not. Ends early on `signal`. */
  async reseal(signal: AbortSignal): Promise<number> {
    return await resealTable(this.#db, tables.accessKeys, signal, ({ parts, value }) => {
      const secret = this.#keyring.resealSecret(value.secret, parts[0] as string);
      return secret && { ...value, secret };
    });
  }

  /** Throws `Unsealable`. */
  secretOf(id: string, key: AccessKey): string {
    return this.#keyring.openSecret(key.secret, id);
  }
}

async function freeId(transaction: Transaction, account: string): Promise<string> {
  for (;;) {
    const id = newId('access-key', account);
    if ((await transaction.get(tables.accessKeys, id)) === undefined) return id;
  }
}

function noSuchKey(id: string) {
  return errors.NoSuchEntity(`The Access Key with id ${id} cannot be found.`);
}

interface KeyHolder {
  readonly keys: readonly string[];
  readonly setKeys: (keys: readonly string[]) => void;
}

async function keyHolder(transaction: Transaction, home: Account, owner: KeyOwner): Promise<KeyHolder> {
  if (owner === undefined) {
    const account = await transaction.get(tables.accounts, home.id);
    if (account === undefined) throw errors.NoSuchEntity(`The account with id ${home.id} cannot be found.`);
    const setKeys = (keys: readonly string[]) =>
      transaction.put(tables.accounts, [home.id], { ...account, keys });
    return { keys: account.keys, setKeys };
  }
  const user = await demandEntity(transaction, home, 'user', owner);
  const name = owner.toLowerCase();
  return {
    keys: user.keys,
    setKeys: keys => transaction.put(tables.users, [home.id, name], { ...user, keys }),
  };
}
