import type { Call } from '../../core/operation.js';
import {
  type Account,
  type Identity,
  type OrganizationRecord,
  organizationErrors,
} from '../../identity/index.js';

/** What AWS Organizations works on. */
export interface OrganizationsPorts {
  readonly identity: Identity;
}

/** The caller's account. Throws `AccessDeniedException` for anonymous callers. */
export function homeOf({ caller }: Call): Account {
  if (caller.account === undefined)
    throw organizationErrors.AccessDeniedException([], { advice: 'Sign the request.' });
  return caller.account;
}

/** The organisation of the caller's account. Throws `AWSOrganizationsNotInUseException`. */
export function organizationOf(call: Call, { identity }: OrganizationsPorts): Promise<OrganizationRecord> {
  return identity.organizations.of(homeOf(call));
}

/**
 * The organisation that the caller's account manages. Throws `AWSOrganizationsNotInUseException`, and
 * `AccessDeniedException` for the other accounts: most operations are the management account's alone.
 */
export async function managedBy(call: Call, ports: OrganizationsPorts): Promise<OrganizationRecord> {
  const organization = await organizationOf(call, ports);
  if (organization.managementAccount !== homeOf(call).id)
    throw organizationErrors.AccessDeniedException([], {
      advice:
        'Only the management account of the organization does this, whatever the policies of a member say: call with credentials of that account.',
    });
  return organization;
}
