/** The policies of an entity with their origin: for simulation and for the context keys of policies. */
import {
  type Account,
  compiledPolicy,
  defaultVersion,
  type Entity,
  type Identity,
  parseEntityArn,
  type User,
} from '../../../identity/index.js';
import type { NamedPolicy, ResourcePolicyKind } from '../../../policy/types.js';

export interface PolicySource {
  /** What a simulation calls it: `user_Bob_inline`, `AdministratorAccess`, `PolicyInputList.1`. */
  readonly id: string;
  readonly type: 'user' | 'group' | 'role' | 'aws-managed' | 'user-managed' | 'resource' | 'none';
  readonly document: string;
  readonly policy: NamedPolicy;
  /** Of managed policies. */
  readonly arn?: string;
  /** Of inline policies. */
  readonly inline?: { readonly name: string; readonly holder: string };
}

/** A user, group or role and its kind. */
export interface Holder {
  readonly kind: 'user' | 'group' | 'role';
  readonly entity: Entity;
}

/** The user, group or role of an ARN; `undefined` where the account has none. */
export async function findHolder(
  identity: Identity,
  home: Account,
  arn: string,
): Promise<Holder | undefined> {
  const name = parseEntityArn(arn);
  if (name?.account !== home.id || name.partition !== home.partition) return undefined;
  const { kind } = name;
  if (kind !== 'user' && kind !== 'group' && kind !== 'role') return undefined;
  const entities = { user: identity.users, group: identity.groups, role: identity.roles }[kind];
  const entity = await entities.find(home.id, name.name);
  return entity?.name === name.name && entity.path === name.path ? { kind, entity } : undefined;
}

/** Everything that grants or denies the entity something: its own policies and, for users, its groups'. */
export async function sourcesOf(identity: Identity, home: Account, holder: Holder): Promise<PolicySource[]> {
  const sources = [
    ...inlineSources(holder),
    ...(await attachedSources(identity, home, holder.entity.attached)),
  ];
  if (holder.kind !== 'user') return sources;
  for (const name of (holder.entity as User).groups) {
    const entity = await identity.groups.find(home.id, name);
    if (entity !== undefined) sources.push(...(await sourcesOf(identity, home, { kind: 'group', entity })));
  }
  return sources;
}

/** The entity's permissions boundary. */
export async function boundarySource(
  identity: Identity,
  home: Account,
  { entity }: Holder,
): Promise<PolicySource | undefined> {
  const arn = 'boundary' in entity ? (entity.boundary as string | undefined) : undefined;
  return arn === undefined ? undefined : await managedSource(identity, home, arn, 'boundary');
}

/** A document given with a request, the `index`th of its list. */
export function givenSource(
  list: string,
  index: number,
  document: string,
  kind: 'identity' | 'boundary' | 'service-control' | ResourcePolicyKind,
): PolicySource {
  const id = `${list}.${index + 1}`;
  const type = kind === 'resource' || kind === 'trust' || kind === 'key' ? 'resource' : 'none';
  return { id, type, document, policy: { name: id, policy: compiledPolicy(document, kind) } };
}

function inlineSources({ kind, entity }: Holder): PolicySource[] {
  return entity.inline.map(({ name, document }) => {
    const id = `${kind}_${entity.name}_${name}`;
    const policy = { name: id, policy: compiledPolicy(document, 'identity') };
    return { id, type: kind, document, policy, inline: { name, holder: entity.name } };
  });
}

async function attachedSources(
  identity: Identity,
  home: Account,
  arns: readonly string[],
): Promise<PolicySource[]> {
  const sources = await Promise.all(arns.map(arn => managedSource(identity, home, arn, 'identity')));
  return sources.filter(source => source !== undefined);
}

async function managedSource(
  identity: Identity,
  home: Account,
  arn: string,
  kind: 'identity' | 'boundary',
): Promise<PolicySource | undefined> {
  const policy = await identity.policies.find(home, arn);
  if (policy === undefined) return undefined;
  const { document } = defaultVersion(policy);
  return {
    id: policy.name,
    type: parseEntityArn(arn)!.account === 'aws' ? 'aws-managed' : 'user-managed',
    document,
    policy: { name: arn, arn, policy: compiledPolicy(document, kind) },
    arn,
  };
}
