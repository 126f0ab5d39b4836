/** The calls that make a set-up, in their order: each only where what is there differs. */
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  CreateUserCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import { CreateAliasCommand, CreateKeyCommand, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  PutBucketEncryptionCommand,
  PutBucketTaggingCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import {
  holderOf,
  instanceTrust,
  keyPolicy,
  type Names,
  namesOf,
  rolePolicy,
  sourcePolicy,
  trustPolicy,
} from './documents.js';
import { randomHex } from './random.js';
import { isSameJson } from './same.js';
import type { Call, Site, Sites, Step } from './sites.js';
import { SetupError, type SetupOptions, TAG } from './types.js';

/** What stands for the ARN of a key that is not made yet. */
export const NEW_KEY = '${KEY_ARN}';

/** Names of the policies inside the role and inside who assumes it. */
export const BUCKET_POLICY = 'bucket';
export const sourcePolicyName = (name: string) => `assume-${name}`;

export interface Made {
  readonly names: Names;
  /** Absent where the trust policy asks for none. */
  readonly externalId: string | undefined;
  readonly keyArn: string | undefined;
}

interface Making {
  readonly options: SetupOptions;
  readonly sites: Sites;
  readonly names: Names;
}

/** A call's answer comes back to the steps; `undefined` where the call was only shown. */
type Steps<T> = AsyncGenerator<Step, T, unknown>;

/**
 * First what is in the account of who assumes the role, as AWS takes no trust policy that names a user or role who is
 * not there; then what is in the bucket's. Throws `SetupError` where something of these names belongs to another.
 */
export async function* setupSteps(options: SetupOptions, sites: Sites): Steps<Made> {
  const names = namesOf(options, sites);
  const making = { options, sites, names };
  const { reader } = sites.bucket;
  const role = await reader.role(names.role);
  if (role && role.setup !== options.name) {
    throw new SetupError(`the role ${names.role} exists and is not of this set-up: choose another name`);
  }
  // Asked before anything is made: it throws for a bucket of another account.
  await reader.bucket(options.bucket);
  const externalId = externalIdFor(options, role?.trust);
  yield* sourceSteps(making);
  yield* sourcePolicySteps(making);
  yield* roleSteps(making, trustPolicy(options, names, externalId));
  const keyArn = options.kms ? yield* keySteps(making) : undefined;
  yield* bucketSteps(making, keyArn);
  const wanted = rolePolicy(options, names, keyArn);
  if (!isSameJson(await reader.rolePolicy(names.role, BUCKET_POLICY), wanted)) {
    yield rolePolicyStep(sites.bucket, names.role, BUCKET_POLICY, wanted);
  }
  return { names, externalId, keyArn };
}

function externalIdFor({ externalId, demandsId }: SetupOptions, trust: unknown): string | undefined {
  return externalId ?? externalIdOf(trust) ?? (demandsId ? randomHex(16) : undefined);
}

/** The external ID that a trust policy of `trustPolicy`'s form asks for. */
function externalIdOf(trust: unknown): string | undefined {
  const { Statement = [] } = (trust ?? {}) as {
    Statement?: readonly { Condition?: { StringEquals?: Readonly<Record<string, string>> } }[];
  };
  return [Statement].flat().find(({ Condition }) => Condition)?.Condition?.StringEquals?.['sts:ExternalId'];
}

const tags = ({ name }: SetupOptions) => [{ Key: TAG, Value: name }];

async function* sourceSteps(making: Making): Steps<void> {
  const { options, names } = making;
  const site = making.sites.source;
  const { reader, place } = site;
  if (options.source.kind === 'service' || options.source.kind === 'principal') return;
  const { kind, name } = options.source;
  if (kind === 'user') {
    if (await reader.user(name)) return;
    const input = { UserName: name, Tags: tags(options) };
    yield step(site, `user ${name}`, 'iam', 'create-user', input, ({ iam }) =>
      iam.send(new CreateUserCommand(input)),
    );
    return;
  }
  const role = await reader.role(names.instanceRole);
  if (role && role.setup !== options.name) {
    throw new SetupError(`the role ${names.instanceRole} exists and is not of this set-up`);
  }
  if (!role) yield createRole(options, site, names.instanceRole, instanceTrust(place), 3600);
  const profile = await reader.profile(name);
  if (!profile) {
    const input = { InstanceProfileName: name, Tags: tags(options) };
    yield step(site, `instance profile ${name}`, 'iam', 'create-instance-profile', input, ({ iam }) =>
      iam.send(new CreateInstanceProfileCommand(input)),
    );
  }
  if (profile?.roles.includes(names.instanceRole)) return;
  if (profile?.roles.length) {
    throw new SetupError(`the instance profile ${name} holds the role ${profile.roles[0]} already`);
  }
  const input = { InstanceProfileName: name, RoleName: names.instanceRole };
  yield step(
    site,
    `${names.instanceRole} in the profile`,
    'iam',
    'add-role-to-instance-profile',
    input,
    ({ iam }) => iam.send(new AddRoleToInstanceProfileCommand(input)),
  );
}

async function* roleSteps(making: Making, trust: object): Steps<void> {
  const { options, names } = making;
  const site = making.sites.bucket;
  const found = await site.reader.role(names.role);
  if (!found) {
    yield createRole(options, site, names.role, trust, options.maximum);
    return;
  }
  if (!isSameJson(found.trust, trust)) {
    const input = { RoleName: names.role, PolicyDocument: JSON.stringify(trust) };
    yield step(site, `trust policy of ${names.role}`, 'iam', 'update-assume-role-policy', input, ({ iam }) =>
      iam.send(new UpdateAssumeRolePolicyCommand(input)),
    );
  }
  if (found.maximum !== options.maximum) {
    const input = { RoleName: names.role, MaxSessionDuration: options.maximum };
    yield step(site, `longest session of ${names.role}`, 'iam', 'update-role', input, ({ iam }) =>
      iam.send(new UpdateRoleCommand(input)),
    );
  }
}

function createRole(options: SetupOptions, site: Site, name: string, trust: object, maximum: number): Step {
  const input = {
    RoleName: name,
    AssumeRolePolicyDocument: JSON.stringify(trust),
    MaxSessionDuration: maximum,
    Tags: tags(options),
  };
  return step(site, `role ${name}`, 'iam', 'create-role', input, ({ iam }) =>
    iam.send(new CreateRoleCommand(input)),
  );
}

async function* keySteps({ options, sites, names }: Making): Steps<string> {
  const site = sites.bucket;
  const policy = keyPolicy(options, names, site.place);
  const found = await site.reader.key(names.alias);
  if (!found) {
    const input = {
      Description: `staging in ${options.bucket}`,
      Policy: JSON.stringify(policy),
      Tags: [{ TagKey: TAG, TagValue: options.name }],
    };
    const output = (yield step(site, `KMS key for ${options.bucket}`, 'kms', 'create-key', input, ({ kms }) =>
      kms.send(new CreateKeyCommand(input)),
    )) as { KeyMetadata?: { Arn?: string } } | undefined;
    const arn = output?.KeyMetadata?.Arn ?? NEW_KEY;
    const alias = { AliasName: names.alias, TargetKeyId: arn };
    yield step(site, names.alias, 'kms', 'create-alias', alias, ({ kms }) =>
      kms.send(new CreateAliasCommand(alias)),
    );
    return arn;
  }
  if (found.setup !== options.name) {
    throw new SetupError(`${names.alias} exists and is not of this set-up: choose another name`);
  }
  if (!isSameJson(found.policy, policy)) {
    const input = { KeyId: found.arn, PolicyName: 'default', Policy: JSON.stringify(policy) };
    yield step(site, `policy of ${names.alias}`, 'kms', 'put-key-policy', input, ({ kms }) =>
      kms.send(new PutKeyPolicyCommand(input)),
    );
  }
  return found.arn;
}

/** A bucket that was there before keeps its own settings. */
async function* bucketSteps({ options, sites }: Making, keyArn: string | undefined): Steps<void> {
  const { bucket: Bucket } = options;
  const site = sites.bucket;
  const { reader, place } = site;
  const found = await reader.bucket(Bucket);
  if (found && found.setup !== options.name) return;
  if (!found) {
    const constraint = place.region as BucketLocationConstraint;
    const input = {
      Bucket,
      ...(place.region !== 'us-east-1' && {
        CreateBucketConfiguration: { LocationConstraint: constraint },
      }),
    };
    yield step(site, `bucket ${Bucket}`, 's3api', 'create-bucket', input, ({ s3 }) =>
      s3.send(new CreateBucketCommand(input)),
    );
    const tagging = { Bucket, Tagging: { TagSet: tags(options) } };
    yield step(site, 'its tag', 's3api', 'put-bucket-tagging', tagging, ({ s3 }) =>
      s3.send(new PutBucketTaggingCommand(tagging)),
    );
  }
  if (!(found && (await reader.accessBlocked(Bucket)))) {
    const input = {
      Bucket,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      },
    };
    yield step(site, 'no public access to it', 's3api', 'put-public-access-block', input, ({ s3 }) =>
      s3.send(new PutPublicAccessBlockCommand(input)),
    );
  }
  const wanted = keyArn === undefined ? 'AES256' : `aws:kms ${keyArn}`;
  if (found && (await reader.encryption(Bucket)) === wanted) return;
  const rule =
    keyArn === undefined
      ? { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }
      : {
          ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: keyArn },
          BucketKeyEnabled: true,
        };
  const input = { Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } };
  yield step(site, 'encryption of its objects', 's3api', 'put-bucket-encryption', input, ({ s3 }) =>
    s3.send(new PutBucketEncryptionCommand(input)),
  );
}

