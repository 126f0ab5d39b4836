/** What auditors ask for and this server's organisations never have: each answers as AWS does where there is none. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { Operation } from '../../core/operation.js';
import { organizationErrors } from '../../identity/index.js';
import { demandOrganization, managedBy, type OrganizationsPorts } from './ports.js';
import { type InOrganization, onAll, onTargets, policyType } from './requirements.js';

type Op<I, O, T> = Operation<OrganizationsPorts, I, O, T>;

/** Throws `ResourcePolicyNotFoundException`. */
export const DescribeResourcePolicy: Op<object, object, InOrganization> = {
  resolve: (_input, call, ports) => onAll(call, ports),
  async run(subject) {
    demandOrganization(subject.organization);
    throw organizationErrors.ResourcePolicyNotFoundException();
  },
};

/**
 * Control policies have no effective policy, and no other type is enabled: throws `EffectivePolicyNotFoundException`.
 */
export const DescribeEffectivePolicy: Op<sdk.DescribeEffectivePolicyRequest, object, InOrganization> = {
  resolve: (input, call, ports) =>
    input.TargetId === undefined
      ? onAll(call, ports, policyType(input.PolicyType))
      : onTargets(call, ports, [input.TargetId], policyType(input.PolicyType)),
  async run(subject) {
    demandOrganization(subject.organization);
    throw organizationErrors.EffectivePolicyNotFoundException();
  },
};

export const ListInboundResponsibilityTransfers: Op<
  object,
  sdk.ListInboundResponsibilityTransfersResponse,
  InOrganization
> = {
  resolve: (_input, call, ports) => onAll(call, ports),
  async run(subject) {
    managedBy(subject);
    return { ResponsibilityTransfers: [] };
  },
};

export const ListOutboundResponsibilityTransfers: Op<
  object,
  sdk.ListOutboundResponsibilityTransfersResponse,
  InOrganization
> = {
  resolve: (_input, call, ports) => onAll(call, ports),
  async run(subject) {
    managedBy(subject);
    return { ResponsibilityTransfers: [] };
  },
};
