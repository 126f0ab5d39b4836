/** `karikagi doctor`: each mistake put in on purpose is found by its line. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import {
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type DoctorOptions, type DoctorTarget, diagnose } from '../src/clients/doctor/index.js';
import {
  assumeRole,
  type Credentials,
  CredentialsError,
  staticCredentials,
} from '../src/credentials/index.js';
import { ManualClock, type RunningServer, startServer } from '../src/index.js';

const ACCOUNT = '111122223333';
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

suite('karikagi doctor', () => {
  let server: RunningServer;
  let user: Credentials;
  let key: string;
  before(async () => {
    server = await startServer({ data: 'memory', port: 0, region: REGION, account: ACCOUNT, log: 'none' });
    const root = config(server.root!);
    const iam = new IAMClient(root);
    await new S3Client({ ...root, forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: 'walk' }));
    key = (await new KMSClient(root).send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
    await iam.send(new CreateUserCommand({ UserName: 'loader' }));
    const may = policy({ Action: ['sts:AssumeRole', 'iam:Get*', 'iam:List*'], Resource: '*' });
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
    await role('hub', trusting, { Action: ['sts:AssumeRole', 'iam:GetRole'], Resource: '*' });
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
  after(() => server.close());

  const config = (credentials: Credentials) => ({ endpoint: server.endpoint, region: REGION, credentials });

  function examine(options: DoctorOptions, more: Partial<DoctorTarget> = {}, keys: Credentials = user) {
    const iam = new IAMClient(config(keys));
    const target = { endpoint: server.endpoint, region: REGION, credentials: staticCredentials(keys), iam };
    return diagnose(options, { ...target, ...more });
  }

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
    const source = await assumeRole({
      roleArn: arn('hub'),
      endpoint: server.endpoint,
      region: REGION,
      source: staticCredentials(user),
    })();
    const [finding] = await examine({ role: arn('spoke'), duration: 7200 }, {}, source);
    assert.deepEqual([finding?.code, finding?.fix], ['chaining', 'ask for 3600 seconds at most']);
    const clock = new ManualClock(source.expiration!.getTime());
    assert.deepEqual(
      (await examine(GOOD, { clock }, source)).map(({ code }) => code),
      ['expired-token'],
    );
  });

  test('keys that are none, unknown or wrong, the root user, another partition of the region', async () => {
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
