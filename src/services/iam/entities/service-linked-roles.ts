import type * as iam from '@aws-sdk/client-iam';
import type { Call, Operation } from '../../../core/operation.js';
import { entityArn, linkedRoleName, linkedService, type Role } from '../../../identity/index.js';
import { homeOf, type IamPorts } from '../ports.js';
import { type On, type OnAccount, onArn, onRole } from '../requirements.js';
import { createdRole } from '../shapes.js';

export const CreateServiceLinkedRole: Operation<
  IamPorts,
  iam.CreateServiceLinkedRoleRequest,
  iam.CreateServiceLinkedRoleResponse,
  OnAccount
> = {
  resolve({ AWSServiceName: service, CustomSuffix: suffix }, call) {
    const linked = linkedService(service!);
    const name = linked === undefined ? '*' : linkedRoleName(linked, suffix);
    const home = homeOf(call);
    const resource = entityArn('role', home, `/aws-service-role/${service}/`, name);
    const context = { 'iam:AWSServiceName': service! };
    return { requires: [{ action: call.action, resource, context }], subject: { home } };
  },
  async run(
    { home },
    { AWSServiceName: service, CustomSuffix: suffix, Description: description },
    _call,
    { identity },
  ) {
    const role = await identity.serviceLinkedRoles.create(home, { service: service!, suffix, description });
    // This answer alone has lists (the example of the AWS CLI's reference).
    const statement = { Action: ['sts:AssumeRole'], Principal: { Service: [service] }, Effect: 'Allow' };
    const document = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    return { Role: await createdRole(identity, home, role, document) };
  },
};

/** The role is gone when this answers. */
export const DeleteServiceLinkedRole: Operation<
  IamPorts,
  iam.DeleteServiceLinkedRoleRequest,
  iam.DeleteServiceLinkedRoleResponse,
  On<Role>
> = {
  resolve: (input, call, ports) => onRole(call, ports, input.RoleName!),
  async run({ home }, input, _call, { identity }) {
    return { DeletionTaskId: await identity.serviceLinkedRoles.delete(home, input.RoleName!) };
  },
};

export const GetServiceLinkedRoleDeletionStatus: Operation<
  IamPorts,
  iam.GetServiceLinkedRoleDeletionStatusRequest,
  iam.GetServiceLinkedRoleDeletionStatusResponse,
  OnAccount
> = {
  resolve: (input, call) => onArn(call, roleOfTask(input.DeletionTaskId!, call)),
  async run({ home }, input, _call, { identity }) {
    await identity.serviceLinkedRoles.demandDeletion(home, input.DeletionTaskId!);
    return { Status: 'SUCCEEDED' };
  },
};

/** `task/aws-service-role/SERVICE/ROLE/UUID` names the role; anything else, none that there is. */
function roleOfTask(task: string, call: Call): string {
  const [, path = '/aws-service-role/', name = '*'] =
    /^task(\/aws-service-role\/[^/]+\/)([^/]+)\/[^/]+$/.exec(task) ?? [];
  return entityArn('role', homeOf(call), path, name);
}
