/** What the operations on policies of users, groups and roles share: one family for the three kinds. */

import type { Call, Requirement } from '../../../core/operation.js';
import type { Account, Entity, Identity } from '../../../identity/index.js';
import type { Context } from '../../../policy/types.js';
import { homeOf, type IamPorts } from '../ports.js';
import { boundaryContext, onGroup, onRole, onUser } from '../requirements.js';

export type HolderKind = 'user' | 'group' | 'role';

/** The request names its entity by the member that its kind has. */
export interface EntityInput {
  readonly UserName?: string | undefined;
  readonly GroupName?: string | undefined;
  readonly RoleName?: string | undefined;
}

const MEMBERS = { user: 'UserName', group: 'GroupName', role: 'RoleName' } as const;
const WORDS = { user: 'User', group: 'Group', role: 'Role' } as const;

/** The kind as operations have it in their names: `PutUserPolicy`. */
export function wordOf(kind: HolderKind): string {
  return WORDS[kind];
}

export function nameOf(kind: HolderKind, input: EntityInput): string {
  return input[MEMBERS[kind]]!;
}

/** The member of a reply that names the entity. */
export function named(kind: HolderKind, name: string): EntityInput {
  return { [MEMBERS[kind]]: name };
}

export async function entityOf(
  identity: Identity,
  home: Account,
  kind: HolderKind,
  name: string,
): Promise<Entity> {
  const entities = { user: identity.users, group: identity.groups, role: identity.roles }[kind];
  return await entities.get(home.id, name);
}

/** On the entity that the request names. */
export function onEntity(
  operation: string,
  call: Call,
  ports: IamPorts,
  kind: HolderKind,
  input: EntityInput,
  context: Context = {},
): Promise<Requirement[]> {
  const on = { user: onUser, group: onGroup, role: onRole }[kind];
  return on(operation, call, ports, nameOf(kind, input), context);
}

/** The same for operations that users' and roles' present boundaries are a condition key of; groups have none. */
export async function onBoundedEntity(
  operation: string,
  call: Call,
  ports: IamPorts,
  kind: HolderKind,
  input: EntityInput,
  context: Context = {},
): Promise<Requirement[]> {
  homeOf(call);
  const boundary = kind === 'group' ? {} : await boundaryContext(call, ports, kind, nameOf(kind, input));
  return await onEntity(operation, call, ports, kind, input, { ...boundary, ...context });
}
