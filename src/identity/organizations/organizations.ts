import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import type { Database, Transaction } from '../../store/tables.js';
import type { Accounts } from '../accounts/accounts.js';
import type { Regions } from '../accounts/regions.js';
import type { Roles } from '../entities/roles.js';
import { type AccountRecord, type Tags, tables } from '../model.js';
import type { EntityPolicies } from '../policies/entity-policies.js';
import { OrganizationAccounts } from './organization-accounts.js';
import { changeOrganization } from './organization-change.js';
import { copyMember, copyPolicy, copyUnit, type OrganizationOriginal } from './organization-copies.js';
import { constraintViolated, organizationErrors } from './organization-errors.js';
import { OrganizationInvitations } from './organization-invitations.js';
import {
  type OrganizationRecord,
  organizationTables,
  placeholderEmail,
  type RootFeature,
  randomLetters,
  type TrustedService,
} from './organization-model.js';
import { OrganizationPolicies } from './organization-policies.js';
import { OrganizationUnits } from './organization-units.js';

interface OrganizationParts {
  readonly db: Database;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly roles: Roles;
  readonly entityPolicies: EntityPolicies;
  readonly regions: Regions;
}

/**
 * Organisations of accounts. Any account that is in none may make one and becomes its management account; all
 * accounts of an organisation are of one partition. Errors are those of AWS Organizations.
 */
export class Organizations {
  readonly accounts: OrganizationAccounts;
  readonly units: OrganizationUnits;
  readonly policies: OrganizationPolicies;
  readonly invitations: OrganizationInvitations;
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(parts: OrganizationParts) {
    this.#db = parts.db;
    this.#clock = parts.clock;
    this.accounts = new OrganizationAccounts(parts);
    this.units = new OrganizationUnits(parts.db);
    this.policies = new OrganizationPolicies(parts.db);
    this.invitations = new OrganizationInvitations(parts.db, parts.clock);
  }

