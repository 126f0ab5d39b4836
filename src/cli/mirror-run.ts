import { open } from 'node:fs/promises';
import { ApiCallError, type ApiCredentials, callKarikagi } from '../clients/karikagi-api.js';
import { countOf } from '../core/count.js';
import { partitionOf } from '../credentials/index.js';
import { type AccountCopy, filesOfCopies } from '../policy/replay/index.js';
import {
  checkCopies,
  diffCopies,
  loadAccounts,
  pullAccount,
  readCopies,
  readFiles,
  renderDifferences,
  writeFiles,
} from '../replay/index.js';
import { clientsOf, clientsWith } from './account-clients.js';
import type { CheckFlags, LoadFlags, PullFlags } from './mirror-flags.js';

const print = (text: string) => process.stdout.write(`${text}\n`);

/** Something could not be read or made. */
const PARTLY = 2;

function reporter(): (what: string, problem: string) => void {
  return (what, problem) => {
    process.exitCode = PARTLY;
    process.stderr.write(`karikagi: ${what}: ${problem}\n`);
  };
}

export async function pull(directory: string, flags: PullFlags): Promise<void> {
  const { clients, caller } = await clientsOf(flags);
  const partition = partitionOf(caller.arn);
  const copy = await pullAccount(clients, {
    ...{ account: caller.account, partition, failed: reporter() },
    ...(flags.regions && { regions: flags.regions }),
  });
  await writeFiles(directory, filesOfCopies([copy]));
  const counts = [
    countOf(copy.users.length, 'user'),
    countOf(copy.groups.length, 'group'),
    countOf(copy.roles.length, 'role'),
    countOf(copy.policies.length, 'managed policy', 'managed policies'),
    countOf(copy.buckets.length, 'bucket'),
    countOf(copy.keys.length, 'key'),
  ];
  print(`Copied account ${caller.account}: ${counts.join(', ')}.`);
}

export async function load(directory: string, flags: LoadFlags): Promise<void> {
  const copies = await readCopies(directory);
  const { clients, caller, config } = await clientsOf(flags);
  if (config.endpoint === undefined)
    throw new Error('give --endpoint: a copy is loaded into a Karikagi server, not into AWS');
  const { profile, region } = flags;
  const server = { endpoint: config.endpoint, region, profile };
  const failed = reporter();
  const targets = [];
  for (const copy of copies) {
    const isOwn = copy.account === caller.account;
    targets.push({ copy, clients: isOwn ? clients : await clientsOfAccount(copy, flags, server, config) });
  }
  await loadAccounts(targets, { server, failed });
  print(`Loaded ${copies.map(({ account }) => `account ${account}`).join(', ')}.`);
  const keys = copies.flatMap(copy => copy.keys).length;
  if (keys > 0)
    print(`${countOf(keys, 'key')} came with new material: what the originals encrypted stays shut.`);
}

type Config = Awaited<ReturnType<typeof clientsOf>>['config'];

async function clientsOfAccount(
  { account, partition, alias }: AccountCopy,
  flags: LoadFlags,
  server: Parameters<typeof callKarikagi>[0],
  config: Config,
) {
  if (flags.accountProfile !== undefined) {
    const { clients, caller } = await clientsOf({ ...flags, profile: flags.accountProfile });
    if (caller.account === account) return clients;
  }
  if (flags.credentials === undefined)
    throw new Error(
      `account ${account}: give --credentials FILE, where the keys of its root user are written when it is made, or --account-profile of an administrator of it`,
    );
  const keys = await made(account, partition, alias, server);
  await keep(flags.credentials, account, keys);
  return clientsWith({ ...config, credentials: async () => keys });
}

async function made(
  account: string,
  partition: string,
  alias: string | undefined,
  server: Parameters<typeof callKarikagi>[0],
): Promise<ApiCredentials> {
  const input = { AccountName: alias ?? `copy of ${account}`, Partition: partition, AccountId: account };
  try {
    const { RootAccessKey: key } = (await callKarikagi(server, 'CreateAccount', input)) as {
      readonly RootAccessKey: { readonly AccessKeyId: string; readonly SecretAccessKey: string };
    };
    return { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey };
  } catch (error) {
    if (!(error instanceof ApiCallError && error.code === 'ConflictException')) throw error;
    throw new Error(`account ${account} is there already: give --account-profile of an administrator of it`, {
      cause: error,
    });
  }
}

/** Appends a profile to a credentials file that its owner alone reads. */
async function keep(
  path: string,
  account: string,
  { accessKeyId, secretAccessKey }: ApiCredentials,
): Promise<void> {
  const file = await open(path, 'a', 0o600);
  try {
    await file.write(
      `[${account}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n\n`,
    );
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function diff(
  before: string,
  after: string,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const differences = await diffCopies(await readFiles(before), await readFiles(after));
  print(json ? JSON.stringify(differences, null, 2) : renderDifferences(differences));
  process.exitCode = Number(differences.length > 0);
}

export async function check(directory: string, flags: CheckFlags): Promise<void> {
  const context = Object.fromEntries((flags.context ?? []).map(pair => pairOf(pair)));
  const results = checkCopies(await readCopies(directory), { ...flags, context });
  const shown = flags.principal === undefined ? results.filter(({ effect }) => effect !== 'denied') : results;
  if (flags.json) print(JSON.stringify(shown, null, 2));
  else if (shown.length === 0) print('No user and no role of the copy may.');
  for (const { principal, effect, layer, policy, missing } of flags.json ? [] : shown) {
    const why =
      missing.length > 0 ? `hangs on ${missing.join(', ')}` : `${layer}${policy ? `: ${policy}` : ''}`;
    print(`${effect === 'unknown' ? 'cannot tell' : effect}  ${principal}  (${why})`);
  }
  process.exitCode = Number(!shown.some(({ effect }) => effect === 'allowed'));
}

function pairOf(pair: string): readonly [string, string] {
  const at = pair.indexOf('=');
  if (at < 1) throw new Error(`"${pair}" is no condition key and value, as in aws:SourceIp=203.0.113.7`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}
