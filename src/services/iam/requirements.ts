/**
 * What each operation asks for: the ARN of what it works on and its condition keys. Source: Service
 * Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access Management".
 * IAM's denials name what is there by kind and name (`on resource: user bob`), what is not there yet by its ARN.
 * Each function resolves an operation: what it looked up is the subject that the operation then works on.
 */

import type { Call, Requirement, Resolution } from '../../core/operation.js';
import {
  type Account,
  type EntityKind,
  entityArn,
  type Group,
  type InstanceProfile,
  type ManagedPolicy,
  parseEntityArn,
  type Role,
  rootArn,
  type ServerCertificate,
  type Tags,
  tagContext,
  type User,
} from '../../identity/index.js';
import type { Context } from '../../policy/types.js';
import { homeOf, type IamPorts } from './ports.js';

/** The account that the caller works in. */
export interface OnAccount {
  readonly home: Account;
}

/** Something of the account, which may not be there. */
export interface On<E> extends OnAccount {
  readonly found: E | undefined;
}

/** A user by name, or the root user where the name is absent. */
export interface OnUser<Name extends string | undefined = string | undefined> extends On<User> {
  readonly name: Name;
}

/** Condition keys, or what makes them of the entity that was found. */
type ContextOf<E> = Context | ((found: E | undefined) => Context);

function contextFor<E>(context: ContextOf<E>, found: E | undefined): Context {
  return typeof context === 'function' ? context(found) : context;
}

/** The operation that tags a resource of the kind; groups have no tags. */
const TAGGING: Readonly<Partial<Record<EntityKind, string>>> = {
  user: 'TagUser',
  role: 'TagRole',
  policy: 'TagPolicy',
  'instance-profile': 'TagInstanceProfile',
  'server-certificate': 'TagServerCertificate',
};

/** On what will be there, and the right to tag it where it comes with tags. */
export function onNew(
  call: Call,
  kind: EntityKind,
  input: { path: string | undefined; name: string | undefined },
  context: Context = {},
): Resolution<OnAccount> {
  const home = homeOf(call);
  const resource = entityArn(kind, home, input.path ?? '/', input.name!);
  const shownAs = kind === 'policy' ? `policy ${input.name}` : undefined;
  const requirement = { action: call.action, resource, shownAs, context };
  return { requires: withTagging(requirement, TAGGING[kind]), subject: { home } };
}

/**
 * What makes a resource with tags needs the right to tag it as well: IAM denies `iam:TagRole` to a caller who may only
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
export function onPath(call: Call, kind: EntityKind, prefix: string | undefined): Resolution<OnAccount> {
  const home = homeOf(call);
  const resource = entityArn(kind, home, prefix ?? '/', '');
  const shownAs = kind === 'policy' ? `policy path ${prefix ?? '/'}` : undefined;
  return { requires: [{ action: call.action, resource, shownAs }], subject: { home } };
}

/** On no particular resource. */
export function onAll(call: Call): Resolution<OnAccount> {
  return onArn(call, '*');
}

/** On what the request names by its ARN, without a look at it. */
export function onArn(call: Call, resource: string): Resolution<OnAccount> {
  const home = homeOf(call);
  return { requires: [{ action: call.action, resource }], subject: { home } };
}

/**
 * On a user, or on the root user where the name is absent. Its tags are condition keys, its boundary where asked for.
 */
export async function onUser<Name extends string | undefined>(
  call: Call,
  { identity }: IamPorts,
  name: Name,
  context: ContextOf<User> = {},
): Promise<Resolution<OnUser<Name>>> {
  const home = homeOf(call);
  const { action } = call;
  if (name === undefined) {
    const requirement = { action, resource: rootArn(home), context: contextFor(context, undefined) };
    return { requires: [requirement], subject: { home, name, found: undefined } };
  }
  const user = await identity.users.find(home.id, name);
  const resource = entityArn('user', home, user?.path ?? '/', user?.name ?? name);
  const keys = { ...ownTags(user?.tags), ...contextFor(context, user) };
  const requirement = onTagged(action, resource, user?.tags, keys, `user ${name}`);
  return { requires: [requirement], subject: { home, name, found: user } };
}

