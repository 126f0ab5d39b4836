import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import { type ManagedPolicy, versionOf } from '../../../identity/index.js';
import { slicePage } from '../paging.js';
import type { IamPorts } from '../ports.js';
import { type On, onPolicy } from '../requirements.js';
import { listedVersion, shownVersion } from '../shapes.js';

export const CreatePolicyVersion: Operation<
  IamPorts,
  iam.CreatePolicyVersionRequest,
  iam.CreatePolicyVersionResponse,
  On<ManagedPolicy>
> = {
  resolve: (input, call, ports) => onPolicy(call, ports, input.PolicyArn!),
  async run({ home }, input, _call, { identity }) {
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

export const GetPolicyVersion: Operation<
  IamPorts,
  iam.GetPolicyVersionRequest,
  iam.GetPolicyVersionResponse,
  On<ManagedPolicy>
> = {
  resolve: (input, call, ports) => onPolicy(call, ports, input.PolicyArn!),
  async run({ home, found }, input, _call, { identity }) {
    const policy = identity.policies.demand(found, home, input.PolicyArn!);
    return { PolicyVersion: shownVersion(policy, versionOf(policy, input.PolicyArn!, input.VersionId!)) };
  },
};

export const ListPolicyVersions: Operation<
  IamPorts,
  iam.ListPolicyVersionsRequest,
  iam.ListPolicyVersionsResponse,
  On<ManagedPolicy>
> = {
  resolve: (input, call, ports) => onPolicy(call, ports, input.PolicyArn!),
  async run({ home, found }, input, _call, { identity }) {
    const policy = identity.policies.demand(found, home, input.PolicyArn!);
    // Newest first, as IAM lists them: the key falls as the number grows.
    const { items, page } = slicePage(input, policy.versions, ({ number }) =>
      String(Number.MAX_SAFE_INTEGER - number),
    );
    return { Versions: items.map(version => listedVersion(policy, version)), ...page };
  },
};

export const DeletePolicyVersion: Operation<
  IamPorts,
  iam.DeletePolicyVersionRequest,
  object,
  On<ManagedPolicy>
> = {
  resolve: (input, call, ports) => onPolicy(call, ports, input.PolicyArn!),
  async run({ home }, input, _call, { identity }) {
    await identity.policies.deleteVersion(home, input.PolicyArn!, input.VersionId!);
    return {};
  },
};

export const SetDefaultPolicyVersion: Operation<
  IamPorts,
  iam.SetDefaultPolicyVersionRequest,
  object,
  On<ManagedPolicy>
> = {
  resolve: (input, call, ports) => onPolicy(call, ports, input.PolicyArn!),
  async run({ home }, input, _call, { identity }) {
    await identity.policies.setDefaultVersion(home, input.PolicyArn!, input.VersionId!);
    return {};
  },
};
