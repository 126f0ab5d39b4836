/** The `Principal` and `NotPrincipal` elements ("AWS JSON policy elements: Principal"). */

import type { PrincipalElement } from '../parse/document.js';
import type { Principal } from '../request.js';
import { parseArn } from './arn.js';

/**
 * What an Allow overcomes that names the caller in some way: a set of the implicit denies of the caller's
 * identity policies, boundary and session policies ("Evaluating identity-based policies with resource-based
 * policies", same account).
 */
export const OVERCOMES_IDENTITY = 1;
export const OVERCOMES_BOUNDARY = 2;
export const OVERCOMES_SESSION = 4;
/** All of them. */
export const OVERCOMES_ALL = OVERCOMES_IDENTITY | OVERCOMES_BOUNDARY | OVERCOMES_SESSION;

/** The element does not name the caller. */
export const NOT_NAMED = -1;
/** It names the caller's account only: the account's own policies must still allow. */
export const DELEGATED = 0;

const ACCOUNT = /^\d{12}$/;

/** The account a principal value stands for: `111122223333` or the ARN of that account's root. */
export function accountOf(value: string): string | undefined {
  if (ACCOUNT.test(value)) return value;
  const arn = parseArn(value);
  return arn?.service === 'iam' && arn.resource === 'root' ? arn.account : undefined;
}

export class CompiledPrincipal {
  readonly not: boolean;
  readonly #everyone: boolean;
  readonly #accounts = new Set<string>();
  /** ARNs and unique ids of users, roles and sessions. */
  readonly #entities = new Set<string>();
  readonly #services = new Set<string>();
  readonly #providers = new Set<string>();

  constructor(element: PrincipalElement) {
    this.not = element.not;
    let everyone = false;
    for (const { type, word } of element.entries) {
      const account = type === 'AWS' ? accountOf(word.value) : undefined;
      if (type === 'AWS' && word.value === '*') everyone = true;
      else if (account !== undefined) this.#accounts.add(account);
      else this.#setOf(type).add(word.value);
    }
    this.#everyone = everyone;
  }

  #setOf(type: string): Set<string> {
    if (type === 'Service') return this.#services;
    return type === 'Federated' ? this.#providers : this.#entities;
  }

  /** How the element names the caller: `NOT_NAMED`, `DELEGATED` or a set of `OVERCOMES_…`. */
  names(principal: Principal): number {
    if (this.not) return this.#spares(principal) ? NOT_NAMED : OVERCOMES_ALL;
    if (this.#everyone) return OVERCOMES_ALL;
    switch (principal.type) {
      case 'user':
        if (this.#isNamed(principal.arn, principal.uniqueId)) return OVERCOMES_IDENTITY | OVERCOMES_BOUNDARY;
        break;
      case 'assumed-role':
        if (this.#entities.has(principal.arn)) return OVERCOMES_ALL;
        if (this.#isNamed(principal.roleArn, principal.uniqueId)) return OVERCOMES_IDENTITY;
        break;
      case 'federated-user':
        if (this.#entities.has(principal.arn)) return OVERCOMES_ALL;
        if (this.#isNamed(principal.federatingArn, principal.federatingId)) return OVERCOMES_IDENTITY;
        break;
      case 'service':
        return this.#services.has(principal.arn) ? OVERCOMES_ALL : NOT_NAMED;
    }
    if (principal.federatedProvider !== undefined && this.#providers.has(principal.federatedProvider))
      return OVERCOMES_ALL;
    return this.#isNamed(principal.canonicalId, undefined) || this.#hasAccount(principal)
      ? DELEGATED
      : NOT_NAMED;
  }

  #hasAccount({ account }: Principal): boolean {
    return account !== undefined && this.#accounts.has(account);
  }

  #isNamed(arn: string | undefined, id: string | undefined): boolean {
    return (arn !== undefined && this.#entities.has(arn)) || (id !== undefined && this.#entities.has(id));
  }

  /**
   * Whether `NotPrincipal` lists the caller: every principal that the caller is, its account before all ("AWS might
   * validate the account first, then the role, and then the assumed-role user", "AWS JSON policy elements:
   * NotPrincipal"; the Security Blog's "How to restrict Amazon S3 bucket access to a specific IAM role" shows that the
   * role without its session, or the session without its role, is denied). A federated user is the user who federated
   * too, as a session is its role.
   */
  #spares(principal: Principal): boolean {
    if (this.#everyone) return true;
    switch (principal.type) {
      case 'root':
        return this.#listsAccount(principal);
      case 'user':
        return this.#listsAccount(principal) && this.#isNamed(principal.arn, principal.uniqueId);
      case 'assumed-role':
        return (
          this.#listsAccount(principal) &&
          this.#isNamed(principal.roleArn, principal.uniqueId) &&
          this.#entities.has(principal.arn)
        );
      case 'federated-user':
        return (
          this.#listsAccount(principal) &&
          this.#listsFederating(principal) &&
          this.#entities.has(principal.arn)
        );
      case 'service':
        return this.#services.has(principal.arn);
      case 'anonymous':
        return principal.federatedProvider !== undefined && this.#providers.has(principal.federatedProvider);
    }
  }

  /** What `NotPrincipal` lacks to spare a caller of an account: ARNs, in the order account, user or role, session. */
  missing(principal: Principal): string[] {
    if (this.#everyone || principal.account === undefined) return [];
    const { type, arn, account } = principal;
    const [, partition = 'aws'] = arn.split(':', 2);
    const missing = this.#listsAccount(principal) ? [] : [`arn:${partition}:iam::${account}:root`];
    if (type === 'user' && !this.#isNamed(arn, principal.uniqueId)) missing.push(arn);
    if (type === 'assumed-role' && !this.#isNamed(principal.roleArn, principal.uniqueId))
      missing.push(principal.roleArn as string);
    if (type === 'federated-user' && !this.#listsFederating(principal))
      missing.push(principal.federatingArn as string);
    if ((type === 'assumed-role' || type === 'federated-user') && !this.#entities.has(arn)) missing.push(arn);
    return missing;
  }

  #listsAccount(principal: Principal): boolean {
    return this.#hasAccount(principal) || this.#isNamed(principal.canonicalId, undefined);
  }

  /** A root user who federated is listed with its account. */
  #listsFederating({ federatingArn, federatingId, account }: Principal): boolean {
    return (
      this.#isNamed(federatingArn, federatingId) ||
      (federatingArn !== undefined && accountOf(federatingArn) === account)
    );
  }
}
