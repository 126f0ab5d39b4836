import type * as iam from '@aws-sdk/client-iam';
import type { NamedOperation } from '../../../core/operation.js';
import { parseEntityArn } from '../../../identity/index.js';
import {
  type EntityInput,
  entityOf,
  type HolderKind,
  nameOf,
  onBoundedEntity,
  onEntity,
  wordOf,
} from '../entities/entities.js';
import { type PagingInput, type PagingOutput, slicePage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
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

/** AttachUserPolicy, AttachGroupPolicy, AttachRolePolicy. */
export function attachPolicy(kind: HolderKind): NamedOperation<IamPorts, AttachInput, object> {
  const operation = `Attach${wordOf(kind)}Policy`;
  return {
    name: operation,
    requires: (input, call, ports) =>
      onBoundedEntity(operation, call, ports, kind, input, { 'iam:PolicyARN': input.PolicyArn! }),
    async run(input, call, { identity }) {
      await identity.entityPolicies.attach(homeOf(call), kind, nameOf(kind, input), input.PolicyArn!);
      return {};
    },
  };
}

/** DetachUserPolicy, DetachGroupPolicy, DetachRolePolicy. */
export function detachPolicy(kind: HolderKind): NamedOperation<IamPorts, AttachInput, object> {
  const operation = `Detach${wordOf(kind)}Policy`;
  return {
    name: operation,
    requires: (input, call, ports) =>
      onBoundedEntity(operation, call, ports, kind, input, { 'iam:PolicyARN': input.PolicyArn! }),
    async run(input, call, { identity }) {
      await identity.entityPolicies.detach(homeOf(call), kind, nameOf(kind, input), input.PolicyArn!);
      return {};
    },
  };
}

/** ListAttachedUserPolicies, ListAttachedGroupPolicies, ListAttachedRolePolicies. */
export function listAttachedPolicies(kind: HolderKind): NamedOperation<IamPorts, ListInput, ListOutput> {
  const operation = `ListAttached${wordOf(kind)}Policies`;
  return {
    name: operation,
    requires: (input, call, ports) => onEntity(operation, call, ports, kind, input),
    async run(input, call, { identity }) {
      const entity = await entityOf(identity, homeOf(call), kind, nameOf(kind, input));
      const prefix = input.PathPrefix ?? '/';
      const wanted = attachedPolicies(entity).filter(({ PolicyArn }) =>
        parseEntityArn(PolicyArn!)?.path.startsWith(prefix),
      );
      const { items, page } = slicePage(input, wanted, ({ PolicyArn }) => PolicyArn!);
      return { AttachedPolicies: [...items], ...page };
    },
  };
}
