import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import { entityArn, readTags, rootArn } from '../../../identity/index.js';
import { listPage } from '../paging.js';
import type { IamPorts } from '../ports.js';
import {
  andOn,
  boundaryKeys,
  type OnAccount,
  type OnUser,
  onNew,
  onPath,
  onUser,
  requestTags,
} from '../requirements.js';
import { dateOf, listedUser, shownUser } from '../shapes.js';
import { userNameOf } from './user-names.js';

export const CreateUser: Operation<IamPorts, iam.CreateUserRequest, iam.CreateUserResponse, OnAccount> = {
  resolve: (input, call) =>
    onNew(
      call,
      'user',
      { path: input.Path, name: input.UserName },
      {
        ...requestTags(input.Tags),
        ...boundaryKeys(input.PermissionsBoundary),
      },
    ),
  async run({ home }, input, _call, { identity }) {
    const user = await identity.users.create(home, {
      name: input.UserName!,
      path: input.Path,
      boundary: input.PermissionsBoundary,
      tags: readTags(input.Tags),
    });
    return { User: shownUser(home, user) };
  },
};

export const GetUser: Operation<IamPorts, iam.GetUserRequest, iam.GetUserResponse, OnUser> = {
  resolve: (input, call, ports) => onUser(call, ports, userNameOf(input.UserName, call)),
  async run({ home, name, found }, _input, _call, { identity }) {
    if (name !== undefined) return { User: shownUser(home, identity.users.demand(found, name)) };
    // The root user has no name and no path (IAM API Reference, GetUser).
    const root = { UserId: home.id, Arn: rootArn(home), CreateDate: dateOf(home.created) };
    return { User: { ...root, UserName: undefined, Path: undefined } };
  },
};

export const ListUsers: Operation<IamPorts, iam.ListUsersRequest, iam.ListUsersResponse, OnAccount> = {
  resolve: (input, call) => onPath(call, 'user', input.PathPrefix),
  async run({ home }, input, _call, { identity }) {
    const { items, page } = await listPage(
      input,
      page => identity.users.list(home.id, page),
      user => user.name.toLowerCase(),
      user => user.path.startsWith(input.PathPrefix ?? '/'),
    );
    return { Users: items.map(user => listedUser(home, user)), ...page };
  },
};

export const UpdateUser: Operation<IamPorts, iam.UpdateUserRequest, object, OnUser<string>> = {
  /** On the user as it is and, where it moves, on what it becomes (IAM User Guide, "Rename an IAM user"). */
  async resolve(input, call, ports) {
    const now = await onUser(call, ports, input.UserName!);
    const { home, found } = now.subject;
    const path = input.NewPath ?? found?.path ?? '/';
    return andOn(entityArn('user', home, path, input.NewUserName ?? found?.name ?? input.UserName!), now);
  },
  async run({ home }, input, _call, { identity }) {
    const to = { name: input.NewUserName, path: input.NewPath };
    await identity.users.rename(home, input.UserName!, to);
    return {};
  },
};

export const DeleteUser: Operation<IamPorts, iam.DeleteUserRequest, object, OnUser<string>> = {
  resolve: (input, call, ports) => onUser(call, ports, input.UserName!),
  async run({ home }, input, _call, { identity }) {
    await identity.users.delete(home, input.UserName!);
    return {};
  },
};
