import { randomInt } from 'node:crypto';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SettingsError } from '../core/settings-error.js';
import { writeDurably } from '../crypto/root-key.js';
import { knownRegion } from '../identity/accounts/regions-known.js';
import type { Identity } from '../identity/index.js';
import type { KeyOf } from '../store/keyspace.js';
import type { Kv } from '../store/kv.js';
import type { Settings } from './settings.js';

export interface RootCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * The server's first account: made on the first start, found on every later one. Its root credentials stand in an
 * AWS-style credentials file in the data directory, readable by its owner alone; a file that a crash or a person
 * took away is written again as long as the key exists. Throws `SettingsError` where the region is one of another
 * partition, in which no credentials of the account would be accepted.
 */
export async function firstAccount(
  kv: Kv,
  identity: Identity,
  settings: Settings,
): Promise<{ accountId: string; root: RootCredentials | undefined; credentialsFile: string | undefined }> {
  const accountId = await findOrCreate(kv, identity, settings);
  await identity.regions.begin(accountId, [settings.region]);
  const key = await identity.rootCredentials(accountId);
  const root = key && { accessKeyId: key.id, secretAccessKey: key.secretAccessKey };
  if (settings.data === 'memory') return { accountId, root, credentialsFile: undefined };
  const credentialsFile = resolve(settings.data, 'credentials');
  if (root && !(await exists(credentialsFile))) {
    await writeDurably(
      credentialsFile,
      `# The root user of account ${accountId}.\n[default]\naws_access_key_id = ${root.accessKeyId}\naws_secret_access_key = ${root.secretAccessKey}\n`,
    );
  }
  return { accountId, root, credentialsFile };
}

/** Where the id of the first account stands: of a store that a server has begun to use. */
export const FIRST_ACCOUNT: KeyOf<'server'> = ['server', 'first-account'];

async function findOrCreate(kv: Kv, identity: Identity, settings: Settings): Promise<string> {
  const known = await kv.get(FIRST_ACCOUNT);
  if (known) {
    const id = new TextDecoder().decode(known.value);
    demandOwnRegion((await identity.account(id))?.partition ?? settings.partition, settings.region);
    return id;
  }
  demandOwnRegion(settings.partition, settings.region);
  const id = settings.account ?? randomAccountId();
  // An account that a crash left without this record is taken up again where the id is given.
  if (!(await identity.account(id))) {
    await identity.createAccount({ id, name: settings.accountName, partition: settings.partition });
  }
  const isFirst = await kv.commit(
    [{ key: FIRST_ACCOUNT, version: undefined }],
    [{ key: FIRST_ACCOUNT, value: new TextEncoder().encode(id) }],
  );
  // Of several servers that start on an empty store, one is the first.
  return isFirst ? id : await findOrCreate(kv, identity, settings);
}

function demandOwnRegion(partition: string, region: string): void {
  if ((knownRegion(region)?.partition ?? partition) === partition) return;
  throw new SettingsError(
    `region: ${region} is not in partition ${partition}, which the first account belongs to; start with --partition ${partition} or another --region`,
  );
}

function randomAccountId(): string {
  return String(randomInt(100_000, 1_000_000)) + String(randomInt(0, 1_000_000)).padStart(6, '0');
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
