/** Which AWS services may work with the organisation, and who administers it for them. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { Operation } from '../../core/operation.js';
import { invalidInput, organizationErrors } from '../../identity/index.js';
import { slicePage } from './paging.js';
import { managedBy, type OrganizationsPorts, readBy } from './ports.js';
import { type InOrganization, onAll, onTargets, servicePrincipal } from './requirements.js';
import { accountShape } from './shapes.js';

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
    const { services = [] } = readBy(subject);
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

/** The one or the other: both are asked for with an account and a service. */
function delegation(
  change: 'registerAdministrator' | 'deregisterAdministrator',
): Op<sdk.RegisterDelegatedAdministratorRequest, object, InOrganization> {
  return {
    resolve: (input, call, ports) =>
      onTargets(call, ports, [input.AccountId], servicePrincipal(input.ServicePrincipal)),
    async run(subject, input, _call, ports) {
      const organization = managedBy(subject);
      const service = serviceOf(input.ServicePrincipal);
      await ports.identity.organizations[change](organization, input.AccountId!, service);
      return {};
    },
  };
}

export const RegisterDelegatedAdministrator = delegation('registerAdministrator');
export const DeregisterDelegatedAdministrator = delegation('deregisterAdministrator');

/** Each account once, with the time of its first delegation that is asked for. */
export const ListDelegatedAdministrators: Op<
  sdk.ListDelegatedAdministratorsRequest,
  sdk.ListDelegatedAdministratorsResponse,
  InOrganization
> = {
  resolve: (input, call, ports) => onAll(call, ports, servicePrincipal(input.ServicePrincipal)),
  async run(subject, input, _call, ports) {
    const organization = readBy(subject);
    const { accounts } = ports.identity.organizations;
    const since = new Map<string, number>();
    for (const { account, principal, enabled } of organization.administrators ?? []) {
      if (input.ServicePrincipal !== undefined && input.ServicePrincipal !== principal) continue;
      since.set(account, Math.min(enabled, since.get(account) ?? enabled));
    }
    const { items, next } = await slicePage(input, [...since], ([account]) => account);
    const DelegatedAdministrators = await Promise.all(
      items.map(async ([account, enabled]) => ({
        ...accountShape(organization, await accounts.get(organization.id, account)),
        DelegationEnabledDate: new Date(enabled),
      })),
    );
    return { DelegatedAdministrators, ...next };
  },
};

/** Throws `AccountNotFoundException`, and `AccountNotRegisteredException` for one that administers nothing. */
export const ListDelegatedServicesForAccount: Op<
  sdk.ListDelegatedServicesForAccountRequest,
  sdk.ListDelegatedServicesForAccountResponse,
  InOrganization
> = {
  resolve: (input, call, ports) => onTargets(call, ports, [input.AccountId]),
  async run(subject, input, _call, ports) {
    const { id, administrators = [] } = readBy(subject);
    await ports.identity.organizations.accounts.get(id, input.AccountId!);
    const own = administrators.filter(({ account }) => account === input.AccountId);
    if (own.length === 0) throw organizationErrors.AccountNotRegisteredException();
    const { items, next } = await slicePage(input, own, ({ principal }) => principal);
    return {
      DelegatedServices: items.map(({ principal, enabled }) => ({
        ServicePrincipal: principal,
        DelegationEnabledDate: new Date(enabled),
      })),
      ...next,
    };
  },
};
