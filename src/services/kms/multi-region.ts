import type {
  ReplicateKeyRequest,
  ReplicateKeyResponse,
  UpdatePrimaryRegionRequest,
} from '@aws-sdk/client-kms';
import type { Call, Requirement } from '../../core/operation.js';
import { errors } from '../../kms/errors.js';
import { defaultPolicy, demandNoLockout, readPolicy } from '../../kms/key-policies.js';
import { demandUsable, isPrimary } from '../../kms/key-states.js';
import { homeOf, type Target } from '../../kms/kms.js';
import { type KeyRecord, keyArn, tables } from '../../kms/records.js';
import type { Transaction } from '../../store/tables.js';
import { demandKey, keyContext, keyOperation, keyRequirement, kmsOperation, requestTags } from './access.js';
import { keyMetadata } from './key-metadata.js';
import { readTags, tagList } from './tags.js';

function demandPrimary(key: KeyRecord): void {
  demandUsable(key);
  if (key.related && isPrimary(key)) return;
  throw errors.UnsupportedOperationException(`${keyArn(key)} is not a multi-region primary key.`);
}

/** Replicating a key makes one in the other region. */
function creation(input: ReplicateKeyRequest, { caller }: Call, { key }: Target): Requirement[] {
  const tags = readTags(input.Tags);
  const context = {
    'kms:CallerAccount': caller.account!.id,
    ...(key && keyContext(key)),
    'kms:MultiRegionKeyType': 'REPLICA',
    ...requestTags(tags),
  };
  const actions = tags.length > 0 ? ['kms:CreateKey', 'kms:TagResource'] : ['kms:CreateKey'];
  return actions.map(action => ({ action, resource: '*', context }));
}

/**
 * Makes a key with the same id and material in another region of this server. Imported material must be imported
 * there too.
 */
export const ReplicateKey = keyOperation<ReplicateKeyRequest, ReplicateKeyResponse>({
  context: input => ({ 'kms:ReplicaRegion': input.ReplicaRegion! }),
  also: creation,
  check: demandPrimary,
  async run(key, input, call, kms) {
    const { partition, account, id } = key;
    const region = input.ReplicaRegion!;
    const policy =
      input.Policy === undefined
        ? defaultPolicy(partition, account)
        : await readPolicy(kms.principals, input.Policy, partition);
    if (input.Policy !== undefined && !input.BypassPolicyLockoutSafetyCheck) {
      demandNoLockout(policy, call.caller, { 'kms:CallerAccount': account }, account);
    }
    const tags = readTags(input.Tags);
    let replica: KeyRecord | undefined;
    const replicate = async (primary: KeyRecord, transaction: Transaction) => {
      demandPrimary(primary);
      if (await transaction.get(tables.keys, account, region, id)) {
        throw errors.AlreadyExistsException(`The key ${id} exists in ${region} already.`);
      }
      const replicas = [...primary.related!.replicas, region].sort();
      const related = { primary: primary.region, replicas };
      const after = { ...primary, related };
      replica = {
        ...after,
        region,
        policy,
        tags,
        description: input.Description ?? '',
        created: call.clock.now(),
        aliases: [],
        grants: 0,
        enabled: true,
        materials: primary.origin === 'EXTERNAL' ? primary.materials.map(forget) : primary.materials,
      };
      kms.keys.save(transaction, undefined, replica);
      await kms.keys.eachRelated(transaction, primary, other => ({ ...other, related }));
      return after;
    };
    await kms.keys.withinQuota(account, region, () => kms.keys.update(key, replicate));
    const { CurrentKeyMaterialId: _, ...metadata } = keyMetadata(replica as KeyRecord);
    return {
      // AWS answers before the replica is made, and callers wait until DescribeKey says Enabled.
      ReplicaKeyMetadata: { ...metadata, KeyState: 'Creating', Enabled: false },
      ReplicaPolicy: await kms.principals.toShown(policy, 'key'),
      ...(tags.length > 0 && { ReplicaTags: tagList(tags) }),
    };
  },
});

const forget = <T extends { readonly wrapped?: Uint8Array | undefined }>(material: T): T => ({
  ...material,
  wrapped: undefined,
});

interface Both {
  readonly primary: Target;
  readonly replica: Target;
}

/** Needs `kms:UpdatePrimaryRegion` on the primary key and on the replica that takes its place. */
export const UpdatePrimaryRegion = kmsOperation<UpdatePrimaryRegionRequest, object, Both>({
  async resolve(input, call, { kms }) {
    const home = homeOf(call.caller, call.region);
    const primary = await kms.target(input.KeyId!, home, false);
    const region = input.PrimaryRegion!;
    const id = primary.arn.slice(primary.arn.indexOf('/') + 1);
    const replica: Target = {
      account: primary.account,
      arn: `arn:${home.partition}:kms:${region}:${primary.account}:key/${id}`,
      key: await kms.keys.find(primary.account, region, id),
    };
    const action = 'kms:UpdatePrimaryRegion';
    const context = { 'kms:PrimaryRegion': region };
    const requirements = [
      await keyRequirement(kms, call, primary, { action, crossAccount: false, context }),
      await keyRequirement(kms, call, replica, { action, crossAccount: false, context }),
    ];
    return { requires: requirements, subject: { primary, replica } };
  },
  async run({ primary, replica }, _input, _call, { kms }) {
    const { region } = demandKey(replica);
    demandUsable(demandKey(replica));
    await kms.keys.update(demandKey(primary), async (key, transaction) => {
      demandPrimary(key);
      const { replicas } = key.related!;
      const related = {
        primary: region,
        replicas: [...replicas.filter(other => other !== region), key.region].sort(),
      };
      await kms.keys.eachRelated(transaction, key, other => ({ ...other, related }));
      return { ...key, related };
    });
    return {};
  },
});
