/** Accounts, users, groups, roles, policies, access keys and sessions, and who a request's credentials are. */

import type {
  Account,
  Caller,
  CallerPolicies,
  CredentialLookup,
  CredentialSource,
  ResourceOwner,
} from '../core/caller.js';
import type { Clock } from '../core/clock.js';
import type { Kv } from '../store/kv.js';
import { Database, type Owner } from '../store/tables.js';
import { Accounts, type NewAccount } from './accounts/accounts.js';
import { Regions } from './accounts/regions.js';
import { AccessKeys, type NewAccessKey } from './credentials/access-keys.js';
import { CredentialReports } from './credentials/credential-report.js';
import { Credentials } from './credentials/credentials.js';
import { MfaDevices } from './credentials/mfa-devices.js';
import { Passwords } from './credentials/passwords.js';
import { ServerCertificates } from './credentials/server-certificates.js';
import { SignIn } from './credentials/sign-in.js';
import { SignInTokens } from './credentials/sign-in-tokens.js';
import { ServiceCredentials, SigningCertificates, SshPublicKeys } from './credentials/user-credentials.js';
import { AccessJobs } from './entities/access-jobs.js';
import { type AdoptedId, adoptId } from './entities/adopted-ids.js';
import { Groups } from './entities/groups.js';
import { InstanceProfiles } from './entities/instance-profiles.js';
import { Instances } from './entities/instances.js';
import { Principals } from './entities/principals.js';
import { Roles } from './entities/roles.js';
import { ServiceLinkedRoles } from './entities/service-linked-roles.js';
import { Usage } from './entities/usage.js';
import { Users } from './entities/users.js';
import { errors } from './errors.js';
import type { OidcKeysOptions } from './federation/oidc-keys.js';
import { OidcProviders } from './federation/oidc-providers.js';
import type { OidcTokens } from './federation/oidc-tokens.js';
import { Reachable } from './federation/reachable.js';
import { SamlProviders } from './federation/saml-providers.js';
import { SamlResponses } from './federation/saml-responses.js';
import { Keyring } from './keyring.js';
import { ControlsOfAccounts } from './organizations/organization-controls.js';
import { Organizations } from './organizations/organizations.js';
import { AuthorizationMessages } from './policies/authorization-messages.js';
import { PoliciesOfCallers } from './policies/caller-policies.js';
import { EntityPolicies } from './policies/entity-policies.js';
import { ManagedPolicies } from './policies/managed-policies.js';
import { RolesAnywhere } from './roles-anywhere/index.js';
import { Sessions } from './sessions/sessions.js';

interface IdentityOptions {
  readonly kv: Kv;
  /** 32 bytes: all secrets hang on it. */
  readonly rootKey: Uint8Array;
  /** Root keys that were replaced: what they sealed still opens. */
  readonly formerRootKeys?: readonly Uint8Array[];
  readonly clock: Clock;
  /** OpenID Connect issuers whose keys are read from a file (a JWK set) instead of over the network, by their URL. */
  readonly oidcKeyFiles?: ReadonlyMap<string, string> | undefined;
  /** Host names, addresses and networks of issuers that may be asked beside public addresses. */
  readonly oidcAllow?: readonly string[] | undefined;
}

/** An account and the access key of its root user. */
export interface CreatedAccount {
  readonly account: Account;
  readonly rootKey: NewAccessKey;
}

const owner: Owner = { space: 'identity', contended: () => errors.ConcurrentModification() };

/** Everything about who may be who. The parts are documented at their classes. */
export class Identity implements CredentialSource {
  readonly accounts: Accounts;
  readonly users: Users;
  readonly groups: Groups;
  readonly roles: Roles;
  readonly serviceLinkedRoles: ServiceLinkedRoles;
  readonly policies: ManagedPolicies;
  readonly entityPolicies: EntityPolicies;
  readonly instanceProfiles: InstanceProfiles;
  readonly instances: Instances;
  readonly passwords: Passwords;
  readonly reports: CredentialReports;
  readonly accessJobs: AccessJobs;
  readonly sshKeys: SshPublicKeys;
  readonly signingCertificates: SigningCertificates;
  readonly serviceCredentials: ServiceCredentials;
  readonly serverCertificates: ServerCertificates;
  readonly accessKeys: AccessKeys;
  readonly sessions: Sessions;
  readonly principals: Principals;
  readonly callerPolicies: PoliciesOfCallers;
  readonly organizations: Organizations;
  readonly oidcProviders: OidcProviders;
  readonly oidcTokens: Pick<OidcTokens, 'verify'>;
  readonly samlProviders: SamlProviders;
  readonly samlResponses: SamlResponses;
  readonly mfaDevices: MfaDevices;
  readonly signIn: SignIn;
  readonly signInTokens: SignInTokens;
  readonly authorizationMessages: AuthorizationMessages;
  readonly regions: Regions;
  readonly rolesAnywhere: RolesAnywhere;
  readonly usage: Usage;
  readonly #db: Database;
  readonly #controls: ControlsOfAccounts;
  readonly #credentials: Credentials;

