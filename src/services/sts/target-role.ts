/** The role that a request asks credentials of. */
import {
  type Account,
  type EntityName,
  type Identity,
  parseEntityArn,
  type Target,
} from '../../identity/index.js';
import { stsErrors } from './errors.js';

/** Throws `ValidationError` for what is no role ARN. */
export function roleNameOf(arn: string): EntityName {
  const name = parseEntityArn(arn);
  if (name?.kind !== 'role') throw stsErrors.ValidationError(`${arn} is invalid`);
  return name;
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
