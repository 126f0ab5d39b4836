import type * as iam from '@aws-sdk/client-iam';
import type { NamedOperation } from '../../../core/operation.js';
import { iamErrors } from '../errors.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onAll } from '../requirements.js';

/**
 * No feature is enabled: the operations that would are not there. Throws `OrganizationNotFoundException`,
 * `AccountNotManagementOrDelegatedAdministratorException` and, until `iam.amazonaws.com` has access,
 * `ServiceAccessNotEnabledException` (IAM API Reference, ListOrganizationsFeatures).
 */
export const listOrganizationsFeatures: NamedOperation<
  IamPorts,
  object,
  iam.ListOrganizationsFeaturesResponse
> = {
  name: 'ListOrganizationsFeatures',
  requires: (_input, call) => onAll('ListOrganizationsFeatures', call),
  async run(_input, call, { identity }) {
    const home = homeOf(call);
    if (home.organization === undefined) throw iamErrors.OrganizationNotFoundException();
    const { id, managementAccount, services = [] } = await identity.organizations.of(home);
    if (managementAccount !== home.id)
      throw iamErrors.AccountNotManagementOrDelegatedAdministratorException();
    if (!services.some(({ principal }) => principal === 'iam.amazonaws.com')) {
      throw iamErrors.ServiceAccessNotEnabledException();
    }
    return { OrganizationId: id, EnabledFeatures: [] };
  },
};
