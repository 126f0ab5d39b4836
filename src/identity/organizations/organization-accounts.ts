import type { Clock } from '../../core/clock.js';
import type { Database, Transaction } from '../../store/tables.js';
import type { Accounts } from '../accounts/accounts.js';
import type { Regions } from '../accounts/regions.js';
import { entityArn, rootArn } from '../arn.js';
import type { Roles } from '../entities/roles.js';
import { type AccountRecord, type Tags, tables } from '../model.js';
import type { Page } from '../page.js';
import type { EntityPolicies } from '../policies/entity-policies.js';
import { changeOrganization } from './organization-change.js';
import { constraintViolated, organizationErrors } from './organization-errors.js';
import {
  type AccountCreation,
  type Member,
  type OrganizationRecord,
  organizationTables,
  randomLetters,
} from './organization-model.js';
import { dropAttachments } from './organization-policies.js';
import { pathTo } from './organization-units.js';

/** The role by which a new account is entered, unless the request names another. Source: CreateAccount, `RoleName`. */
const ACCESS_ROLE = 'OrganizationAccountAccessRole';

interface NewMember {
  readonly name: string;
  readonly email: string;
  readonly roleName?: string | undefined;
  readonly tags: Tags;
}

/** A member of an organisation of which a copy is made. */
interface AccountOriginal {
  readonly id: string;
  readonly name: string;
}

/** An account as its organisation sees it. */
export interface MemberAccount extends Member {
  readonly record: AccountRecord;
}

interface Parts {
  readonly db: Database;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly roles: Roles;
  readonly entityPolicies: EntityPolicies;
  readonly regions: Regions;
}

