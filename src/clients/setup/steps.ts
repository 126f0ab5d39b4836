/** The calls that make a set-up, in their order: each only where what is there differs. */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
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
  instanceTrust,
  keyPolicy,
  type Names,
  namesOf,
  rolePolicy,
  sourcePolicy,
  trustPolicy,
} from './documents.js';
import type { Reader } from './reader.js';
import { type Place, type SetupClients, SetupError, type SetupOptions, type Step, TAG } from './types.js';

/** What stands for the ARN of a key that is not made yet. */
export const NEW_KEY = '${KEY_ARN}';

/** Names of the policies inside the role and inside who assumes it. */
export const BUCKET_POLICY = 'bucket';
export const sourcePolicyName = (name: string) => `assume-${name}`;

export interface Made {
  readonly names: Names;
  readonly externalId: string;
  readonly keyArn: string | undefined;
}

interface Making {
  readonly options: SetupOptions;
  readonly place: Place;
  readonly names: Names;
  readonly reader: Reader;
  readonly clients: SetupClients;
}

/** A call's answer comes back to the steps; `undefined` where the call was only shown. */
type Steps<T> = AsyncGenerator<Step, T, unknown>;

/** Throws `SetupError` where something of these names belongs to another. */
export async function* setupSteps(
  options: SetupOptions,
  place: Place,
  reader: Reader,
  clients: SetupClients,
): Steps<Made> {
  const names = namesOf(options, place);
  const making = { options, place, names, reader, clients };
  const role = await reader.role(names.role);
  if (role && role.setup !== options.name) {
    throw new SetupError(`the role ${names.role} exists and is not of this set-up: choose another --name`);
  }
  const externalId = options.externalId ?? externalIdOf(role?.trust) ?? randomBytes(16).toString('hex');
  yield* sourceSteps(making);
  yield* roleSteps(making, trustPolicy(names, externalId));
  const keyArn = options.kms ? yield* keySteps(making) : undefined;
  yield* bucketSteps(making, keyArn);
  const wanted = rolePolicy(options, names, keyArn);
  if (!isDeepStrictEqual(await reader.rolePolicy(names.role, BUCKET_POLICY), wanted)) {
    yield rolePolicyStep(making, names.role, BUCKET_POLICY, wanted);
  }
  yield* sourcePolicySteps(making);
  return { names, externalId, keyArn };
}

/** The external ID that a trust policy of `trustPolicy`'s form asks for. */
export function externalIdOf(trust: unknown): string | undefined {
  const { Statement = [] } = (trust ?? {}) as {
    Statement?: readonly { Condition?: { StringEquals?: Readonly<Record<string, string>> } }[];
  };
  return [Statement].flat().find(({ Condition }) => Condition)?.Condition?.StringEquals?.['sts:ExternalId'];
}

const tags = ({ name }: SetupOptions) => [{ Key: TAG, Value: name }];

async function* sourceSteps(making: Making): Steps<void> {
  const { options, reader, clients, names, place } = making;
  const { kind, name } = options.source;
  const { iam } = clients;
  if (kind === 'user') {
    if (await reader.user(name)) return;
    const input = { UserName: name, Tags: tags(options) };
    yield step(`user ${name}`, 'iam', 'create-user', input, () => iam.send(new CreateUserCommand(input)));
    return;
  }
  const role = await reader.role(names.instanceRole);
  if (role && role.setup !== options.name) {
    throw new SetupError(`the role ${names.instanceRole} exists and is not of this set-up`);
  }
  if (!role) yield createRole(making, names.instanceRole, instanceTrust(place), 3600);
  const profile = await reader.profile(name);
  if (!profile) {
    const input = { InstanceProfileName: name, Tags: tags(options) };
    yield step(`instance profile ${name}`, 'iam', 'create-instance-profile', input, () =>
      iam.send(new CreateInstanceProfileCommand(input)),
    );
  }
  if (profile?.roles.includes(names.instanceRole)) return;
  if (profile?.roles.length) {
    throw new SetupError(`the instance profile ${name} holds the role ${profile.roles[0]} already`);
  }
  const input = { InstanceProfileName: name, RoleName: names.instanceRole };
  yield step(`${names.instanceRole} in the profile`, 'iam', 'add-role-to-instance-profile', input, () =>
    iam.send(new AddRoleToInstanceProfileCommand(input)),
  );
}

