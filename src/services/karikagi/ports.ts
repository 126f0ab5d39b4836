import { ApiError } from '../../core/errors.js';
import type { Call, Requirement, Resolution } from '../../core/operation.js';
import type { AuditLog } from '../../events/audit.js';
import type { Denials } from '../../events/denials.js';
import type { Account, Identity } from '../../identity/index.js';
import type { Kms } from '../../kms/kms.js';

/** What the product's own API works on. */
export interface KarikagiPorts {
  readonly denials: Denials;
  readonly events: Pick<AuditLog, 'search'>;
  readonly identity: Identity;
  readonly keys: Pick<Kms, 'copy'>;
  /** The account whose administrators look after the server, by its id. */
  readonly firstAccount: string;
  /**
   * What decides about an action on a resource of the caller's own account beside the caller's policies: the resource's
   * policy, its access control list, its condition keys. `undefined` for resources that have none of these.
   */
  requirementOn(action: string, resource: string, call: Call): Promise<Requirement | undefined>;
}

/** The caller's account. Throws `AccessDeniedException` for anonymous callers. */
export function homeOf({ caller }: Call): Account {
  if (caller.account === undefined) throw denied('Sign the request: there is no access without credentials.');
  return caller.account;
}

/** The caller's account, and the operation's own action on no particular resource. */
export function onAccount(call: Call, more: Partial<Requirement> = {}): Resolution<Account> {
  return { requires: [{ action: call.action, resource: '*', ...more }], subject: homeOf(call) };
}

export function denied(message: string): ApiError {
  return new ApiError('AccessDeniedException', 400, message, { advice: message });
}

export function notFound(message: string): ApiError {
  return new ApiError('ResourceNotFoundException', 400, message);
}

export function invalid(message: string): ApiError {
  return new ApiError('ValidationException', 400, message);
}

/** What an error of a domain is here: something else has the name or the id. */
export function conflictOf({ message }: ApiError): ApiError {
  return new ApiError('ConflictException', 400, message);
}

/** Throws `AccessDeniedException` but for administrators of the account that looks after the server. */
export function demandFirst(home: Account, { firstAccount }: KarikagiPorts): void {
  if (home.id === firstAccount) return;
  throw denied('Only administrators of the first account look after the accounts of the server.');
}
