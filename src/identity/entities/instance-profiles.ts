import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import type { Database, Transaction } from '../../store/tables.js';
import { count } from '../accounts/accounts.js';
import { errors, overQuota } from '../errors.js';
import { type InstanceProfile, type Tags, tables } from '../model.js';
import type { Page } from '../page.js';
import { demandEntity } from '../policies/entity-policies.js';
import { demandModifiable } from './protected-roles.js';
import { mergeTags, withoutTags } from './tags.js';
import { newId } from './unique-id.js';

interface NewInstanceProfile {
  readonly name: string;
  readonly path?: string | undefined;
  readonly tags?: Tags;
}

/**
 * Instance profiles: each hands one role to machines. Everything throws `NoSuchEntity` for a name that is not there.
 */
export class InstanceProfiles {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Throws `EntityAlreadyExists`, `LimitExceeded`. */
  async create(home: Account, { name, path = '/', tags = [] }: NewInstanceProfile): Promise<InstanceProfile> {
    const key = [home.id, name.toLowerCase()];
    return await this.#db.transact(home.id, async transaction => {
      if ((await transaction.get(tables.instanceProfiles, ...key)) !== undefined) {
        throw errors.EntityAlreadyExists(`Instance Profile ${name} already exists.`);
      }
      await count(transaction, home.id, 'instanceProfiles', 1);
      const profile = {
        id: newId('instance-profile', home.id),
        name,
        path,
        created: this.#clock.now(),
        tags,
      };
      transaction.put(tables.instanceProfiles, key, profile);
      return profile;
    });
  }

  async find(account: string, name: string): Promise<InstanceProfile | undefined> {
    return await this.#db.get(tables.instanceProfiles, account, name.toLowerCase());
  }

  async get(account: string, name: string): Promise<InstanceProfile> {
    return this.demand(await this.find(account, name), name);
  }

  /** What was found by that name. Throws `NoSuchEntity` where nothing was. */
  demand(profile: InstanceProfile | undefined, name: string): InstanceProfile {
    if (profile === undefined) throw notFound(name);
    return profile;
  }

  async list(account: string, page: Page): Promise<InstanceProfile[]> {
    const after = page.after === undefined ? undefined : [account, page.after];
    const rows = await this.#db.list(tables.instanceProfiles, [account], { after, limit: page.limit });
    return rows.map(row => row.value);
  }

  /** Throws `DeleteConflict` while it has a role. */
  async delete(home: Account, name: string): Promise<void> {
    await this.#change(home, name, async (profile, transaction) => {
      if (profile.role !== undefined) {
        throw errors.DeleteConflict('Cannot delete entity, must remove roles from instance profile first.');
      }
      await count(transaction, home.id, 'instanceProfiles', -1);
      return undefined;
    });
  }

  /** Throws `LimitExceeded` where it has a role. */
  async addRole(home: Account, name: string, roleName: string): Promise<void> {
    await this.#change(home, name, async (profile, transaction) => {
      if (profile.role !== undefined) throw overQuota('InstanceSessionsPerInstanceProfile', 1);
      const role = await demandEntity(transaction, home, 'role', roleName);
      demandModifiable(role);
      const roleKey = roleName.toLowerCase();
      const profiles = [...role.profiles, name.toLowerCase()];
      transaction.put(tables.roles, [home.id, roleKey], { ...role, profiles });
      return { ...profile, role: roleKey };
    });
  }

  async removeRole(home: Account, name: string, roleName: string): Promise<void> {
    await this.#change(home, name, async (profile, transaction) => {
      const roleKey = roleName.toLowerCase();
      const role = await demandEntity(transaction, home, 'role', roleName);
      if (profile.role !== roleKey) {
        throw errors.NoSuchEntity(`The role with name ${roleName} cannot be found.`);
      }
      const profiles = role.profiles.filter(other => other !== name.toLowerCase());
      transaction.put(tables.roles, [home.id, roleKey], { ...role, profiles });
      return { ...profile, role: undefined };
    });
  }

  async tag(home: Account, name: string, tags: Tags): Promise<void> {
    await this.#change(home, name, profile => ({
      ...profile,
      tags: mergeTags(profile.tags, tags, 'TagsPerInstanceProfile'),
    }));
  }

  async untag(home: Account, name: string, keys: readonly string[]): Promise<void> {
    await this.#change(home, name, profile => ({ ...profile, tags: withoutTags(profile.tags, keys) }));
  }

  /** Stores what `change` makes of the profile, or deletes it where that is nothing. */
  async #change(
    home: Account,
    name: string,
    change: (
      profile: InstanceProfile,
      transaction: Transaction,
    ) => InstanceProfile | undefined | Promise<InstanceProfile | undefined>,
  ): Promise<void> {
    const key = [home.id, name.toLowerCase()];
    await this.#db.transact(home.id, async transaction => {
      const profile = await transaction.get(tables.instanceProfiles, ...key);
      if (profile === undefined) throw notFound(name);
      const changed = await change(profile, transaction);
      if (changed === undefined) transaction.delete(tables.instanceProfiles, ...key);
      else transaction.put(tables.instanceProfiles, key, changed);
    });
  }
}

function notFound(name: string) {
  return errors.NoSuchEntity(`Instance Profile ${name} cannot be found.`);
}