export async function onRole(
  call: Call,
  { identity }: IamPorts,
  name: string,
  context: ContextOf<Role> = {},
): Promise<Resolution<On<Role>>> {
  const home = homeOf(call);
  const role = await identity.roles.find(home.id, name);
  const requirement = roleRequirement(call.action, home, name, role, contextFor(context, role));
  return { requires: [{ ...requirement, shownAs: `role ${name}` }], subject: { home, found: role } };
}

function roleRequirement(
  action: string,
  home: Account,
  name: string,
  role: Role | undefined,
  context: Context,
): Requirement {
  const resource = entityArn('role', home, role?.path ?? '/', role?.name ?? name);
  return onTagged(action, resource, role?.tags, { ...ownTags(role?.tags), ...context });
}

/** Handing a role to a service: `iam:PassRole` on the role, which this denial names by its ARN. */
export async function onPassedRole(
  call: Call,
  { identity }: IamPorts,
  name: string,
  service: string,
): Promise<Requirement> {
  const home = homeOf(call);
  const role = await identity.roles.find(home.id, name);
  return roleRequirement('iam:PassRole', home, name, role, { 'iam:PassedToService': service });
}

export async function onGroup(
  call: Call,
  { identity }: IamPorts,
  name: string,
  context: Context = {},
): Promise<Resolution<On<Group>>> {
  const home = homeOf(call);
  const group = await identity.groups.find(home.id, name);
  const resource = entityArn('group', home, group?.path ?? '/', group?.name ?? name);
  const requirement = { action: call.action, resource, shownAs: `group ${name}`, context };
  return { requires: [requirement], subject: { home, found: group } };
}

/** On a managed policy, by the ARN that the request gives. */
export async function onPolicy(
  call: Call,
  { identity }: IamPorts,
  arn: string,
  context: Context = {},
): Promise<Resolution<On<ManagedPolicy>>> {
  const home = homeOf(call);
  const policy = parseEntityArn(arn) && (await identity.policies.find(home, arn));
  const requirement = onTagged(call.action, arn, policy?.tags, context, `policy ${arn}`);
  return { requires: [requirement], subject: { home, found: policy } };
}

export async function onInstanceProfile(
  call: Call,
  { identity }: IamPorts,
  name: string,
  context: Context = {},
): Promise<Resolution<On<InstanceProfile>>> {
  const home = homeOf(call);
  const profile = await identity.instanceProfiles.find(home.id, name);
  const resource = entityArn('instance-profile', home, profile?.path ?? '/', profile?.name ?? name);
  const requirement = onTagged(call.action, resource, profile?.tags, context, `instance profile ${name}`);
  return { requires: [requirement], subject: { home, found: profile } };
}

export async function onServerCertificate(
  call: Call,
  { identity }: IamPorts,
  name: string,
  context: Context = {},
): Promise<Resolution<On<ServerCertificate>>> {
  const home = homeOf(call);
  const certificate = await identity.serverCertificates.find(home.id, name);
  const path = certificate?.path ?? '/';
  const resource = entityArn('server-certificate', home, path, certificate?.name ?? name);
  const requirement = onTagged(call.action, resource, certificate?.tags, context);
  return { requires: [requirement], subject: { home, found: certificate } };
}

/** The same on what the resource becomes, where it moves (IAM User Guide, "Rename an IAM user"). */
export function andOn<T>(target: string, { requires, subject }: Resolution<T>): Resolution<T> {
  const moved = requires.filter(({ resource }) => resource !== target);
  return { requires: [...requires, ...moved.map(now => ({ ...now, resource: target }))], subject };
}

/** The boundary that an entity has, or that a request sets. */
export function boundaryKeys(arn: string | undefined): Context {
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
  action: string,
  resource: string,
  tags: Tags = [],
  context: Context = {},
  shownAs?: string,
): Requirement {
  return { action, resource, shownAs, context: { ...tagContext('aws:ResourceTag', tags), ...context } };
}
