/**
 * What each operation asks for: the ARN of what it works on and its condition keys. Source: Service
 * Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access Management".
 * IAM's denials name what is there by kind and name (`on resource: user bob`), what is not there yet by its ARN.
 */

import type { Call, Requirement } from '../../core/operation.js';
import {
  type EntityKind,
  entityArn,
  parseEntityArn,
  rootArn,
  type Tags,
  tagContext,
} from '../../identity/index.js';
import type { Context } from '../../policy/types.js';
import { homeOf, type IamPorts } from './ports.js';

/** The operation that tags a resource of the kind; groups have no tags. */
const TAGGING: Readonly<Partial<Record<EntityKind, string>>> = {
  user: 'TagUser',
  role: 'TagRole',
  policy: 'TagPolicy',
  'instance-profile': 'TagInstanceProfile',
  'server-certificate': 'TagServerCertificate',
};

/** `iam:CreateUser` on what will be there, and the right to tag it where it comes with tags. */
export function onNew(
  operation: string,
  call: Call,
  kind: EntityKind,
  input: { path: string | undefined; name: string | undefined },
  context: Context = {},
): Requirement[] {
  const resource = entityArn(kind, homeOf(call), input.path ?? '/', input.name!);
  const shownAs = kind === 'policy' ? `policy ${input.name}` : undefined;
  return withTagging({ action: `iam:${operation}`, resource, shownAs, context }, TAGGING[kind]);
}

/**
 * What makes a resource with tags needs the right to tag it as well: IAM denies `iam:TagRole` to whoever may only
 * create roles.
 */
export function withTagging(requirement: Requirement, tagOperation: string | undefined): Requirement[] {
  const tags = Object.entries(requirement.context ?? {}).filter(
    ([key]) => key === 'aws:TagKeys' || key.startsWith('aws:RequestTag/'),
  );
  if (tagOperation === undefined || tags.length === 0) return [requirement];
  return [requirement, { ...requirement, action: `iam:${tagOperation}`, context: Object.fromEntries(tags) }];
}

/** On everything of a kind under a path: `arn:aws:iam::111122223333:user/path/`. */
export function onPath(
  operation: string,
  call: Call,
  kind: EntityKind,
  prefix: string | undefined,
): Requirement[] {
  const resource = entityArn(kind, homeOf(call), prefix ?? '/', '');
  const shownAs = kind === 'policy' ? `policy path ${prefix ?? '/'}` : undefined;
  return [{ action: `iam:${operation}`, resource, shownAs }];
}

/** On no particular resource. */
export function onAll(operation: string, call: Call): Requirement[] {
  homeOf(call);
  return [{ action: `iam:${operation}`, resource: '*' }];
}

/** On a user, or on the root user where the name is absent. Its tags are condition keys, its boundary where asked for. */
export async function onUser(
  operation: string,
  call: Call,
  { identity }: IamPorts,
  name: string | undefined,
  context: Context = {},
): Promise<Requirement[]> {
  const home = homeOf(call);
  if (name === undefined) return [{ action: `iam:${operation}`, resource: rootArn(home), context }];
  const user = await identity.users.find(home.id, name);
  const resource = entityArn('user', home, user?.path ?? '/', user?.name ?? name);
  return onTagged(operation, resource, user?.tags, { ...ownTags(user?.tags), ...context }, `user ${name}`);
}

export async function onRole(
  operation: string,
  call: Call,
  { identity }: IamPorts,
  name: string,
  context: Context = {},
): Promise<Requirement[]> {
  const home = homeOf(call);
  const role = await identity.roles.find(home.id, name);
  const resource = entityArn('role', home, role?.path ?? '/', role?.name ?? name);
  return onTagged(operation, resource, role?.tags, { ...ownTags(role?.tags), ...context }, `role ${name}`);
}

