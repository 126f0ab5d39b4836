import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import { DAY_MS } from '../../core/time.js';
import type { Database, Transaction } from '../../store/tables.js';
import { type Tags, tables } from '../model.js';
import type { Page } from '../page.js';
import { joinOrganization } from './organization-accounts.js';
import { changeOrganization } from './organization-change.js';
import { organizationErrors } from './organization-errors.js';
import {
  type Invitation,
  type OrganizationRecord,
  organizationTables,
  placeholderEmail,
  randomLetters,
} from './organization-model.js';

/** How long an invitation stands. Source: Organizations User Guide, "Inviting an account to join". */
const DAYS_15 = 15 * DAY_MS;

/** An invitation and who sent it. */
export interface SentInvitation {
  readonly invitation: Invitation;
  readonly organization: OrganizationRecord;
}

type InvitationState = Invitation['state'] | 'EXPIRED';

/** Invitations of accounts of the same partition that are in no organisation: AWS's handshakes of the kind INVITE. */
export class OrganizationInvitations {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Throws `AccountNotFoundException`, `HandshakeConstraintViolationException`, `DuplicateHandshakeException`. */
  async invite(
    { id: organization, partition }: OrganizationRecord,
    account: string,
    notes: string | undefined,
    tags: Tags,
  ): Promise<Invitation> {
    return await changeOrganization(this.#db, organization, async transaction => {
      const record = await transaction.get(tables.accounts, account);
      if (record?.partition !== partition) throw organizationErrors.AccountNotFoundException();
      demandFree(record);
      for (const row of await transaction.list(organizationTables.invitations, [organization])) {
        if (row.value.account === account && this.stateOf(row.value) === 'OPEN')
          throw organizationErrors.DuplicateHandshakeException();
      }
      const requested = this.#clock.now();
      const id = `h-${randomLetters(32)}`;
      const expires = requested + DAYS_15;
      const invitation: Invitation = {
        id,
        organization,
        account,
        requested,
        expires,
        state: 'OPEN',
        notes,
        tags,
      };
      transaction.put(organizationTables.invitations, [organization, id], invitation);
      transaction.put(organizationTables.invited, [account, id], organization);
      return invitation;
    });
  }

  stateOf({ state, expires }: Invitation): InvitationState {
    return state === 'OPEN' && this.#clock.now() >= expires ? 'EXPIRED' : state;
  }

  /** An invitation that the account sent or was sent, and the organisation. Throws `HandshakeNotFoundException`. */
  async get(account: Account, id: string): Promise<SentInvitation> {
    const found = await this.find(account, id);
    if (found === undefined) throw organizationErrors.HandshakeNotFoundException();
    return found;
  }

  async find({ id: account, organization: place }: Account, id: string): Promise<SentInvitation | undefined> {
    const { invited, invitations, organizations } = organizationTables;
    const sender = place?.management === true ? place.id : undefined;
    const of = (await this.#db.get(invited, account, id)) ?? sender;
    const invitation = of === undefined ? undefined : await this.#db.get(invitations, of, id);
    const organization = invitation && (await this.#db.get(organizations, invitation.organization));
    return organization && { invitation: invitation!, organization };
  }

  /** Those that an account was sent. */
  async received(account: string, { after, limit }: Page): Promise<Invitation[]> {
    const { invited, invitations } = organizationTables;
    const behind = after === undefined ? undefined : [account, after];
    const rows = await this.#db.list(invited, [account], { after: behind, limit });
    const found = await Promise.all(
      rows.map(({ parts, value }) => this.#db.get(invitations, value, parts[1] as string)),
    );
    return found.filter(invitation => invitation !== undefined);
  }

  /** Those that an organisation sent. */
  async sent(organization: string, { after, limit }: Page): Promise<Invitation[]> {
    const behind = after === undefined ? undefined : [organization, after];
    const { invitations } = organizationTables;
    const rows = await this.#db.list(invitations, [organization], { after: behind, limit });
    return rows.map(row => row.value);
  }

  /**
   * Accepts (the account joins at the root), declines or cancels an open invitation. Throws
   * `HandshakeAlreadyInStateException`, `InvalidHandshakeTransitionException`, and, on accepting,
   * `HandshakeConstraintViolationException` for an account that has joined elsewhere.
   */
  async close(
    { organization, id }: Invitation,
    state: 'ACCEPTED' | 'DECLINED' | 'CANCELED',
  ): Promise<Invitation> {
    return await changeOrganization(this.#db, organization, async (transaction, record) => {
      const before = await transaction.get(organizationTables.invitations, organization, id);
      if (before === undefined) throw organizationErrors.HandshakeNotFoundException();
      if (before.state === state) throw organizationErrors.HandshakeAlreadyInStateException();
      if (this.stateOf(before) !== 'OPEN') throw organizationErrors.InvalidHandshakeTransitionException();
      if (state === 'ACCEPTED') await this.#join(transaction, record, before);
      const after = { ...before, state };
      transaction.put(organizationTables.invitations, [organization, id], after);
      return after;
    });
  }

  /** Forgets what an organisation sent, as it goes away. */
  async drop(transaction: Transaction, organization: string): Promise<void> {
    for (const { value } of await transaction.list(organizationTables.invitations, [organization])) {
      transaction.delete(organizationTables.invited, value.account, value.id);
    }
  }

  async #join(
    transaction: Transaction,
    organization: OrganizationRecord,
    { account, tags }: Invitation,
  ): Promise<void> {
    const record = await transaction.get(tables.accounts, account);
    if (record === undefined) throw organizationErrors.AccountNotFoundException();
    demandFree(record);
    await joinOrganization(transaction, organization, {
      account,
      email: placeholderEmail(account),
      joined: this.#clock.now(),
      joinedMethod: 'INVITED',
      tags,
    });
  }
}

function demandFree({ organization }: Account): void {
  if (organization === undefined) return;
  throw organizationErrors.HandshakeConstraintViolationException(
    'The account is already a member of an organization.',
    { members: { Reason: 'ALREADY_IN_AN_ORGANIZATION' } },
  );
}
