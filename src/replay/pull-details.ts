/** Copies users, groups, roles and policies: IAM answers them at once. It runs in a browser too. */
import {
  type AttachedPolicy,
  type GetAccountAuthorizationDetailsResponse,
  type PolicyDetail,
  paginateGetAccountAuthorizationDetails,
} from '@aws-sdk/client-iam';
import type { AccountCopy } from '../policy/replay/index.js';
import type { AccountClients } from './account-clients.js';
import { tagsOf } from './pull-options.js';

/** IAM answers documents URL-encoded ("GetAccountAuthorizationDetails", IAM API Reference). */
const document = (encoded: string | undefined) => decodeURIComponent(encoded ?? '');

const inlineOf = (list: readonly PolicyDetail[] = []) =>
  list.map(({ PolicyName = '', PolicyDocument }) => ({
    name: PolicyName,
    document: document(PolicyDocument),
  }));

const arnsOf = (list: readonly AttachedPolicy[] = []) => list.map(({ PolicyArn = '' }) => PolicyArn).sort();

type Details = Pick<AccountCopy, 'users' | 'groups' | 'roles' | 'policies'>;

/** The account's users, groups, roles and policies. Throws where they cannot be read. */
export async function authorizationDetails({ iam }: Pick<AccountClients, 'iam'>): Promise<Details> {
  const all: Details = { users: [], groups: [], roles: [], policies: [] };
  for await (const page of paginateGetAccountAuthorizationDetails({ client: iam }, {})) {
    const part = detailsOf(page);
    for (const kind of ['users', 'groups', 'roles', 'policies'] as const)
      (all[kind] as object[]).push(...part[kind]);
  }
  return all;
}

function detailsOf(page: GetAccountAuthorizationDetailsResponse): Details {
  return {
    users: (page.UserDetailList ?? []).map(user => ({
      ...{ name: user.UserName!, arn: user.Arn!, id: user.UserId!, path: user.Path ?? '/' },
      inline: inlineOf(user.UserPolicyList),
      attached: arnsOf(user.AttachedManagedPolicies),
      groups: [...(user.GroupList ?? [])].sort(),
      boundary: user.PermissionsBoundary?.PermissionsBoundaryArn,
      tags: tagsOf(user.Tags),
    })),
    groups: (page.GroupDetailList ?? []).map(group => ({
      // No decision hangs on a group's id.
      ...{ name: group.GroupName!, arn: group.Arn!, id: '', path: group.Path ?? '/' },
      inline: inlineOf(group.GroupPolicyList),
      attached: arnsOf(group.AttachedManagedPolicies),
    })),
    roles: (page.RoleDetailList ?? []).map(role => ({
      ...{ name: role.RoleName!, arn: role.Arn!, id: role.RoleId!, path: role.Path ?? '/' },
      inline: inlineOf(role.RolePolicyList),
      attached: arnsOf(role.AttachedManagedPolicies),
      boundary: role.PermissionsBoundary?.PermissionsBoundaryArn,
      tags: tagsOf(role.Tags),
      trust: document(role.AssumeRolePolicyDocument),
    })),
    policies: (page.Policies ?? []).map(policy => ({
      ...{ name: policy.PolicyName!, arn: policy.Arn!, path: policy.Path ?? '/' },
      description: policy.Description,
      document: document(policy.PolicyVersionList?.find(one => one.IsDefaultVersion)?.Document),
    })),
  };
}
