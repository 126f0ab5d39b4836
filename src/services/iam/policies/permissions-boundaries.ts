import type { Operation } from '../../../core/operation.js';
import { type EntityInput, type OnEntity, onBoundedEntity, onEntity } from '../entities/entities.js';
import type { IamPorts } from '../ports.js';
import { boundaryKeys } from '../requirements.js';

type Kind = 'user' | 'role';

interface PutInput extends EntityInput {
  readonly PermissionsBoundary: string | undefined;
}

function putBoundary(kind: Kind): Operation<IamPorts, PutInput, object, OnEntity> {
  return {
    resolve: (input, call, ports) =>
      onEntity(call, ports, kind, input, boundaryKeys(input.PermissionsBoundary)),
    async run(subject, input, _call, { identity }) {
      await identity.entityPolicies.setBoundary(subject.home, kind, subject.name, input.PermissionsBoundary);
      return {};
    },
  };
}

export const PutUserPermissionsBoundary = putBoundary('user');
export const PutRolePermissionsBoundary = putBoundary('role');

function deleteBoundary(kind: Kind): Operation<IamPorts, EntityInput, object, OnEntity> {
  return {
    resolve: (input, call, ports) => onBoundedEntity(call, ports, kind, input),
    async run(subject, _input, _call, { identity }) {
      await identity.entityPolicies.setBoundary(subject.home, kind, subject.name, undefined);
      return {};
    },
  };
}

export const DeleteUserPermissionsBoundary = deleteBoundary('user');
export const DeleteRolePermissionsBoundary = deleteBoundary('role');
