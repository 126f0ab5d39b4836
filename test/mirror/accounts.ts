/** Two accounts of an organization with random policies of every kind, for copies of them. */
import * as iam from '@aws-sdk/client-iam';
import * as kms from '@aws-sdk/client-kms';
import * as org from '@aws-sdk/client-organizations';
import * as s3 from '@aws-sdk/client-s3';
import type { AccountClients } from '../../src/replay/index.js';
import { idpMetadata } from '../support/saml-idp.js';

export const HOME = '111122223333';
/** An account's id may begin with a zero. */
export const MEMBER = '022233334444';
export const REGION = 'us-east-1';
export const OTHER_REGION = 'eu-west-1';
export const ACCOUNTS = [HOME, MEMBER] as const;

export const bucketOf = (account: string, number: number) => `data-${number}-of-${account}`;
export const userArn = (account: string, name: string) => `arn:aws:iam::${account}:user/${name}`;
export const roleArn = (account: string, name: string) => `arn:aws:iam::${account}:role/team/${name}`;
export const text = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

export const USERS = ['ann', 'bob', 'eve'];
export const ROLES = ['app', 'job'];
export const BUCKETS = [1, 2];

/** Numbers that are the same every time (mulberry32, public domain). */
export function randomOf(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (number: number) => Math.floor(next() * number);
  const one = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const some = <T>(list: readonly T[]): T[] => {
    const chosen = list.filter(() => next() < 0.4);
    return chosen.length > 0 ? chosen : [one(list)];
  };
  return { below, one, some, chance: (share: number) => next() < share };
}
type Random = ReturnType<typeof randomOf>;

const ACTIONS = [
  ...['s3:*', 's3:Get*', 's3:PutObject', 's3:ListBucket', 's3:DeleteObject', 's3:GetObject'],
  ...['kms:*', 'kms:Describe*', 'kms:GenerateDataKey', 'kms:Encrypt', 'kms:Decrypt', 'sts:AssumeRole'],
];

const OBJECTS = ACCOUNTS.flatMap(account =>
  BUCKETS.flatMap(number => {
    const bucket = `arn:aws:s3:::${bucketOf(account, number)}`;
    return [bucket, `${bucket}/*`, `${bucket}/in/*`, `${bucket}/in/\${aws:username}*`];
  }),
);

const PRINCIPALS = ACCOUNTS.flatMap(account => [
  `arn:aws:iam::${account}:root`,
  ...USERS.map(name => userArn(account, name)),
  ...ROLES.map(name => roleArn(account, name)),
]);

function condition(random: Random, organization: string, service = ''): object {
  return random.one<object>([
    { StringEquals: { 'aws:PrincipalOrgID': organization } },
    { StringLike: { 'aws:PrincipalOrgPaths': `${organization}/*/ou-*` } },
    { StringEquals: { 'aws:PrincipalTag/team': random.one(['red', 'blue']) } },
    { StringNotEquals: { 'aws:PrincipalAccount': random.one(ACCOUNTS) } },
    { StringEquals: { 'aws:ResourceAccount': random.one(ACCOUNTS) } },
    { Bool: { 'aws:SecureTransport': 'true' } },
    ...(service === 'kms' ? [{ StringEquals: { 'kms:EncryptionContext:app': random.one(['x', 'y']) } }] : []),
  ]);
}

interface Rules {
  readonly random: Random;
  readonly organization: string;
}

/** Statements of an identity policy. */
function identity({ random, organization }: Rules, own: string): string {
  const one = (Effect: string) => ({
    Effect,
    Action: random.some(ACTIONS),
    Resource: random.chance(0.4) ? '*' : random.some([...OBJECTS, own]),
    ...(random.chance(0.3) && { Condition: condition(random, organization, 'kms') }),
  });
  return text(one('Allow'), one('Allow'), ...(random.chance(0.4) ? [one('Deny')] : []));
}

/** Statements of a policy of a bucket or key; its account keeps it in hand. */
function ofResource(
  { random, organization }: Rules,
  service: string,
  resources: readonly string[],
  account: string,
) {
  const actions = ACTIONS.filter(action => action.startsWith(`${service}:`));
  const one = (Effect: string, all: readonly string[]) => ({
    Effect,
    Principal: random.chance(0.2) && Effect === 'Deny' ? '*' : { AWS: random.some(PRINCIPALS.slice(1)) },
    Action: random.some(all),
    Resource: resources,
    ...(random.chance(0.4) && { Condition: condition(random, organization, service) }),
  });
  const root = { AWS: `arn:aws:iam::${account}:root` };
  const manages = service === 'kms' ? 'kms:*' : 's3:*BucketPolicy';
  return text(
    { Effect: 'Allow', Principal: root, Action: manages, Resource: resources },
    one('Allow', actions),
    one('Allow', actions),
    ...(random.chance(0.5)
      ? [
          one(
            'Deny',
            actions.filter(action => !action.endsWith('*')),
          ),
        ]
      : []),
  );
}

