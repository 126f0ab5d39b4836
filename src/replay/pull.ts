/** Copies what decides in an account, by reading alone: from AWS or from a Karikagi server. */
import {
  type AttachedPolicy,
  type GetAccountAuthorizationDetailsResponse,
  GetOpenIDConnectProviderCommand,
  GetSAMLProviderCommand,
  ListAccountAliasesCommand,
  ListOpenIDConnectProvidersCommand,
  ListPolicyTagsCommand,
  ListSAMLProvidersCommand,
  type PolicyDetail,
  paginateGetAccountAuthorizationDetails,
  paginateListInstanceProfiles,
  paginateListRoles,
} from '@aws-sdk/client-iam';
import type { AccountCopy, ManagedPolicyCopy, RoleCopy, Tags } from '../policy/replay/index.js';
import type { AccountClients } from './account-clients.js';
import { pullBuckets } from './pull-buckets.js';
import { pullKeys } from './pull-keys.js';
import { type PullOptions, tagsOf } from './pull-options.js';
import { pullOrganization } from './pull-organization.js';

/**
 * The account's users, groups, roles, policies and providers, its buckets' policies and what blocks them, its keys'
 * policies and grants, its organization where the caller may read it. No secrets: no keys, no passwords, no grant
 * tokens. Throws where the account's authorization details cannot be read.
 */
export async function pullAccount(clients: AccountClients, options: PullOptions): Promise<AccountCopy> {
  const { account, partition } = options;
  const details = await authorizationDetails(clients);
  const attempt = async <T>(what: string, read: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      options.failed(what, (error as Error).message);
      return otherwise;
    }
  };
  const alias = await attempt(
    'account alias',
    async () => (await clients.iam.send(new ListAccountAliasesCommand({}))).AccountAliases?.[0],
    undefined,
  );
  const settings = await attempt('settings of roles', () => roleSettings(clients), new Map());
  const policies: ManagedPolicyCopy[] = [];
  // One after the other: IAM slows down who asks for many at once.
  for (const policy of details.policies) {
    const tags = await attempt(`tags of ${policy.arn}`, () => policyTags(clients, policy.arn), undefined);
    policies.push({ ...policy, tags });
  }
  return {
    ...{ account, partition, alias },
    ...details,
    roles: details.roles.map(role => ({ ...role, ...settings.get(role.arn) })),
    policies,
    instanceProfiles: await attempt('instance profiles', () => instanceProfiles(clients), []),
    ...(await pullBuckets(clients, options)),
    keys: await pullKeys(clients, options),
    oidcProviders: await attempt('OpenID Connect providers', () => oidcProviders(clients), []),
    samlProviders: await attempt('SAML providers', () => samlProviders(clients), []),
    organization: await pullOrganization(clients, options),
  };
}

/** IAM answers documents URL-encoded ("GetAccountAuthorizationDetails", IAM API Reference). */
const document = (encoded: string | undefined) => decodeURIComponent(encoded ?? '');

const inlineOf = (list: readonly PolicyDetail[] = []) =>
  list.map(({ PolicyName = '', PolicyDocument }) => ({
    name: PolicyName,
    document: document(PolicyDocument),
  }));

const arnsOf = (list: readonly AttachedPolicy[] = []) => list.map(({ PolicyArn = '' }) => PolicyArn).sort();

type Details = Pick<AccountCopy, 'users' | 'groups' | 'roles' | 'policies'>;

async function authorizationDetails({ iam }: AccountClients): Promise<Details> {
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

/** What GetAccountAuthorizationDetails leaves out of a role, by its ARN. */
async function roleSettings({
  iam,
}: AccountClients): Promise<Map<string, Pick<RoleCopy, 'description' | 'maxSessionDuration'>>> {
  const found = new Map<string, Pick<RoleCopy, 'description' | 'maxSessionDuration'>>();
  for await (const { Roles = [] } of paginateListRoles({ client: iam }, {})) {
    for (const { Arn = '', Description, MaxSessionDuration } of Roles)
      found.set(Arn, { description: Description || undefined, maxSessionDuration: MaxSessionDuration });
  }
  return found;
}

/** AWS's own policies have none. */
async function policyTags({ iam }: AccountClients, arn: string): Promise<Tags | undefined> {
  if (arn.includes('::aws:')) return undefined;
  const { Tags: tags = [] } = await iam.send(new ListPolicyTagsCommand({ PolicyArn: arn }));
  return tags.length > 0 ? tagsOf(tags) : undefined;
}

async function instanceProfiles({ iam }: AccountClients): Promise<AccountCopy['instanceProfiles']> {
  const found: AccountCopy['instanceProfiles'][number][] = [];
  for await (const { InstanceProfiles = [] } of paginateListInstanceProfiles({ client: iam }, {})) {
    for (const { InstanceProfileName = '', Arn = '', Path = '/', Roles = [] } of InstanceProfiles)
      found.push({
        ...{ name: InstanceProfileName, arn: Arn, path: Path },
        roles: Roles.map(({ RoleName = '' }) => RoleName),
      });
  }
  return found;
}

async function oidcProviders({ iam }: AccountClients): Promise<AccountCopy['oidcProviders']> {
  const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
  return await Promise.all(
    OpenIDConnectProviderList.map(async ({ Arn = '' }) => {
      const found = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: Arn }));
      const { Url = '', ClientIDList = [], ThumbprintList = [] } = found;
      const url = Url.startsWith('https://') ? Url : `https://${Url}`;
      return { arn: Arn, url, clientIds: [...ClientIDList].sort(), thumbprints: ThumbprintList };
    }),
  );
}

async function samlProviders({ iam }: AccountClients): Promise<AccountCopy['samlProviders']> {
  const { SAMLProviderList = [] } = await iam.send(new ListSAMLProvidersCommand({}));
  return await Promise.all(
    SAMLProviderList.map(async ({ Arn = '' }) => {
      const { SAMLMetadataDocument = '' } = await iam.send(
        new GetSAMLProviderCommand({ SAMLProviderArn: Arn }),
      );
      return { arn: Arn, name: Arn.slice(Arn.lastIndexOf('/') + 1), metadata: SAMLMetadataDocument };
    }),
  );
}
