/** How the records of roles come and go, within a transaction. */

import type { Account } from '../../core/caller.js';
import type { ApiError } from '../../core/errors.js';
import type { Transaction } from '../../store/tables.js';
import { count } from '../accounts/accounts.js';
import { type Role, type Tags, tables } from '../model.js';
import { newId } from './unique-id.js';
import { forgetUses } from './usage.js';

const DEFAULT_SESSION = 3600;

interface RoleFields {
  readonly name: string;
  readonly path: string;
  /** The trust policy as it is stored. */
  readonly trust: string;
  readonly description?: string | undefined;
  /** Seconds; 3,600 where absent. */
  readonly maxSessionDuration?: number | undefined;
  readonly boundary?: string | undefined;
  readonly tags?: Tags;
}

export function newRole(home: Account, created: number, fields: RoleFields): Role {
  const { maxSessionDuration = DEFAULT_SESSION, boundary, description, tags = [], ...rest } = fields;
  const id = newId('role', home.id);
  const own = { id, created, maxSessionDuration, boundary, description, tags };
  return { ...rest, ...own, inline: [], attached: [], profiles: [] };
}

/** Throws what `taken` makes where the account has a role of that name. */
export async function demandFreeRole(
  transaction: Transaction,
  home: Account,
  name: string,
  taken: () => ApiError,
): Promise<void> {
  if ((await transaction.get(tables.roles, home.id, name.toLowerCase())) !== undefined) throw taken();
}

/** Throws `LimitExceeded`. */
export async function addRole(transaction: Transaction, home: Account, role: Role): Promise<void> {
  const name = role.name.toLowerCase();
  await count(transaction, home.id, 'roles', 1);
  transaction.put(tables.roles, [home.id, name], role);
  transaction.put(tables.ids, [role.id], { account: home.id, kind: 'role', name });
}

export async function dropRole(transaction: Transaction, home: Account, role: Role): Promise<void> {
  transaction.delete(tables.roles, home.id, role.name.toLowerCase());
  transaction.delete(tables.ids, role.id);
  transaction.delete(tables.roleUses, role.id);
  await forgetUses(transaction, home.id, role.id);
  await count(transaction, home.id, 'roles', -1);
}