  constructor({ kv, rootKey, formerRootKeys, clock, oidcKeyFiles, oidcAllow }: IdentityOptions) {
    const reachable = new Reachable(oidcAllow);
    const db = new Database(kv, owner);
    const keyring = new Keyring(rootKey, formerRootKeys);
    this.#db = db;
    this.accounts = new Accounts(db, clock);
    this.principals = new Principals(db, this.accounts);
    this.users = new Users(db, clock);
    this.groups = new Groups(db, clock);
    this.roles = new Roles(db, clock, this.principals);
    this.serviceLinkedRoles = new ServiceLinkedRoles(db, clock);
    this.policies = new ManagedPolicies(db, clock);
    this.entityPolicies = new EntityPolicies(db);
    this.instanceProfiles = new InstanceProfiles(db, clock);
    this.instances = new Instances(db, clock);
    this.accessKeys = new AccessKeys(db, clock, keyring);
    this.passwords = new Passwords(db, clock);
    this.accessJobs = new AccessJobs(db, clock);
    this.sshKeys = new SshPublicKeys(db, clock);
    this.signingCertificates = new SigningCertificates(db, clock);
    this.serviceCredentials = new ServiceCredentials(db, clock);
    this.serverCertificates = new ServerCertificates(db, clock);
    this.sessions = new Sessions(db, clock, keyring);
    this.regions = new Regions(db);
    const { accounts, roles, entityPolicies, regions } = this;
    this.organizations = new Organizations({ db, clock, accounts, roles, entityPolicies, regions });
    this.authorizationMessages = new AuthorizationMessages(keyring);
    this.mfaDevices = new MfaDevices(db, clock, keyring);
    this.signIn = new SignIn(db, clock, this.passwords, this.mfaDevices, this.sessions);
    this.signInTokens = new SignInTokens(db, clock, keyring);
    this.oidcProviders = new OidcProviders(db, clock, reachable);
    // What reads tokens is large, and many a server never meets one.
    let tokens: Promise<OidcTokens> | undefined;
    this.oidcTokens = {
      verify: async (home, token) => {
        tokens ??= openTokens(this.oidcProviders, { clock, keyFiles: oidcKeyFiles, reachable });
        return (await tokens).verify(home, token);
      },
    };
    this.samlProviders = new SamlProviders(db, clock);
    this.samlResponses = new SamlResponses(this.samlProviders, clock);
    this.#controls = new ControlsOfAccounts(db, this.organizations.policies);
    this.callerPolicies = new PoliciesOfCallers(db, this.policies, this.#controls);
    this.#credentials = new Credentials(db, this.accessKeys, this.sessions);
    this.rolesAnywhere = new RolesAnywhere(db, clock);
    this.usage = new Usage(db);
    this.reports = new CredentialReports(db, clock, this);
  }

  account(id: string): Promise<Account | undefined> {
    return this.accounts.find(id);
  }

  /** Makes an account and an access key of its root user. Throws `EntityAlreadyExists` where the id is taken. */
  async createAccount(input: NewAccount): Promise<CreatedAccount> {
    const account = await this.accounts.create(input);
    return { account, rootKey: await this.accessKeys.create(account, undefined) };
  }

  /** See `adoptId`. */
  async adoptId(home: Account, adopted: AdoptedId): Promise<void> {
    await adoptId(this.#db, home, adopted);
  }

  /** An active access key of the account's root user, with its secret: for the server's own credentials file. */
  async rootCredentials(accountId: string): Promise<NewAccessKey | undefined> {
    const account = await this.accounts.find(accountId);
    for (const id of account?.keys ?? []) {
      const key = await this.accessKeys.find(id);
      if (key?.active)
        return { id, created: key.created, secretAccessKey: this.accessKeys.secretOf(id, key) };
    }
    return undefined;
  }

  lookup(accessKeyId: string, sessionToken: string | undefined, now: number): Promise<CredentialLookup> {
    return this.#credentials.lookup(accessKeyId, sessionToken, now);
  }

  policiesOf(caller: Caller): Promise<CallerPolicies> {
    return this.callerPolicies.of(caller);
  }

  async owner(id: string): Promise<ResourceOwner | undefined> {
    const account = await this.accounts.find(id);
    if (account?.organization === undefined) return account && { account };
    return { account, controls: await this.#controls.of(account) };
  }

  used(caller: Caller, service: string, region: string, now: number): void {
    this.usage.note(caller, { service, region, time: now });
  }

  /** Seals all secrets under the current root key; resolves with how many were under a former one. */
  async reseal(signal: AbortSignal): Promise<number> {
    return (await this.accessKeys.reseal(signal)) + (await this.mfaDevices.reseal(signal));
  }

  /** Resolves once nothing is left to write. The store stays open: it is its opener's. */
  async close(): Promise<void> {
    await this.usage.settled();
    await this.sessions.settled();
  }
}

async function openTokens(providers: OidcProviders, options: OidcKeysOptions): Promise<OidcTokens> {
  const { OidcKeys } = await import('./federation/oidc-keys.js');
  const { OidcTokens } = await import('./federation/oidc-tokens.js');
  return new OidcTokens(providers, new OidcKeys(options), options.clock);
}

/** Opens identity on a store. Throws `RangeError` where a root key is not 32 bytes long. */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  return new Identity(options);
}

export type * from '../core/caller.js';
export type { NewAccount } from './accounts/accounts.js';
export { quotas } from './accounts/quotas.js';
export type { Regions, RegionView } from './accounts/regions.js';
export * from './arn.js';
export { roleCaller } from './callers/callers.js';
export type { NewAccessKey } from './credentials/access-keys.js';
export type { MfaDevice } from './credentials/mfa-devices.js';
export type { ServerCertificate } from './credentials/server-certificates.js';
export type { ServiceCredential, SigningCertificate, SshPublicKey } from './credentials/user-credentials.js';
export type { InstanceView } from './entities/instances.js';
export { findRole, roleTagContext, type Target, trustPolicyOf } from './entities/role-trust.js';
export { linkedRoleName, linkedService } from './entities/service-linked-roles.js';
export { similarRoles } from './entities/similar-roles.js';
export { mergeTags, readTags, tagContext, withoutTags } from './entities/tags.js';
export { accountOfId, isPrincipalId } from './entities/unique-id.js';
export * from './errors.js';
export type { FederatedIdentity } from './federation/federated-identity.js';
export { issuerName, type OidcProvider } from './federation/oidc-providers.js';
export { mfaSerial, type ProviderKind, providerArn } from './federation/provider-arn.js';
export type { SamlIdentity } from './federation/saml-assertion.js';
export type { SamlProvider } from './federation/saml-providers.js';
export type * from './model.js';
export type { MemberAccount } from './organizations/organization-accounts.js';
export * from './organizations/organization-errors.js';
export type { SentInvitation } from './organizations/organization-invitations.js';
export * from './organizations/organization-model.js';
export type { Organizations } from './organizations/organizations.js';
export type { Page } from './page.js';
export { inlinePolicy, noSuchEntity } from './policies/entity-policies.js';
export { defaultVersion, versionOf } from './policies/managed-policies.js';
export { checkDocument, compiledPolicy } from './policies/policy-documents.js';
export { readSessionPolicies } from './policies/session-policies.js';
export {
  DEFAULT_MAPPINGS,
  sessionTags,
  withMapping,
  withoutMapping,
} from './roles-anywhere/attribute-mapping.js';
export type { ReadCertificate } from './roles-anywhere/certificates.js';
export { anywhereErrors } from './roles-anywhere/errors.js';
export type { RolesAnywhere } from './roles-anywhere/index.js';
export type {
  CertificateField,
  Crl,
  Profile,
  Subject as AnywhereSubject,
  TrustAnchor,
} from './roles-anywhere/model.js';
export type { Place, Resources } from './roles-anywhere/resources.js';
export type { IssuedSession, SessionCredentials, SessionIssuer, SessionView } from './sessions/sessions.js';
