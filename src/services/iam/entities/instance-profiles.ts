import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import { type InstanceProfile, type Role, readTags } from '../../../identity/index.js';
import { listPage, slicePage } from '../paging.js';
import type { IamPorts } from '../ports.js';
import {
  type On,
  type OnAccount,
  onInstanceProfile,
  onNew,
  onPassedRole,
  onPath,
  onRole,
  requestTags,
} from '../requirements.js';
import { listedProfile, shownProfile } from '../shapes.js';

export const CreateInstanceProfile: Operation<
  IamPorts,
  iam.CreateInstanceProfileRequest,
  iam.CreateInstanceProfileResponse,
  OnAccount
> = {
  resolve: (input, call) => {
    const target = { path: input.Path, name: input.InstanceProfileName };
    return onNew(call, 'instance-profile', target, requestTags(input.Tags));
  },
  async run({ home }, input, _call, { identity }) {
    const profile = await identity.instanceProfiles.create(home, {
      name: input.InstanceProfileName!,
      path: input.Path,
      tags: readTags(input.Tags),
    });
    return { InstanceProfile: await shownProfile(identity, home, profile) };
  },
};

export const GetInstanceProfile: Operation<
  IamPorts,
  iam.GetInstanceProfileRequest,
  iam.GetInstanceProfileResponse,
  On<InstanceProfile>
> = {
  resolve: (input, call, ports) => onInstanceProfile(call, ports, input.InstanceProfileName!),
  async run({ home, found }, input, _call, { identity }) {
    const profile = identity.instanceProfiles.demand(found, input.InstanceProfileName!);
    return { InstanceProfile: await shownProfile(identity, home, profile) };
  },
};

export const ListInstanceProfiles: Operation<
  IamPorts,
  iam.ListInstanceProfilesRequest,
  iam.ListInstanceProfilesResponse,
  OnAccount
> = {
  resolve: (input, call) => onPath(call, 'instance-profile', input.PathPrefix),
  async run({ home }, input, _call, { identity }) {
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

export const ListInstanceProfilesForRole: Operation<
  IamPorts,
  iam.ListInstanceProfilesForRoleRequest,
  iam.ListInstanceProfilesForRoleResponse,
  On<Role>
> = {
  resolve: (input, call, ports) => onRole(call, ports, input.RoleName!),
  async run({ home, found }, input, _call, { identity }) {
    const { profiles } = identity.roles.demand(found, input.RoleName!);
    const { items, page } = slicePage(input, profiles, name => name);
    const shown = items.map(async name =>
      listedProfile(identity, home, await identity.instanceProfiles.get(home.id, name)),
    );
    return { InstanceProfiles: await Promise.all(shown), ...page };
  },
};

export const DeleteInstanceProfile: Operation<
  IamPorts,
  iam.DeleteInstanceProfileRequest,
  object,
  On<InstanceProfile>
> = {
  resolve: (input, call, ports) => onInstanceProfile(call, ports, input.InstanceProfileName!),
  async run({ home }, input, _call, { identity }) {
    await identity.instanceProfiles.delete(home, input.InstanceProfileName!);
    return {};
  },
};

export const AddRoleToInstanceProfile: Operation<
  IamPorts,
  iam.AddRoleToInstanceProfileRequest,
  object,
  On<InstanceProfile>
> = {
  /** The role is passed to EC2 as well (IAM API Reference, AddRoleToInstanceProfile: the caller needs iam:PassRole). */
  async resolve(input, call, ports) {
    const { requires, subject } = await onInstanceProfile(call, ports, input.InstanceProfileName!);
    const passed = await onPassedRole(call, ports, input.RoleName!, 'ec2.amazonaws.com');
    return { requires: [...requires, passed], subject };
  },
  async run({ home }, input, _call, { identity }) {
    await identity.instanceProfiles.addRole(home, input.InstanceProfileName!, input.RoleName!);
    return {};
  },
};

export const RemoveRoleFromInstanceProfile: Operation<
  IamPorts,
  iam.RemoveRoleFromInstanceProfileRequest,
  object,
  On<InstanceProfile>
> = {
  resolve: (input, call, ports) => onInstanceProfile(call, ports, input.InstanceProfileName!),
  async run({ home }, input, _call, { identity }) {
    await identity.instanceProfiles.removeRole(home, input.InstanceProfileName!, input.RoleName!);
    return {};
  },
};
