import type { NamedOperation } from '../../../core/operation.js';
import { type EntityInput, nameOf, onBoundedEntity, onEntity, wordOf } from '../entities/entities.js';
import { homeOf, type IamPorts } from '../ports.js';
import { requestedBoundary } from '../requirements.js';

type Kind = 'user' | 'role';

interface PutInput extends EntityInput {
  readonly PermissionsBoundary: string | undefined;
}

/** PutUserPermissionsBoundary, PutRolePermissionsBoundary: the condition key is the boundary to come. */
export function putBoundary(kind: Kind): NamedOperation<IamPorts, PutInput, object> {
  const operation = `Put${wordOf(kind)}PermissionsBoundary`;
  return {
    name: operation,
    requires: (input, call, ports) =>
      onEntity(operation, call, ports, kind, input, requestedBoundary(input.PermissionsBoundary)),
    async run(input, call, { identity }) {
      const name = nameOf(kind, input);
      await identity.entityPolicies.setBoundary(homeOf(call), kind, name, input.PermissionsBoundary);
      return {};
    },
  };
}

/** DeleteUserPermissionsBoundary, DeleteRolePermissionsBoundary: the condition key is the boundary that goes. */
export function deleteBoundary(kind: Kind): NamedOperation<IamPorts, EntityInput, object> {
  const operation = `Delete${wordOf(kind)}PermissionsBoundary`;
  return {
    name: operation,
    requires: (input, call, ports) => onBoundedEntity(operation, call, ports, kind, input),
    async run(input, call, { identity }) {
      await identity.entityPolicies.setBoundary(homeOf(call), kind, nameOf(kind, input), undefined);
      return {};
    },
  };
}
