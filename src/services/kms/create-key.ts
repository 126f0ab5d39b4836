import type { CreateKeyRequest, CreateKeyResponse } from '@aws-sdk/client-kms';
import { errors } from '../../kms/errors.js';
import { defaultPolicy, demandNoLockout, readPolicy } from '../../kms/key-policies.js';
import { homeOf } from '../../kms/kms.js';
import type { KeySpec, KeyUsage, Pairs } from '../../kms/records.js';
import { isKeySpec, specs } from '../../kms/specs.js';
import type { Context } from '../../policy/types.js';
import { kmsOperation, requestTags } from './access.js';
import { keyMetadata } from './key-metadata.js';
import { readTags } from './tags.js';

interface Plan {
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly origin: 'AWS_KMS' | 'EXTERNAL';
  readonly multiRegion: boolean;
  readonly tags: Pairs;
  readonly context: Context;
}

/** Needs `kms:CreateKey`, and `kms:TagResource` where it is given tags. */
export const CreateKey = kmsOperation<CreateKeyRequest, CreateKeyResponse, Plan>({
  async resolve(input, call) {
    const { account } = homeOf(call.caller, call.region);
    const { spec, usage } = specAndUsage(input);
    const origin = readOrigin(input);
    const tags = readTags(input.Tags);
    const multiRegion = input.MultiRegion ?? false;
    const context: Context = {
      'kms:CallerAccount': account,
      'kms:KeySpec': spec,
      'kms:KeyUsage': usage,
      'kms:KeyOrigin': origin,
      'kms:MultiRegion': String(multiRegion),
      ...(multiRegion && { 'kms:MultiRegionKeyType': 'PRIMARY' }),
      'kms:BypassPolicyLockoutSafetyCheck': String(input.BypassPolicyLockoutSafetyCheck ?? false),
      ...requestTags(tags),
    };
    const actions = tags.length > 0 ? ['kms:CreateKey', 'kms:TagResource'] : ['kms:CreateKey'];
    const requirements = actions.map(action => ({ action, resource: '*', context }));
    return { requires: requirements, subject: { spec, usage, origin, multiRegion, tags, context } };
  },
  async run({ context, ...plan }, input, call, { kms }) {
    const home = homeOf(call.caller, call.region);
    const policy =
      input.Policy === undefined
        ? defaultPolicy(home.partition, home.account)
        : await readPolicy(kms.principals, input.Policy, home.partition);
    if (input.Policy !== undefined && !input.BypassPolicyLockoutSafetyCheck) {
      demandNoLockout(policy, call.caller, context, home.account);
    }
    const key = await kms.keys.create({
      ...home,
      ...plan,
      policy,
      manager: 'CUSTOMER',
      description: input.Description ?? '',
    });
    return { KeyMetadata: keyMetadata(key) };
  },
});

function specAndUsage(input: CreateKeyRequest): { spec: KeySpec; usage: KeyUsage } {
  const asked = input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT';
  if (input.KeySpec !== undefined && input.CustomerMasterKeySpec !== undefined) {
    throw errors.ValidationException(
      'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.',
    );
  }
  if (!isKeySpec(asked)) {
    throw errors.UnsupportedOperationException(`The key spec ${asked} is not supported.`);
  }
  const usage = input.KeyUsage ?? (asked === 'SYMMETRIC_DEFAULT' ? 'ENCRYPT_DECRYPT' : undefined);
  if (usage === undefined) {
    throw errors.ValidationException(
      'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
    );
  }
  if (!specs[asked].usages.includes(usage as KeyUsage)) {
    throw errors.ValidationException(`KeyUsage ${usage} is not compatible with KeySpec ${asked}`);
  }
  return { spec: asked, usage: usage as KeyUsage };
}

function readOrigin({ Origin = 'AWS_KMS', CustomKeyStoreId }: CreateKeyRequest): 'AWS_KMS' | 'EXTERNAL' {
  if ((Origin === 'AWS_KMS' || Origin === 'EXTERNAL') && CustomKeyStoreId === undefined) return Origin;
  throw errors.UnsupportedOperationException('Custom key stores are not supported.');
}
