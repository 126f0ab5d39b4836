import type * as iam from '@aws-sdk/client-iam';
import type { Call, Operation } from '../../../core/operation.js';
import { type Role, readTags } from '../../../identity/index.js';
import { listPage } from '../paging.js';
import type { IamPorts } from '../ports.js';
import {
  boundaryKeys,
  type On,
  type OnAccount,
  onNew,
  onPath,
  onRole,
  requestTags,
} from '../requirements.js';
import { createdRole, listedRole, roleLastUsed, shownRole } from '../shapes.js';

/** On a role that its present boundary is a condition key of. */
const onBoundedRole = (call: Call, ports: IamPorts, { RoleName }: { RoleName: string | undefined }) =>
  onRole(call, ports, RoleName!, role => boundaryKeys(role?.boundary));

export const CreateRole: Operation<IamPorts, iam.CreateRoleRequest, iam.CreateRoleResponse, OnAccount> = {
  resolve: (input, call) =>
    onNew(
      call,
      'role',
      { path: input.Path, name: input.RoleName },
      {
        ...requestTags(input.Tags),
        ...boundaryKeys(input.PermissionsBoundary),
      },
    ),
  async run({ home }, input, _call, { identity }) {
    const role = await identity.roles.create(home, {
      name: input.RoleName!,
      path: input.Path,
      trust: input.AssumeRolePolicyDocument!,
      description: input.Description,
      maxSessionDuration: input.MaxSessionDuration,
      boundary: input.PermissionsBoundary,
      tags: readTags(input.Tags),
    });
    return { Role: await createdRole(identity, home, role, input.AssumeRolePolicyDocument!) };
  },
};

export const GetRole: Operation<IamPorts, iam.GetRoleRequest, iam.GetRoleResponse, On<Role>> = {
  resolve: (input, call, ports) => onBoundedRole(call, ports, input),
  async run({ home, found }, input, _call, { identity }) {
    const role = identity.roles.demand(found, input.RoleName!);
    return {
      Role: { ...(await shownRole(identity, home, role)), RoleLastUsed: await roleLastUsed(identity, role) },
    };
  },
};

export const ListRoles: Operation<IamPorts, iam.ListRolesRequest, iam.ListRolesResponse, OnAccount> = {
  resolve: (input, call) => onPath(call, 'role', input.PathPrefix),
  async run({ home }, input, _call, { identity }) {
    const { items, page } = await listPage(
      input,
      page => identity.roles.list(home.id, page),
      role => role.name.toLowerCase(),
      role => role.path.startsWith(input.PathPrefix ?? '/'),
    );
    return { Roles: await Promise.all(items.map(role => listedRole(identity, home, role))), ...page };
  },
};

export const UpdateRole: Operation<IamPorts, iam.UpdateRoleRequest, iam.UpdateRoleResponse, On<Role>> = {
  resolve: (input, call, ports) => onBoundedRole(call, ports, input),
  async run({ home }, input, _call, { identity }) {
    await identity.roles.update(home, input.RoleName!, {
      description: input.Description,
      maxSessionDuration: input.MaxSessionDuration,
    });
    return {};
  },
};

export const UpdateRoleDescription: Operation<
  IamPorts,
  iam.UpdateRoleDescriptionRequest,
  iam.UpdateRoleDescriptionResponse,
  On<Role>
> = {
  resolve: (input, call, ports) => onBoundedRole(call, ports, input),
  async run({ home }, input, _call, { identity }) {
    const role = await identity.roles.update(home, input.RoleName!, { description: input.Description });
    return { Role: await shownRole(identity, home, role) };
  },
};

export const UpdateAssumeRolePolicy: Operation<
  IamPorts,
  iam.UpdateAssumeRolePolicyRequest,
  object,
  On<Role>
> = {
  resolve: (input, call, ports) => onBoundedRole(call, ports, input),
  async run({ home }, input, _call, { identity }) {
    await identity.roles.setTrust(home, input.RoleName!, input.PolicyDocument!);
    return {};
  },
};

export const DeleteRole: Operation<IamPorts, iam.DeleteRoleRequest, object, On<Role>> = {
  resolve: (input, call, ports) => onBoundedRole(call, ports, input),
  async run({ home }, input, _call, { identity }) {
    await identity.roles.delete(home, input.RoleName!);
    return {};
  },
};
