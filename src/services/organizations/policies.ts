/** Service control and resource control policies, and what they are attached to. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { NamedOperation } from '../../core/operation.js';
import {
  type ControlType,
  type OrganizationRecord,
  organizationErrors,
  targetArn,
} from '../../identity/index.js';
import { enforced } from './organization.js';
import { slicePage } from './paging.js';
import { managedBy, type OrganizationsPorts } from './ports.js';
import {
  onAll,
  onNewPolicy,
  onPolicy,
  onTagging,
  onTargets,
  policyType,
  requestTags,
} from './requirements.js';
import { policyShape, policySummary } from './shapes.js';
import { tagsIn } from './tags.js';

type Op<I, O = object> = NamedOperation<OrganizationsPorts, I, O>;

export const createPolicy: Op<sdk.CreatePolicyRequest, sdk.CreatePolicyResponse> = {
  name: 'CreatePolicy',
  requires: async ({ Type, Tags }, call, ports) => {
    const context = { ...policyType(Type), ...requestTags(Tags) };
    return [
      ...(await onNewPolicy('CreatePolicy', call, ports, Type, context)),
      ...(await onTagging(call, ports, Type as ControlType, Tags)),
    ];
  },
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    const policy = await ports.identity.organizations.policies.create(organization, {
      type: enforced(input.Type),
      name: input.Name!,
      description: input.Description!,
      content: input.Content!,
      tags: tagsIn(input.Tags),
    });
    return { Policy: policyShape(organization, policy) };
  },
};

export const describePolicy: Op<sdk.DescribePolicyRequest, sdk.DescribePolicyResponse> = {
  name: 'DescribePolicy',
  requires: (input, call, ports) => onPolicy('DescribePolicy', call, ports, input.PolicyId),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    const policy = await ports.identity.organizations.policies.get(organization.id, input.PolicyId!);
    return { Policy: policyShape(organization, policy) };
  },
};

export const updatePolicy: Op<sdk.UpdatePolicyRequest, sdk.UpdatePolicyResponse> = {
  name: 'UpdatePolicy',
  requires: (input, call, ports) => onPolicy('UpdatePolicy', call, ports, input.PolicyId),
  async run({ PolicyId, Name, Description, Content }, call, ports) {
    const organization = await managedBy(call, ports);
    const policy = await ports.identity.organizations.policies.update(organization, PolicyId!, {
      ...(Name !== undefined && { name: Name }),
      ...(Description !== undefined && { description: Description }),
      ...(Content !== undefined && { content: Content }),
    });
    return { Policy: policyShape(organization, policy) };
  },
};

export const deletePolicy: Op<sdk.DeletePolicyRequest> = {
  name: 'DeletePolicy',
  requires: (input, call, ports) => onPolicy('DeletePolicy', call, ports, input.PolicyId),
  async run(input, call, ports) {
    await ports.identity.organizations.policies.delete(await managedBy(call, ports), input.PolicyId!);
    return {};
  },
};

export const listPolicies: Op<sdk.ListPoliciesRequest, sdk.ListPoliciesResponse> = {
  name: 'ListPolicies',
  requires: input => onAll('ListPolicies', policyType(input.Filter)),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    const all = await ports.identity.organizations.policies.list(organization.id, enforced(input.Filter));
    const { items, next } = await slicePage(input, all, policy => policy.id);
    return { Policies: items.map(policy => policySummary(organization, policy)), ...next };
  },
};

/** The policy and the target must both be allowed. */
export const attachPolicy: Op<sdk.AttachPolicyRequest> = {
  name: 'AttachPolicy',
  requires: (input, call, ports) => onPolicyAndTarget('AttachPolicy', input, call, ports),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    await ports.identity.organizations.policies.attach(organization, input.PolicyId!, input.TargetId!);
    return {};
  },
};

export const detachPolicy: Op<sdk.DetachPolicyRequest> = {
  name: 'DetachPolicy',
  requires: (input, call, ports) => onPolicyAndTarget('DetachPolicy', input, call, ports),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    await ports.identity.organizations.policies.detach(organization, input.PolicyId!, input.TargetId!);
    return {};
  },
};

async function onPolicyAndTarget(
  operation: string,
  { PolicyId, TargetId }: sdk.AttachPolicyRequest,
  call: Parameters<Op<never>['run']>[1],
  ports: OrganizationsPorts,
) {
  const policy = await onPolicy(operation, call, ports, PolicyId);
  return [...policy, ...(await onTargets(operation, call, ports, [TargetId], policy[0]!.context))];
}

/** Those attached to the target itself, not the inherited ones. */
export const listPoliciesForTarget: Op<sdk.ListPoliciesForTargetRequest, sdk.ListPoliciesForTargetResponse> =
  {
    name: 'ListPoliciesForTarget',
    requires: (input, call, ports) =>
      onTargets('ListPoliciesForTarget', call, ports, [input.TargetId], policyType(input.Filter)),
    async run(input, call, ports) {
      const organization = await managedBy(call, ports);
      const { policies } = ports.identity.organizations;
      await nameOf(ports, organization, input.TargetId!);
      const ids = await policies.attachedTo(organization, input.TargetId!, enforced(input.Filter));
      const { items, next } = await slicePage(input, ids, id => id);
      const attached = await Promise.all(items.map(id => policies.get(organization.id, id)));
      return { Policies: attached.map(policy => policySummary(organization, policy)), ...next };
    },
  };

export const listTargetsForPolicy: Op<sdk.ListTargetsForPolicyRequest, sdk.ListTargetsForPolicyResponse> = {
  name: 'ListTargetsForPolicy',
  requires: (input, call, ports) => onPolicy('ListTargetsForPolicy', call, ports, input.PolicyId),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    const { policies } = ports.identity.organizations;
    await policies.get(organization.id, input.PolicyId!);
    const targets = await policies.targetsOf(organization, input.PolicyId!);
    const { items, next } = await slicePage(input, targets, id => id);
    const Targets = items.map(async TargetId => ({
      TargetId,
      Arn: targetArn(organization, TargetId),
      Name: await nameOf(ports, organization, TargetId),
      Type: typeOf(TargetId),
    }));
    return { Targets: await Promise.all(Targets), ...next };
  },
};

function typeOf(target: string): sdk.TargetType {
  if (target.startsWith('r-')) return 'ROOT';
  return target.startsWith('ou-') ? 'ORGANIZATIONAL_UNIT' : 'ACCOUNT';
}

/** Throws `TargetNotFoundException`. */
async function nameOf(
  { identity }: OrganizationsPorts,
  { id, rootId }: OrganizationRecord,
  target: string,
): Promise<string> {
  if (target === rootId) return 'Root';
  const { accounts, units } = identity.organizations;
  const name = target.startsWith('ou-')
    ? (await units.find(id, target))?.name
    : (await accounts.find(id, target))?.record.name;
  if (name === undefined) throw organizationErrors.TargetNotFoundException();
  return name;
}
