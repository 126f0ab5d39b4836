/** Copies of users and roles take over the unique ids of the originals, so that what names these means the copies. */
import type { Account } from '../../core/caller.js';
import type { Database, Transaction } from '../../store/tables.js';
import { demandNoDevices } from '../credentials/mfa-devices.js';
import { errors } from '../errors.js';
import { type Role, tables, type User } from '../model.js';
import { demandEntity } from '../policies/entity-policies.js';

/** An entity that nothing hangs on yet. */
export interface AdoptedId {
  readonly kind: 'user' | 'role';
  readonly name: string;
  /** `AIDA…` for a user, `AROA…` for a role. */
  readonly id: string;
}

/**
 * Gives a user or role another unique id. What named the earlier one names nothing any more. Throws `NoSuchEntity`,
 * `EntityAlreadyExists` where another has the id, `DeleteConflict` where it has policies, a boundary, groups, keys,
 * devices, a password or instance profiles already.
 */
export async function adoptId(db: Database, home: Account, { kind, name, id }: AdoptedId): Promise<void> {
  const key = name.toLowerCase();
  await db.transact(home.id, async transaction => {
    const entity = await demandEntity(transaction, home, kind, name);
    if (entity.id === id) return;
    if ((await transaction.get(tables.ids, id)) !== undefined)
      throw errors.EntityAlreadyExists(`Another user or role has the unique id ${id}.`);
    await demandBare(transaction, home, entity);
    transaction.delete(tables.ids, entity.id);
    transaction.put(tables.ids, [id], { account: home.id, kind, name: key });
    if (kind === 'role') transaction.put(tables.roles, [home.id, key], { ...(entity as Role), id });
    else transaction.put(tables.users, [home.id, key], { ...(entity as User), id });
  });
}

/** What belongs to it is found by the id that it has. */
async function demandBare(transaction: Transaction, home: Account, entity: User | Role): Promise<void> {
  const { id, inline, attached, boundary } = entity;
  const lists = 'trust' in entity ? [entity.profiles] : [entity.groups, entity.keys];
  const isBare = [inline, attached, ...lists].every(list => list.length === 0) && boundary === undefined;
  const hasPassword = (await transaction.get(tables.loginProfiles, home.id, id)) !== undefined;
  if (!isBare || hasPassword) {
    throw errors.DeleteConflict(
      'Only a user or role that has no policies, boundary, groups, keys, password or instance profiles takes another unique id.',
    );
  }
  if (!('trust' in entity)) await demandNoDevices(transaction, home.id, id);
}
