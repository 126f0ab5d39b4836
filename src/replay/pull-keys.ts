/** Copies the policies of an account's keys, and the grants on them without their tokens. */
import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  type GrantListEntry,
  type KeyMetadata,
  type KMSClient,
  ListResourceTagsCommand,
  paginateListAliases,
  paginateListGrants,
  paginateListKeys,
} from '@aws-sdk/client-kms';
import type { AccountCopy } from '../policy/replay/index.js';
import type { AccountClients } from './account-clients.js';
import type { PullOptions } from './pull-options.js';

export type KeyCopy = AccountCopy['keys'][number];

export async function pullKeys(
  clients: AccountClients,
  { regions = [clients.region], failed }: PullOptions,
): Promise<KeyCopy[]> {
  const found: KeyCopy[] = [];
  for (const region of regions) {
    const kms = clients.kms(region);
    try {
      const aliases = await aliasesOf(kms);
      for await (const { Keys = [] } of paginateListKeys({ client: kms }, {})) {
        for (const { KeyId = '' } of Keys) {
          const key = await keyOf(kms, KeyId, region, aliases, failed);
          if (key) found.push(key);
        }
      }
    } catch (error) {
      failed(`keys in ${region}`, (error as Error).message);
    }
  }
  return found;
}

export async function aliasesOf(kms: KMSClient): Promise<ReadonlyMap<string, string[]>> {
  const byKey = new Map<string, string[]>();
  for await (const { Aliases = [] } of paginateListAliases({ client: kms }, {})) {
    for (const { AliasName = '', TargetKeyId } of Aliases) {
      if (TargetKeyId !== undefined)
        byKey.set(TargetKeyId, [...(byKey.get(TargetKeyId) ?? []), AliasName].sort());
    }
  }
  return byKey;
}

export async function keyOf(
  kms: KMSClient,
  id: string,
  region: string,
  aliases: ReadonlyMap<string, string[]>,
  failed: PullOptions['failed'],
): Promise<KeyCopy | undefined> {
  try {
    const { KeyMetadata: key } = await kms.send(new DescribeKeyCommand({ KeyId: id }));
    if (!key) return undefined;
    const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId: id, PolicyName: 'default' }));
    const own = key.KeyManager === 'CUSTOMER';
    const { Tags = [] } = own ? await kms.send(new ListResourceTagsCommand({ KeyId: id })) : {};
    const grants: KeyCopy['grants'][number][] = [];
    if (own) {
      for await (const { Grants = [] } of paginateListGrants({ client: kms }, { KeyId: id }))
        grants.push(...Grants.map(grantOf));
    }
    return {
      ...{ arn: key.Arn!, id, region, policy: Policy, aliases: aliases.get(id) ?? [] },
      grants: grants.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
      description: key.Description || undefined,
      ...{ spec: key.KeySpec ?? 'SYMMETRIC_DEFAULT', usage: key.KeyUsage ?? 'ENCRYPT_DECRYPT' },
      ...{ origin: key.Origin ?? 'AWS_KMS', multiRegion: key.MultiRegion ?? false },
      primary: key.MultiRegionConfiguration?.PrimaryKey?.Region,
      state: key.KeyState,
      rotation: await rotationOf(kms, key),
      manager: key.KeyManager ?? 'CUSTOMER',
      tags: Object.fromEntries(Tags.map(({ TagKey = '', TagValue = '' }) => [TagKey, TagValue])),
    };
  } catch (error) {
    failed(`key ${id} in ${region}`, (error as Error).message);
    return undefined;
  }
}

/** Keys of other specs and origins, and replicas, do not rotate ("Rotate AWS KMS keys", KMS Developer Guide). */
async function rotationOf(kms: KMSClient, key: KeyMetadata): Promise<number | undefined> {
  const { KeyId, KeySpec, KeyManager, Origin, KeyState, MultiRegionConfiguration } = key;
  if (KeySpec !== 'SYMMETRIC_DEFAULT' || KeyManager !== 'CUSTOMER' || Origin !== 'AWS_KMS') return undefined;
  if (
    /^Pending.*Deletion$/.test(KeyState ?? '') ||
    MultiRegionConfiguration?.MultiRegionKeyType === 'REPLICA'
  )
    return undefined;
  const { KeyRotationEnabled, RotationPeriodInDays } = await kms.send(
    new GetKeyRotationStatusCommand({ KeyId }),
  );
  return KeyRotationEnabled ? (RotationPeriodInDays ?? 365) : undefined;
}

/** Without what is of this grant alone: its id, its token, when it was made. */
function grantOf({
  GranteePrincipal = '',
  Operations = [],
  RetiringPrincipal,
  Name,
  Constraints,
}: GrantListEntry): KeyCopy['grants'][number] {
  return {
    ...{ grantee: GranteePrincipal, operations: [...Operations].sort(), retiring: RetiringPrincipal },
    name: Name || undefined,
    equals: Constraints?.EncryptionContextEquals,
    subset: Constraints?.EncryptionContextSubset,
    sourceArn: Constraints?.SourceArn,
  };
}
