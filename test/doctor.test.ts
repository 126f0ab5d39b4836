/** `karikagi doctor`: each mistake put in on purpose is found by its line. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import {
  AttachRolePolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMSClient,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import { Organizations } from '@aws-sdk/client-organizations';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type DoctorOptions, type DoctorTarget, diagnose } from '../src/clients/doctor/index.js';
import { callKarikagi } from '../src/clients/karikagi-api.js';
import {
  assumeRole,
  type Credentials,
  CredentialsError,
  staticCredentials,
} from '../src/credentials/index.js';
import { ManualClock, type RunningServer, startServer } from '../src/index.js';
import { openAccount } from './support/accounts.js';

const ACCOUNT = '111122223333';
const OTHER = '444455556666';
const REGION = 'ap-northeast-1';
const arn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const USER = `arn:aws:iam::${ACCOUNT}:user/loader`;
const policy = (...statements: object[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements.map(one => ({ Effect: 'Allow', ...one })) });
const objects = {
  Action: ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'],
  Resource: 'arn:aws:s3:::walk/*',
};
const listing = { Action: 's3:ListBucket', Resource: 'arn:aws:s3:::walk' };
const condition = { Condition: { StringEquals: { 'sts:ExternalId': '4711' } } };
const trusting = { Principal: { AWS: USER }, Action: 'sts:AssumeRole' };

/** A member of the organization with a role and a bucket, which a service control policy keeps from being listed. */
async function openMember(config: (keys: Credentials) => ClientConfig, root: Credentials, user: Credentials) {
  const organizations = new Organizations(config(root));
  await organizations.createOrganization({ FeatureSet: 'ALL' });
  const { Roots } = await organizations.listRoots({});
  await organizations.enablePolicyType({ RootId: Roots![0]!.Id!, PolicyType: 'SERVICE_CONTROL_POLICY' });
  const made = await organizations.createAccount({ AccountName: 'member', Email: 'member@example.com' });
  const TargetId = made.CreateAccountStatus!.AccountId!;
  const { endpoint } = config(root);
  const admin = `arn:aws:iam::${TargetId}:role/OrganizationAccountAccessRole`;
  const source = staticCredentials(user);
  const keys = await assumeRole({ roleArn: admin, endpoint, region: REGION, source })();
  const bucket = 'of-a-member';
  await new S3Client({ ...config(keys), forcePathStyle: true }).send(
    new CreateBucketCommand({ Bucket: bucket }),
  );
  const iam = new IAMClient(config(keys));
  const RoleName = 'limited';
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: policy(trusting) }));
  const PolicyDocument = policy({ Action: 's3:*', Resource: '*' });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'all', PolicyDocument }));
  const { Policy } = await organizations.createPolicy({
    Name: 'no-lists',
    Description: '',
    Type: 'SERVICE_CONTROL_POLICY',
    Content: policy({ Effect: 'Deny', Action: 's3:ListBucket', Resource: '*' }),
  });
  await organizations.attachPolicy({ PolicyId: Policy!.PolicySummary!.Id!, TargetId });
  return { bucket, role: `arn:aws:iam::${TargetId}:role/${RoleName}` };
}

interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
}

