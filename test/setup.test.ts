/** `karikagi setup` against a server in memory: what it makes, proves, writes and takes away. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import {
  GetRoleCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListInstanceProfilesCommand,
  ListRolesCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type RunningServer, startServer } from '../src/index.js';
import { lint } from '../src/policy/index.js';
import { runCli } from './support/run-cli.js';

const REGION = 'ap-northeast-1';
const OPTIONS = ['--bucket', 'staging-bucket', '--region', REGION];
const USER = [...OPTIONS, '--user', 'loader'];

interface Call {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

suite('karikagi setup', () => {
  let server: RunningServer;
  let home: string;
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'karikagi-setup-'));
    server = await startServer({
      data: 'memory',
      port: 0,
      region: REGION,
      account: '111122223333',
      log: 'none',
    });
    await new S3Client({ ...config(), forcePathStyle: true }).send(
      new CreateBucketCommand({ Bucket: 'of-another' }),
    );
  });
  after(async () => {
    await server.close();
    await rm(home, { recursive: true, force: true });
  });

  const config = (of = server) => ({
    endpoint: of.endpoint,
    region: of.settings.region,
    credentials: of.root!,
  });
  const karikagi = (...args: string[]) => on(server, ...args);
  const on = (of: RunningServer, ...args: string[]) =>
    runCli({ endpoint: of.endpoint, credentials: of.root! } as never, home, ...args);
  const names = async () => {
    const iam = new IAMClient(config());
    const [users, roles, profiles, buckets] = await Promise.all([
      iam.send(new ListUsersCommand({})),
      iam.send(new ListRolesCommand({})),
      iam.send(new ListInstanceProfilesCommand({})),
      new S3Client({ ...config(), forcePathStyle: true }).send(new ListBucketsCommand({})),
    ]);
    return [
      ...users.Users!.map(({ UserName }) => UserName),
      ...roles.Roles!.map(({ RoleName }) => RoleName),
      ...profiles.InstanceProfiles!.map(({ InstanceProfileName }) => InstanceProfileName),
      ...buckets.Buckets!.map(({ Name }) => Name),
    ].filter(name => name !== 'of-another');
  };

  test('--plan shows every call and makes nothing; its policies have no findings', async () => {
    const { report, stderr } = await karikagi('setup', 'staging', ...USER, '--kms', '--plan');
    assert.ok(report, stderr);
    assert.deepEqual(await names(), []);
    const calls = report.calls as Call[];
    assert.deepEqual(
      calls.map(({ operation }) => operation),
      [
        'create-user',
        'put-user-policy',
        'create-role',
        'create-key',
        'create-alias',
        'create-bucket',
        'put-bucket-tagging',
        'put-public-access-block',
        'put-bucket-encryption',
        'put-role-policy',
      ],
    );
    for (const { operation, input } of calls) {
      const [kind, text] =
        operation === 'create-role'
          ? (['trust', input['AssumeRolePolicyDocument']] as const)
          : (['identity', input['PolicyDocument']] as const);
      if (typeof text !== 'string') continue;
      const findings = await lint(
        text.replace(
          '${KEY_ARN}',
          `arn:aws:kms:${REGION}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
        ),
        kind,
      );
      assert.deepEqual(
        findings.filter(({ severity }) => severity !== 'SUGGESTION').map(({ message }) => message),
        [],
      );
    }
  });

  for (const [who, source] of [
    ['a user', ['--user', 'loader']],
    ['an instance', ['--instance-profile', 'machines']],
  ] as const) {
    for (const kms of [[], ['--kms']]) {
      test(`${who}${kms.length ? ', KMS' : ''}: made, proved, found again, taken away`, async () => {
        const all = [...OPTIONS, ...source];
        const first = await karikagi('setup', 'staging', ...all, ...kms);
        assert.equal(first.status, 0, JSON.stringify(first.report?.proof ?? first.stderr, null, 1));
        assert.equal(first.report.proof.length, 13, 'every check is made');
        assert.ok(first.report.proof.every((check: { good: boolean }) => check.good));
        const again = await karikagi('setup', 'staging', ...all, ...kms, '--no-proof');
        assert.deepEqual(again.report.calls, []);
        assert.deepEqual(again.report.connection, first.report.connection);
        assert.equal(first.report.connection.roleArn, 'arn:aws:iam::111122223333:role/staging');
        assert.match(first.report.connection.externalId, /^[0-9a-f]{32}$/);
        if (source[0] === '--user') {
          const { AccessKeyMetadata } = await new IAMClient(config()).send(
            new ListAccessKeysCommand({ UserName: 'loader' }),
          );
          assert.deepEqual(AccessKeyMetadata, [], 'the key of the proof is gone');
        }
        const removed = await karikagi('setup', 'remove', ...all);
        assert.equal(removed.status, 0, removed.stderr);
        assert.deepEqual([await names(), removed.report.left], [[], []]);
        if (kms.length) {
          const KeyId = first.report.connection.kmsKey;
          const { KeyMetadata } = await new KMSClient(config()).send(new DescribeKeyCommand({ KeyId }));
          assert.equal(KeyMetadata?.KeyState, 'PendingDeletion');
        }
      });
    }
  }

  test('what drifted is mended, what grants too much fails the proof', async () => {
    const iam = new IAMClient(config());
    await karikagi('setup', 'staging', ...USER, '--no-proof');
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: ['s3:*', 'iam:*'], Resource: '*' }],
    });
    await iam.send(new PutRolePolicyCommand({ RoleName: 'staging', PolicyName: 'more', PolicyDocument }));
    const wide = await karikagi('setup', 'staging', ...USER);
    assert.equal(wide.status, 1);
    const bad = wide.report.proof.filter(({ good }: { good: boolean }) => !good);
    assert.deepEqual(
      new Set(bad.map(({ answer }: { answer: string }) => answer)),
      new Set(['it is allowed']),
    );
    assert.equal(bad.length, 5);
    await iam.send(new PutRolePolicyCommand({ RoleName: 'staging', PolicyName: 'bucket', PolicyDocument }));
    const mended = await karikagi('setup', 'staging', ...USER, '--no-proof', '--duration', '7200');
    assert.deepEqual(
      mended.report.calls.map(({ operation }: Call) => operation),
      ['update-role', 'put-role-policy'],
    );
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'staging' }));
    assert.equal(Role?.MaxSessionDuration, 7200);
  });

  test('a role of another is left alone, and so is a bucket with objects', async () => {
    const other = await karikagi('setup', 'staging', ...USER, '--name', 'other', '--no-proof');
    assert.equal(other.status, 0, other.stderr);
    const taken = await karikagi(
      'setup',
      'staging',
      ...OPTIONS,
      '--name',
      'other-agent',
      '--user',
      'loader',
      '--no-proof',
    );
    assert.equal(taken.status, 0, taken.stderr);
    const clash = await karikagi(
      'setup',
      'staging',
      ...OPTIONS,
      '--name',
      'other',
      '--instance-profile',
      'p',
      '--no-proof',
    );
    assert.match(clash.stderr, /other-agent exists and is not of this set-up/);
    const s3 = new S3Client({ ...config(), forcePathStyle: true });
    await s3.send(new PutObjectCommand({ Bucket: 'staging-bucket', Key: 'staging/a', Body: 'a' }));
    const removed = await karikagi('setup', 'remove', ...USER, '--name', 'other');
    assert.deepEqual(
      removed.report.left.map((line: string) => line.split(':')[0]),
      ['user loader', 'bucket staging-bucket'],
    );
    assert.ok(await s3.send(new HeadObjectCommand({ Bucket: 'staging-bucket', Key: 'staging/a' })));
  });

  test('in China: the names of the partition', async () => {
    const china = await startServer({
      data: 'memory',
      port: 0,
      region: 'cn-north-1',
      partition: 'aws-cn',
      log: 'none',
    });
    try {
      const made = await on(
        china,
        'setup',
        'staging',
        '--bucket',
        'cn-bucket',
        '--region',
        'cn-north-1',
        '--instance-profile',
        'machines',
        '--kms',
      );
      assert.equal(made.status, 0, JSON.stringify(made.report?.proof ?? made.stderr));
      assert.match(made.report.connection.roleArn, /^arn:aws-cn:iam::/);
    } finally {
      await china.close();
    }
  });
});
