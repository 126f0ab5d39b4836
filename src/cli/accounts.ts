import { Command, Option } from 'commander';
import { callKarikagi } from '../clients/karikagi-api.js';
import { type ApiFlags, apiTarget, columns, print, withApiOptions } from './api-options.js';

interface Account {
  readonly AccountId: string;
  readonly AccountName: string;
  readonly Partition: string;
  readonly OrganizationId?: string;
  readonly Status: string;
}

interface CreatedAccount {
  readonly Account: Account;
  readonly RootAccessKey: { readonly AccessKeyId: string; readonly SecretAccessKey: string };
}

interface CreateFlags extends ApiFlags {
  readonly partition: string;
  readonly id?: string;
}

export function accountsCommand(): Command {
  const accounts = new Command('accounts').description(
    'The accounts of the server. Signed by an administrator of its first account.',
  );
  withApiOptions(accounts.command('list', { isDefault: true }))
    .description('Every account, whatever organisation it is in.')
    .action(list);
  withApiOptions(accounts.command('create'))
    .description('Make an account in no organisation and print the credentials of its root user, this once.')
    .argument('<name>')
    .addOption(
      new Option('--partition <name>', 'the partition it belongs to for good')
        .choices(['aws', 'aws-cn', 'aws-us-gov'])
        .default('aws'),
    )
    .option('--id <account>', 'its id, 12 digits (default: a random one)')
    .action(create);
  return accounts;
}

async function list(flags: ApiFlags): Promise<void> {
  const output = await callKarikagi(apiTarget(flags), 'ListAccounts', {});
  const { Accounts: accounts } = output as { Accounts: Account[] };
  const rows = accounts.map(({ AccountId, AccountName, Partition, OrganizationId = '-', Status }) => [
    AccountId,
    Partition,
    Status,
    OrganizationId,
    AccountName,
  ]);
  print(flags, accounts, columns([['ACCOUNT', 'PARTITION', 'STATUS', 'ORGANIZATION', 'NAME'], ...rows]));
}

async function create(name: string, flags: CreateFlags): Promise<void> {
  const { id, partition } = flags;
  const input = { AccountName: name, Partition: partition, ...(id !== undefined && { AccountId: id }) };
  const output = (await callKarikagi(apiTarget(flags), 'CreateAccount', input)) as CreatedAccount;
  const { Account: account, RootAccessKey: key } = output;
  const text = `# The root user of account ${account.AccountId}, partition ${account.Partition}.
[${account.AccountId}]
aws_access_key_id = ${key.AccessKeyId}
aws_secret_access_key = ${key.SecretAccessKey}`;
  print(flags, output, text);
}
