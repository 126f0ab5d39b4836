import type { NamedOperation } from '../../../core/operation.js';
import { inlinePolicy } from '../../../identity/index.js';
import {
  type EntityInput,
  entityOf,
  type HolderKind,
  named,
  nameOf,
  onBoundedEntity,
  onEntity,
  wordOf,
} from '../entities/entities.js';
import { type PagingInput, type PagingOutput, slicePage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import { encodeDocument } from '../shapes.js';

interface PolicyInput extends EntityInput {
  readonly PolicyName: string | undefined;
}

interface PutInput extends PolicyInput {
  readonly PolicyDocument: string | undefined;
}

/** PutUserPolicy, PutGroupPolicy, PutRolePolicy. */
export function putPolicy(kind: HolderKind): NamedOperation<IamPorts, PutInput, object> {
  const operation = `Put${wordOf(kind)}Policy`;
  return {
    name: operation,
    requires: (input, call, ports) => onBoundedEntity(operation, call, ports, kind, input),
    async run(input, call, { identity }) {
      const policy = { name: input.PolicyName!, document: input.PolicyDocument! };
      await identity.entityPolicies.putInline(homeOf(call), kind, nameOf(kind, input), policy);
      return {};
    },
  };
}

/** GetUserPolicy, GetGroupPolicy, GetRolePolicy. */
export function getPolicyOf(kind: HolderKind): NamedOperation<IamPorts, PolicyInput, PutInput> {
  const operation = `Get${wordOf(kind)}Policy`;
  return {
    name: operation,
    requires: (input, call, ports) => onEntity(operation, call, ports, kind, input),
    async run(input, call, { identity }) {
      const entity = await entityOf(identity, homeOf(call), kind, nameOf(kind, input));
      const { name, document } = inlinePolicy(entity, kind, input.PolicyName!);
      return { ...named(kind, entity.name), PolicyName: name, PolicyDocument: encodeDocument(document) };
    },
  };
}

/** ListUserPolicies, ListGroupPolicies, ListRolePolicies. */
export function listPoliciesOf(
  kind: HolderKind,
): NamedOperation<IamPorts, EntityInput & PagingInput, PagingOutput & { PolicyNames: string[] }> {
  const operation = `List${wordOf(kind)}Policies`;
  return {
    name: operation,
    requires: (input, call, ports) => onEntity(operation, call, ports, kind, input),
    async run(input, call, { identity }) {
      const { inline } = await entityOf(identity, homeOf(call), kind, nameOf(kind, input));
      const { items, page } = slicePage(input, inline, ({ name }) => name);
      return { PolicyNames: items.map(({ name }) => name), ...page };
    },
  };
}

/** DeleteUserPolicy, DeleteGroupPolicy, DeleteRolePolicy. */
export function deletePolicyOf(kind: HolderKind): NamedOperation<IamPorts, PolicyInput, object> {
  const operation = `Delete${wordOf(kind)}Policy`;
  return {
    name: operation,
    requires: (input, call, ports) => onBoundedEntity(operation, call, ports, kind, input),
    async run(input, call, { identity }) {
      await identity.entityPolicies.deleteInline(homeOf(call), kind, nameOf(kind, input), input.PolicyName!);
      return {};
    },
  };
}