suite('karikagi doctor', () => {
  let server: RunningServer;
  let user: Credentials;
  let key: string;
  const clock = new ManualClock();
  before(async () => {
    const place = { region: REGION, account: ACCOUNT, otherRegions: 'redirected' as const };
    server = await startServer({ data: 'memory', port: 0, log: 'none', clock, ...place });
    const root = config(server.root!);
    const iam = new IAMClient(root);
    await new S3Client({ ...root, forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: 'walk' }));
    key = (await new KMSClient(root).send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
    await iam.send(new CreateUserCommand({ UserName: 'loader' }));
    const reading = ['iam:Get*', 'iam:List*', 'kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:PutKeyPolicy'];
    const may = policy({ Action: ['sts:AssumeRole', ...reading], Resource: '*' });
    await iam.send(
      new PutUserPolicyCommand({ UserName: 'loader', PolicyName: 'assume', PolicyDocument: may }),
    );
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'loader' }));
    user = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    const role = async (name: string, trust: object, ...grants: object[]) => {
      await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: policy(trust) }));
      const input = { RoleName: name, PolicyName: 'bucket', PolicyDocument: policy(...grants) };
      if (grants.length > 0) await iam.send(new PutRolePolicyCommand(input));
    };
    await role('good', { ...trusting, ...condition }, listing, objects);
    await role('open', trusting, listing, objects);
    await role(
      'walkthrough',
      { ...trusting, ...condition },
      {
        Action: ['s3:PutObject', 's3:ListBucket', 's3:AbortMultipartUpload'],
        Resource: 'arn:aws:s3:::walk/*',
      },
    );
    await role(
      'closed',
      { Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
      listing,
      objects,
    );
    const neighbour = ['sts:AssumeRole', 'iam:GetRole', 's3:ListAllMyBuckets'];
    await role('keyed', { ...trusting, ...condition }, listing, objects, {
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: key,
    });
    await role('attached', { ...trusting, ...condition });
    const wrongList = policy({ Action: 's3:ListBucket', Resource: 'arn:aws:s3:::walk/*' });
    const managed = await iam.send(
      new CreatePolicyCommand({ PolicyName: 'listing', PolicyDocument: wrongList }),
    );
    await iam.send(new AttachRolePolicyCommand({ RoleName: 'attached', PolicyArn: managed.Policy!.Arn! }));
    await role('hub', trusting, { Action: neighbour, Resource: '*' });
    await role('spoke', { Principal: { AWS: arn('hub') }, Action: 'sts:AssumeRole' }, listing, objects);
    const { Policy } = await iam.send(
      new CreatePolicyCommand({ PolicyName: 'edge', PolicyDocument: policy(listing) }),
    );
    const bounded = {
      RoleName: 'bounded',
      AssumeRolePolicyDocument: policy({ ...trusting, ...condition }),
      PermissionsBoundary: Policy!.Arn,
    };
    await iam.send(new CreateRoleCommand(bounded));
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: 'bounded',
        PolicyName: 'bucket',
        PolicyDocument: policy(listing, objects),
      }),
    );
  });
  before(async () => {
    const theirs = await openAccount(server, OTHER);
    const s3 = (keys: Credentials) => new S3Client({ ...config(keys), forcePathStyle: true });
    await s3(theirs).send(new CreateBucketCommand({ Bucket: 'theirs' }));
    const CreateBucketConfiguration = { LocationConstraint: 'eu-central-1' as const };
    const abroad = { ...config(server.root!), region: 'eu-central-1', forcePathStyle: true };
    await new S3Client(abroad).send(new CreateBucketCommand({ Bucket: 'abroad', CreateBucketConfiguration }));
  });
  after(() => server.close());

  const config = (credentials: Credentials) => ({ endpoint: server.endpoint, region: REGION, credentials });

  const asked = () => ({
    endpoint: server.endpoint,
    region: REGION,
    source: staticCredentials(user),
  });

  function examine(options: DoctorOptions, more: Partial<DoctorTarget> = {}, keys: Credentials = user) {
    const iam = new IAMClient(config(keys));
    const kms = new KMSClient(config(keys));
    const credentials = staticCredentials(keys);
    const target = { endpoint: server.endpoint, region: REGION, credentials, iam, kms, clock, environment };
    return diagnose(options, { ...target, ...more });
  }

  /** Where no machine has an endpoint of instance metadata. */
  const environment = { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9' };
  const GOOD = { role: arn('good'), externalId: '4711', bucket: 'walk' };

  test('a set-up that works has no findings', async () => {
    assert.deepEqual(await examine(GOOD), []);
  });

  const table: readonly (readonly [string, DoctorOptions, string, RegExp])[] = [
    [
      'list on objects, as the walk-through grants it',
      { ...GOOD, role: arn('walkthrough') },
      'resource',
      /s3:ListBucket/,
    ],
    ['a role without role/', { role: `arn:aws:iam::${ACCOUNT}:<good` }, 'role-arn', /no ARN/],
    ['spaces in the ARN', { role: `arn:aws:iam::${ACCOUNT} : role/good` }, 'role-arn', /no ARN/],
    ['another partition', { role: arn('good').replace('aws', 'aws-cn') }, 'partition', /aws-cn/],
    ['no external ID', { role: arn('good') }, 'external-id', /none was given/],
    ['another external ID', { ...GOOD, externalId: '4712' }, 'external-id', /not the one/],
    [
      'an external ID that is not demanded',
      { ...GOOD, role: arn('open') },
      'external-id-not-demanded',
      /protects nothing/,
    ],
    ['a trust policy for another', { role: arn('closed') }, 'trust-policy', /does not let you in/],
    ['longer than the role allows', { ...GOOD, duration: 7200 }, 'duration', /./],
    ['a bucket that is not there', { ...GOOD, bucket: 'walk-away' }, 'no-bucket', /no bucket/],
    ['a boundary', { ...GOOD, role: arn('bounded') }, 'boundary', /permissions boundary/],
  ];
  for (const [mistake, options, code, what] of table) {
    test(mistake, async () => {
      const findings = await examine(options);
      assert.ok(findings[0], 'nothing was found');
      assert.equal(findings[0].code, code, JSON.stringify(findings));
      assert.match(findings[0].what, what);
      assert.ok(findings[0].where && findings[0].fix);
    });
  }

  test('a KMS key that the role may not use', async () => {
    const findings = await examine({ ...GOOD, key });
    assert.deepEqual(
      findings.map(({ code, where }) => [code, where]),
      [['kms', key]],
    );
  });

  test("a chain's hour, which the manual does not name", async () => {
    const source = await assumeRole({ ...asked(), roleArn: arn('hub') })();
    const [finding] = await examine({ role: arn('spoke'), duration: 7200 }, {}, source);
    assert.deepEqual([finding?.code, finding?.fix], ['chaining', 'ask for 3600 seconds at most']);
  });

  test('a bucket of another account, by name and by what is expected', async () => {
    const theirs = { ...GOOD, bucket: 'theirs' };
    const [likely] = await examine(theirs);
    assert.deepEqual([likely?.code, likely?.sure], ['bucket-account', 'likely']);
    const hub = await assumeRole({ ...asked(), roleArn: arn('hub') })();
    const [certain] = await examine({ role: arn('spoke'), bucket: 'theirs' }, {}, hub);
    assert.deepEqual([certain?.code, certain?.sure], ['bucket-account', 'certain']);
    const [wrong] = await examine({ ...GOOD, bucketAccount: OTHER });
    assert.deepEqual([wrong?.code, wrong?.what], ['bucket-account', `the bucket is not of account ${OTHER}`]);
    assert.deepEqual(await examine({ ...GOOD, bucketAccount: ACCOUNT }), []);
  });

  test('a bucket in another region', async () => {
    const [found] = await examine({ ...GOOD, bucket: 'abroad' });
    assert.deepEqual([found?.code, found?.fix], ['bucket-region', 'use --region eu-central-1']);
  });

  test('a mistake in a managed policy that is attached to the role', async () => {
    const [found] = await examine({ ...GOOD, role: arn('attached') });
    assert.equal(found?.code, 'resource');
    assert.equal(found?.where, `managed policy arn:aws:iam::${ACCOUNT}:policy/listing, line 1`);
  });

  test('a key policy that leaves the role out, and one for another region; a key that is off', async () => {
    // Without the account's root user in it, the policy leaves nothing to IAM.
    const kms = new KMSClient(config(user));
    const read = { Principal: { AWS: USER }, Action: 'kms:*', Resource: '*' };
    const through = (region: string) => ({
      Principal: { AWS: arn('keyed') },
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: '*',
      Condition: { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } },
    });
    const withPolicy = async (...statements: object[]) => {
      const input = { KeyId: key, PolicyName: 'default', Policy: policy(read, ...statements) };
      await kms.send(new PutKeyPolicyCommand({ ...input, BypassPolicyLockoutSafetyCheck: true }));
      const found = await examine({ ...GOOD, role: arn('keyed'), key });
      return found.map(({ code, fix }) => `${code}: ${fix}`);
    };
    const [left] = await withPolicy();
    assert.match(left!, /^key-policy: allow .*keyed kms:GenerateDataKey/);
    const [abroad] = await withPolicy(through('eu-central-1'));
    assert.equal(abroad, `key-policy: add s3.${REGION}.amazonaws.com to kms:ViaService`);
    assert.deepEqual(await withPolicy(through(REGION)), []);
    await kms.send(new DisableKeyCommand({ KeyId: key }));
    const [off] = await withPolicy(through(REGION));
    assert.equal(off, 'key-state: enable it: aws kms enable-key');
    await kms.send(new EnableKeyCommand({ KeyId: key }));
  });

  test('STS that is switched off in the region', async () => {
    const target = { endpoint: server.endpoint, region: REGION, credentials: server.root! };
    await callKarikagi(target, 'DeactivateSTS', { RegionName: 'eu-west-2' });
    const found = await examine(GOOD, { region: 'eu-west-2' });
    assert.deepEqual(
      found.map(({ code, where }) => [code, where]),
      [['sts-off', 'eu-west-2']],
    );
  });

  test('a policy of the organization', async () => {
    const { bucket, role } = await openMember(config, server.root!, user);
    const found = await examine({ role, bucket });
    assert.deepEqual(
      found.map(({ code, where }) => [code, where]),
      [['control-policy', bucket]],
    );
    assert.match(found[0]!.what, /service control policy/);
  });

  test('a clock that is wrong', async () => {
    for (const [minutes, way] of [
      [10, 'ahead'],
      [-10, 'behind'],
    ] as const) {
      const wrong = { now: () => clock.now() + minutes * 60_000 } as ManualClock;
      const [found, ...more] = await examine(GOOD, { clock: wrong });
      assert.deepEqual([found?.code, more], ['clock', []]);
      assert.match(found!.what, new RegExp(`^the clock is \\d{3} seconds ${way}`));
    }
  });

  test('documents need no keys', async () => {
    const credentials = async () => {
      throw new CredentialsError('NoSource', 'there are no credentials');
    };
    const documents = [{ kind: 'trust' as const, name: 'trust.json', text: '"Statement": []' }];
    const codes = (await examine({ documents }, { credentials })).map(({ code }) => code);
    assert.deepEqual([new Set(codes.slice(0, -1)), codes.at(-1)], [new Set(['policy']), 'no-credentials']);
  });

  test('a session that has expired, by its own end and by what STS answers', async () => {
    const { expiration, ...session } = await assumeRole({ ...asked(), roleArn: arn('hub') })();
    clock.advance(3601);
    const codes = async (keys: Credentials) => (await examine(GOOD, {}, keys)).map(found => found.code);
    assert.deepEqual(await codes({ ...session, expiration: expiration! }), ['expired-token']);
    assert.deepEqual(await codes(session), ['expired-token']);
  });

  test('a region of another partition than the role', async () => {
    const found = await examine(GOOD, { region: 'cn-north-1' });
    assert.deepEqual([found[0]?.code, found[0]?.where], ['partition', 'cn-north-1']);
  });

  test('keys that are none, unknown or wrong, of the root user, or sent to where nothing is', async () => {
    const none = async () => {
      throw new CredentialsError('NoSource', 'there are no credentials');
    };
    const code = async (...given: Parameters<typeof examine>) =>
      (await examine(...given)).map(found => found.code);
    assert.deepEqual(await code(GOOD, { credentials: none }), ['no-credentials']);
    assert.deepEqual(await code(GOOD, {}, { ...user, accessKeyId: 'AKIAAAAAAAAAAAAAAAAA' }), ['unknown-key']);
    assert.deepEqual(await code(GOOD, {}, { ...user, secretAccessKey: 'x' }), ['wrong-secret']);
    assert.deepEqual(await code(GOOD, {}, server.root!), ['root']);
    assert.deepEqual(await code(GOOD, { endpoint: 'http://127.0.0.1:9' }), ['unreachable']);
  });
});
