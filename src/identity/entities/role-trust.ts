/** A role that somebody asks credentials of, and what its trust policy is decided with. */
import type { Account } from '../../core/caller.js';
import type { Context, NamedPolicy } from '../../policy/types.js';
import type { Accounts } from '../accounts/accounts.js';
import type { EntityName } from '../arn.js';
import type { Role } from '../model.js';
import { compiledPolicy } from '../policies/policy-documents.js';
import type { Roles } from './roles.js';
import { tagContext } from './tags.js';

export interface Target {
  readonly account: Account;
  readonly role: Role;
}

/** The role of exactly that name, path and partition, in an account that is open; else `undefined`. */
export async function findRole(
  { accounts, roles }: { readonly accounts: Accounts; readonly roles: Roles },
  name: EntityName,
): Promise<Target | undefined> {
  const account = await accounts.find(name.account);
  if (account?.partition !== name.partition || account.closed !== undefined) return undefined;
  const role = await roles.find(account.id, name.name);
  return role?.name === name.name && role.path === name.path ? { account, role } : undefined;
}

export function trustPolicyOf(role: Role): NamedPolicy {
  return {
    name: `trust policy of role ${role.name}`,
    policy: compiledPolicy(role.trust, 'trust'),
    place: { kind: 'trust', role: role.name },
  };
}

/** The role's own tags as condition keys. */
export function roleTagContext({ tags }: Role): Context {
  return { ...tagContext('iam:ResourceTag', tags), ...tagContext('aws:ResourceTag', tags) };
}
