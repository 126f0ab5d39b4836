/** The accounts of the server, whatever organisation they are in. For the first account's administrators alone. */
import { ApiError } from '../../core/errors.js';
import type { Operation } from '../../core/operation.js';
import type { Account, AccountRecord } from '../../identity/index.js';
import { demandFirst, type KarikagiPorts, onAccount } from './ports.js';

interface CreateAccountInput {
  readonly AccountName: string;
  readonly Partition: string;
  readonly AccountId?: string;
}

interface AccountShape {
  readonly AccountId: string;
  readonly AccountName: string;
  readonly Partition: string;
  readonly CreateDate: Date;
  readonly OrganizationId?: string;
  readonly Status: 'ACTIVE' | 'SUSPENDED';
}

interface CreateAccountOutput {
  readonly Account: AccountShape;
  /** Shown this once. */
  readonly RootAccessKey: { readonly AccessKeyId: string; readonly SecretAccessKey: string };
}

/**
 * An account in no organisation, with an access key of its root user: the only way to a second partition. Within
 * an organisation accounts are made with AWS Organizations' own CreateAccount.
 */
export const CreateAccount: Operation<KarikagiPorts, CreateAccountInput, CreateAccountOutput, Account> = {
  resolve: (_input, call) => onAccount(call),
  async run(home, { AccountName, Partition, AccountId }, _call, ports) {
    demandFirst(home, ports);
    const { identity } = ports;
    if (AccountId !== undefined && (await identity.account(AccountId)) !== undefined) {
      throw new ApiError('ConflictException', 400, `Account ${AccountId} already exists.`);
    }
    const input = { id: AccountId, name: AccountName, partition: Partition };
    const { account, rootKey } = await identity.createAccount(input);
    await identity.regions.begin(account.id, home.regions?.enabled ?? []);
    return {
      Account: shapeOf(account),
      RootAccessKey: { AccessKeyId: rootKey.id, SecretAccessKey: rootKey.secretAccessKey },
    };
  },
};

export const ListAccounts: Operation<KarikagiPorts, object, { Accounts: AccountShape[] }, Account> = {
  resolve: (_input, call) => onAccount(call),
  async run(home, _input, _call, ports) {
    demandFirst(home, ports);
    return { Accounts: (await ports.identity.accounts.list()).map(shapeOf) };
  },
};

type Home = Pick<AccountRecord, 'id' | 'name' | 'partition' | 'created' | 'organization' | 'closed'>;

function shapeOf({ id, name, partition, created, organization, closed }: Home): AccountShape {
  return {
    AccountId: id,
    AccountName: name,
    Partition: partition,
    CreateDate: new Date(created),
    ...(organization && { OrganizationId: organization.id }),
    Status: closed === undefined ? 'ACTIVE' : 'SUSPENDED',
  };
}
