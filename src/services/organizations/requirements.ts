/**
 * What each operation asks for. Source: Service Authorization Reference, "Actions, resources, and condition keys
 * for AWS Organizations".
 */

import type { Call, Requirement } from '../../core/operation.js';
import {
  type ControlType,
  type OrganizationRecord,
  policyArn,
  tagContext,
  targetArn,
} from '../../identity/index.js';
import type { Context } from '../../policy/types.js';
import type { OrganizationsPorts } from './ports.js';

/** On no particular resource. */
export function onAll(operation: string, context: Context = {}): Requirement[] {
  return [{ action: `organizations:${operation}`, resource: '*', context }];
}

/** On roots, units and accounts of the caller's organisation, each of which must be allowed. */
export async function onTargets(
  operation: string,
  call: Call,
  ports: OrganizationsPorts,
  ids: readonly (string | undefined)[],
  context: Context = {},
): Promise<Requirement[]> {
  const organization = await placeOf(call, ports);
  if (organization === undefined) return onAll(operation, context);
  return await Promise.all(
    ids.map(async (id = '') => ({
      action: `organizations:${operation}`,
      resource: targetArn(organization, id),
      context: { ...(await resourceTags(ports, organization, id)), ...context },
    })),
  );
}

/** On a policy of the caller's organisation. */
export async function onPolicy(
  operation: string,
  call: Call,
  ports: OrganizationsPorts,
  id: string | undefined = '',
): Promise<Requirement[]> {
  const organization = await placeOf(call, ports);
  if (organization === undefined) return onAll(operation);
  const policy = await ports.identity.organizations.policies.find(organization.id, id);
  const type = policy?.type ?? 'SERVICE_CONTROL_POLICY';
  return [
    {
      action: `organizations:${operation}`,
      resource: policyArn(organization, type, id),
      context: { ...tagContext('aws:ResourceTag', policy?.tags ?? []), ...policyType(type) },
    },
  ];
}

/** On the policy of that type that will be there: its id is not known yet. */
export async function onNewPolicy(
  operation: string,
  call: Call,
  ports: OrganizationsPorts,
  type: string | undefined,
  context: Context,
): Promise<Requirement[]> {
  const organization = await placeOf(call, ports);
  if (organization === undefined) return onAll(operation, context);
  const resource = policyArn(organization, type as ControlType, 'p-*');
  return [{ action: `organizations:${operation}`, resource, context }];
}

export function policyType(type: string | undefined): Context {
  return type === undefined ? {} : { 'organizations:PolicyType': type };
}

export function servicePrincipal(principal: string | undefined): Context {
  return principal === undefined ? {} : { 'organizations:ServicePrincipal': principal };
}

/**
 * What a request with tags needs besides: the permission to tag what is made (AWS Organizations API Reference,
 * CreateAccount and the like, `Tags`). `kind` is what will be tagged; its id is not known yet.
 */
export async function onTagging(
  call: Call,
  ports: OrganizationsPorts,
  kind: 'account' | 'ou' | ControlType,
  tags: readonly TagLike[] | undefined,
): Promise<Requirement[]> {
  if (tags === undefined || tags.length === 0) return [];
  const organization = await placeOf(call, ports);
  const context = requestTags(tags);
  if (organization === undefined) return onAll('TagResource', context);
  return [{ action: 'organizations:TagResource', resource: newArn(organization, kind), context }];
}

/** A pattern for the ARN of what is about to be made. */
function newArn(organization: OrganizationRecord, kind: 'account' | 'ou' | ControlType): string {
  if (kind === 'account') return targetArn(organization, '*');
  return kind === 'ou' ? targetArn(organization, 'ou-*') : policyArn(organization, kind, 'p-*');
}

interface TagLike {
  readonly Key: string | undefined;
  readonly Value: string | undefined;
}

/** `aws:RequestTag/k` and `aws:TagKeys` of the tags in a request. */
export function requestTags(tags: readonly TagLike[] | undefined): Context {
  if (tags === undefined || tags.length === 0) return {};
  const pairs = tags.map(({ Key = '', Value = '' }) => [Key, Value] as const);
  return { ...tagContext('aws:RequestTag', pairs), 'aws:TagKeys': pairs.map(([key]) => key) };
}

async function placeOf(
  call: Call,
  { identity }: OrganizationsPorts,
): Promise<OrganizationRecord | undefined> {
  const { account } = call.caller;
  return account?.organization && (await identity.organizations.of(account));
}

async function resourceTags(
  { identity }: OrganizationsPorts,
  organization: OrganizationRecord,
  id: string,
): Promise<Context> {
  return tagContext('aws:ResourceTag', (await identity.organizations.findTags(organization, id)) ?? []);
}
