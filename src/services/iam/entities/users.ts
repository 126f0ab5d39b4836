import type * as iam from '@aws-sdk/client-iam';
import type { Call, NamedOperation } from '../../../core/operation.js';
import { entityArn, errors, readTags, rootArn } from '../../../identity/index.js';
import { listPage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onNew, onPath, onUser, requestedBoundary, requestTags } from '../requirements.js';
import { dateOf, listedUser, shownUser } from '../shapes.js';

/**
 * The user that a request means: the named one, else the caller; `undefined` for the root user.
 * Throws `ValidationError` for callers that are no users.
 */
export function userNameOf(name: string | undefined, { caller }: Call): string | undefined {
  if (name !== undefined) return name;
  const { type, arn } = caller.principal;
  if (type === 'root') return undefined;
  if (type === 'user') return arn.slice(arn.lastIndexOf('/') + 1);
  throw errors.ValidationError(['Must specify userName when calling with non-User credentials']);
}

/** The user that a request means, for what root users do not have. Throws `ValidationError` for them too. */
export function namedUserOf(name: string | undefined, call: Call): string {
  const user = userNameOf(name, call);
  if (user === undefined) {
    throw errors.ValidationError(['Must specify userName when calling with root credentials']);
  }
  return user;
}

export const createUser: NamedOperation<IamPorts, iam.CreateUserRequest, iam.CreateUserResponse> = {
  name: 'CreateUser',
  requires: (input, call) =>
    onNew(
      'CreateUser',
      call,
      'user',
      { path: input.Path, name: input.UserName },
      {
        ...requestTags(input.Tags),
        ...requestedBoundary(input.PermissionsBoundary),
      },
    ),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const user = await identity.users.create(home, {
      name: input.UserName!,
      path: input.Path,
      boundary: input.PermissionsBoundary,
      tags: readTags(input.Tags),
    });
    return { User: shownUser(home, user) };
  },
};

export const getUser: NamedOperation<IamPorts, iam.GetUserRequest, iam.GetUserResponse> = {
  name: 'GetUser',
  requires: (input, call, ports) => onUser('GetUser', call, ports, userNameOf(input.UserName, call)),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const name = userNameOf(input.UserName, call);
    if (name !== undefined) return { User: shownUser(home, await identity.users.get(home.id, name)) };
    // The root user has no name and no path (IAM API Reference, GetUser).
    const root = { UserId: home.id, Arn: rootArn(home), CreateDate: dateOf(home.created) };
    return { User: { ...root, UserName: undefined, Path: undefined } };
  },
};

export const listUsers: NamedOperation<IamPorts, iam.ListUsersRequest, iam.ListUsersResponse> = {
  name: 'ListUsers',
  requires: (input, call) => onPath('ListUsers', call, 'user', input.PathPrefix),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const { items, page } = await listPage(
      input,
      page => identity.users.list(home.id, page),
      user => user.name.toLowerCase(),
      user => user.path.startsWith(input.PathPrefix ?? '/'),
    );
    return { Users: items.map(user => listedUser(home, user)), ...page };
  },
};

export const updateUser: NamedOperation<IamPorts, iam.UpdateUserRequest, object> = {
  name: 'UpdateUser',
  /** On the user as it is and, where it moves, on what it becomes (IAM User Guide, "Rename an IAM user"). */
  async requires(input, call, ports) {
    const home = homeOf(call);
    const [now] = await onUser('UpdateUser', call, ports, input.UserName!);
    const user = await ports.identity.users.find(home.id, input.UserName!);
    const path = input.NewPath ?? user?.path ?? '/';
    const target = entityArn('user', home, path, input.NewUserName ?? user?.name ?? input.UserName!);
    return target === now!.resource ? [now!] : [now!, { ...now!, resource: target }];
  },
  async run(input, call, { identity }) {
    const to = { name: input.NewUserName, path: input.NewPath };
    await identity.users.rename(homeOf(call), input.UserName!, to);
    return {};
  },
};

export const deleteUser: NamedOperation<IamPorts, iam.DeleteUserRequest, object> = {
  name: 'DeleteUser',
  requires: (input, call, ports) => onUser('DeleteUser', call, ports, input.UserName!),
  async run(input, call, { identity }) {
    await identity.users.delete(homeOf(call), input.UserName!);
    return {};
  },
};
