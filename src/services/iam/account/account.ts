import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import { quotas } from '../../../identity/index.js';
import { slicePage } from '../paging.js';
import type { IamPorts } from '../ports.js';
import { type OnAccount, onAll } from '../requirements.js';

export const CreateAccountAlias: Operation<IamPorts, iam.CreateAccountAliasRequest, object, OnAccount> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, input, _call, { identity }) {
    await identity.accounts.setAlias(home, input.AccountAlias!);
    return {};
  },
};

export const DeleteAccountAlias: Operation<IamPorts, iam.DeleteAccountAliasRequest, object, OnAccount> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, input, _call, { identity }) {
    await identity.accounts.deleteAlias(home, input.AccountAlias!);
    return {};
  },
};

export const ListAccountAliases: Operation<
  IamPorts,
  iam.ListAccountAliasesRequest,
  iam.ListAccountAliasesResponse,
  OnAccount
> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, input, _call, { identity }) {
    const account = await identity.accounts.find(home.id);
    const { items, page } = slicePage(
      input,
      account?.alias === undefined ? [] : [account.alias],
      alias => alias,
    );
    return { AccountAliases: [...items], ...page };
  },
};

export const GetAccountSummary: Operation<IamPorts, object, iam.GetAccountSummaryResponse, OnAccount> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, _input, _call, { identity }) {
    const [counts, policies, account, devices, oidc, saml, certificates] = await Promise.all([
      identity.accounts.counts(home.id),
      identity.policies.list(home, { limit: quotas.policies }),
      identity.accounts.find(home.id),
      identity.mfaDevices.list(home.id),
      identity.oidcProviders.list(home.id),
      identity.samlProviders.list(home.id),
      identity.serverCertificates.list(home.id, { limit: quotas.serverCertificates }),
    ]);
    return {
      SummaryMap: {
        Users: counts.users,
        UsersQuota: quotas.users,
        Groups: counts.groups,
        GroupsQuota: quotas.groups,
        Roles: counts.roles,
        RolesQuota: quotas.roles,
        Policies: counts.policies,
        PoliciesQuota: quotas.policies,
        InstanceProfiles: counts.instanceProfiles,
        InstanceProfilesQuota: quotas.instanceProfiles,
        ServerCertificates: certificates.length,
        ServerCertificatesQuota: quotas.serverCertificates,
        SigningCertificatesPerUserQuota: quotas.signingCertificatesPerUser,
        AccessKeysPerUserQuota: quotas.accessKeysPerUser,
        AccountAccessKeysPresent: (account?.keys.length ?? 0) > 0 ? 1 : 0,
        AccountMFAEnabled: devices.some(({ owner }) => owner === home.id) ? 1 : 0,
        Providers: oidc.length + saml.length,
        MFADevices: devices.length,
        MFADevicesInUse: devices.filter(({ owner }) => owner !== undefined).length,
        AssumeRolePolicySizeQuota: quotas.trustPolicySize,
        AttachedPoliciesPerGroupQuota: quotas.attachedPolicies,
        AttachedPoliciesPerRoleQuota: quotas.attachedPolicies,
        AttachedPoliciesPerUserQuota: quotas.attachedPolicies,
        GroupPolicySizeQuota: quotas.inlinePolicySize.group,
        RolePolicySizeQuota: quotas.inlinePolicySize.role,
        UserPolicySizeQuota: quotas.inlinePolicySize.user,
        GlobalEndpointTokenVersion: account?.regions?.globalTokenVersion ?? 1,
        GroupsPerUserQuota: quotas.groupsPerUser,
        PolicySizeQuota: quotas.policySize,
        PolicyVersionsInUse: policies.reduce((sum, { policy }) => sum + policy.versions.length, 0),
        PolicyVersionsInUseQuota: quotas.policyVersionsInUse,
        // Root users have neither here.
        AccountPasswordPresent: 0,
        AccountSigningCertificatesPresent: 0,
        VersionsPerPolicyQuota: quotas.versionsPerPolicy,
      },
    };
  },
};

/**
 * Which tokens the global endpoint hands out. The preference is kept and reported; tokens of this server are of one
 * kind, which is accepted wherever the account's credentials are.
 */
export const SetSecurityTokenServicePreferences: Operation<
  IamPorts,
  iam.SetSecurityTokenServicePreferencesRequest,
  object,
  OnAccount
> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, { GlobalEndpointTokenVersion }, _call, { identity }) {
    const version = GlobalEndpointTokenVersion === 'v2Token' ? 2 : 1;
    await identity.regions.setGlobalTokenVersion(home.id, version);
    return {};
  },
};