  /** The organisation that the account is in. Throws `AWSOrganizationsNotInUseException`. */
  async of(account: Account): Promise<OrganizationRecord> {
    const { organization } = account;
    const found = organization && (await this.#db.get(organizationTables.organizations, organization.id));
    if (found === undefined) throw organizationErrors.AWSOrganizationsNotInUseException();
    return found;
  }

  /**
   * Makes an organisation of one account. No policy type is enabled: AWS's reference says that service control policies
   * are, but `Roots[0].PolicyTypes` is empty after a creation on AWS (acceptance tests of Terraform's
   * aws_organizations_organization). Throws `AlreadyInOrganizationException`.
   */
  async create(managementAccount: string, email: string): Promise<OrganizationRecord> {
    const ids = { id: `o-${randomLetters(10)}`, rootId: `r-${randomLetters(4)}` };
    return await this.#create(ids, managementAccount, email);
  }

  /**
   * Makes a copy of an organisation with its ids: the organisation itself, units, policies, and members by their names
   * in their places. Accounts that are not there are made; others join by invitations, as ever. Nothing is attached.
   * Units and policies that are there already are left as they are, so that a large organisation may come in parts.
   * Throws `AlreadyInOrganizationException`, `AccountNotFoundException` where there is no management account,
   * `DuplicateOrganizationException` where another organisation has the id, and as the making of units and policies
   * does.
   */
  async copy(original: OrganizationOriginal): Promise<void> {
    const { id, rootId, managementAccount } = original;
    const known = await this.#db.get(organizationTables.organizations, id);
    if (known && (known.managementAccount !== managementAccount || known.rootId !== rootId))
      throw organizationErrors.DuplicateOrganizationException(id);
    const email = placeholderEmail(managementAccount);
    const organization = known ?? (await this.#create({ id, rootId }, managementAccount, email));
    const change = (work: (transaction: Transaction, record: OrganizationRecord) => Promise<void>) =>
      changeOrganization(this.#db, id, work);
    for (const unit of original.units) await change((...to) => copyUnit(...to, unit));
    for (const policy of original.policies) await change((...to) => copyPolicy(...to, policy));
    for (const account of original.accounts) {
      const isMade = await this.accounts.openCopy(organization, account);
      await change((...to) => copyMember(...to, { ...account, isMade, joined: this.#clock.now() }));
    }
  }

  async #create(
    { id, rootId }: Pick<OrganizationRecord, 'id' | 'rootId'>,
    managementAccount: string,
    email: string,
  ): Promise<OrganizationRecord> {
    return await this.#db.transact(`organization ${id}`, async transaction => {
      const account = await accountRecord(transaction, managementAccount);
      if (account.organization !== undefined) throw organizationErrors.AlreadyInOrganizationException();
      const joined = this.#clock.now();
      const organization: OrganizationRecord = {
        id,
        rootId,
        partition: account.partition,
        managementAccount,
        created: joined,
        policyTypes: [],
        rootTags: [],
        revision: 1,
      };
      const member = {
        account: managementAccount,
        email,
        joined,
        joinedMethod: 'INVITED',
        tags: [],
      } as const;
      transaction.put(organizationTables.organizations, [id], organization);
      transaction.put(organizationTables.members, [id, managementAccount], member);
      transaction.put(organizationTables.children, [id, rootId, 'account', managementAccount], true);
      const place = { id, path: [rootId], management: true };
      transaction.put(tables.accounts, [managementAccount], { ...account, organization: place });
      return organization;
    });
  }

  /** Throws `OrganizationNotEmptyException` while it has other accounts or policies of its own, or units. */
  async delete({ id, managementAccount }: OrganizationRecord): Promise<void> {
    await changeOrganization(this.#db, id, async transaction => {
      const { members, units, policies } = organizationTables;
      const [accounts, ...rest] = await Promise.all([
        transaction.list(members, [id], 2),
        transaction.list(units, [id], 1),
        transaction.list(policies, [id], 1),
      ]);
      if (accounts.length > 1 || rest.some(rows => rows.length > 0)) {
        throw organizationErrors.OrganizationNotEmptyException();
      }
      for (const table of Object.values(organizationTables)) {
        for (const row of await transaction.list<unknown>(table, [id]))
          transaction.delete(table, ...row.parts);
      }
      await this.invitations.drop(transaction, id);
      const account = await accountRecord(transaction, managementAccount);
      transaction.put(tables.accounts, [managementAccount], { ...account, organization: undefined });
    });
  }

  /** Gives an AWS service access to the organisation; one that has it keeps its date. */
  async enableService({ id }: OrganizationRecord, principal: string): Promise<void> {
    await this.#changeServices(id, services =>
      services.some(service => service.principal === principal)
        ? services
        : [...services, { principal, enabled: this.#clock.now() }],
    );
  }

  async disableService({ id }: OrganizationRecord, principal: string): Promise<void> {
    await this.#changeServices(id, services => services.filter(service => service.principal !== principal));
  }

  /**
   * Makes a member account an administrator of the organisation for a service. Throws `AccountNotFoundException`,
   * `AccountAlreadyRegisteredException`, and `ConstraintViolationException` for the management account, a closed one,
   * and a service without access.
   */
  async registerAdministrator({ id }: OrganizationRecord, account: string, principal: string): Promise<void> {
    await changeOrganization(this.#db, id, async (transaction, organization) => {
      const { managementAccount, services = [], administrators = [] } = organization;
      const member = await transaction.get(organizationTables.members, id, account);
      if (member === undefined) throw organizationErrors.AccountNotFoundException();
      if (account === managementAccount) {
        throw constraintViolated(
          'CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR',
          'You cannot register the management account of the organization as a delegated administrator for an AWS service.',
        );
      }
      if ((await accountRecord(transaction, account)).closed !== undefined) {
        throw constraintViolated(
          'CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR',
          'You cannot register a suspended account as a delegated administrator.',
        );
      }
      if (!services.some(service => service.principal === principal)) {
        throw constraintViolated(
          'SERVICE_ACCESS_NOT_ENABLED',
          'You attempted to register a delegated administrator before you enabled service access. Call the EnableAWSServiceAccess API first.',
        );
      }
      if (administrators.some(one => one.account === account && one.principal === principal)) {
        throw organizationErrors.AccountAlreadyRegisteredException();
      }
      const all = [...administrators, { account, principal, enabled: this.#clock.now() }];
      const sorted = all.toSorted((a, b) => (a.account + a.principal < b.account + b.principal ? -1 : 1));
      transaction.put(organizationTables.organizations, [id], { ...organization, administrators: sorted });
    });
  }

  /** Throws `AccountNotFoundException`, `AccountNotRegisteredException`. */
  async deregisterAdministrator(
    { id }: OrganizationRecord,
    account: string,
    principal: string,
  ): Promise<void> {
    await changeOrganization(this.#db, id, async (transaction, organization) => {
      const member = await transaction.get(organizationTables.members, id, account);
      if (member === undefined) throw organizationErrors.AccountNotFoundException();
      const { administrators: before = [] } = organization;
      const administrators = before.filter(one => one.account !== account || one.principal !== principal);
      if (administrators.length === before.length) throw organizationErrors.AccountNotRegisteredException();
      transaction.put(organizationTables.organizations, [id], { ...organization, administrators });
    });
  }

  /** Switches a feature of centralized root access on or off; answers those that are on. */
  async setRootFeature(
    { id }: OrganizationRecord,
    feature: RootFeature,
    isOn: boolean,
  ): Promise<readonly RootFeature[]> {
    return await changeOrganization(this.#db, id, async (transaction, organization) => {
      const others = (organization.rootFeatures ?? []).filter(one => one !== feature);
      const rootFeatures = isOn ? [...others, feature].sort() : others;
      transaction.put(organizationTables.organizations, [id], { ...organization, rootFeatures });
      return rootFeatures;
    });
  }

  async #changeServices(
    id: string,
    change: (services: readonly TrustedService[]) => readonly TrustedService[],
  ): Promise<void> {
    await changeOrganization(this.#db, id, async (transaction, organization) => {
      const services = change(organization.services ?? []).toSorted((a, b) =>
        a.principal < b.principal ? -1 : 1,
      );
      transaction.put(organizationTables.organizations, [id], { ...organization, services });
    });
  }

