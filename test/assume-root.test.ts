/**
 * Root users of member accounts, for a task at a time. Sources: STS API Reference, AssumeRoot; IAM User Guide, "Centralize
 * root access for member accounts", "Perform a privileged task on an AWS Organizations member account", "Track privileged
 * tasks in AWS CloudTrail"; the documents of the policies under `root-task/`.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { IAM } from '@aws-sdk/client-iam';
import { Organizations } from '@aws-sdk/client-organizations';
import { S3 } from '@aws-sdk/client-s3';
import { STS } from '@aws-sdk/client-sts';
import { type RunningServer, startServer } from '../src/index.js';
import { openAccount } from './support/accounts.js';
import { sendSigned } from './support/raw.js';
import { until } from './support/until.js';

const HOME = '111122223333';
const MEMBER = '444455556666';
const STRANGER = '777788889999';
const Bucket = 'locked-out';
const task = (name: string) => ({ arn: `arn:aws:iam::aws:policy/root-task/${name}` });
const UNLOCK = task('S3UnlockBucketPolicy');

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

suite('centralized root access', () => {
  let server: RunningServer;
  let memberRoot: Keys;
  let admin: Keys;
  /** A user of the member that may do everything. */
  let everything: Keys;
  const closing: { destroy(): void }[] = [];
  const config = (credentials: Keys) => ({
    endpoint: server.endpoint,
    region: 'us-west-2',
    credentials,
    maxAttempts: 1,
  });
  const open = <C extends { destroy(): void }>(client: C): C => {
    closing.push(client);
    return client;
  };
  const iam = (keys: Keys) => open(new IAM(config(keys)));
  const sts = (keys: Keys) => open(new STS(config(keys)));
  const organizations = (keys: Keys) => open(new Organizations(config(keys)));
  const s3 = (keys: Keys) => open(new S3({ ...config(keys), forcePathStyle: true }));

  /** A user of an account with a policy of its own. */
  async function user(root: Keys, UserName: string, Action: string | string[], more = {}): Promise<Keys> {
    const client = iam(root);
    await client.createUser({ UserName });
    const Statement = { Effect: 'Allow', Action, Resource: '*', ...more };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await client.putUserPolicy({ UserName, PolicyName: 'own', PolicyDocument });
    const { AccessKey } = await client.createAccessKey({ UserName });
    return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  }

  async function assumeRoot(keys: Keys, name = 'S3UnlockBucketPolicy', TargetPrincipal = MEMBER) {
    const { Credentials } = await sts(keys).assumeRoot({ TargetPrincipal, TaskPolicyArn: task(name) });
    return {
      accessKeyId: Credentials!.AccessKeyId!,
      secretAccessKey: Credentials!.SecretAccessKey!,
      sessionToken: Credentials!.SessionToken!,
      expiration: Credentials!.Expiration!,
    };
  }

  const denied = { name: 'AccessDenied' };

  before(async () => {
    server = await startServer({ data: 'memory', port: 0, account: HOME, log: 'none' });
    const root = server.root!;
    memberRoot = await openAccount(server, MEMBER);
    await openAccount(server, STRANGER);
    const management = organizations(root);
    await management.createOrganization({});
    const { Handshake } = await management.inviteAccountToOrganization({
      Target: { Id: MEMBER, Type: 'ACCOUNT' },
    });
    await organizations(memberRoot).acceptHandshake({ HandshakeId: Handshake!.Id! });
    admin = await user(root, 'admin', ['sts:AssumeRoot', 'iam:*', 'organizations:*']);
  });
  after(async () => {
    for (const client of closing) client.destroy();
    await server.close();
  });

  test('features are switched on by the management account, once IAM has access', async () => {
    const client = iam(admin);
    await assert.rejects(client.enableOrganizationsRootSessions({}), {
      name: 'ServiceAccessNotEnabledException',
    });
    await assert.rejects(assumeRoot(admin), denied);
    const ServicePrincipal = 'iam.amazonaws.com';
    await organizations(admin).enableAWSServiceAccess({ ServicePrincipal });
    await assert.rejects(assumeRoot(admin), denied);
    const { EnabledFeatures } = await client.enableOrganizationsRootSessions({});
    assert.deepEqual(EnabledFeatures, ['RootSessions']);
    await assert.rejects(assumeRoot(admin, 'IAMAuditRootUserCredentials'), denied);
    const both = await client.enableOrganizationsRootCredentialsManagement({});
    assert.deepEqual(both.EnabledFeatures, ['RootCredentialsManagement', 'RootSessions']);
    const off = await client.disableOrganizationsRootSessions({});
    assert.deepEqual(off.EnabledFeatures, ['RootCredentialsManagement']);
    await assert.rejects(assumeRoot(admin), denied);
    await client.disableOrganizationsRootCredentialsManagement({});
    await client.enableOrganizationsRootCredentialsManagement({});
    await client.enableOrganizationsRootSessions({});
    const listed = await client.listOrganizationsFeatures({});
    assert.deepEqual(listed.EnabledFeatures, ['RootCredentialsManagement', 'RootSessions']);
    await assert.rejects(iam(memberRoot).listOrganizationsFeatures({}), {
      name: 'AccountNotManagementOrDelegatedAdministratorException',
    });
  });

  test('a session of the root user, for the task and for a quarter of an hour at most', async () => {
    const asked = { TargetPrincipal: `arn:aws:iam::${MEMBER}:root`, TaskPolicyArn: UNLOCK };
    const client = sts(admin);
    const keys = await assumeRoot(admin);
    const { Arn, UserId } = await sts(keys).getCallerIdentity({});
    assert.deepEqual([Arn, UserId], [asked.TargetPrincipal, MEMBER]);
    await client.assumeRoot(asked);
    await assert.rejects(client.assumeRoot({ ...asked, DurationSeconds: 901 }), { name: 'ValidationError' });
    const short = await client.assumeRoot({ ...asked, DurationSeconds: 60 });
    assert.ok(short.Credentials!.Expiration! < keys.expiration);
    for (const arn of [
      'arn:aws:iam::aws:policy/AdministratorAccess',
      `${UNLOCK.arn}x`,
      'arn:aws:iam::aws:policy/root-task/Other',
      `arn:aws:iam::${HOME}:policy/root-task/S3UnlockBucketPolicy`,
    ]) {
      await assert.rejects(client.assumeRoot({ ...asked, TaskPolicyArn: { arn } }), {
        name: 'ValidationError',
      });
    }
    for (const target of [HOME, STRANGER, '999999999999']) {
      await assert.rejects(assumeRoot(admin, 'S3UnlockBucketPolicy', target), denied, target);
    }
    for (const TargetPrincipal of [
      `arn:aws:iam::${MEMBER}:user/root`,
      'arn:aws:iam::root',
      'somebody-else',
    ]) {
      await assert.rejects(client.assumeRoot({ ...asked, TargetPrincipal }), { name: 'ValidationError' });
    }
  });

  test('root users, members, and callers without the right are refused', async () => {
    await assert.rejects(assumeRoot(server.root!), denied);
    await assert.rejects(assumeRoot(memberRoot), denied);
    const own = await user(memberRoot, 'own-admin', '*');
    await assert.rejects(assumeRoot(own), denied);
    await assert.rejects(assumeRoot(await user(server.root!, 'nobody', 'iam:*')), denied);
    const Condition = { StringEquals: { 'sts:TaskPolicyArn': task('IAMAuditRootUserCredentials').arn } };
    const auditor = await user(server.root!, 'auditor', 'sts:AssumeRoot', { Condition });
    await assumeRoot(auditor, 'IAMAuditRootUserCredentials');
    await assert.rejects(assumeRoot(auditor), denied);
    // "The STS global endpoint is not supported for AssumeRoot."
    const query = { Action: 'AssumeRoot', Version: '2011-06-15', TargetPrincipal: MEMBER };
    const body = new URLSearchParams({ ...query, 'TaskPolicyArn.arn': UNLOCK.arn }).toString();
    const to = async (host: string) =>
      sendSigned(server.endpoint, admin, {
        service: 'sts',
        method: 'POST',
        path: '/',
        headers: { host, 'content-type': 'application/x-www-form-urlencoded' },
        body,
      });
    assert.equal((await to('sts.amazonaws.com')).status, 403);
    assert.equal((await to('sts.us-west-2.amazonaws.com')).status, 200);
  });

  test('S3UnlockBucketPolicy opens a bucket that denies everybody, and nothing else', async () => {
    everything = await user(memberRoot, 'everything', '*');
    const member = s3(everything);
    await member.createBucket({ Bucket });
    await member.putObject({ Bucket, Key: 'k', Body: 'secret' });
    const Statement = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await member.putBucketPolicy({ Bucket, Policy });
    await assert.rejects(member.deleteBucketPolicy({ Bucket }), denied);
    await assert.rejects(member.getObject({ Bucket, Key: 'k' }), denied);
    const root = s3(await assumeRoot(admin));
    assert.deepEqual(
      (await root.listBuckets({})).Buckets!.map(({ Name }) => Name),
      [Bucket],
    );
    assert.deepEqual(JSON.parse((await root.getBucketPolicy({ Bucket })).Policy!), JSON.parse(Policy));
    await assert.rejects(root.getObject({ Bucket, Key: 'k' }), denied);
    await assert.rejects(root.putObject({ Bucket, Key: 'k', Body: '' }), denied);
    await assert.rejects(root.deleteBucket({ Bucket }), denied);
    await root.deleteBucketPolicy({ Bucket });
    await root.putBucketPolicy({ Bucket, Policy });
    await root.deleteBucketPolicy({ Bucket });
    assert.equal(await (await member.getObject({ Bucket, Key: 'k' })).Body!.transformToString(), 'secret');
    await assert.rejects(root.getObject({ Bucket, Key: 'k' }), denied);
    const elsewhere = s3(await user(server.root!, 'home-s3', 's3:*'));
    await elsewhere.createBucket({ Bucket: 'home-bucket' });
    await assert.rejects(root.getBucketPolicy({ Bucket: 'home-bucket' }), { name: 'AccessDenied' });
    const keys = await assumeRoot(admin);
    await assert.rejects(iam(keys).listUsers({}), denied);
    await assert.rejects(iam(keys).createAccessKey({}), denied);
    await assert.rejects(sts(keys).getSessionToken({}), denied);
    const TaskPolicyArn = UNLOCK;
    await assert.rejects(sts(keys).assumeRoot({ TargetPrincipal: MEMBER, TaskPolicyArn }), denied);
  });

  test('keys of the root user are seen and deleted by the tasks for that', async () => {
    const audit = iam(await assumeRoot(admin, 'IAMAuditRootUserCredentials'));
    const { AccessKeyMetadata } = await audit.listAccessKeys({});
    assert.deepEqual(
      AccessKeyMetadata!.map(({ AccessKeyId }) => AccessKeyId),
      [memberRoot.accessKeyId],
    );
    assert.deepEqual((await audit.listMFADevices({})).MFADevices, []);
    assert.equal((await audit.getUser({})).User!.Arn, `arn:aws:iam::${MEMBER}:root`);
    await assert.rejects(audit.getLoginProfile({}), { name: 'NoSuchEntityException' });
    await assert.rejects(audit.listAccessKeys({ UserName: 'everything' }), denied);
    const AccessKeyId = memberRoot.accessKeyId;
    await assert.rejects(audit.deleteAccessKey({ AccessKeyId }), denied);
    const deletion = iam(await assumeRoot(admin, 'IAMDeleteRootUserCredentials'));
    await assert.rejects(deletion.deleteLoginProfile({}), { name: 'NoSuchEntityException' });
    await deletion.deleteAccessKey({ AccessKeyId });
    await assert.rejects(sts(memberRoot).getCallerIdentity({}), { name: 'InvalidClientTokenId' });
    assert.deepEqual((await audit.listAccessKeys({})).AccessKeyMetadata, []);
  });

  test('control policies of the member hold, and events say that it was assumed', async () => {
    const keys = await assumeRoot(admin);
    const root = s3(keys);
    const management = organizations(admin);
    const { Roots } = await management.listRoots({});
    await management.enablePolicyType({ RootId: Roots![0]!.Id!, PolicyType: 'SERVICE_CONTROL_POLICY' });
    // "aws:AssumedRoot" (AWS global condition context keys).
    const Statement = {
      Effect: 'Deny',
      Action: 's3:PutBucketPolicy',
      Resource: '*',
      Condition: { Bool: { 'aws:AssumedRoot': 'true' } },
    };
    const Content = JSON.stringify({ Version: '2012-10-17', Statement });
    const { Policy } = await management.createPolicy({
      Content,
      Name: 'no-new-policies',
      Description: '',
      Type: 'SERVICE_CONTROL_POLICY',
    });
    await management.attachPolicy({ PolicyId: Policy!.PolicySummary!.Id!, TargetId: MEMBER });
    const own = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${Bucket}/*`,
      },
    });
    await assert.rejects(root.putBucketPolicy({ Bucket, Policy: own }), denied);
    await root.deleteBucketPolicy({ Bucket });
    const find = async (keys: Keys, AttributeValue: string) => {
      const trail = open(new CloudTrailClient(config(keys)));
      const LookupAttributes = [{ AttributeKey: 'EventName' as const, AttributeValue }];
      const { Events = [] } = await trail.send(new LookupEventsCommand({ LookupAttributes }));
      return Events.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent!)).find(
        ({ errorCode, userIdentity }) => errorCode === undefined && userIdentity.userName !== 'everything',
      );
    };
    const reader = await user(server.root!, 'trail', 'cloudtrail:*');
    await until(async () => (await find(reader, 'AssumeRoot')) !== undefined);
    const assumed = await find(reader, 'AssumeRoot');
    assert.deepEqual(assumed.requestParameters, { targetPrincipal: MEMBER, taskPolicyArn: UNLOCK });
    assert.equal(assumed.userIdentity.type, 'IAMUser');
    await until(async () => (await find(everything, 'DeleteBucketPolicy')) !== undefined);
    const { userIdentity } = await find(everything, 'DeleteBucketPolicy');
    assert.equal(userIdentity.type, 'Root');
    assert.equal(userIdentity.sessionContext.assumedRoot, 'true');
    assert.equal(JSON.stringify(assumed).includes(keys.secretAccessKey), false);
  });

  test('a member that administers the organization for IAM does it as well', async () => {
    const { AccountId } = (
      await organizations(admin).createAccount({ AccountName: 'security', Email: 'security@example.com' })
    ).CreateAccountStatus!;
    const enter = await user(server.root!, 'enter', 'sts:AssumeRole');
    const { Credentials } = await sts(enter).assumeRole({
      RoleArn: `arn:aws:iam::${AccountId}:role/OrganizationAccountAccessRole`,
      RoleSessionName: 'enter',
    });
    const security = {
      accessKeyId: Credentials!.AccessKeyId!,
      secretAccessKey: Credentials!.SecretAccessKey!,
      sessionToken: Credentials!.SessionToken!,
    };
    await assert.rejects(assumeRoot(security), denied);
    const ServicePrincipal = 'iam.amazonaws.com';
    await organizations(admin).registerDelegatedAdministrator({ AccountId, ServicePrincipal });
    const keys = await assumeRoot(security);
    assert.equal((await sts(keys).getCallerIdentity({})).Account, MEMBER);
    // Its own root user is one of a member, too: for who may assume it.
    const client = iam(security);
    await client.createUser({ UserName: 'plain' });
    const { AccessKey } = await client.createAccessKey({ UserName: 'plain' });
    const plain = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    await assert.rejects(assumeRoot(plain, 'S3UnlockBucketPolicy', AccountId), denied);
    await assumeRoot(security, 'S3UnlockBucketPolicy', AccountId);
    assert.equal((await client.listOrganizationsFeatures({})).EnabledFeatures!.length, 2);
    await assert.rejects(client.disableOrganizationsRootSessions({}), {
      name: 'CallerIsNotManagementAccountException',
    });
  });
});
