import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import { parseEntityArn } from '../../../identity/index.js';
import {
  demandEntity,
  type EntityInput,
  type HolderKind,
  type OnEntity,
  onBoundedEntity,
  onEntity,
} from '../entities/entities.js';
import { type PagingInput, type PagingOutput, slicePage } from '../paging.js';
import type { IamPorts } from '../ports.js';
import { attachedPolicies } from '../shapes.js';

interface AttachInput extends EntityInput {
  readonly PolicyArn: string | undefined;
}

interface ListInput extends EntityInput, PagingInput {
  readonly PathPrefix?: string | undefined;
}

interface ListOutput extends PagingOutput {
  readonly AttachedPolicies: iam.AttachedPolicy[];
}

function attachPolicy(kind: HolderKind): Operation<IamPorts, AttachInput, object, OnEntity> {
  return {
    resolve: (input, call, ports) =>
      onBoundedEntity(call, ports, kind, input, { 'iam:PolicyARN': input.PolicyArn! }),
    async run(subject, input, _call, { identity }) {
      await identity.entityPolicies.attach(subject.home, kind, subject.name, input.PolicyArn!);
      return {};
    },
  };
}

export const AttachUserPolicy = attachPolicy('user');
export const AttachGroupPolicy = attachPolicy('group');
export const AttachRolePolicy = attachPolicy('role');

function detachPolicy(kind: HolderKind): Operation<IamPorts, AttachInput, object, OnEntity> {
  return {
    resolve: (input, call, ports) =>
      onBoundedEntity(call, ports, kind, input, { 'iam:PolicyARN': input.PolicyArn! }),
    async run(subject, input, _call, { identity }) {
      await identity.entityPolicies.detach(subject.home, kind, subject.name, input.PolicyArn!);
      return {};
    },
  };
}

export const DetachUserPolicy = detachPolicy('user');
export const DetachGroupPolicy = detachPolicy('group');
export const DetachRolePolicy = detachPolicy('role');

function listAttachedPolicies(kind: HolderKind): Operation<IamPorts, ListInput, ListOutput, OnEntity> {
  return {
    resolve: (input, call, ports) => onEntity(call, ports, kind, input),
    async run(subject, input) {
      const entity = demandEntity(kind, subject);
      const prefix = input.PathPrefix ?? '/';
      const wanted = attachedPolicies(entity).filter(({ PolicyArn }) =>
        parseEntityArn(PolicyArn!)?.path.startsWith(prefix),
      );
      const { items, page } = slicePage(input, wanted, ({ PolicyArn }) => PolicyArn!);
      return { AttachedPolicies: [...items], ...page };
    },
  };
}

export const ListAttachedUserPolicies = listAttachedPolicies('user');
export const ListAttachedGroupPolicies = listAttachedPolicies('group');
export const ListAttachedRolePolicies = listAttachedPolicies('role');
