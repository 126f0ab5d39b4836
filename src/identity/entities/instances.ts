import { randomBytes } from 'node:crypto';
import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import type { Database } from '../../store/tables.js';
import { errors } from '../errors.js';
import { type InstanceProfile, type InstanceRecord, type Role, type Tags, tables } from '../model.js';
import type { Page } from '../page.js';

/** What a machine is registered with. */
interface NewInstance {
  /** `i-…`; default: a random one. */
  readonly id?: string | undefined;
  readonly profile: InstanceProfile;
  readonly region: string;
  readonly vpc?: string | undefined;
  readonly privateIp?: string | undefined;
  readonly tags: Tags;
}

/** An instance, and what its profile holds at this moment. */
export interface InstanceView {
  readonly instance: InstanceRecord;
  /** Absent where the profile was deleted since the registration, even if another one has its name now. */
  readonly profile?: InstanceProfile;
  readonly role?: Role;
}

/** Machines that hold an instance profile, as EC2 has them: each gets sessions of its profile's role. */
export class Instances {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Registers a machine, or changes what is known of it. */
  async register(
    home: Account,
    { id = newInstanceId(), profile, ...more }: NewInstance,
  ): Promise<InstanceRecord> {
    return await this.#db.transact(home.id, async transaction => {
      const before = await transaction.get(tables.instances, home.id, id);
      const registered = before?.registered ?? this.#clock.now();
      const record = { id, profileId: profile.id, profile: profile.name.toLowerCase(), registered, ...more };
      transaction.put(tables.instances, [home.id, id], record);
      return record;
    });
  }

  /** Throws `NoSuchEntity`. */
  async deregister(home: Account, id: string): Promise<void> {
    await this.#db.transact(home.id, async transaction => {
      const known = await transaction.get(tables.instances, home.id, id);
      if (known === undefined) throw errors.NoSuchEntity(`The instance ${id} cannot be found.`);
      transaction.delete(tables.instances, home.id, id);
    });
  }

  async find(account: string, id: string): Promise<InstanceView | undefined> {
    const instance = await this.#db.get(tables.instances, account, id);
    return instance && (await this.#view(account, instance));
  }

  /** In the order of their ids. */
  async list(account: string, page: Page): Promise<InstanceView[]> {
    const after = page.after === undefined ? undefined : [account, page.after];
    const rows = await this.#db.list(tables.instances, [account], { after, limit: page.limit });
    return await Promise.all(rows.map(({ value }) => this.#view(account, value)));
  }

  async #view(account: string, instance: InstanceRecord): Promise<InstanceView> {
    const profile = await this.#db.get(tables.instanceProfiles, account, instance.profile);
    if (profile?.id !== instance.profileId) return { instance };
    const role =
      profile.role === undefined ? undefined : await this.#db.get(tables.roles, account, profile.role);
    return { instance, profile, ...(role && { role }) };
  }
}

/** As EC2 makes them: `i-` and 17 hexadecimal digits. */
function newInstanceId(): string {
  return `i-0${randomBytes(8).toString('hex')}`;
}