async function* sourcePolicySteps({ options, sites, names }: Making): Steps<void> {
  const holder = holderOf(options.source, names);
  if (holder === undefined) return;
  const site = sites.source;
  const wanted = sourcePolicy(names);
  const policyName = sourcePolicyName(options.name);
  const { kind, name } = holder;
  const found =
    kind === 'role' ? site.reader.rolePolicy(name, policyName) : site.reader.userPolicy(name, policyName);
  if (isSameJson(await found, wanted)) return;
  if (kind === 'role') {
    yield rolePolicyStep(site, name, policyName, wanted);
    return;
  }
  const input = { UserName: name, PolicyName: policyName, PolicyDocument: JSON.stringify(wanted) };
  yield step(site, `policy of ${name}`, 'iam', 'put-user-policy', input, ({ iam }) =>
    iam.send(new PutUserPolicyCommand(input)),
  );
}

function rolePolicyStep(site: Site, role: string, policy: string, document: object): Step {
  const input = { RoleName: role, PolicyName: policy, PolicyDocument: JSON.stringify(document) };
  return step(site, `policy of ${role}`, 'iam', 'put-role-policy', input, ({ iam }) =>
    iam.send(new PutRolePolicyCommand(input)),
  );
}

function step(
  site: Site,
  what: string,
  service: Call['service'],
  operation: string,
  input: object,
  send: Call['send'],
): Step {
  return { what, site, call: { service, operation, input, send } };
}
