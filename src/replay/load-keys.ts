/** Makes the keys of a copy with the ids of the originals, and material of their own. */
import {
  CreateAliasCommand,
  CreateGrantCommand,
  DeleteImportedKeyMaterialCommand,
  DisableKeyCommand,
  EnableKeyRotationCommand,
  type GrantOperation,
  type KMSClient,
  PutKeyPolicyCommand,
  ReplicateKeyCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
} from '@aws-sdk/client-kms';
import { ApiCallError, type ApiTarget, callKarikagi } from '../clients/karikagi-api.js';
import type { AccountCopy } from '../policy/replay/index.js';
import type { AccountClients } from './account-clients.js';
import { compact } from './compact.js';
import type { Attempt } from './load-buckets.js';
import { aliasesOf, type KeyCopy, keyOf } from './pull-keys.js';

/** Days that a key still has whose original waits for its deletion: the most there are. */
const DAYS_LEFT = 30;

/** All keys are made before any is completed: replicas are of primary keys that are enabled. */
export async function loadKeys(
  { account, keys }: AccountCopy,
  clients: AccountClients,
  server: ApiTarget,
  attempt: Attempt,
): Promise<void> {
  const isReplica = ({ primary, region }: KeyCopy) => primary !== undefined && primary !== region;
  const made: KeyCopy[] = [];
  for (const key of [...keys.filter(one => !isReplica(one)), ...keys.filter(isReplica)]) {
    const make = () => (isReplica(key) ? replicate(key, clients) : create(key, account, server));
    if (await attempt(key.arn, make)) made.push(key);
  }
  for (const key of made.filter(({ manager }) => manager === 'CUSTOMER'))
    await complete(key, clients.kms(key.region), attempt);
}

async function create(key: KeyCopy, AccountId: string, server: ApiTarget): Promise<void> {
  const { id: KeyId, region: RegionName, spec, usage, origin, manager, aliases } = key;
  if (manager === 'AWS' && !aliases.includes('alias/aws/s3'))
    throw new Error('a key that AWS manages for a service that is not here');
  const input = {
    ...{ AccountId, RegionName, KeyId, KeySpec: spec, KeyUsage: usage, Origin: origin, KeyManager: manager },
    Description: key.description ?? '',
  };
  try {
    await callKarikagi(server, 'CreateKeyCopy', input);
  } catch (error) {
    if (!(error instanceof ApiCallError && error.code === 'ConflictException')) throw error;
  }
}

async function replicate(key: KeyCopy, clients: AccountClients): Promise<void> {
  const { id: KeyId, region: ReplicaRegion, primary, description: Description } = key;
  const input = { KeyId, ReplicaRegion, Description };
  try {
    await clients.kms(primary as string).send(new ReplicateKeyCommand(input));
  } catch (error) {
    if ((error as Error).name !== 'AlreadyExistsException') throw error;
  }
}

/** Grants need a key that is enabled. The policy comes last, as it may shut out who loads it. */
async function complete(key: KeyCopy, kms: KMSClient, attempt: Attempt): Promise<void> {
  const { id: KeyId, arn, tags = {}, aliases, rotation, state = 'Enabled', policy } = key;
  const present = await presentKey(key, kms);
  if (present && textOf(present) === textOf(key)) return;
  const of = (what: string) => `${what} of ${arn}`;
  const Tags = Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
  if (Tags.length > 0) await attempt(of('tags'), () => kms.send(new TagResourceCommand({ KeyId, Tags })));
  for (const AliasName of aliases) {
    if (present?.aliases.includes(AliasName)) continue;
    const input = { AliasName, TargetKeyId: KeyId };
    await attempt(of(AliasName), () => kms.send(new CreateAliasCommand(input)));
  }
  const known = new Set(present?.grants.map(textOf));
  for (const grant of key.grants) {
    if (!known.has(textOf(grant)))
      await attempt(of(`grant to ${grant.grantee}`), () => kms.send(grantCommand(KeyId, grant)));
  }
  if (rotation !== undefined && rotation !== present?.rotation) {
    const input = { KeyId, RotationPeriodInDays: rotation };
    await attempt(of('rotation'), () => kms.send(new EnableKeyRotationCommand(input)));
  }
  const change = state === present?.state ? undefined : STATES[state];
  if (change) await attempt(of(`state ${state}`), () => change(kms, KeyId));
  if (policy === undefined) return;
  const input = { KeyId, Policy: compact(policy), BypassPolicyLockoutSafetyCheck: true };
  await attempt(of('policy'), () => kms.send(new PutKeyPolicyCommand(input)));
}

const scheduleDeletion = (kms: KMSClient, KeyId: string) =>
  kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: DAYS_LEFT }));

/** How a key that is enabled comes into a state. */
const STATES: Readonly<Record<string, (kms: KMSClient, KeyId: string) => Promise<unknown>>> = {
  Disabled: (kms, KeyId) => kms.send(new DisableKeyCommand({ KeyId })),
  PendingImport: (kms, KeyId) => kms.send(new DeleteImportedKeyMaterialCommand({ KeyId })),
  PendingDeletion: scheduleDeletion,
  PendingReplicaDeletion: scheduleDeletion,
};

/** The key as it is: what an earlier load made is not made again. */
async function presentKey({ id, region }: KeyCopy, kms: KMSClient): Promise<KeyCopy | undefined> {
  const aliases = await aliasesOf(kms).catch(() => new Map<string, string[]>());
  return await keyOf(kms, id, region, aliases, () => {});
}

/** What means the same is the same text: members by their names, policies without white space. */
function textOf(value: object): string {
  return JSON.stringify(value, (name, member: unknown) => {
    if (name === 'policy' && typeof member === 'string') return compact(member);
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function grantCommand(KeyId: string, grant: KeyCopy['grants'][number]): CreateGrantCommand {
  const { grantee, operations, retiring, name, equals, subset, sourceArn } = grant;
  const isConstrained = equals !== undefined || subset !== undefined || sourceArn !== undefined;
  const constraints = {
    EncryptionContextEquals: equals,
    EncryptionContextSubset: subset,
    SourceArn: sourceArn,
  };
  return new CreateGrantCommand({
    ...{ KeyId, GranteePrincipal: grantee, RetiringPrincipal: retiring, Name: name },
    Operations: operations as GrantOperation[],
    ...(isConstrained && { Constraints: constraints }),
  });
}
