import type * as iam from '@aws-sdk/client-iam';
import type { NamedOperation } from '../../../core/operation.js';
import { readTags } from '../../../identity/index.js';
import { listPage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import { boundaryContext, onNew, onPath, onRole, requestedBoundary, requestTags } from '../requirements.js';
import { createdRole, listedRole, roleLastUsed, shownRole } from '../shapes.js';

/** The requirement of an operation on a role that its present boundary is a condition key of. */
const onBoundedRole = async (
  operation: string,
  name: string,
  call: Parameters<typeof onRole>[1],
  ports: IamPorts,
) => onRole(operation, call, ports, name, await boundaryContext(call, ports, 'role', name));

export const createRole: NamedOperation<IamPorts, iam.CreateRoleRequest, iam.CreateRoleResponse> = {
  name: 'CreateRole',
  requires: (input, call) =>
    onNew(
      'CreateRole',
      call,
      'role',
      { path: input.Path, name: input.RoleName },
      {
        ...requestTags(input.Tags),
        ...requestedBoundary(input.PermissionsBoundary),
      },
    ),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const role = await identity.roles.create(home, {
      name: input.RoleName!,
      path: input.Path,
      trust: input.AssumeRolePolicyDocument!,
      description: input.Description,
      maxSessionDuration: input.MaxSessionDuration,
      boundary: input.PermissionsBoundary,
      tags: readTags(input.Tags),
    });
    return { Role: await createdRole(identity, home, role) };
  },
};

export const getRole: NamedOperation<IamPorts, iam.GetRoleRequest, iam.GetRoleResponse> = {
  name: 'GetRole',
  requires: (input, call, ports) => onBoundedRole('GetRole', input.RoleName!, call, ports),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const role = await identity.roles.get(home.id, input.RoleName!);
    return {
      Role: { ...(await shownRole(identity, home, role)), RoleLastUsed: await roleLastUsed(identity, role) },
    };
  },
};

export const listRoles: NamedOperation<IamPorts, iam.ListRolesRequest, iam.ListRolesResponse> = {
  name: 'ListRoles',
  requires: (input, call) => onPath('ListRoles', call, 'role', input.PathPrefix),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const { items, page } = await listPage(
      input,
      page => identity.roles.list(home.id, page),
      role => role.name.toLowerCase(),
      role => role.path.startsWith(input.PathPrefix ?? '/'),
    );
    return { Roles: await Promise.all(items.map(role => listedRole(identity, home, role))), ...page };
  },
};

export const updateRole: NamedOperation<IamPorts, iam.UpdateRoleRequest, iam.UpdateRoleResponse> = {
  name: 'UpdateRole',
  requires: (input, call, ports) => onBoundedRole('UpdateRole', input.RoleName!, call, ports),
  async run(input, call, { identity }) {
    await identity.roles.update(homeOf(call), input.RoleName!, {
      description: input.Description,
      maxSessionDuration: input.MaxSessionDuration,
    });
    return {};
  },
};

export const updateRoleDescription: NamedOperation<
  IamPorts,
  iam.UpdateRoleDescriptionRequest,
  iam.UpdateRoleDescriptionResponse
> = {
  name: 'UpdateRoleDescription',
  requires: (input, call, ports) => onBoundedRole('UpdateRoleDescription', input.RoleName!, call, ports),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const role = await identity.roles.update(home, input.RoleName!, { description: input.Description });
    return { Role: await shownRole(identity, home, role) };
  },
};

export const updateAssumeRolePolicy: NamedOperation<IamPorts, iam.UpdateAssumeRolePolicyRequest, object> = {
  name: 'UpdateAssumeRolePolicy',
  requires: (input, call, ports) => onBoundedRole('UpdateAssumeRolePolicy', input.RoleName!, call, ports),
  async run(input, call, { identity }) {
    await identity.roles.setTrust(homeOf(call), input.RoleName!, input.PolicyDocument!);
    return {};
  },
};

export const deleteRole: NamedOperation<IamPorts, iam.DeleteRoleRequest, object> = {
  name: 'DeleteRole',
  requires: (input, call, ports) => onBoundedRole('DeleteRole', input.RoleName!, call, ports),
  async run(input, call, { identity }) {
    await identity.roles.delete(homeOf(call), input.RoleName!);
    return {};
  },
};
