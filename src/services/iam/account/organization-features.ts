import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import { iamErrors } from '../errors.js';
import type { IamPorts } from '../ports.js';
import { type OnAccount, onAll } from '../requirements.js';

/**
 * No feature is enabled: the operations that would are not there. Throws `OrganizationNotFoundException`,
 * `AccountNotManagementOrDelegatedAdministratorException` and, until `iam.amazonaws.com` has access,
 * `ServiceAccessNotEnabledException` (IAM API Reference, ListOrganizationsFeatures).
 */
export const ListOrganizationsFeatures: Operation<
  IamPorts,
  object,
  iam.ListOrganizationsFeaturesResponse,
  OnAccount
> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, _input, _call, { identity }) {
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