/** Names first, in both accounts: policies name what exists. */
export async function makeNames(account: string, clients: AccountClients): Promise<string[]> {
  const { iam: client } = clients;
  const trust = text({ Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' });
  for (const [index, UserName] of USERS.entries())
    await client.send(
      new iam.CreateUserCommand({ UserName, Tags: [{ Key: 'team', Value: index === 0 ? 'red' : 'blue' }] }),
    );
  for (const RoleName of ROLES) {
    const input = { RoleName, Path: '/team/', AssumeRolePolicyDocument: trust };
    await client.send(new iam.CreateRoleCommand({ ...input, Tags: [{ Key: 'team', Value: 'red' }] }));
  }
  const s3client = clients.s3(REGION);
  for (const number of BUCKETS) {
    const Bucket = bucketOf(account, number);
    await s3client.send(new s3.CreateBucketCommand({ Bucket }));
    await s3client.send(new s3.DeletePublicAccessBlockCommand({ Bucket }));
  }
  const client2 = clients.kms(REGION);
  const keys: string[] = [];
  for (const Description of ['one', 'two']) {
    const { KeyMetadata } = await client2.send(new kms.CreateKeyCommand({ Description }));
    keys.push(KeyMetadata!.Arn!);
  }
  return keys;
}

/** Every kind of policy and grant, at random. */
export async function makePolicies(
  account: string,
  clients: AccountClients,
  keys: readonly string[],
  rules: Rules,
): Promise<void> {
  const { random } = rules;
  const { iam: client } = clients;
  const assume = { Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: '*' };
  const managed = await client.send(
    new iam.CreatePolicyCommand({ PolicyName: 'shared', PolicyDocument: identity(rules, keys[0]!) }),
  );
  const PolicyArn = managed.Policy!.Arn!;
  for (const UserName of USERS) {
    const PolicyDocument = identity(rules, random.one(keys));
    await client.send(new iam.PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument }));
    const extra = { UserName, PolicyName: 'assume', PolicyDocument: text(assume) };
    await client.send(new iam.PutUserPolicyCommand(extra));
    if (random.chance(0.5)) await client.send(new iam.AttachUserPolicyCommand({ UserName, PolicyArn }));
  }
  for (const RoleName of ROLES) {
    const PolicyDocument = identity(rules, random.one(keys));
    await client.send(new iam.PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }));
    const Principal = { AWS: [userArn(account, 'ann'), ...random.some(PRINCIPALS)] };
    const Condition = random.chance(0.3) ? condition(random, rules.organization) : undefined;
    const trust = text({
      Effect: 'Allow',
      Principal,
      Action: 'sts:AssumeRole',
      ...(Condition && { Condition }),
    });
    const input = { RoleName, PolicyDocument: trust };
    await client.send(new iam.UpdateAssumeRolePolicyCommand(input));
  }
  const boundary = { UserName: 'eve', PermissionsBoundary: PolicyArn };
  await client.send(new iam.PutUserPermissionsBoundaryCommand(boundary));
  for (const number of BUCKETS) {
    const Bucket = bucketOf(account, number);
    const arn = `arn:aws:s3:::${Bucket}`;
    const Policy = ofResource(rules, 's3', [arn, `${arn}/*`], account);
    await clients.s3(REGION).send(new s3.PutBucketPolicyCommand({ Bucket, Policy }));
  }
  await makeKeyPolicies(account, clients.kms(REGION), keys, rules);
}

async function makeKeyPolicies(
  account: string,
  client: kms.KMSClient,
  keys: readonly string[],
  rules: Rules,
) {
  const { random } = rules;
  for (const [index, KeyId] of keys.entries()) {
    const tag = { TagKey: 'n', TagValue: String(index) };
    await client.send(new kms.TagResourceCommand({ KeyId, Tags: [tag] }));
    const alias = { AliasName: `alias/key-${index}`, TargetKeyId: KeyId };
    await client.send(new kms.CreateAliasCommand(alias));
    const Policy = ofResource(rules, 'kms', ['*'], account);
    await client.send(new kms.PutKeyPolicyCommand({ KeyId, Policy, BypassPolicyLockoutSafetyCheck: true }));
    for (const GranteePrincipal of random.some(PRINCIPALS.slice(1))) {
      const Operations: kms.GrantOperation[] = random.some([
        'Encrypt',
        'Decrypt',
        'GenerateDataKey',
        'DescribeKey',
      ]);
      const EncryptionContextSubset = { app: random.one(['x', 'y']) };
      const input = { KeyId, GranteePrincipal, Operations };
      const Constraints = random.chance(0.5) ? { EncryptionContextSubset } : undefined;
      await client.send(new kms.CreateGrantCommand({ ...input, Constraints }));
    }
  }
}

