import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import { entityArn, type Group } from '../../../identity/index.js';
import { listPage, slicePage } from '../paging.js';
import type { IamPorts } from '../ports.js';
import {
  andOn,
  type On,
  type OnAccount,
  type OnUser,
  onGroup,
  onNew,
  onPath,
  onUser,
} from '../requirements.js';
import { listedUser, shownGroup } from '../shapes.js';

export const CreateGroup: Operation<IamPorts, iam.CreateGroupRequest, iam.CreateGroupResponse, OnAccount> = {
  resolve: (input, call) => onNew(call, 'group', { path: input.Path, name: input.GroupName }),
  async run({ home }, input, _call, { identity }) {
    const group = await identity.groups.create(home, { name: input.GroupName!, path: input.Path });
    return { Group: shownGroup(home, group) };
  },
};

/** The group with its members. */
export const GetGroup: Operation<IamPorts, iam.GetGroupRequest, iam.GetGroupResponse, On<Group>> = {
  resolve: (input, call, ports) => onGroup(call, ports, input.GroupName!),
  async run({ home, found }, input, _call, { identity }) {
    const group = identity.groups.demand(found, input.GroupName!);
    const { items, page } = await listPage(
      input,
      page => identity.groups.members(home.id, group.name, page),
      user => user.name.toLowerCase(),
    );
    return { Group: shownGroup(home, group), Users: items.map(user => listedUser(home, user)), ...page };
  },
};

export const ListGroups: Operation<IamPorts, iam.ListGroupsRequest, iam.ListGroupsResponse, OnAccount> = {
  resolve: (input, call) => onPath(call, 'group', input.PathPrefix),
  async run({ home }, input, _call, { identity }) {
    const { items, page } = await listPage(
      input,
      page => identity.groups.list(home.id, page),
      group => group.name.toLowerCase(),
      group => group.path.startsWith(input.PathPrefix ?? '/'),
    );
    return { Groups: items.map(group => shownGroup(home, group)), ...page };
  },
};

export const ListGroupsForUser: Operation<
  IamPorts,
  iam.ListGroupsForUserRequest,
  iam.ListGroupsForUserResponse,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onUser(call, ports, input.UserName!),
  async run({ home, found }, input, _call, { identity }) {
    const user = identity.users.demand(found, input.UserName!);
    const { items, page } = slicePage(input, user.groups, name => name);
    const groups = await Promise.all(items.map(name => identity.groups.get(home.id, name)));
    return { Groups: groups.map(group => shownGroup(home, group)), ...page };
  },
};

export const UpdateGroup: Operation<IamPorts, iam.UpdateGroupRequest, object, On<Group>> = {
  /** On the group as it is and, where it moves, on what it becomes, as for users. */
  async resolve(input, call, ports) {
    const now = await onGroup(call, ports, input.GroupName!);
    const { home, found } = now.subject;
    const path = input.NewPath ?? found?.path ?? '/';
    return andOn(entityArn('group', home, path, input.NewGroupName ?? found?.name ?? input.GroupName!), now);
  },
  async run({ home }, input, _call, { identity }) {
    const to = { name: input.NewGroupName, path: input.NewPath };
    await identity.groups.rename(home, input.GroupName!, to);
    return {};
  },
};

export const DeleteGroup: Operation<IamPorts, iam.DeleteGroupRequest, object, On<Group>> = {
  resolve: (input, call, ports) => onGroup(call, ports, input.GroupName!),
  async run({ home }, input, _call, { identity }) {
    await identity.groups.delete(home, input.GroupName!);
    return {};
  },
};

export const AddUserToGroup: Operation<IamPorts, iam.AddUserToGroupRequest, object, On<Group>> = {
  resolve: (input, call, ports) => onGroup(call, ports, input.GroupName!),
  async run({ home }, input, _call, { identity }) {
    await identity.groups.addUser(home, input.GroupName!, input.UserName!);
    return {};
  },
};

export const RemoveUserFromGroup: Operation<IamPorts, iam.RemoveUserFromGroupRequest, object, On<Group>> = {
  resolve: (input, call, ports) => onGroup(call, ports, input.GroupName!),
  async run({ home }, input, _call, { identity }) {
    await identity.groups.removeUser(home, input.GroupName!, input.UserName!);
    return {};
  },
};
