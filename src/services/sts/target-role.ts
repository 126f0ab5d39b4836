/** The role that a request asks credentials of. */
import {
  type Account,
  compiledPolicy,
  type EntityName,
  type Identity,
  parseEntityArn,
  type Role,
  tagContext,
} from '../../identity/index.js';
import type { Context, NamedPolicy } from '../../policy/types.js';
import { stsErrors } from './errors.js';

export interface Target {
  readonly account: Account;
  readonly role: Role;
}

/** Throws `ValidationError` for what is no role ARN. */
export function roleNameOf(arn: string): EntityName {
  const name = parseEntityArn(arn);
  if (name?.kind !== 'role') throw stsErrors.ValidationError(`${arn} is invalid`);
  return name;
}

/** The role of exactly that name, path and partition, or `undefined`. */
export async function findRole(identity: Identity, name: EntityName): Promise<Target | undefined> {
  const account = await identity.account(name.account);
  if (account?.partition !== name.partition || account.closed !== undefined) return undefined;
  const role = await identity.roles.find(account.id, name.name);
  return role?.name === name.name && role.path === name.path ? { account, role } : undefined;
}

/**
 * The account that a role's ARN names, for whom an identity provider of that account vouches. Throws `AccessDenied`.
 */
export async function accountOfRole(identity: Identity, arn: string, action: string): Promise<Account> {
  const account = await identity.account(roleNameOf(arn).account);
  if (account !== undefined) return account;
  throw stsErrors.AccessDenied(`Not authorized to perform ${action}`, {
    advice: 'Check the account id in the ARN of the role: there is no such account here.',
  });
}

/** The role, which is there: without a trust policy nothing allows the request. */
export function trusted(target: Target | undefined): Target {
  if (target === undefined) throw new TypeError('a role that does not exist has no trust policy');
  return target;
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
