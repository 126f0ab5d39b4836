/** Which AWS services may work with the organisation, and who administers it for them. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { NamedOperation } from '../../core/operation.js';
import { invalidInput, organizationErrors } from '../../identity/index.js';
import { slicePage } from './paging.js';
import { managedBy, type OrganizationsPorts } from './ports.js';
import { onAll, onTargets, servicePrincipal } from './requirements.js';

type Op<I, O = object> = NamedOperation<OrganizationsPorts, I, O>;

/** `config.amazonaws.com`, `member.org.stacksets.cloudformation.amazonaws.com` */
const SERVICE = /^(?:[a-z0-9-]+\.)+amazonaws\.com$/;

/** Throws `InvalidInputException` for what is no service. */
function serviceOf(principal: string | undefined): string {
  if (principal !== undefined && SERVICE.test(principal)) return principal;
  throw invalidInput('INVALID_ENUM', 'You specified an unrecognized service principal.');
}

export const enableAWSServiceAccess: Op<sdk.EnableAWSServiceAccessRequest> = {
  name: 'EnableAWSServiceAccess',
  requires: input => onAll('EnableAWSServiceAccess', servicePrincipal(input.ServicePrincipal)),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    await ports.identity.organizations.enableService(organization, serviceOf(input.ServicePrincipal));
    return {};
  },
};

/** A service that had no access has none afterwards, either: no error. */
export const disableAWSServiceAccess: Op<sdk.DisableAWSServiceAccessRequest> = {
  name: 'DisableAWSServiceAccess',
  requires: input => onAll('DisableAWSServiceAccess', servicePrincipal(input.ServicePrincipal)),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    await ports.identity.organizations.disableService(organization, serviceOf(input.ServicePrincipal));
    return {};
  },
};

export const listAWSServiceAccessForOrganization: Op<
  sdk.ListAWSServiceAccessForOrganizationRequest,
  sdk.ListAWSServiceAccessForOrganizationResponse
> = {
  name: 'ListAWSServiceAccessForOrganization',
  requires: () => onAll('ListAWSServiceAccessForOrganization'),
  async run(input, call, ports) {
    const { services = [] } = await managedBy(call, ports);
    const { items, next } = await slicePage(input, services, ({ principal }) => principal);
    return {
      EnabledServicePrincipals: items.map(({ principal, enabled }) => ({
        ServicePrincipal: principal,
        DateEnabled: new Date(enabled),
      })),
      ...next,
    };
  },
};

/** There are none: RegisterDelegatedAdministrator is not there. */
export const listDelegatedAdministrators: Op<
  sdk.ListDelegatedAdministratorsRequest,
  sdk.ListDelegatedAdministratorsResponse
> = {
  name: 'ListDelegatedAdministrators',
  requires: input => onAll('ListDelegatedAdministrators', servicePrincipal(input.ServicePrincipal)),
  async run(_input, call, ports) {
    await managedBy(call, ports);
    return { DelegatedAdministrators: [] };
  },
};

/** Throws `AccountNotFoundException`, and `AccountNotRegisteredException` for every account of the organisation. */
export const listDelegatedServicesForAccount: Op<sdk.ListDelegatedServicesForAccountRequest> = {
  name: 'ListDelegatedServicesForAccount',
  requires: (input, call, ports) =>
    onTargets('ListDelegatedServicesForAccount', call, ports, [input.AccountId]),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    await ports.identity.organizations.accounts.get(organization.id, input.AccountId!);
    throw organizationErrors.AccountNotRegisteredException();
  },
};
