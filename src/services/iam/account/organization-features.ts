/** Centralized root access: what of the root users of member accounts is managed ("IAM API Reference"). */
import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import {
  type Account,
  administers,
  IAM_SERVICE,
  type OrganizationRecord,
  type RootFeature,
} from '../../../identity/index.js';
import { iamErrors } from '../errors.js';
import type { IamPorts } from '../ports.js';
import { type OnAccount, onAll } from '../requirements.js';

/** Every answer's members: of each operation the same. */
type Features = iam.ListOrganizationsFeaturesResponse;

/**
 * The organisation that the account manages or administers for IAM. Throws `OrganizationNotFoundException`,
 * `AccountNotManagementOrDelegatedAdministratorException` and, until `iam.amazonaws.com` has access,
 * `ServiceAccessNotEnabledException` (IAM API Reference, ListOrganizationsFeatures).
 */
async function administeredBy(home: Account, { identity }: IamPorts): Promise<OrganizationRecord> {
  if (home.organization === undefined) throw iamErrors.OrganizationNotFoundException();
  const organization = await identity.organizations.of(home);
  if (!administers(organization, home.id, IAM_SERVICE)) {
    throw iamErrors.AccountNotManagementOrDelegatedAdministratorException();
  }
  if (!organization.services?.some(({ principal }) => principal === IAM_SERVICE)) {
    throw iamErrors.ServiceAccessNotEnabledException();
  }
  return organization;
}

export const ListOrganizationsFeatures: Operation<IamPorts, object, Features, OnAccount> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, _input, _call, ports) {
    const { id, rootFeatures = [] } = await administeredBy(home, ports);
    return { OrganizationId: id, EnabledFeatures: [...rootFeatures] };
  },
};

/** Switched by the management account alone: `CallerIsNotManagementAccountException` for its administrators. */
function switching(feature: RootFeature, isOn: boolean): Operation<IamPorts, object, Features, OnAccount> {
  return {
    resolve: (_input, call) => onAll(call),
    async run({ home }, _input, _call, ports) {
      const organization = await administeredBy(home, ports);
      if (organization.managementAccount !== home.id) throw iamErrors.CallerIsNotManagementAccountException();
      const features = await ports.identity.organizations.setRootFeature(organization, feature, isOn);
      return { OrganizationId: organization.id, EnabledFeatures: [...features] };
    },
  };
}

export const EnableOrganizationsRootCredentialsManagement = switching('RootCredentialsManagement', true);
export const DisableOrganizationsRootCredentialsManagement = switching('RootCredentialsManagement', false);
export const EnableOrganizationsRootSessions = switching('RootSessions', true);
export const DisableOrganizationsRootSessions = switching('RootSessions', false);