/** Handing a role to a service: `iam:PassRole` on the role, which this denial names by its ARN. */
export async function onPassedRole(
  call: Call,
  ports: IamPorts,
  name: string,
  service: string,
): Promise<Requirement[]> {
  const requirements = await onRole('PassRole', call, ports, name, { 'iam:PassedToService': service });
  return requirements.map(requirement => ({ ...requirement, shownAs: undefined }));
}

export async function onGroup(
  operation: string,
  call: Call,
  { identity }: IamPorts,
  name: string,
  context: Context = {},
): Promise<Requirement[]> {
  const home = homeOf(call);
  const group = await identity.groups.find(home.id, name);
  const resource = entityArn('group', home, group?.path ?? '/', group?.name ?? name);
  return [{ action: `iam:${operation}`, resource, shownAs: `group ${name}`, context }];
}

/** On a managed policy, by the ARN that the request gives. */
export async function onPolicy(
  operation: string,
  call: Call,
  { identity }: IamPorts,
  arn: string,
  context: Context = {},
): Promise<Requirement[]> {
  const policy = parseEntityArn(arn) && (await identity.policies.find(homeOf(call), arn));
  return onTagged(operation, arn, policy?.tags, context, `policy ${arn}`);
}

export async function onInstanceProfile(
  operation: string,
  call: Call,
  { identity }: IamPorts,
  name: string,
  context: Context = {},
): Promise<Requirement[]> {
  const home = homeOf(call);
  const profile = await identity.instanceProfiles.find(home.id, name);
  const resource = entityArn('instance-profile', home, profile?.path ?? '/', profile?.name ?? name);
  return onTagged(operation, resource, profile?.tags, context, `instance profile ${name}`);
}

export async function onServerCertificate(
  operation: string,
  call: Call,
  { identity }: IamPorts,
  name: string,
  context: Context = {},
): Promise<Requirement[]> {
  const home = homeOf(call);
  const certificate = await identity.serverCertificates.find(home.id, name);
  const path = certificate?.path ?? '/';
  const resource = entityArn('server-certificate', home, path, certificate?.name ?? name);
  return onTagged(operation, resource, certificate?.tags, context);
}

/** The boundary that the user or role has now. */
export async function boundaryContext(
  call: Call,
  { identity }: IamPorts,
  kind: 'user' | 'role',
  name: string,
): Promise<Context> {
  const entities = kind === 'user' ? identity.users : identity.roles;
  return requestedBoundary((await entities.find(homeOf(call).id, name))?.boundary);
}

/** The boundary that a request sets. */
export function requestedBoundary(arn: string | undefined): Context {
  return arn === undefined ? {} : { 'iam:PermissionsBoundary': arn };
}

interface TagLike {
  readonly Key: string | undefined;
  readonly Value: string | undefined;
}

/** `aws:RequestTag/k` and `aws:TagKeys` of the tags in a request. */
export function requestTags(tags: readonly TagLike[] | undefined): Context {
  if (tags === undefined || tags.length === 0) return {};
  const pairs = tags.map(({ Key = '', Value = '' }) => [Key, Value] as const);
  return { ...tagContext('aws:RequestTag', pairs), ...tagKeys(pairs.map(([key]) => key)) };
}

export function tagKeys(keys: readonly string[] | undefined): Context {
  return keys === undefined || keys.length === 0 ? {} : { 'aws:TagKeys': keys };
}

/** Users and roles carry their tags under IAM's own key as well. */
function ownTags(tags: Tags = []): Context {
  return tagContext('iam:ResourceTag', tags);
}

/** On a resource with the tags it has now, none where it is not there; `shownAs`: what a denial calls it. */
export function onTagged(
  operation: string,
  resource: string,
  tags: Tags = [],
  context: Context = {},
  shownAs?: string,
): Requirement[] {
  const tagged = { ...tagContext('aws:ResourceTag', tags), ...context };
  return [{ action: `iam:${operation}`, resource, shownAs, context: tagged }];
}
