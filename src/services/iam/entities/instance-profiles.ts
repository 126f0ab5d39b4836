import type * as iam from '@aws-sdk/client-iam';
import type { NamedOperation } from '../../../core/operation.js';
import { readTags } from '../../../identity/index.js';
import { listPage, slicePage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onInstanceProfile, onNew, onPassedRole, onPath, onRole, requestTags } from '../requirements.js';
import { listedProfile, shownProfile } from '../shapes.js';

export const createInstanceProfile: NamedOperation<
  IamPorts,
  iam.CreateInstanceProfileRequest,
  iam.CreateInstanceProfileResponse
> = {
  name: 'CreateInstanceProfile',
  requires: (input, call) => {
    const target = { path: input.Path, name: input.InstanceProfileName };
    return onNew('CreateInstanceProfile', call, 'instance-profile', target, requestTags(input.Tags));
  },
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const profile = await identity.instanceProfiles.create(home, {
      name: input.InstanceProfileName!,
      path: input.Path,
      tags: readTags(input.Tags),
    });
    return { InstanceProfile: await shownProfile(identity, home, profile) };
  },
};

export const getInstanceProfile: NamedOperation<
  IamPorts,
  iam.GetInstanceProfileRequest,
  iam.GetInstanceProfileResponse
> = {
  name: 'GetInstanceProfile',
  requires: (input, call, ports) =>
    onInstanceProfile('GetInstanceProfile', call, ports, input.InstanceProfileName!),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const profile = await identity.instanceProfiles.get(home.id, input.InstanceProfileName!);
    return { InstanceProfile: await shownProfile(identity, home, profile) };
  },
};

export const listInstanceProfiles: NamedOperation<
  IamPorts,
  iam.ListInstanceProfilesRequest,
  iam.ListInstanceProfilesResponse
> = {
  name: 'ListInstanceProfiles',
  requires: (input, call) => onPath('ListInstanceProfiles', call, 'instance-profile', input.PathPrefix),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const { items, page } = await listPage(
      input,
      page => identity.instanceProfiles.list(home.id, page),
      profile => profile.name.toLowerCase(),
      profile => profile.path.startsWith(input.PathPrefix ?? '/'),
    );
    const profiles = await Promise.all(items.map(profile => listedProfile(identity, home, profile)));
    return { InstanceProfiles: profiles, ...page };
  },
};

export const listInstanceProfilesForRole: NamedOperation<
  IamPorts,
  iam.ListInstanceProfilesForRoleRequest,
  iam.ListInstanceProfilesForRoleResponse
> = {
  name: 'ListInstanceProfilesForRole',
  requires: (input, call, ports) => onRole('ListInstanceProfilesForRole', call, ports, input.RoleName!),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const { profiles } = await identity.roles.get(home.id, input.RoleName!);
    const { items, page } = slicePage(input, profiles, name => name);
    const shown = items.map(async name =>
      listedProfile(identity, home, await identity.instanceProfiles.get(home.id, name)),
    );
    return { InstanceProfiles: await Promise.all(shown), ...page };
  },
};

export const deleteInstanceProfile: NamedOperation<IamPorts, iam.DeleteInstanceProfileRequest, object> = {
  name: 'DeleteInstanceProfile',
  requires: (input, call, ports) =>
    onInstanceProfile('DeleteInstanceProfile', call, ports, input.InstanceProfileName!),
  async run(input, call, { identity }) {
    await identity.instanceProfiles.delete(homeOf(call), input.InstanceProfileName!);
    return {};
  },
};

export const addRoleToInstanceProfile: NamedOperation<IamPorts, iam.AddRoleToInstanceProfileRequest, object> =
  {
    name: 'AddRoleToInstanceProfile',
    /** The role is passed to EC2 as well (IAM API Reference, AddRoleToInstanceProfile: the caller needs iam:PassRole). */
    async requires(input, call, ports) {
      return [
        ...(await onInstanceProfile('AddRoleToInstanceProfile', call, ports, input.InstanceProfileName!)),
        ...(await onPassedRole(call, ports, input.RoleName!, 'ec2.amazonaws.com')),
      ];
    },
    async run(input, call, { identity }) {
      await identity.instanceProfiles.addRole(homeOf(call), input.InstanceProfileName!, input.RoleName!);
      return {};
    },
  };

export const removeRoleFromInstanceProfile: NamedOperation<
  IamPorts,
  iam.RemoveRoleFromInstanceProfileRequest,
  object
> = {
  name: 'RemoveRoleFromInstanceProfile',
  requires: (input, call, ports) =>
    onInstanceProfile('RemoveRoleFromInstanceProfile', call, ports, input.InstanceProfileName!),
  async run(input, call, { identity }) {
    await identity.instanceProfiles.removeRole(homeOf(call), input.InstanceProfileName!, input.RoleName!);
    return {};
  },
};