  /** Changes the tags of a root, unit, account or policy. Throws `TargetNotFoundException`. */
  async changeTags(
    { id: organization }: OrganizationRecord,
    resource: string,
    change: (tags: Tags) => Tags,
  ): Promise<void> {
    await changeOrganization(this.#db, organization, async (transaction, record) => {
      if (resource === record.rootId) {
        const rootTags = change(record.rootTags);
        transaction.put(organizationTables.organizations, [organization], { ...record, rootTags });
        return;
      }
      const table = tableOf(resource);
      const found = await transaction.get(table, organization, resource);
      if (found === undefined) throw organizationErrors.TargetNotFoundException();
      transaction.put(table, [organization, resource], { ...found, tags: change(found.tags) });
    });
  }

  /** Throws `TargetNotFoundException`. */
  async tagsOf(organization: OrganizationRecord, resource: string): Promise<Tags> {
    const tags = await this.findTags(organization, resource);
    if (tags === undefined) throw organizationErrors.TargetNotFoundException();
    return tags;
  }

  async findTags(organization: OrganizationRecord, resource: string): Promise<Tags | undefined> {
    if (resource === organization.rootId) return organization.rootTags;
    return (await this.#db.get(tableOf(resource), organization.id, resource))?.tags;
  }
}

function tableOf(resource: string) {
  const { members, units, policies } = organizationTables;
  const table = resource.startsWith('ou-') ? units : resource.startsWith('p-') ? policies : members;
  return table as typeof members;
}

async function accountRecord(transaction: Transaction, id: string): Promise<AccountRecord> {
  const account = await transaction.get(tables.accounts, id);
  if (account === undefined) throw organizationErrors.AccountNotFoundException();
  return account;
}
