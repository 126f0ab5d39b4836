/** Service control and resource control policies, and what they are attached to. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { Operation } from '../../core/operation.js';
import {
  type ControlPolicy,
  type ControlType,
  type OrganizationRecord,
  organizationErrors,
  targetArn,
} from '../../identity/index.js';
import { slicePage } from './paging.js';
import { enforced } from './policy-types.js';
import { managedBy, type OrganizationsPorts, readBy } from './ports.js';
import { tagsIn } from './request-tags.js';
import {
  andTagging,
  type InOrganization,
  type OnPolicy,
  onAll,
  onNewPolicy,
  onPolicy,
  onPolicyAndTarget,
  onTargets,
  policyType,
  requestTags,
} from './requirements.js';
import { policyShape, policySummary } from './shapes.js';

type Op<I, O, T> = Operation<OrganizationsPorts, I, O, T>;

export const CreatePolicy: Op<sdk.CreatePolicyRequest, sdk.CreatePolicyResponse, InOrganization> = {
  resolve: ({ Type, Tags }, call, ports) => {
    const context = { ...policyType(Type), ...requestTags(Tags) };
    return andTagging(onNewPolicy(call, ports, Type, context), Type as ControlType, Tags);
  },
  async run(subject, input, _call, ports) {
    const organization = managedBy(subject);
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

export const DescribePolicy: Op<sdk.DescribePolicyRequest, sdk.DescribePolicyResponse, OnPolicy> = {
  resolve: (input, call, ports) => onPolicy(call, ports, input.PolicyId),
  async run(subject) {
    const organization = readBy(subject);
    const policy = demandPolicy(subject);
    return { Policy: policyShape(organization, policy) };
  },
};

export const UpdatePolicy: Op<sdk.UpdatePolicyRequest, sdk.UpdatePolicyResponse, OnPolicy> = {
  resolve: (input, call, ports) => onPolicy(call, ports, input.PolicyId),
  async run(subject, { PolicyId, Name, Description, Content }, _call, ports) {
    const organization = managedBy(subject);
    const policy = await ports.identity.organizations.policies.update(organization, PolicyId!, {
      ...(Name !== undefined && { name: Name }),
      ...(Description !== undefined && { description: Description }),
      ...(Content !== undefined && { content: Content }),
    });
    return { Policy: policyShape(organization, policy) };
  },
};

export const DeletePolicy: Op<sdk.DeletePolicyRequest, object, OnPolicy> = {
  resolve: (input, call, ports) => onPolicy(call, ports, input.PolicyId),
  async run(subject, input, _call, ports) {
    await ports.identity.organizations.policies.delete(managedBy(subject), input.PolicyId!);
    return {};
  },
};

export const ListPolicies: Op<sdk.ListPoliciesRequest, sdk.ListPoliciesResponse, InOrganization> = {
  resolve: (input, call, ports) => onAll(call, ports, policyType(input.Filter)),
  async run(subject, input, _call, ports) {
    const organization = readBy(subject);
    const all = await ports.identity.organizations.policies.list(organization.id, enforced(input.Filter));
    const { items, next } = await slicePage(input, all, policy => policy.id);
    return { Policies: items.map(policy => policySummary(organization, policy)), ...next };
  },
};

/** The policy and the target must both be allowed. */
export const AttachPolicy: Op<sdk.AttachPolicyRequest, object, OnPolicy> = {
  resolve: (input, call, ports) => onPolicyAndTarget(call, ports, input),
  async run(subject, input, _call, ports) {
    const organization = managedBy(subject);
    await ports.identity.organizations.policies.attach(organization, input.PolicyId!, input.TargetId!);
    return {};
  },
};

export const DetachPolicy: Op<sdk.DetachPolicyRequest, object, OnPolicy> = {
  resolve: (input, call, ports) => onPolicyAndTarget(call, ports, input),
  async run(subject, input, _call, ports) {
    const organization = managedBy(subject);
    await ports.identity.organizations.policies.detach(organization, input.PolicyId!, input.TargetId!);
    return {};
  },
};

/** Those attached to the target itself, not the inherited ones. */
export const ListPoliciesForTarget: Op<
  sdk.ListPoliciesForTargetRequest,
  sdk.ListPoliciesForTargetResponse,
  InOrganization
> = {
  resolve: (input, call, ports) => onTargets(call, ports, [input.TargetId], policyType(input.Filter)),
  async run(subject, input, _call, ports) {
    const organization = readBy(subject);
    const { policies } = ports.identity.organizations;
    await nameOf(ports, organization, input.TargetId!);
    const ids = await policies.attachedTo(organization, input.TargetId!, enforced(input.Filter));
    const { items, next } = await slicePage(input, ids, id => id);
    const attached = await Promise.all(items.map(id => policies.get(organization.id, id)));
    return { Policies: attached.map(policy => policySummary(organization, policy)), ...next };
  },
};

export const ListTargetsForPolicy: Op<
  sdk.ListTargetsForPolicyRequest,
  sdk.ListTargetsForPolicyResponse,
  OnPolicy
> = {
  resolve: (input, call, ports) => onPolicy(call, ports, input.PolicyId),
  async run(subject, input, _call, ports) {
    const organization = readBy(subject);
    const { policies } = ports.identity.organizations;
    demandPolicy(subject);
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

/** Throws `PolicyNotFoundException`. */
function demandPolicy({ policy }: OnPolicy): ControlPolicy {
  if (policy === undefined) throw organizationErrors.PolicyNotFoundException();
  return policy;
}

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
