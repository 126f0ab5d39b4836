/** Puts a copy of an account into an account of the same id of a Karikagi server. */
import {
  AddRoleToInstanceProfileCommand,
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccountAliasCommand,
  CreateGroupCommand,
  CreateInstanceProfileCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateSAMLProviderCommand,
  CreateServiceLinkedRoleCommand,
  CreateUserCommand,
  PutGroupPolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { type ApiTarget, callKarikagi } from '../clients/karikagi-api.js';
import type { AccountCopy } from '../policy/replay/index.js';
import type { AccountClients } from './account-clients.js';
import { type Attempt, loadBuckets } from './load-buckets.js';
import { loadKeys } from './load-keys.js';
import { loadOrganization } from './load-organization.js';

interface LoadOptions {
  /** Signed as an administrator of the server's first account: gives copies their unique ids. */
  readonly server: ApiTarget;
  /** Called for what could not be made: the rest is. */
  readonly failed: (what: string, problem: string) => void;
}

/** What was there before is left as it is. */
const THERE =
  /^(?:EntityAlreadyExists|EntityAlreadyExistsException|AlreadyExistsException|PolicyTypeAlreadyEnabledException)$/;

const tagList = (tags: Readonly<Record<string, string>> = {}) =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** A copy, and clients of the account of the same id that it is put into. */
interface LoadTarget {
  readonly copy: AccountCopy;
  readonly clients: AccountClients;
}

/**
 * Users, groups, roles, policies, profiles, providers, buckets and what blocks them, keys with material of their own,
 * and organizations, with the ids that they had. Names and ids of all accounts come before what names them,
 * organizations last: their policies bind those who load, too. What AWS alone may make (roles below `/aws-reserved/`)
 * is not loaded; `failed` says so. May be run again.
 */
export async function loadAccounts(targets: readonly LoadTarget[], options: LoadOptions): Promise<void> {
  const all = targets.map(({ copy, clients }) => new Loading(copy, clients, options));
  for (const loading of all) await loading.names();
  for (const loading of all) await loading.policies();
  for (const loading of all) await loading.trust();
  for (const [index, { copy, clients }] of targets.entries()) {
    const attempt: Attempt = (what, make) => all[index]!.attempt(what, make);
    await loadBuckets(copy, clients, attempt);
    await loadKeys(copy, clients, options.server, attempt);
  }
  const organizations = new Map(targets.map(one => [one.copy.account, one.clients.organizations]));
  for (const [index, { copy }] of targets.entries()) {
    const { organization, account } = copy;
    const attempt: Attempt = (what, make) => all[index]!.attempt(what, make);
    // A delegated administrator's copy has it, too.
    if (organization?.managementAccount === account)
      await loadOrganization(organization, organizations, options.server, attempt);
    else if (organization && !targets.some(one => one.copy.account === organization.managementAccount))
      options.failed(
        `organization ${organization.id}`,
        `is loaded with its management account ${organization.managementAccount}`,
      );
  }
}

class Loading {
  constructor(
    private readonly copy: AccountCopy,
    private readonly clients: AccountClients,
    private readonly options: LoadOptions,
  ) {}

  async attempt(what: string, make: () => Promise<unknown>): Promise<boolean> {
    try {
      await make();
      return true;
    } catch (error) {
      const { name, message } = error as Error;
      if (THERE.test(name)) return true;
      this.options.failed(what, message);
      return false;
    }
  }

  /** All that has a name, bare, and then the ids. */
  async names(): Promise<void> {
    const { iam } = this.clients;
    const { users, groups, roles, policies, account, partition, alias } = this.copy;
    if (alias !== undefined)
      await this.attempt(`alias ${alias}`, () =>
        iam.send(new CreateAccountAliasCommand({ AccountAlias: alias })),
      );
    for (const { name, path, document, description: Description, arn, tags } of policies) {
      if (!arn.includes(`:${account}:`)) continue;
      const input = {
        PolicyName: name,
        Path: path,
        PolicyDocument: document,
        Description,
        Tags: tagList(tags),
      };
      await this.attempt(arn, () => iam.send(new CreatePolicyCommand(input)));
    }
    for (const { name, path, arn } of groups)
      await this.attempt(arn, () => iam.send(new CreateGroupCommand({ GroupName: name, Path: path })));
    for (const { name, path, arn, tags, id } of users) {
      const input = { UserName: name, Path: path, Tags: tagList(tags) };
      const made = await this.attempt(arn, () => iam.send(new CreateUserCommand(input)));
      if (made) await this.#adopt('user', name, id, arn);
    }
    const own = `arn:${partition}:iam::${account}:root`;
    // It stays where the role's own cannot be loaded.
    const trust = { Effect: 'Deny', Principal: { AWS: own }, Action: 'sts:AssumeRole' };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: trust });
    for (const { name, path, arn, tags, id, description, maxSessionDuration } of roles) {
      const [, service] = /^\/aws-service-role\/([^/]+)\/$/.exec(path) ?? [];
      const input = {
        RoleName: name,
        Path: path,
        Tags: tagList(tags),
        Description: description,
        MaxSessionDuration: maxSessionDuration,
        AssumeRolePolicyDocument,
      };
      const made = await this.attempt(arn, () =>
        service === undefined
          ? iam.send(new CreateRoleCommand(input))
          : iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: service })),
      );
      if (made && service === undefined) await this.#adopt('role', name, id, arn);
    }
  }

  async #adopt(kind: 'user' | 'role', name: string, id: string, arn: string): Promise<void> {
    if (id === '') return;
    const input = { AccountId: this.copy.account, EntityType: kind, Name: name, UniqueId: id };
    await this.attempt(`unique id of ${arn}`, () => callKarikagi(this.options.server, 'SetUniqueId', input));
  }

  /** What users, groups and roles may do. */
  async policies(): Promise<void> {
    const { iam } = this.clients;
    for (const group of this.copy.groups) {
      const GroupName = group.name;
      for (const { name: PolicyName, document: PolicyDocument } of group.inline)
        await this.attempt(`${group.arn} ${PolicyName}`, () =>
          iam.send(new PutGroupPolicyCommand({ GroupName, PolicyName, PolicyDocument })),
        );
      for (const PolicyArn of group.attached)
        await this.attempt(`${group.arn} ${PolicyArn}`, () =>
          iam.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn })),
        );
    }
    for (const user of this.copy.users) await this.#user(user);
    for (const role of this.copy.roles) if (!role.path.startsWith('/aws-')) await this.#role(role);
  }

  async #user({
    name: UserName,
    arn,
    inline,
    attached,
    groups,
    boundary,
  }: AccountCopy['users'][number]): Promise<void> {
    const { iam } = this.clients;
    for (const { name: PolicyName, document: PolicyDocument } of inline)
      await this.attempt(`${arn} ${PolicyName}`, () =>
        iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument })),
      );
    for (const PolicyArn of attached)
      await this.attempt(`${arn} ${PolicyArn}`, () =>
        iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn })),
      );
    for (const GroupName of groups)
      await this.attempt(`${arn} in ${GroupName}`, () =>
        iam.send(new AddUserToGroupCommand({ UserName, GroupName })),
      );
    if (boundary === undefined) return;
    const input = { UserName, PermissionsBoundary: boundary };
    await this.attempt(`boundary of ${arn}`, () => iam.send(new PutUserPermissionsBoundaryCommand(input)));
  }

  async #role({
    name: RoleName,
    arn,
    inline,
    attached,
    boundary,
  }: AccountCopy['roles'][number]): Promise<void> {
    const { iam } = this.clients;
    for (const { name: PolicyName, document: PolicyDocument } of inline)
      await this.attempt(`${arn} ${PolicyName}`, () =>
        iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument })),
      );
    for (const PolicyArn of attached)
      await this.attempt(`${arn} ${PolicyArn}`, () =>
        iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })),
      );
    if (boundary === undefined) return;
    const input = { RoleName, PermissionsBoundary: boundary };
    await this.attempt(`boundary of ${arn}`, () => iam.send(new PutRolePermissionsBoundaryCommand(input)));
  }

  /** Who may become a role, and by whose word; which machines have it. */
  async trust(): Promise<void> {
    const { iam } = this.clients;
    for (const { arn, url, clientIds, thumbprints, tags } of this.copy.oidcProviders) {
      const lists = { ClientIDList: [...clientIds], ThumbprintList: [...thumbprints], Tags: tagList(tags) };
      const input = { Url: url, ...lists };
      await this.attempt(arn, () => iam.send(new CreateOpenIDConnectProviderCommand(input)));
    }
    for (const { arn, name, metadata, tags } of this.copy.samlProviders) {
      const input = { Name: name, SAMLMetadataDocument: metadata, Tags: tagList(tags) };
      await this.attempt(arn, () => iam.send(new CreateSAMLProviderCommand(input)));
    }
    for (const { name: RoleName, arn, trust, path } of this.copy.roles) {
      if (trust === '' || path.startsWith('/aws-')) continue;
      const input = { RoleName, PolicyDocument: trust };
      await this.attempt(`trust policy of ${arn}`, () => iam.send(new UpdateAssumeRolePolicyCommand(input)));
    }
    for (const { name: InstanceProfileName, arn, path: Path, roles, tags } of this.copy.instanceProfiles) {
      const profile = { InstanceProfileName, Path, Tags: tagList(tags) };
      await this.attempt(arn, () => iam.send(new CreateInstanceProfileCommand(profile)));
      for (const RoleName of roles) {
        const input = { InstanceProfileName, RoleName };
        await this.attempt(`${arn} with ${RoleName}`, () =>
          iam.send(new AddRoleToInstanceProfileCommand(input)),
        );
      }
    }
  }
}
