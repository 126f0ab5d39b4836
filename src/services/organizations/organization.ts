/** The organisation itself, its root, and the policy types that are enabled in it. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { Operation } from '../../core/operation.js';
import { invalidInput, organizationErrors, placeholderEmail } from '../../identity/index.js';
import { enforced } from './policy-types.js';
import { demandOrganization, managedBy, type OrganizationsPorts, readBy } from './ports.js';
import { type InOrganization, onAll, onTargets, policyType } from './requirements.js';
import { organizationShape, rootShape } from './shapes.js';

type Op<I, O, T> = Operation<OrganizationsPorts, I, O, T>;

/** The caller's account becomes the management account. All features are on. */
export const CreateOrganization: Op<
  sdk.CreateOrganizationRequest,
  sdk.CreateOrganizationResponse,
  InOrganization
> = {
  resolve: (_input, call, ports) => onAll(call, ports),
  async run(subject, input, _call, { identity }) {
    if (input.FeatureSet === 'CONSOLIDATED_BILLING') {
      throw invalidInput('INVALID_ENUM', 'There is no billing here: the feature set is ALL.');
    }
    const home = subject.home;
    const email = placeholderEmail(home.id);
    const organization = await identity.organizations.create(home.id, email);
    return { Organization: organizationShape(organization, email) };
  },
};

export const DescribeOrganization: Op<object, sdk.DescribeOrganizationResponse, InOrganization> = {
  resolve: (_input, call, ports) => onAll(call, ports),
  async run(subject, _input, _call, ports) {
    const organization = demandOrganization(subject.organization);
    const { accounts } = ports.identity.organizations;
    const { email } = await accounts.get(organization.id, organization.managementAccount);
    return { Organization: organizationShape(organization, email) };
  },
};

export const DeleteOrganization: Op<object, object, InOrganization> = {
  resolve: (_input, call, ports) => onAll(call, ports),
  async run(subject, _input, _call, ports) {
    await ports.identity.organizations.delete(managedBy(subject));
    return {};
  },
};

/** There is one root. */
export const ListRoots: Op<sdk.ListRootsRequest, sdk.ListRootsResponse, InOrganization> = {
  resolve: (_input, call, ports) => onAll(call, ports),
  run: async subject => ({ Roots: [rootShape(readBy(subject))] }),
};

export const EnablePolicyType: Op<sdk.EnablePolicyTypeRequest, sdk.EnablePolicyTypeResponse, InOrganization> =
  {
    resolve: (input, call, ports) => onTargets(call, ports, [input.RootId], policyType(input.PolicyType)),
    async run(subject, input, _call, ports) {
      const organization = managedBy(subject);
      if (input.RootId !== organization.rootId) throw organizationErrors.RootNotFoundException();
      const type = enforced(input.PolicyType);
      return { Root: rootShape(await ports.identity.organizations.policies.enableType(organization, type)) };
    },
  };

export const DisablePolicyType: Op<
  sdk.DisablePolicyTypeRequest,
  sdk.DisablePolicyTypeResponse,
  InOrganization
> = {
  resolve: (input, call, ports) => onTargets(call, ports, [input.RootId], policyType(input.PolicyType)),
  async run(subject, input, _call, ports) {
    const organization = managedBy(subject);
    if (input.RootId !== organization.rootId) throw organizationErrors.RootNotFoundException();
    const type = enforced(input.PolicyType);
    return { Root: rootShape(await ports.identity.organizations.policies.disableType(organization, type)) };
  },
};
