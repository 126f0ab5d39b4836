/** The calls that users, groups and roles have alike. */
import {
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  DeleteGroupPolicyCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DeleteUserPermissionsBoundaryCommand,
  DeleteUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  GetGroupPolicyCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupPoliciesCommand,
  ListRolePoliciesCommand,
  ListUserPoliciesCommand,
  PutGroupPolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import type { Act } from '../../api/act.js';
import { iam } from '../../api/iam.js';
import { type Listed, type Page, pageOf } from '../../ui/query.js';

/** A user, group or role: what may have policies. */
export interface Entity {
  readonly kind: 'user' | 'group' | 'role';
  readonly name: string;
  readonly arn: string;
}

export interface AttachedPolicy {
  readonly name: string;
  /** Absent for inline policies. */
  readonly arn?: string | undefined;
}

/** Everything that pages have. For what is short by its quota. */
export async function whole<T, L extends Listed>(
  ask: (Marker: string | undefined) => Act<L>,
  items: (output: L) => readonly T[] | undefined,
): Promise<T[]> {
  const all: T[] = [];
  let marker: string | undefined;
  do {
    const output = await ask(marker).send();
    all.push(...(items(output) ?? []));
    marker = output.IsTruncated ? output.Marker : undefined;
  } while (marker !== undefined);
  return all;
}

/** Attached and inline policies, the latter without ARN. */
export async function policiesOf(entity: Entity): Promise<AttachedPolicy[]> {
  const [attached, inline] = await Promise.all([
    whole(
      Marker => listAttached(entity, Marker),
      output => output.AttachedPolicies,
    ),
    whole(
      Marker => listInline(entity, Marker),
      output => output.PolicyNames,
    ),
  ]);
  return [
    ...attached.map(({ PolicyName, PolicyArn }) => ({ name: PolicyName!, arn: PolicyArn! })),
    ...inline.map(name => ({ name })),
  ];
}

function listAttached({ kind, name }: Entity, Marker: string | undefined) {
  if (kind === 'user') return iam(new ListAttachedUserPoliciesCommand({ UserName: name, Marker }));
  if (kind === 'group') return iam(new ListAttachedGroupPoliciesCommand({ GroupName: name, Marker }));
  return iam(new ListAttachedRolePoliciesCommand({ RoleName: name, Marker }));
}

function listInline({ kind, name }: Entity, Marker: string | undefined) {
  if (kind === 'user') return iam(new ListUserPoliciesCommand({ UserName: name, Marker }));
  if (kind === 'group') return iam(new ListGroupPoliciesCommand({ GroupName: name, Marker }));
  return iam(new ListRolePoliciesCommand({ RoleName: name, Marker }));
}

export function attach({ kind, name }: Entity, PolicyArn: string): Act {
  if (kind === 'user') return iam(new AttachUserPolicyCommand({ UserName: name, PolicyArn }));
  if (kind === 'group') return iam(new AttachGroupPolicyCommand({ GroupName: name, PolicyArn }));
  return iam(new AttachRolePolicyCommand({ RoleName: name, PolicyArn }));
}

export function detach({ kind, name }: Entity, PolicyArn: string): Act {
  if (kind === 'user') return iam(new DetachUserPolicyCommand({ UserName: name, PolicyArn }));
  if (kind === 'group') return iam(new DetachGroupPolicyCommand({ GroupName: name, PolicyArn }));
  return iam(new DetachRolePolicyCommand({ RoleName: name, PolicyArn }));
}

export function putInline({ kind, name }: Entity, PolicyName: string, PolicyDocument: string): Act {
  if (kind === 'user') {
    return iam(new PutUserPolicyCommand({ UserName: name, PolicyName, PolicyDocument }));
  }
  if (kind === 'group') {
    return iam(new PutGroupPolicyCommand({ GroupName: name, PolicyName, PolicyDocument }));
  }
  return iam(new PutRolePolicyCommand({ RoleName: name, PolicyName, PolicyDocument }));
}

export function deleteInline({ kind, name }: Entity, PolicyName: string): Act {
  if (kind === 'user') return iam(new DeleteUserPolicyCommand({ UserName: name, PolicyName }));
  if (kind === 'group') return iam(new DeleteGroupPolicyCommand({ GroupName: name, PolicyName }));
  return iam(new DeleteRolePolicyCommand({ RoleName: name, PolicyName }));
}

/** The document of an inline policy, as it was put. */
export async function inlineDocument({ kind, name }: Entity, PolicyName: string): Promise<string> {
  const asked =
    kind === 'user'
      ? iam(new GetUserPolicyCommand({ UserName: name, PolicyName }))
      : kind === 'group'
        ? iam(new GetGroupPolicyCommand({ GroupName: name, PolicyName }))
        : iam(new GetRolePolicyCommand({ RoleName: name, PolicyName }));
  const { PolicyDocument } = await (asked as Act<{ PolicyDocument?: string | undefined }>).send();
  return decodeURIComponent(PolicyDocument ?? '');
}

/** With an ARN sets the boundary, without one takes it away. Groups have none. */
export function boundary({ kind, name }: Entity, PermissionsBoundary: string | undefined): Act {
  if (kind === 'user') {
    return PermissionsBoundary === undefined
      ? iam(new DeleteUserPermissionsBoundaryCommand({ UserName: name }))
      : iam(new PutUserPermissionsBoundaryCommand({ UserName: name, PermissionsBoundary }));
  }
  return PermissionsBoundary === undefined
    ? iam(new DeleteRolePermissionsBoundaryCommand({ RoleName: name }))
    : iam(new PutRolePermissionsBoundaryCommand({ RoleName: name, PermissionsBoundary }));
}

/** `iam:PutUserPolicy` and the like, for the question whether one may. */
export function actionOn({ kind, arn }: Entity, verb: string, noun: string) {
  const who = { user: 'User', group: 'Group', role: 'Role' }[kind];
  return { action: `iam:${verb}${who}${noun}`, resource: arn };
}

/** What a list of IAM loads, page by page. */
export function listing<T, L extends Listed>(
  ask: (Marker: string | undefined) => Act<L>,
  items: (output: L) => readonly T[] | undefined,
): (marker: string | undefined, signal: AbortSignal) => Promise<Page<T>> {
  return async (marker, signal) => pageOf(await ask(marker).send(signal), items);
}
