/** Copies what decides in an account, by reading alone: from AWS or from a Karikagi server. */
import {
  GetOpenIDConnectProviderCommand,
  GetSAMLProviderCommand,
  ListAccountAliasesCommand,
  ListInstanceProfileTagsCommand,
  ListOpenIDConnectProvidersCommand,
  ListPolicyTagsCommand,
  ListSAMLProvidersCommand,
  paginateListInstanceProfiles,
  paginateListRoles,
} from '@aws-sdk/client-iam';
import type { AccountCopy, ManagedPolicyCopy, RoleCopy, Tags } from '../policy/replay/index.js';
import type { AccountClients } from './account-clients.js';
import { pullBuckets } from './pull-buckets.js';
import { authorizationDetails } from './pull-details.js';
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

/** Nothing where there are none: an empty list is written as no list is. */
const someTags = (tags: Parameters<typeof tagsOf>[0] = []) => (tags.length > 0 ? { tags: tagsOf(tags) } : {});

async function instanceProfiles({ iam }: AccountClients): Promise<AccountCopy['instanceProfiles']> {
  const found: AccountCopy['instanceProfiles'][number][] = [];
  for await (const { InstanceProfiles = [] } of paginateListInstanceProfiles({ client: iam }, {})) {
    for (const { InstanceProfileName = '', Arn = '', Path = '/', Roles = [] } of InstanceProfiles) {
      // ListInstanceProfiles leaves tags out ("ListInstanceProfiles", IAM API Reference).
      const { Tags: tags } = await iam.send(new ListInstanceProfileTagsCommand({ InstanceProfileName }));
      found.push({
        ...{ name: InstanceProfileName, arn: Arn, path: Path },
        roles: Roles.map(({ RoleName = '' }) => RoleName),
        ...someTags(tags),
      });
    }
  }
  return found;
}

async function oidcProviders({ iam }: AccountClients): Promise<AccountCopy['oidcProviders']> {
  const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
  return await Promise.all(
    OpenIDConnectProviderList.map(async ({ Arn = '' }) => {
      const found = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: Arn }));
      const { Url = '', ClientIDList = [], ThumbprintList = [], Tags } = found;
      const url = Url.startsWith('https://') ? Url : `https://${Url}`;
      const lists = { clientIds: [...ClientIDList].sort(), thumbprints: ThumbprintList };
      return { arn: Arn, url, ...lists, ...someTags(Tags) };
    }),
  );
}

async function samlProviders({ iam }: AccountClients): Promise<AccountCopy['samlProviders']> {
  const { SAMLProviderList = [] } = await iam.send(new ListSAMLProvidersCommand({}));
  return await Promise.all(
    SAMLProviderList.map(async ({ Arn = '' }) => {
      const { SAMLMetadataDocument = '', Tags } = await iam.send(
        new GetSAMLProviderCommand({ SAMLProviderArn: Arn }),
      );
      const name = Arn.slice(Arn.lastIndexOf('/') + 1);
      return { arn: Arn, name, metadata: SAMLMetadataDocument, ...someTags(Tags) };
    }),
  );
}
