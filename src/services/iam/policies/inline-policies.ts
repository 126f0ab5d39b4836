import type { Operation } from '../../../core/operation.js';
import { inlinePolicy } from '../../../identity/index.js';
import {
  demandEntity,
  type EntityInput,
  type HolderKind,
  named,
  type OnEntity,
  onBoundedEntity,
  onEntity,
} from '../entities/entities.js';
import { type PagingInput, type PagingOutput, slicePage } from '../paging.js';
import type { IamPorts } from '../ports.js';
import { encodeDocument } from '../shapes.js';

interface PolicyInput extends EntityInput {
  readonly PolicyName: string | undefined;
}

interface PutInput extends PolicyInput {
  readonly PolicyDocument: string | undefined;
}

function putPolicy(kind: HolderKind): Operation<IamPorts, PutInput, object, OnEntity> {
  return {
    resolve: (input, call, ports) => onBoundedEntity(call, ports, kind, input),
    async run(subject, input, _call, { identity }) {
      const policy = { name: input.PolicyName!, document: input.PolicyDocument! };
      await identity.entityPolicies.putInline(subject.home, kind, subject.name, policy);
      return {};
    },
  };
}

export const PutUserPolicy = putPolicy('user');
export const PutGroupPolicy = putPolicy('group');
export const PutRolePolicy = putPolicy('role');

function getPolicyOf(kind: HolderKind): Operation<IamPorts, PolicyInput, PutInput, OnEntity> {
  return {
    resolve: (input, call, ports) => onEntity(call, ports, kind, input),
    async run(subject, input) {
      const entity = demandEntity(kind, subject);
      const { name, document } = inlinePolicy(entity, kind, input.PolicyName!);
      return { ...named(kind, entity.name), PolicyName: name, PolicyDocument: encodeDocument(document) };
    },
  };
}

export const GetUserPolicy = getPolicyOf('user');
export const GetGroupPolicy = getPolicyOf('group');
export const GetRolePolicy = getPolicyOf('role');

function listPoliciesOf(
  kind: HolderKind,
): Operation<IamPorts, EntityInput & PagingInput, PagingOutput & { PolicyNames: string[] }, OnEntity> {
  return {
    resolve: (input, call, ports) => onEntity(call, ports, kind, input),
    async run(subject, input) {
      const { inline } = demandEntity(kind, subject);
      const { items, page } = slicePage(input, inline, ({ name }) => name);
      return { PolicyNames: items.map(({ name }) => name), ...page };
    },
  };
}

export const ListUserPolicies = listPoliciesOf('user');
export const ListGroupPolicies = listPoliciesOf('group');
export const ListRolePolicies = listPoliciesOf('role');

function deletePolicyOf(kind: HolderKind): Operation<IamPorts, PolicyInput, object, OnEntity> {
  return {
    resolve: (input, call, ports) => onBoundedEntity(call, ports, kind, input),
    async run(subject, input, _call, { identity }) {
      await identity.entityPolicies.deleteInline(subject.home, kind, subject.name, input.PolicyName!);
      return {};
    },
  };
}

export const DeleteUserPolicy = deletePolicyOf('user');
export const DeleteGroupPolicy = deletePolicyOf('group');
export const DeleteRolePolicy = deletePolicyOf('role');
