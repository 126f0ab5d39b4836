import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import type { Database, Transaction } from '../../store/tables.js';
import { count } from '../accounts/accounts.js';
import { quotas } from '../accounts/quotas.js';
import { errors, overQuota } from '../errors.js';
import { type Group, tables, type User } from '../model.js';
import type { Page } from '../page.js';
import { demandEntity, demandNoPolicies, noSuchEntity } from '../policies/entity-policies.js';
import { beginUse, endUse } from '../policies/managed-policies.js';
import { newId } from './unique-id.js';

/** Groups of users. Everything throws `NoSuchEntity` for a name that is not there. */
export class Groups {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Throws `EntityAlreadyExists`, `LimitExceeded`. */
  async create(
    home: Account,
    { name, path = '/' }: { name: string; path?: string | undefined },
  ): Promise<Group> {
    return await this.#db.transact(home.id, async transaction => {
      await demandFree(transaction, home, name);
      await count(transaction, home.id, 'groups', 1);
      const created = this.#clock.now();
      const group = { id: newId('group', home.id), name, path, created, inline: [], attached: [] };
      transaction.put(tables.groups, [home.id, name.toLowerCase()], group);
      return group;
    });
  }

  async find(account: string, name: string): Promise<Group | undefined> {
    return await this.#db.get(tables.groups, account, name.toLowerCase());
  }

  async get(account: string, name: string): Promise<Group> {
    return this.demand(await this.find(account, name), name);
  }

  /** What was found by that name. Throws `NoSuchEntity` where nothing was. */
  demand(group: Group | undefined, name: string): Group {
    if (group === undefined) throw noSuchEntity('group', name);
    return group;
  }

  async list(account: string, page: Page): Promise<Group[]> {
    const after = page.after === undefined ? undefined : [account, page.after];
    const rows = await this.#db.list(tables.groups, [account], { after, limit: page.limit });
    return rows.map(row => row.value);
  }

  /** The members in the order of their names. */
  async members(account: string, name: string, page: Page): Promise<User[]> {
    const group = name.toLowerCase();
    const after = page.after === undefined ? undefined : [account, group, page.after];
    const rows = await this.#db.list(tables.members, [account, group], { after, limit: page.limit });
    const users = await Promise.all(rows.map(row => this.#db.get(tables.users, account, row.parts[2]!)));
    return users.filter(user => user !== undefined);
  }

  /** Throws `DeleteConflict` while it has members or policies. */
  async delete(home: Account, name: string): Promise<void> {
    await this.#db.transact(home.id, async transaction => {
      const group = await demandEntity(transaction, home, 'group', name);
      const key = name.toLowerCase();
      if ((await transaction.list(tables.members, [home.id, key], 1)).length > 0) {
        throw errors.DeleteConflict('Cannot delete entity, must remove users from group first.');
      }
      demandNoPolicies(group);
      transaction.delete(tables.groups, home.id, key);
      await count(transaction, home.id, 'groups', -1);
    });
  }

  /** Gives the group another name, path or both. Throws `EntityAlreadyExists`. */
  async rename(
    home: Account,
    name: string,
    to: { name?: string | undefined; path?: string | undefined },
  ): Promise<void> {
    await this.#db.transact(home.id, async transaction => {
      const group = await demandEntity(transaction, home, 'group', name);
      const renamed = { ...group, name: to.name ?? group.name, path: to.path ?? group.path };
      const [before, after] = [name.toLowerCase(), renamed.name.toLowerCase()];
      if (before !== after) {
        await demandFree(transaction, home, renamed.name);
        transaction.delete(tables.groups, home.id, before);
        await moveMembers(transaction, home, before, after);
        for (const arn of group.attached) {
          await endUse(transaction, home, arn, 'attached', { kind: 'group', name: before, id: group.id });
          await beginUse(transaction, home, arn, 'attached', { kind: 'group', name: after, id: group.id });
        }
      }
      transaction.put(tables.groups, [home.id, after], renamed);
    });
  }

  /** Adding twice is adding once. Throws `LimitExceeded` for the eleventh group of a user. */
  async addUser(home: Account, name: string, userName: string): Promise<void> {
    await this.#membership(home, name, userName, (groups, key) => {
      if (groups.includes(key)) return groups;
      if (groups.length >= quotas.groupsPerUser) throw overQuota('GroupsPerUser', quotas.groupsPerUser);
      return [...groups, key];
    });
  }

  async removeUser(home: Account, name: string, userName: string): Promise<void> {
    await this.#membership(home, name, userName, (groups, key) => groups.filter(group => group !== key));
  }

  /** The group's record is written as well, though unchanged: its deletion then finds that it was in use. */
  async #membership(
    home: Account,
    name: string,
    userName: string,
    change: (groups: readonly string[], key: string) => readonly string[],
  ): Promise<void> {
    await this.#db.transact(home.id, async transaction => {
      const group = await demandEntity(transaction, home, 'group', name);
      const user = await demandEntity(transaction, home, 'user', userName);
      const [groupKey, userKey] = [name.toLowerCase(), userName.toLowerCase()];
      const groups = change(user.groups, groupKey);
      transaction.put(tables.groups, [home.id, groupKey], group);
      transaction.put(tables.users, [home.id, userKey], { ...user, groups });
      if (groups.includes(groupKey)) transaction.put(tables.members, [home.id, groupKey, userKey], user.id);
      else transaction.delete(tables.members, home.id, groupKey, userKey);
    });
  }
}

async function demandFree(transaction: Transaction, home: Account, name: string): Promise<void> {
  if ((await transaction.get(tables.groups, home.id, name.toLowerCase())) !== undefined) {
    throw errors.EntityAlreadyExists(`Group with name ${name} already exists.`);
  }
}

async function moveMembers(
  transaction: Transaction,
  home: Account,
  before: string,
  after: string,
): Promise<void> {
  for (const { parts, value } of await transaction.list(tables.members, [home.id, before])) {
    const userKey = parts[2] as string;
    const user = (await transaction.get(tables.users, home.id, userKey)) as User;
    const groups = user.groups.map(group => (group === before ? after : group));
    transaction.put(tables.users, [home.id, userKey], { ...user, groups });
    transaction.delete(tables.members, home.id, before, userKey);
    transaction.put(tables.members, [home.id, after, userKey], value);
  }
}