/** What no decision here hangs on, and a copy has nevertheless. */
export async function makeOtherThings(clients: AccountClients): Promise<void> {
  const { iam: client } = clients;
  const Tags = [{ Key: 'team', Value: 'red' }];
  await client.send(new iam.CreateAccountAliasCommand({ AccountAlias: 'production' }));
  const saml = { Name: 'idp', SAMLMetadataDocument: idpMetadata(), Tags };
  await client.send(new iam.CreateSAMLProviderCommand(saml));
  const oidc = {
    Url: 'https://issuer.example.com',
    ClientIDList: ['app'],
    ThumbprintList: ['a'.repeat(40)],
    Tags,
  };
  await client.send(new iam.CreateOpenIDConnectProviderCommand(oidc));
  await client.send(new iam.CreateInstanceProfileCommand({ InstanceProfileName: 'machine', Tags }));
  const own = clients.kms(REGION);
  const make = async (input: kms.CreateKeyCommandInput) =>
    (await own.send(new kms.CreateKeyCommand(input))).KeyMetadata!.KeyId!;
  const rotating = await make({ Description: 'rotates' });
  await own.send(new kms.EnableKeyRotationCommand({ KeyId: rotating, RotationPeriodInDays: 180 }));
  const disabled = await make({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
  await own.send(new kms.DisableKeyCommand({ KeyId: disabled }));
  await make({ Origin: 'EXTERNAL' });
  const ending = await make({ Tags: [{ TagKey: 'ends', TagValue: 'soon' }] });
  await own.send(new kms.ScheduleKeyDeletionCommand({ KeyId: ending, PendingWindowInDays: 7 }));
  await make({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  const primary = await make({ MultiRegion: true, Description: 'in two Regions' });
  await own.send(new kms.ReplicateKeyCommand({ KeyId: primary, ReplicaRegion: OTHER_REGION }));
  // The key of S3 is made when it is first named.
  await own.send(new kms.DescribeKeyCommand({ KeyId: 'alias/aws/s3' }));
}

interface Organization {
  readonly id: string;
  readonly root: string;
  readonly upper: string;
  readonly lower: string;
}

/** HOME manages; MEMBER stands in a unit of a unit; a third has no credentials. */
export async function makeOrganization(home: AccountClients, member: AccountClients): Promise<Organization> {
  const client = home.organizations;
  const { Organization } = await client.send(new org.CreateOrganizationCommand({}));
  const Target = { Type: 'ACCOUNT' as const, Id: MEMBER };
  const { Handshake } = await client.send(new org.InviteAccountToOrganizationCommand({ Target }));
  await member.organizations.send(new org.AcceptHandshakeCommand({ HandshakeId: Handshake!.Id }));
  const { Roots } = await client.send(new org.ListRootsCommand({}));
  const root = Roots![0]!.Id!;
  const unit = async (ParentId: string, Name: string) =>
    (await client.send(new org.CreateOrganizationalUnitCommand({ ParentId, Name }))).OrganizationalUnit!.Id!;
  const upper = await unit(root, 'Workloads');
  const lower = await unit(upper, 'Production');
  const move = { AccountId: MEMBER, SourceParentId: root, DestinationParentId: lower };
  await client.send(new org.MoveAccountCommand(move));
  await client.send(new org.CreateAccountCommand({ AccountName: 'other', Email: 'other@example.com' }));
  return { id: Organization!.Id!, root, upper, lower };
}

/** Policies of both types, on a unit, the unit in it, and MEMBER itself. */
export async function bindOrganization(
  { organizations: client }: AccountClients,
  { root, upper, lower }: Organization,
): Promise<void> {
  for (const PolicyType of ['SERVICE_CONTROL_POLICY', 'RESOURCE_CONTROL_POLICY'] as const)
    await client.send(new org.EnablePolicyTypeCommand({ RootId: root, PolicyType }));
  const policy = async (Type: org.PolicyType, Name: string, TargetId: string, statement: object) => {
    const input = { Type, Name, Description: `of ${Name}`, Content: text(statement) };
    const { Policy } = await client.send(new org.CreatePolicyCommand(input));
    const PolicyId = Policy!.PolicySummary!.Id!;
    await client.send(new org.AttachPolicyCommand({ PolicyId, TargetId }));
    return PolicyId;
  };
  const objects = ['s3:Get*', 's3:Put*', 's3:List*', 's3:CreateBucket'];
  const allowed = [...objects, 'kms:*', 'sts:*', 'iam:*', 'organizations:*'];
  await policy('SERVICE_CONTROL_POLICY', 'some', upper, { Effect: 'Allow', Action: allowed, Resource: '*' });
  await client.send(new org.DetachPolicyCommand({ PolicyId: 'p-FullAWSAccess', TargetId: upper }));
  const encrypting = { Effect: 'Deny', Action: 'kms:Encrypt', Resource: '*' };
  await policy('SERVICE_CONTROL_POLICY', 'no-encrypt', lower, encrypting);
  const bob = { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:user/bob' } };
  const perimeter = {
    Effect: 'Deny',
    Principal: '*',
    Action: ['s3:GetObject', 'kms:GenerateDataKey'],
    Resource: '*',
  };
  await policy('RESOURCE_CONTROL_POLICY', 'perimeter', MEMBER, { ...perimeter, Condition: bob });
}
