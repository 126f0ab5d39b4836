/** What auditors ask for and this server's organisations never have: each answers as AWS does where there is none. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { NamedOperation } from '../../core/operation.js';
import { organizationErrors } from '../../identity/index.js';
import { managedBy, type OrganizationsPorts, organizationOf } from './ports.js';
import { onAll, onTargets, policyType } from './requirements.js';

type Op<I, O = object> = NamedOperation<OrganizationsPorts, I, O>;

/** Throws `ResourcePolicyNotFoundException`. */
export const describeResourcePolicy: Op<object> = {
  name: 'DescribeResourcePolicy',
  requires: () => onAll('DescribeResourcePolicy'),
  async run(_input, call, ports) {
    await organizationOf(call, ports);
    throw organizationErrors.ResourcePolicyNotFoundException();
  },
};

/** Control policies have no effective policy, and no other type is enabled: throws `EffectivePolicyNotFoundException`. */
export const describeEffectivePolicy: Op<sdk.DescribeEffectivePolicyRequest> = {
  name: 'DescribeEffectivePolicy',
  requires: (input, call, ports) =>
    input.TargetId === undefined
      ? onAll('DescribeEffectivePolicy', policyType(input.PolicyType))
      : onTargets('DescribeEffectivePolicy', call, ports, [input.TargetId], policyType(input.PolicyType)),
  async run(_input, call, ports) {
    await organizationOf(call, ports);
    throw organizationErrors.EffectivePolicyNotFoundException();
  },
};

export const listInboundResponsibilityTransfers: Op<object, sdk.ListInboundResponsibilityTransfersResponse> =
  {
    name: 'ListInboundResponsibilityTransfers',
    requires: () => onAll('ListInboundResponsibilityTransfers'),
    async run(_input, call, ports) {
      await managedBy(call, ports);
      return { ResponsibilityTransfers: [] };
    },
  };

export const listOutboundResponsibilityTransfers: Op<
  object,
  sdk.ListOutboundResponsibilityTransfersResponse
> = {
  name: 'ListOutboundResponsibilityTransfers',
  requires: () => onAll('ListOutboundResponsibilityTransfers'),
  async run(_input, call, ports) {
    await managedBy(call, ports);
    return { ResponsibilityTransfers: [] };
  },
};