/** The accounts of organisations: made, moved, closed, removed. */
export class OrganizationAccounts {
  readonly #parts: Parts;
  readonly #db: Database;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#db = parts.db;
  }

  /**
   * Makes an account of the organisation's partition with a role that trusts the management account and may do
   * everything: without it the account could not be entered, as it has no credentials of its own. An e-mail address
   * that another account has is a creation that failed.
   */
  async create(organization: OrganizationRecord, input: NewMember): Promise<AccountCreation> {
    const requested = this.#parts.clock.now();
    const creation = { id: `car-${randomLetters(32)}`, accountName: input.name, requested };
    const { creations, emails } = organizationTables;
    const taken = { ...creation, state: 'FAILED', failure: 'EMAIL_ALREADY_EXISTS' } as const;
    const email = [organization.partition, input.email.toLowerCase()] as const;
    if ((await this.#db.get(emails, ...email)) !== undefined) {
      await this.#db.put(creations, [organization.id, creation.id], taken);
      return taken;
    }
    const account = await this.#open(organization, input);
    return await changeOrganization(this.#db, organization.id, async transaction => {
      const free = (await transaction.get(emails, ...email)) === undefined;
      const made: AccountCreation = free ? { ...creation, state: 'SUCCEEDED', account } : taken;
      transaction.put(creations, [organization.id, creation.id], made);
      if (!free) return made;
      transaction.put(emails, email, account);
      const member = { account, email: input.email, joined: requested, tags: input.tags };
      await joinOrganization(transaction, organization, { ...member, joinedMethod: 'CREATED' });
      return made;
    });
  }

  /** Makes an account of that id as `create` does, where there is none; it joins nothing. Answers whether it did. */
  async openCopy(organization: OrganizationRecord, { id, name }: AccountOriginal): Promise<boolean> {
    if ((await this.#parts.accounts.find(id)) !== undefined) return false;
    await this.#open(organization, { id, name });
    return true;
  }

  /** Throws `CreateAccountStatusNotFoundException`. */
  async creation(organization: string, id: string): Promise<AccountCreation> {
    const creation = await this.#db.get(organizationTables.creations, organization, id);
    if (creation === undefined) throw organizationErrors.CreateAccountStatusNotFoundException();
    return creation;
  }

  async creations(organization: string, { after, limit }: Page): Promise<AccountCreation[]> {
    const rows = await this.#db.list(organizationTables.creations, [organization], {
      after: after === undefined ? undefined : [organization, after],
      limit,
    });
    return rows.map(row => row.value);
  }

  /** Throws `AccountNotFoundException`. */
  async get(organization: string, id: string): Promise<MemberAccount> {
    const found = await this.find(organization, id);
    if (found === undefined) throw organizationErrors.AccountNotFoundException();
    return found;
  }

  async find(organization: string, id: string): Promise<MemberAccount | undefined> {
    const member = await this.#db.get(organizationTables.members, organization, id);
    const record = await this.#parts.accounts.find(id);
    return member && record && { ...member, record };
  }

  /** In the order of their ids. */
  async list(organization: string, { after, limit }: Page): Promise<MemberAccount[]> {
    const rows = await this.#db.list(organizationTables.members, [organization], {
      after: after === undefined ? undefined : [organization, after],
      limit,
    });
    return await Promise.all(rows.map(({ value }) => this.get(organization, value.account)));
  }

  /**
   * Throws `AccountNotFoundException`, `SourceParentNotFoundException`, `DestinationParentNotFoundException`,
   * `DuplicateAccountException`.
   */
  async move({ id }: OrganizationRecord, account: string, from: string, to: string): Promise<void> {
    await changeOrganization(this.#db, id, async (transaction, organization) => {
      const record = await demandMember(transaction, id, account);
      const place = record.organization!;
      if (place.path.at(-1) !== from) throw organizationErrors.SourceParentNotFoundException();
      const path = await pathTo(transaction, organization, to);
      if (path === undefined) throw organizationErrors.DestinationParentNotFoundException();
      if (from === to) throw organizationErrors.DuplicateAccountException();
      transaction.delete(organizationTables.children, id, from, 'account', account);
      transaction.put(organizationTables.children, [id, to, 'account', account], true);
      transaction.put(tables.accounts, [account], { ...record, organization: { ...place, path } });
    });
  }

  /**
   * Closes an account: nothing signs in with its credentials any more; it stays in the organisation, suspended.
   * Throws `AccountNotFoundException`, `AccountAlreadyClosedException`, `ConstraintViolationException`.
   */
  async close({ id, managementAccount }: OrganizationRecord, account: string): Promise<void> {
    if (account === managementAccount) {
      throw constraintViolated(
        'CANNOT_CLOSE_MANAGEMENT_ACCOUNT',
        'You attempted to close the management account.',
      );
    }
    await changeOrganization(this.#db, id, async transaction => {
      const record = await demandMember(transaction, id, account);
      if (record.closed !== undefined) throw organizationErrors.AccountAlreadyClosedException();
      transaction.put(tables.accounts, [account], { ...record, closed: this.#parts.clock.now() });
    });
  }

  /**
   * Takes an account out of the organisation; it keeps everything, the role that trusts the management account
   * included. Throws `AccountNotFoundException`, `MasterCannotLeaveOrganizationException`,
   * `ConstraintViolationException` for a closed one and for a delegated administrator.
   */
  async remove({ id, managementAccount }: OrganizationRecord, account: string): Promise<void> {
    if (account === managementAccount) throw organizationErrors.MasterCannotLeaveOrganizationException();
    await changeOrganization(this.#db, id, async (transaction, { administrators = [] }) => {
      const record = await demandMember(transaction, id, account);
      if (administrators.some(one => one.account === account)) {
        throw constraintViolated(
          'CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG',
          'You attempted to remove an account that is registered as a delegated administrator for a service integrated with your organization.',
        );
      }
      if (record.closed !== undefined) {
        throw constraintViolated('ACCOUNT_CANNOT_LEAVE_ORGANIZATION', 'A closed account cannot leave.');
      }
      await dropAttachments(transaction, id, account);
      transaction.delete(organizationTables.members, id, account);
      transaction.delete(
        organizationTables.children,
        id,
        record.organization!.path.at(-1)!,
        'account',
        account,
      );
      transaction.put(tables.accounts, [account], { ...record, organization: undefined });
    });
  }

  /** A new account with its role, in no organisation yet. */
  async #open(
    organization: OrganizationRecord,
    input: Pick<NewMember, 'name' | 'roleName'> & { readonly id?: string },
  ): Promise<string> {
    const { accounts, roles, entityPolicies, regions } = this.#parts;
    const { partition, managementAccount } = organization;
    const account = await accounts.create({ id: input.id, name: input.name, partition });
    await regions.begin(account.id, (await accounts.find(managementAccount))?.regions?.enabled ?? []);
    const name = input.roleName ?? ACCESS_ROLE;
    const statement = {
      Effect: 'Allow',
      Principal: { AWS: rootArn({ id: managementAccount, partition }) },
      Action: 'sts:AssumeRole',
    };
    await roles.create(account, {
      name,
      trust: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
    });
    const administrator = entityArn('policy', { id: 'aws', partition }, '/', 'AdministratorAccess');
    await entityPolicies.attach(account, 'role', name, administrator);
    return account.id;
  }
}

/** Puts an account that is in no organisation into one, below the last id of a path from its root. */
export async function joinOrganization(
  transaction: Transaction,
  { id, rootId }: OrganizationRecord,
  member: Member,
  path: readonly string[] = [rootId],
): Promise<void> {
  const { members, children } = organizationTables;
  const record = await transaction.get(tables.accounts, member.account);
  if (record === undefined) throw organizationErrors.AccountNotFoundException();
  transaction.put(members, [id, member.account], member);
  transaction.put(children, [id, path.at(-1) as string, 'account', member.account], true);
  const organization = { id, path, management: false };
  transaction.put(tables.accounts, [member.account], { ...record, organization });
}

async function demandMember(
  transaction: Transaction,
  organization: string,
  account: string,
): Promise<AccountRecord> {
  const member = await transaction.get(organizationTables.members, organization, account);
  const record = await transaction.get(tables.accounts, account);
  if (member === undefined || record === undefined) throw organizationErrors.AccountNotFoundException();
  return record;
}
