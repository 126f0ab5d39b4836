import type { Requirement } from '../../core/operation.js';
import { errors } from './errors.js';

export interface AccountInput {
  readonly AccountId?: string | undefined;
}

/**
 * The account that the request names, in its host or in `x-amz-account-id`. Throws InvalidRequest where it names none
 * (the SDKs always do; the words are ours).
 */
export function accountOf({ AccountId: account = '' }: AccountInput): string {
  if (/^\d{12}$/.test(account)) return account;
  throw errors.InvalidRequest('x-amz-account-id must be the id of an account.');
}

/**
 * `action` on the account's settings, which have no ARN (Service Authorization Reference). No policy gives it to
 * others.
 */
export function onAccount(account: string, action: string): Requirement {
  return { action, resource: '*', resourceAccount: account, context: { 's3:ResourceAccount': account } };
}
