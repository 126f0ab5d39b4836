/** The organisation itself, its root, and the policy types that are enabled in it. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { NamedOperation } from '../../core/operation.js';
import {
  type ControlType,
  invalidInput,
  organizationErrors,
  placeholderEmail,
} from '../../identity/index.js';
import { homeOf, managedBy, type OrganizationsPorts, organizationOf } from './ports.js';
import { onAll, onTargets, policyType } from './requirements.js';
import { organizationShape, rootShape } from './shapes.js';

type Op<I, O = object> = NamedOperation<OrganizationsPorts, I, O>;

/** The caller's account becomes the management account. All features are on. */
export const createOrganization: Op<sdk.CreateOrganizationRequest, sdk.CreateOrganizationResponse> = {
  name: 'CreateOrganization',
  requires: () => onAll('CreateOrganization'),
  async run(input, call, { identity }) {
    if (input.FeatureSet === 'CONSOLIDATED_BILLING') {
      throw invalidInput('INVALID_ENUM', 'There is no billing here: the feature set is ALL.');
    }
    const home = homeOf(call);
    const email = placeholderEmail(home.id);
    const organization = await identity.organizations.create(home.id, email);
    return { Organization: organizationShape(organization, email) };
  },
};

export const describeOrganization: Op<object, sdk.DescribeOrganizationResponse> = {
  name: 'DescribeOrganization',
  requires: () => onAll('DescribeOrganization'),
  async run(_input, call, ports) {
    const organization = await organizationOf(call, ports);
    const { accounts } = ports.identity.organizations;
    const { email } = await accounts.get(organization.id, organization.managementAccount);
    return { Organization: organizationShape(organization, email) };
  },
};

export const deleteOrganization: Op<object> = {
  name: 'DeleteOrganization',
  requires: () => onAll('DeleteOrganization'),
  async run(_input, call, ports) {
    await ports.identity.organizations.delete(await managedBy(call, ports));
    return {};
  },
};

/** There is one root. */
export const listRoots: Op<sdk.ListRootsRequest, sdk.ListRootsResponse> = {
  name: 'ListRoots',
  requires: () => onAll('ListRoots'),
  run: async (_input, call, ports) => ({ Roots: [rootShape(await managedBy(call, ports))] }),
};

export const enablePolicyType: Op<sdk.EnablePolicyTypeRequest, sdk.EnablePolicyTypeResponse> = {
  name: 'EnablePolicyType',
  requires: (input, call, ports) =>
    onTargets('EnablePolicyType', call, ports, [input.RootId], policyType(input.PolicyType)),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    if (input.RootId !== organization.rootId) throw organizationErrors.RootNotFoundException();
    const type = enforced(input.PolicyType);
    return { Root: rootShape(await ports.identity.organizations.policies.enableType(organization, type)) };
  },
};

export const disablePolicyType: Op<sdk.DisablePolicyTypeRequest, sdk.DisablePolicyTypeResponse> = {
  name: 'DisablePolicyType',
  requires: (input, call, ports) =>
    onTargets('DisablePolicyType', call, ports, [input.RootId], policyType(input.PolicyType)),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    if (input.RootId !== organization.rootId) throw organizationErrors.RootNotFoundException();
    const type = enforced(input.PolicyType);
    return { Root: rootShape(await ports.identity.organizations.policies.disableType(organization, type)) };
  },
};

/** Throws `PolicyTypeNotAvailableForOrganizationException` for types that nothing here would enforce. */
export function enforced(type: string | undefined): ControlType {
  if (type === 'SERVICE_CONTROL_POLICY' || type === 'RESOURCE_CONTROL_POLICY') return type;
  throw organizationErrors.PolicyTypeNotAvailableForOrganizationException();
}
