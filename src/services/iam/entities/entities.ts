/** What the operations on policies of users, groups and roles share: one family for the three kinds. */
import type { Call, Resolution } from '../../../core/operation.js';
import { type Entity, noSuchEntity } from '../../../identity/index.js';
import type { Context } from '../../../policy/types.js';
import type { IamPorts } from '../ports.js';
import { boundaryKeys, type OnAccount, onGroup, onRole, onUser } from '../requirements.js';

export type HolderKind = 'user' | 'group' | 'role';

/** The request names its entity by the member that its kind has. */
export interface EntityInput {
  readonly UserName?: string | undefined;
  readonly GroupName?: string | undefined;
  readonly RoleName?: string | undefined;
}

const MEMBERS = { user: 'UserName', group: 'GroupName', role: 'RoleName' } as const;

export function nameOf(kind: HolderKind, input: EntityInput): string {
  return input[MEMBERS[kind]]!;
}

/** The member of a reply that names the entity. */
export function named(kind: HolderKind, name: string): EntityInput {
  return { [MEMBERS[kind]]: name };
}

/** A user, group or role, by the name that the request gives. */
export interface OnEntity extends OnAccount {
  readonly name: string;
  readonly entity: Entity | undefined;
}

/** Throws `NoSuchEntity`. */
export function demandEntity(kind: HolderKind, { name, entity }: OnEntity): Entity {
  if (entity === undefined) throw noSuchEntity(kind, name);
  return entity;
}

/** Condition keys, or what makes them of the boundary that the entity has now. */
type EntityKeys = Context | ((found: { readonly boundary?: string | undefined } | undefined) => Context);

/** On the entity that the request names. */
export async function onEntity(
  call: Call,
  ports: IamPorts,
  kind: HolderKind,
  input: EntityInput,
  keys: EntityKeys = {},
): Promise<Resolution<OnEntity>> {
  const name = nameOf(kind, input);
  if (kind === 'user') {
    const { requires, subject } = await onUser(call, ports, name, keys);
    return { requires, subject: { home: subject.home, name, entity: subject.found } };
  }
  if (kind === 'role') {
    const { requires, subject } = await onRole(call, ports, name, keys);
    return { requires, subject: { home: subject.home, name, entity: subject.found } };
  }
  const own = typeof keys === 'function' ? keys(undefined) : keys;
  const { requires, subject } = await onGroup(call, ports, name, own);
  return { requires, subject: { home: subject.home, name, entity: subject.found } };
}

/** The same for operations that users' and roles' present boundaries are a condition key of; groups have none. */
export function onBoundedEntity(
  call: Call,
  ports: IamPorts,
  kind: HolderKind,
  input: EntityInput,
  keys: Context = {},
): Promise<Resolution<OnEntity>> {
  return onEntity(call, ports, kind, input, found => ({ ...boundaryKeys(found?.boundary), ...keys }));
}
