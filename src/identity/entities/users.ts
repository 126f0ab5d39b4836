import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import type { Database, Transaction } from '../../store/tables.js';
import { count } from '../accounts/accounts.js';
import { demandNoDevices } from '../credentials/mfa-devices.js';
import { demandNoCredentials } from '../credentials/user-credentials.js';
import { errors } from '../errors.js';
import { type AccessKey, type Tags, tables, type User } from '../model.js';
import type { Page } from '../page.js';
import {
  demandEntity,
  demandNoPolicies,
  noSuchEntity,
  replaceBoundary,
} from '../policies/entity-policies.js';
import { beginUse, endUse, type PolicyHolder, type PolicyUse } from '../policies/managed-policies.js';
import { mergeTags, withoutTags } from './tags.js';
import { newId } from './unique-id.js';
import { forgetUses } from './usage.js';

interface NewUser {
  readonly name: string;
  readonly path?: string | undefined;
  readonly boundary?: string | undefined;
  readonly tags?: Tags;
}

/**
 * Users. Names are unique within the account without case; everything throws `NoSuchEntity` for a name that is not
 * there.
 */
export class Users {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Throws `EntityAlreadyExists`, `LimitExceeded`, and what a missing boundary policy throws. */
  async create(home: Account, { name, path = '/', boundary, tags = [] }: NewUser): Promise<User> {
    const key = name.toLowerCase();
    return await this.#db.transact(home.id, async transaction => {
      await demandFree(transaction, home, name);
      await count(transaction, home.id, 'users', 1);
      const id = newId('user', home.id);
      await replaceBoundary(transaction, home, { kind: 'user', name: key, id }, undefined, boundary);
      const created = this.#clock.now();
      const user = {
        id,
        name,
        path,
        created,
        tags,
        boundary,
        inline: [],
        attached: [],
        groups: [],
        keys: [],
      };
      transaction.put(tables.users, [home.id, key], user);
      transaction.put(tables.ids, [id], { account: home.id, kind: 'user', name: key });
      return user;
    });
  }

  async find(account: string, name: string): Promise<User | undefined> {
    return await this.#db.get(tables.users, account, name.toLowerCase());
  }

  async get(account: string, name: string): Promise<User> {
    return this.demand(await this.find(account, name), name);
  }

  /** What was found by that name. Throws `NoSuchEntity` where nothing was. */
  demand(user: User | undefined, name: string): User {
    if (user === undefined) throw noSuchEntity('user', name);
    return user;
  }

  /** In the order of their names. */
  async list(account: string, page: Page): Promise<User[]> {
    const after = page.after === undefined ? undefined : [account, page.after];
    const rows = await this.#db.list(tables.users, [account], { after, limit: page.limit });
    return rows.map(row => row.value);
  }

  /** Throws `DeleteConflict` while it has keys, policies or groups. */
  async delete(home: Account, name: string): Promise<void> {
    await this.#db.transact(home.id, async transaction => {
      const user = await demandEntity(transaction, home, 'user', name);
      demandNoPolicies(user);
      if (user.keys.length > 0)
        throw errors.DeleteConflict('Cannot delete entity, must delete access keys first.');
      if (user.groups.length > 0) {
        throw errors.DeleteConflict('Cannot delete entity, must remove users from group first.');
      }
      if ((await transaction.get(tables.loginProfiles, home.id, user.id)) !== undefined) {
        throw errors.DeleteConflict('Cannot delete entity, must delete login profile first.');
      }
      await demandNoDevices(transaction, home.id, user.id);
      await demandNoCredentials(transaction, home.id, user.id);
      const key = name.toLowerCase();
      await replaceBoundary(
        transaction,
        home,
        { kind: 'user', name: key, id: user.id },
        user.boundary,
        undefined,
      );
      transaction.delete(tables.users, home.id, key);
      transaction.delete(tables.ids, user.id);
      await forgetUses(transaction, home.id, user.id);
      await count(transaction, home.id, 'users', -1);
    });
  }

  /**
   * Gives the user another name, path or both; its unique id, keys, groups and policies stay. Throws
   * `EntityAlreadyExists`.
   */
  async rename(
    home: Account,
    name: string,
    to: { name?: string | undefined; path?: string | undefined },
  ): Promise<void> {
    await this.#db.transact(home.id, async transaction => {
      const user = await demandEntity(transaction, home, 'user', name);
      const renamed = { ...user, name: to.name ?? user.name, path: to.path ?? user.path };
      const [before, after] = [name.toLowerCase(), renamed.name.toLowerCase()];
      if (before !== after) {
        await demandFree(transaction, home, renamed.name);
        transaction.delete(tables.users, home.id, before);
        transaction.put(tables.ids, [user.id], { account: home.id, kind: 'user', name: after });
        await moveReferences(transaction, home, user, before, after);
      }
      transaction.put(tables.users, [home.id, after], renamed);
    });
  }

  async tag(home: Account, name: string, tags: Tags): Promise<void> {
    await this.#change(home, name, user => ({ ...user, tags: mergeTags(user.tags, tags, 'TagsPerUser') }));
  }

  async untag(home: Account, name: string, keys: readonly string[]): Promise<void> {
    await this.#change(home, name, user => ({ ...user, tags: withoutTags(user.tags, keys) }));
  }

  async #change(home: Account, name: string, change: (user: User) => User): Promise<void> {
    await this.#db.transact(home.id, async transaction => {
      const user = await demandEntity(transaction, home, 'user', name);
      transaction.put(tables.users, [home.id, name.toLowerCase()], change(user));
    });
  }
}

async function demandFree(transaction: Transaction, home: Account, name: string): Promise<void> {
  if ((await transaction.get(tables.users, home.id, name.toLowerCase())) !== undefined) {
    throw errors.EntityAlreadyExists(`User with name ${name} already exists.`);
  }
}

/** Everything that knows the user by name: its keys, its groups' members, the users of its policies. */
async function moveReferences(
  transaction: Transaction,
  home: Account,
  user: User,
  before: string,
  after: string,
) {
  for (const keyId of user.keys) {
    const key = (await transaction.get(tables.accessKeys, keyId)) as AccessKey;
    transaction.put(tables.accessKeys, [keyId], { ...key, user: after });
  }
  for (const group of user.groups) {
    transaction.delete(tables.members, home.id, group, before);
    transaction.put(tables.members, [home.id, group, after], user.id);
  }
  const uses: [string, PolicyUse][] = user.attached.map(arn => [arn, 'attached']);
  if (user.boundary !== undefined) uses.push([user.boundary, 'boundary']);
  const holder = (name: string): PolicyHolder => ({ kind: 'user', name, id: user.id });
  for (const [arn, use] of uses) {
    await endUse(transaction, home, arn, use, holder(before));
    await beginUse(transaction, home, arn, use, holder(after));
  }
}
