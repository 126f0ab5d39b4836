import type * as iam from '@aws-sdk/client-iam';
import type { NamedOperation } from '../../../core/operation.js';
import { versionOf } from '../../../identity/index.js';
import { slicePage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onPolicy } from '../requirements.js';
import { listedVersion, shownVersion } from '../shapes.js';

export const createPolicyVersion: NamedOperation<
  IamPorts,
  iam.CreatePolicyVersionRequest,
  iam.CreatePolicyVersionResponse
> = {
  name: 'CreatePolicyVersion',
  requires: (input, call, ports) => onPolicy('CreatePolicyVersion', call, ports, input.PolicyArn!),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const asDefault = input.SetAsDefault ?? false;
    const version = await identity.policies.createVersion(
      home,
      input.PolicyArn!,
      input.PolicyDocument!,
      asDefault,
    );
    const policy = await identity.policies.get(home, input.PolicyArn!);
    return { PolicyVersion: listedVersion(policy, version) };
  },
};

export const getPolicyVersion: NamedOperation<
  IamPorts,
  iam.GetPolicyVersionRequest,
  iam.GetPolicyVersionResponse
> = {
  name: 'GetPolicyVersion',
  requires: (input, call, ports) => onPolicy('GetPolicyVersion', call, ports, input.PolicyArn!),
  async run(input, call, { identity }) {
    const policy = await identity.policies.get(homeOf(call), input.PolicyArn!);
    return { PolicyVersion: shownVersion(policy, versionOf(policy, input.PolicyArn!, input.VersionId!)) };
  },
};

export const listPolicyVersions: NamedOperation<
  IamPorts,
  iam.ListPolicyVersionsRequest,
  iam.ListPolicyVersionsResponse
> = {
  name: 'ListPolicyVersions',
  requires: (input, call, ports) => onPolicy('ListPolicyVersions', call, ports, input.PolicyArn!),
  async run(input, call, { identity }) {
    const policy = await identity.policies.get(homeOf(call), input.PolicyArn!);
    // Newest first, as IAM lists them: the key falls as the number grows.
    const { items, page } = slicePage(input, policy.versions, ({ number }) =>
      String(Number.MAX_SAFE_INTEGER - number),
    );
    return { Versions: items.map(version => listedVersion(policy, version)), ...page };
  },
};

export const deletePolicyVersion: NamedOperation<IamPorts, iam.DeletePolicyVersionRequest, object> = {
  name: 'DeletePolicyVersion',
  requires: (input, call, ports) => onPolicy('DeletePolicyVersion', call, ports, input.PolicyArn!),
  async run(input, call, { identity }) {
    await identity.policies.deleteVersion(homeOf(call), input.PolicyArn!, input.VersionId!);
    return {};
  },
};

export const setDefaultPolicyVersion: NamedOperation<IamPorts, iam.SetDefaultPolicyVersionRequest, object> = {
  name: 'SetDefaultPolicyVersion',
  requires: (input, call, ports) => onPolicy('SetDefaultPolicyVersion', call, ports, input.PolicyArn!),
  async run(input, call, { identity }) {
    await identity.policies.setDefaultVersion(homeOf(call), input.PolicyArn!, input.VersionId!);
    return {};
  },
};
