/** Which AWS services may work with the organisation, and who administers it for them. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { Operation } from '../../core/operation.js';
import { invalidInput, organizationErrors } from '../../identity/index.js';
import { slicePage } from './paging.js';
import { managedBy, type OrganizationsPorts } from './ports.js';
import { type InOrganization, onAll, onTargets, servicePrincipal } from './requirements.js';

type Op<I, O, T> = Operation<OrganizationsPorts, I, O, T>;

/** `config.amazonaws.com`, `member.org.stacksets.cloudformation.amazonaws.com` */
const SERVICE = /^(?:[a-z0-9-]+\.)+amazonaws\.com$/;

/** Throws `InvalidInputException` for what is no service. */
function serviceOf(principal: string | undefined): string {
  if (principal !== undefined && SERVICE.test(principal)) return principal;
  throw invalidInput('INVALID_ENUM', 'You specified an unrecognized service principal.');
}

export const EnableAWSServiceAccess: Op<sdk.EnableAWSServiceAccessRequest, object, InOrganization> = {
  resolve: (input, call, ports) => onAll(call, ports, servicePrincipal(input.ServicePrincipal)),
  async run(subject, input, _call, ports) {
    const organization = managedBy(subject);
    await ports.identity.organizations.enableService(organization, serviceOf(input.ServicePrincipal));
    return {};
  },
};

/** A service that had no access has none afterwards, either: no error. */
export const DisableAWSServiceAccess: Op<sdk.DisableAWSServiceAccessRequest, object, InOrganization> = {
  resolve: (input, call, ports) => onAll(call, ports, servicePrincipal(input.ServicePrincipal)),
  async run(subject, input, _call, ports) {
    const organization = managedBy(subject);
    await ports.identity.organizations.disableService(organization, serviceOf(input.ServicePrincipal));
    return {};
  },
};

export const ListAWSServiceAccessForOrganization: Op<
  sdk.ListAWSServiceAccessForOrganizationRequest,
  sdk.ListAWSServiceAccessForOrganizationResponse,
  InOrganization
> = {
  resolve: (_input, call, ports) => onAll(call, ports),
  async run(subject, input) {
    const { services = [] } = managedBy(subject);
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
export const ListDelegatedAdministrators: Op<
  sdk.ListDelegatedAdministratorsRequest,
  sdk.ListDelegatedAdministratorsResponse,
  InOrganization
> = {
  resolve: (input, call, ports) => onAll(call, ports, servicePrincipal(input.ServicePrincipal)),
  async run(subject) {
    managedBy(subject);
    return { DelegatedAdministrators: [] };
  },
};

/** Throws `AccountNotFoundException`, and `AccountNotRegisteredException` for every account of the organisation. */
export const ListDelegatedServicesForAccount: Op<
  sdk.ListDelegatedServicesForAccountRequest,
  object,
  InOrganization
> = {
  resolve: (input, call, ports) => onTargets(call, ports, [input.AccountId]),
  async run(subject, input, _call, ports) {
    const organization = managedBy(subject);
    await ports.identity.organizations.accounts.get(organization.id, input.AccountId!);
    throw organizationErrors.AccountNotRegisteredException();
  },
};
