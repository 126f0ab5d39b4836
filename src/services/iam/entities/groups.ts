import type * as iam from '@aws-sdk/client-iam';
import type { NamedOperation } from '../../../core/operation.js';
import { entityArn } from '../../../identity/index.js';
import { listPage, slicePage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onGroup, onNew, onPath, onUser } from '../requirements.js';
import { listedUser, shownGroup } from '../shapes.js';

export const createGroup: NamedOperation<IamPorts, iam.CreateGroupRequest, iam.CreateGroupResponse> = {
  name: 'CreateGroup',
  requires: (input, call) => onNew('CreateGroup', call, 'group', { path: input.Path, name: input.GroupName }),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const group = await identity.groups.create(home, { name: input.GroupName!, path: input.Path });
    return { Group: shownGroup(home, group) };
  },
};

/** The group with its members. */
export const getGroup: NamedOperation<IamPorts, iam.GetGroupRequest, iam.GetGroupResponse> = {
  name: 'GetGroup',
  requires: (input, call, ports) => onGroup('GetGroup', call, ports, input.GroupName!),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const group = await identity.groups.get(home.id, input.GroupName!);
    const { items, page } = await listPage(
      input,
      page => identity.groups.members(home.id, group.name, page),
      user => user.name.toLowerCase(),
    );
    return { Group: shownGroup(home, group), Users: items.map(user => listedUser(home, user)), ...page };
  },
};

export const listGroups: NamedOperation<IamPorts, iam.ListGroupsRequest, iam.ListGroupsResponse> = {
  name: 'ListGroups',
  requires: (input, call) => onPath('ListGroups', call, 'group', input.PathPrefix),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const { items, page } = await listPage(
      input,
      page => identity.groups.list(home.id, page),
      group => group.name.toLowerCase(),
      group => group.path.startsWith(input.PathPrefix ?? '/'),
    );
    return { Groups: items.map(group => shownGroup(home, group)), ...page };
  },
};

export const listGroupsForUser: NamedOperation<
  IamPorts,
  iam.ListGroupsForUserRequest,
  iam.ListGroupsForUserResponse
> = {
  name: 'ListGroupsForUser',
  requires: (input, call, ports) => onUser('ListGroupsForUser', call, ports, input.UserName!),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const user = await identity.users.get(home.id, input.UserName!);
    const { items, page } = slicePage(input, user.groups, name => name);
    const groups = await Promise.all(items.map(name => identity.groups.get(home.id, name)));
    return { Groups: groups.map(group => shownGroup(home, group)), ...page };
  },
};

export const updateGroup: NamedOperation<IamPorts, iam.UpdateGroupRequest, object> = {
  name: 'UpdateGroup',
  /** On the group as it is and, where it moves, on what it becomes, as for users. */
  async requires(input, call, ports) {
    const home = homeOf(call);
    const [now] = await onGroup('UpdateGroup', call, ports, input.GroupName!);
    const group = await ports.identity.groups.find(home.id, input.GroupName!);
    const path = input.NewPath ?? group?.path ?? '/';
    const target = entityArn('group', home, path, input.NewGroupName ?? group?.name ?? input.GroupName!);
    return target === now!.resource ? [now!] : [now!, { ...now!, resource: target }];
  },
  async run(input, call, { identity }) {
    const to = { name: input.NewGroupName, path: input.NewPath };
    await identity.groups.rename(homeOf(call), input.GroupName!, to);
    return {};
  },
};

export const deleteGroup: NamedOperation<IamPorts, iam.DeleteGroupRequest, object> = {
  name: 'DeleteGroup',
  requires: (input, call, ports) => onGroup('DeleteGroup', call, ports, input.GroupName!),
  async run(input, call, { identity }) {
    await identity.groups.delete(homeOf(call), input.GroupName!);
    return {};
  },
};

export const addUserToGroup: NamedOperation<IamPorts, iam.AddUserToGroupRequest, object> = {
  name: 'AddUserToGroup',
  requires: (input, call, ports) => onGroup('AddUserToGroup', call, ports, input.GroupName!),
  async run(input, call, { identity }) {
    await identity.groups.addUser(homeOf(call), input.GroupName!, input.UserName!);
    return {};
  },
};

export const removeUserFromGroup: NamedOperation<IamPorts, iam.RemoveUserFromGroupRequest, object> = {
  name: 'RemoveUserFromGroup',
  requires: (input, call, ports) => onGroup('RemoveUserFromGroup', call, ports, input.GroupName!),
  async run(input, call, { identity }) {
    await identity.groups.removeUser(homeOf(call), input.GroupName!, input.UserName!);
    return {};
  },
};
