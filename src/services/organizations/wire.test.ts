/** A whole server, asked by the SDK's own clients. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  AttachPolicyCommand,
  CreateAccountCommand,
  CreateOrganizationCommand,
  CreatePolicyCommand,
  DescribeAccountCommand,
  EnablePolicyTypeCommand,
  ListRootsCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { callKarikagi } from '../../clients/karikagi-api.js';
import { type RunningServer, startServer } from '../../index.js';

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

let server: RunningServer;

before(async () => {
  server = await startServer({ data: 'memory', port: 0, log: 'none', account: '111122223333' });
});

after(() => server.close());

const options = (credentials: Keys, region = 'us-east-1') => ({
  endpoint: server.endpoint,
  region,
  credentials,
  maxAttempts: 1,
  forcePathStyle: true,
});

const keysOf = (
  found: { AccessKeyId?: string | undefined; SecretAccessKey?: string | undefined } & object,
) => {
  const { AccessKeyId, SecretAccessKey, SessionToken } = found as Record<string, string>;
  const keys = { accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey! };
  return SessionToken === undefined ? keys : { ...keys, sessionToken: SessionToken };
};

/** A user of the first account who may do everything: root users cannot assume roles. */
async function administrator(): Promise<Keys> {
  const iam = new IAMClient(options(server.root!));
  const UserName = 'admin';
  await iam.send(new CreateUserCommand({ UserName }));
  const statement = { Effect: 'Allow', Action: '*', Resource: '*' };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statement });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'all', PolicyDocument }));
  return keysOf((await iam.send(new CreateAccessKeyCommand({ UserName }))).AccessKey!);
}

test('an account is made, entered, controlled; its sessions are revoked, its regions switched', async () => {
  const admin = await administrator();
  const organizations = new OrganizationsClient(options(admin));
  const { Organization } = await organizations.send(new CreateOrganizationCommand({}));
  const { Roots } = await organizations.send(new ListRootsCommand({}));
  const type = { RootId: Roots![0]!.Id, PolicyType: 'SERVICE_CONTROL_POLICY' } as const;
  await organizations.send(new EnablePolicyTypeCommand(type));
  const made = await organizations.send(
    new CreateAccountCommand({ AccountName: 'dev', Email: 'dev@example.com' }),
  );
  const account = made.CreateAccountStatus!.AccountId!;
  assert.ok(made.CreateAccountStatus!.CompletedTimestamp instanceof Date);

  const RoleArn = `arn:aws:iam::${account}:role/OrganizationAccountAccessRole`;
  const enter = async (region?: string) => {
    const command = new AssumeRoleCommand({ RoleArn, RoleSessionName: 'admin' });
    return keysOf((await new STSClient(options(admin, region)).send(command)).Credentials!);
  };
  const inside = await enter();
  const s3 = new S3Client(options(inside));
  await s3.send(new CreateBucketCommand({ Bucket: 'dev-bucket' }));

  const statement = { Effect: 'Deny', Action: 's3:ListAllMyBuckets', Resource: '*' };
  const policy = await organizations.send(
    new CreatePolicyCommand({
      Type: 'SERVICE_CONTROL_POLICY',
      Name: 'no lists',
      Description: '',
      Content: JSON.stringify({ Version: '2012-10-17', Statement: statement }),
    }),
  );
  const { Id, Arn } = policy.Policy!.PolicySummary!;
  assert.equal(
    Arn,
    `arn:aws:organizations::111122223333:policy/${Organization!.Id}/service_control_policy/${Id}`,
  );
  await s3.send(new ListBucketsCommand({}));
  await organizations.send(new AttachPolicyCommand({ PolicyId: Id, TargetId: account }));
  await assert.rejects(s3.send(new ListBucketsCommand({})), {
    name: 'AccessDenied',
    message: new RegExp(`with an explicit deny in a service control policy: ${Arn}$`),
  });

  // The account's own administrator, who came through the role, looks after its sessions and regions.
  const target = { endpoint: server.endpoint, credentials: inside };
  await callKarikagi(target, 'DeactivateSTS', { RegionName: 'eu-west-1' });
  await assert.rejects(enter('eu-west-1'), {
    name: 'RegionDisabledException',
    message: new RegExp(`STS is not activated in this region for account:${account}\\.`),
  });
  // GetCallerIdentity hands out nothing.
  await new STSClient(options(inside, 'eu-west-1')).send(new GetCallerIdentityCommand({}));

  const other = await enter();
  const { Sessions } = (await callKarikagi(target, 'ListSessions', {})) as {
    Sessions: { AccessKeyId: string; Issuer: { Arn: string }; SourceIp: string }[];
  };
  assert.deepEqual(
    new Set(Sessions.map(({ AccessKeyId }) => AccessKeyId)),
    new Set([inside.accessKeyId, other.accessKeyId]),
  );
  assert.equal(Sessions[0]!.Issuer.Arn, 'arn:aws:iam::111122223333:user/admin');
  assert.equal(Sessions[0]!.SourceIp, '127.0.0.1');
  const again = new STSClient(options(other));
  await again.send(new GetCallerIdentityCommand({}));
  await callKarikagi(target, 'RevokeSession', { AccessKeyId: other.accessKeyId });
  await assert.rejects(again.send(new GetCallerIdentityCommand({})), { name: 'ExpiredToken' });
});

test('errors are those of the service', async () => {
  const organizations = new OrganizationsClient(options(server.root!));
  await assert.rejects(organizations.send(new CreateOrganizationCommand({})), {
    name: 'AlreadyInOrganizationException',
  });
  await assert.rejects(organizations.send(new DescribeAccountCommand({ AccountId: '12' })), {
    name: 'InvalidInputException',
    Reason: 'INVALID_PATTERN',
  });
  const { Roots } = await organizations.send(new ListRootsCommand({}));
  await assert.rejects(
    organizations.send(new AttachPolicyCommand({ PolicyId: 'p-00000000', TargetId: Roots![0]!.Id })),
    { name: 'PolicyNotFoundException' },
  );
});

test('credentials of another partition, or of a region not enabled, are none', async () => {
  const target = { endpoint: server.endpoint, credentials: server.root! };
  const { RootAccessKey } = (await callKarikagi(target, 'CreateAccount', {
    AccountName: 'china',
    Partition: 'aws-cn',
  })) as { RootAccessKey: object };
  const china = keysOf(RootAccessKey);
  const identify = async (keys: Keys, region: string) =>
    (await new STSClient(options(keys, region)).send(new GetCallerIdentityCommand({}))).Arn;
  assert.match((await identify(china, 'cn-north-1'))!, /^arn:aws-cn:iam::\d{12}:root$/);
  await assert.rejects(identify(china, 'us-east-1'), { name: 'InvalidClientTokenId' });
  await assert.rejects(identify(server.root!, 'cn-north-1'), { name: 'InvalidClientTokenId' });
  await assert.rejects(identify(server.root!, 'af-south-1'), { name: 'InvalidClientTokenId' });
  await callKarikagi(target, 'EnableRegion', { RegionName: 'af-south-1' });
  assert.match((await identify(server.root!, 'af-south-1'))!, /:root$/);
});
