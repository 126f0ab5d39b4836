/**
 * What each operation asks for. Source: Service Authorization Reference, "Actions, resources, and condition keys
 * for AWS Organizations".
 */

import type { Call, Requirement, Resolution } from '../../core/operation.js';
import {
  type Account,
  type ControlPolicy,
  type ControlType,
  type OrganizationRecord,
  policyArn,
  tagContext,
  targetArn,
} from '../../identity/index.js';
import type { Context } from '../../policy/types.js';
import { homeOf, type OrganizationsPorts } from './ports.js';

/** The caller's account, and the organization that it is in. */
export interface InOrganization {
  readonly home: Account;
  readonly organization: OrganizationRecord | undefined;
}

/** On no particular resource. */
export async function onAll(
  call: Call,
  ports: OrganizationsPorts,
  context: Context = {},
): Promise<Resolution<InOrganization>> {
  return { requires: [{ action: call.action, resource: '*', context }], subject: await placeOf(call, ports) };
}

/** On roots, units and accounts of the caller's organization, each of which must be allowed. */
export async function onTargets(
  call: Call,
  ports: OrganizationsPorts,
  ids: readonly (string | undefined)[],
  context: Context = {},
): Promise<Resolution<InOrganization>> {
  const subject = await placeOf(call, ports);
  const { organization } = subject;
  if (organization === undefined) return onAll(call, ports, context);
  return { requires: await targetsIn(organization, call, ports, ids, context), subject };
}

function targetsIn(
  organization: OrganizationRecord,
  { action }: Call,
  ports: OrganizationsPorts,
  ids: readonly (string | undefined)[],
  context: Context,
): Promise<Requirement[]> {
  return Promise.all(
    ids.map(async (id = '') => ({
      action,
      resource: targetArn(organization, id),
      context: { ...(await resourceTags(ports, organization, id)), ...context },
    })),
  );
}

/** An organization, and a policy of it that may not be there. */
export interface OnPolicy extends InOrganization {
  readonly policy: ControlPolicy | undefined;
}

/** On a policy of the caller's organization. */
export async function onPolicy(
  call: Call,
  ports: OrganizationsPorts,
  id: string | undefined = '',
  more: Context = {},
): Promise<Resolution<OnPolicy>> {
  const place = await placeOf(call, ports);
  const { organization } = place;
  if (organization === undefined) {
    const { requires } = await onAll(call, ports);
    return { requires, subject: { ...place, policy: undefined } };
  }
  const policy = await ports.identity.organizations.policies.find(organization.id, id);
  const type = policy?.type ?? 'SERVICE_CONTROL_POLICY';
  const context = { ...tagContext('aws:ResourceTag', policy?.tags ?? []), ...policyType(type), ...more };
  const requirement = { action: call.action, resource: policyArn(organization, type, id), context };
  return { requires: [requirement], subject: { ...place, policy } };
}

/** On a policy and what it is attached to: both must be allowed. */
export async function onPolicyAndTarget(
  call: Call,
  ports: OrganizationsPorts,
  { PolicyId, TargetId }: { readonly PolicyId: string | undefined; readonly TargetId: string | undefined },
): Promise<Resolution<OnPolicy>> {
  const { requires, subject } = await onPolicy(call, ports, PolicyId);
  const { organization } = subject;
  if (organization === undefined) return { requires, subject };
  const targets = await targetsIn(organization, call, ports, [TargetId], requires[0]!.context ?? {});
  return { requires: [...requires, ...targets], subject };
}

/** On the policy of that type that will be there: its id is not known yet. */
export async function onNewPolicy(
  call: Call,
  ports: OrganizationsPorts,
  type: string | undefined,
  context: Context,
): Promise<Resolution<InOrganization>> {
  const subject = await placeOf(call, ports);
  const { organization } = subject;
  if (organization === undefined) return onAll(call, ports, context);
  const resource = policyArn(organization, type as ControlType, 'p-*');
  return { requires: [{ action: call.action, resource, context }], subject };
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
export async function andTagging<T extends InOrganization>(
  resolved: Resolution<T> | Promise<Resolution<T>>,
  kind: 'account' | 'ou' | ControlType,
  tags: readonly TagLike[] | undefined,
): Promise<Resolution<T>> {
  const { requires, subject } = await resolved;
  if (tags === undefined || tags.length === 0) return { requires, subject };
  const { organization } = subject;
  const resource = organization ? newArn(organization, kind) : '*';
  const tagging = { action: 'organizations:TagResource', resource, context: requestTags(tags) };
  return { requires: [...requires, tagging], subject };
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

async function placeOf(call: Call, { identity }: OrganizationsPorts): Promise<InOrganization> {
  const home = homeOf(call);
  return { home, organization: home.organization && (await identity.organizations.of(home)) };
}

async function resourceTags(
  { identity }: OrganizationsPorts,
  organization: OrganizationRecord,
  id: string,
): Promise<Context> {
  return tagContext('aws:ResourceTag', (await identity.organizations.findTags(organization, id)) ?? []);
}
