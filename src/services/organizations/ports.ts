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
    throw organizationErrors.AccessDeniedException({ advice: 'Sign the request.' });
  return caller.account;
}

/** The organization of the caller's account. Throws `AWSOrganizationsNotInUseException`. */
export function demandOrganization(organization: OrganizationRecord | undefined): OrganizationRecord {
  if (organization === undefined) throw organizationErrors.AWSOrganizationsNotInUseException();
  return organization;
}

/**
 * As `managedBy`, for what is open to delegated administrators of any service as well: "It grants read-only access to
 * AWS Organizations service data" (AWS Organizations API Reference, RegisterDelegatedAdministrator).
 */
export function readBy(subject: {
  readonly home: Account;
  readonly organization: OrganizationRecord | undefined;
}): OrganizationRecord {
  const { administrators = [] } = demandOrganization(subject.organization);
  return administrators.some(({ account }) => account === subject.home.id)
    ? subject.organization!
    : managedBy(subject);
}

/**
 * The organization that the caller's account manages. Throws `AWSOrganizationsNotInUseException`, and
 * `AccessDeniedException` for the other accounts: most operations are the management account's alone.
 */
export function managedBy(subject: {
  readonly home: Account;
  readonly organization: OrganizationRecord | undefined;
}): OrganizationRecord {
  const organization = demandOrganization(subject.organization);
  if (organization.managementAccount !== subject.home.id)
    throw organizationErrors.AccessDeniedException({
      advice:
        'Only the management account of the organization does this, whatever the policies of a member say: call with credentials of that account.',
    });
  return organization;
}
