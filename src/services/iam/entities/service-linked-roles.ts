import type * as iam from '@aws-sdk/client-iam';
import type { Call, NamedOperation } from '../../../core/operation.js';
import { entityArn, linkedRoleName, linkedService } from '../../../identity/index.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onRole } from '../requirements.js';
import { createdRole, encodeDocument } from '../shapes.js';

export const createServiceLinkedRole: NamedOperation<
  IamPorts,
  iam.CreateServiceLinkedRoleRequest,
  iam.CreateServiceLinkedRoleResponse
> = {
  name: 'CreateServiceLinkedRole',
  requires({ AWSServiceName: service, CustomSuffix: suffix }, call) {
    const linked = linkedService(service!);
    const name = linked === undefined ? '*' : linkedRoleName(linked, suffix);
    const resource = entityArn('role', homeOf(call), `/aws-service-role/${service}/`, name);
    return [{ action: 'iam:CreateServiceLinkedRole', resource, context: { 'iam:AWSServiceName': service! } }];
  },
  async run({ AWSServiceName: service, CustomSuffix: suffix, Description: description }, call, { identity }) {
    const home = homeOf(call);
    const role = await identity.serviceLinkedRoles.create(home, { service: service!, suffix, description });
    // This answer alone has lists (the example of the AWS CLI's reference).
    const statement = { Action: ['sts:AssumeRole'], Principal: { Service: [service] }, Effect: 'Allow' };
    const shown = await createdRole(identity, home, role);
    const document = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    return { Role: { ...shown, AssumeRolePolicyDocument: encodeDocument(document) } };
  },
};

/** The role is gone when this answers. */
export const deleteServiceLinkedRole: NamedOperation<
  IamPorts,
  iam.DeleteServiceLinkedRoleRequest,
  iam.DeleteServiceLinkedRoleResponse
> = {
  name: 'DeleteServiceLinkedRole',
  requires: (input, call, ports) => onRole('DeleteServiceLinkedRole', call, ports, input.RoleName!),
  async run(input, call, { identity }) {
    return { DeletionTaskId: await identity.serviceLinkedRoles.delete(homeOf(call), input.RoleName!) };
  },
};

export const getServiceLinkedRoleDeletionStatus: NamedOperation<
  IamPorts,
  iam.GetServiceLinkedRoleDeletionStatusRequest,
  iam.GetServiceLinkedRoleDeletionStatusResponse
> = {
  name: 'GetServiceLinkedRoleDeletionStatus',
  requires: (input, call) => [
    { action: 'iam:GetServiceLinkedRoleDeletionStatus', resource: roleOfTask(input.DeletionTaskId!, call) },
  ],
  async run(input, call, { identity }) {
    await identity.serviceLinkedRoles.demandDeletion(homeOf(call), input.DeletionTaskId!);
    return { Status: 'SUCCEEDED' };
  },
};

/** `task/aws-service-role/SERVICE/ROLE/UUID` names the role; anything else, none that there is. */
function roleOfTask(task: string, call: Call): string {
  const [, path = '/aws-service-role/', name = '*'] =
    /^task(\/aws-service-role\/[^/]+\/)([^/]+)\/[^/]+$/.exec(task) ?? [];
  return entityArn('role', homeOf(call), path, name);
}