async function* roleSteps(making: Making, trust: object): Steps<void> {
  const { options, reader, names, clients } = making;
  const { iam } = clients;
  const found = await reader.role(names.role);
  if (!found) {
    yield createRole(making, names.role, trust, options.maximum);
    return;
  }
  if (!isDeepStrictEqual(found.trust, trust)) {
    const input = { RoleName: names.role, PolicyDocument: JSON.stringify(trust) };
    yield step(`trust policy of ${names.role}`, 'iam', 'update-assume-role-policy', input, () =>
      iam.send(new UpdateAssumeRolePolicyCommand(input)),
    );
  }
  if (found.maximum !== options.maximum) {
    const input = { RoleName: names.role, MaxSessionDuration: options.maximum };
    yield step(`longest session of ${names.role}`, 'iam', 'update-role', input, () =>
      iam.send(new UpdateRoleCommand(input)),
    );
  }
}

function createRole({ options, clients }: Making, name: string, trust: object, maximum: number): Step {
  const input = {
    RoleName: name,
    AssumeRolePolicyDocument: JSON.stringify(trust),
    MaxSessionDuration: maximum,
    Tags: tags(options),
  };
  return step(`role ${name}`, 'iam', 'create-role', input, () =>
    clients.iam.send(new CreateRoleCommand(input)),
  );
}

async function* keySteps({ options, reader, clients, names, place }: Making): Steps<string> {
  const { kms } = clients;
  const policy = keyPolicy(names, place);
  const found = await reader.key(names.alias);
  if (!found) {
    const input = {
      Description: `staging in ${options.bucket}`,
      Policy: JSON.stringify(policy),
      Tags: [{ TagKey: TAG, TagValue: options.name }],
    };
    const output = (yield step(`KMS key for ${options.bucket}`, 'kms', 'create-key', input, () =>
      kms.send(new CreateKeyCommand(input)),
    )) as { KeyMetadata?: { Arn?: string } } | undefined;
    const arn = output?.KeyMetadata?.Arn ?? NEW_KEY;
    const alias = { AliasName: names.alias, TargetKeyId: arn };
    yield step(names.alias, 'kms', 'create-alias', alias, () => kms.send(new CreateAliasCommand(alias)));
    return arn;
  }
  if (found.setup !== options.name) {
    throw new SetupError(`${names.alias} exists and is not of this set-up: choose another --name`);
  }
  if (!isDeepStrictEqual(found.policy, policy)) {
    const input = { KeyId: found.arn, PolicyName: 'default', Policy: JSON.stringify(policy) };
    yield step(`policy of ${names.alias}`, 'kms', 'put-key-policy', input, () =>
      kms.send(new PutKeyPolicyCommand(input)),
    );
  }
  return found.arn;
}

/** A bucket that was there before keeps its own settings. */
async function* bucketSteps(
  { options, reader, clients, place }: Making,
  keyArn: string | undefined,
): Steps<void> {
  const { bucket: Bucket } = options;
  const { s3 } = clients;
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
    yield step(`bucket ${Bucket}`, 's3api', 'create-bucket', input, () =>
      s3.send(new CreateBucketCommand(input)),
    );
    const tagging = { Bucket, Tagging: { TagSet: tags(options) } };
    yield step('its tag', 's3api', 'put-bucket-tagging', tagging, () =>
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
    yield step('no public access to it', 's3api', 'put-public-access-block', input, () =>
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
  yield step('encryption of its objects', 's3api', 'put-bucket-encryption', input, () =>
    s3.send(new PutBucketEncryptionCommand(input)),
  );
}

async function* sourcePolicySteps(making: Making): Steps<void> {
  const { options, reader, clients, names } = making;
  const { source, name } = options;
  const wanted = sourcePolicy(names);
  const policyName = sourcePolicyName(name);
  if (source.kind === 'instance-profile') {
    if (isDeepStrictEqual(await reader.rolePolicy(names.instanceRole, policyName), wanted)) return;
    yield rolePolicyStep(making, names.instanceRole, policyName, wanted);
    return;
  }
  if (isDeepStrictEqual(await reader.userPolicy(source.name, policyName), wanted)) return;
  const input = { UserName: source.name, PolicyName: policyName, PolicyDocument: JSON.stringify(wanted) };
  yield step(`policy of ${source.name}`, 'iam', 'put-user-policy', input, () =>
    clients.iam.send(new PutUserPolicyCommand(input)),
  );
}

function rolePolicyStep({ clients }: Making, role: string, policy: string, document: object): Step {
  const input = { RoleName: role, PolicyName: policy, PolicyDocument: JSON.stringify(document) };
  return step(`policy of ${role}`, 'iam', 'put-role-policy', input, () =>
    clients.iam.send(new PutRolePolicyCommand(input)),
  );
}

function step(
  what: string,
  service: Step['call']['service'],
  operation: string,
  input: object,
  send: () => Promise<unknown>,
): Step {
  return { what, call: { service, operation, input, send } };
}
