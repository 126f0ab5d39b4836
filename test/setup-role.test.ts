/** `karikagi setup role`, and set-ups over two accounts, against a server in memory. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import {
  CreateUserCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  IAMClient,
  ListRolesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { type RunningServer, startServer } from '../src/index.js';
import { openAccount } from './support/accounts.js';
import { runCli } from './support/run-cli.js';

const REGION = 'ap-northeast-1';
const [FIRST, SECOND] = ['111122223333', '444455556666'];
const ROLE = ['--name', 'reports', '--bucket', 'report-bucket', '--region', REGION];

interface Check {
  readonly what: string;
  readonly good: boolean;
}

suite('karikagi setup role', () => {
  let server: RunningServer;
  let home: string;
  /** The second account's root user. */
  let owner: { readonly accessKeyId: string; readonly secretAccessKey: string };
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'karikagi-setup-role-'));
    server = await startServer({ data: 'memory', port: 0, region: REGION, account: FIRST, log: 'none' });
    owner = await openAccount(server, SECOND);
    for (const [keys, Bucket] of [
      [server.root!, 'of-another'],
      [owner, 'of-a-third'],
    ] as const) {
      await s3(keys).send(new CreateBucketCommand({ Bucket }));
    }
    const lines = [
      '[second]',
      `aws_access_key_id = ${owner.accessKeyId}`,
      `aws_secret_access_key = ${owner.secretAccessKey}`,
    ];
    await mkdir(join(home, '.aws'));
    await writeFile(join(home, '.aws/credentials'), `${lines.join('\n')}\n`);
  });
  after(async () => {
    await server.close();
    await rm(home, { recursive: true, force: true });
  });

  const config = (credentials = server.root!) => ({ endpoint: server.endpoint, region: REGION, credentials });
  const s3 = (keys: Parameters<typeof config>[0]) => new S3Client({ ...config(keys), forcePathStyle: true });
  const iam = (keys?: Parameters<typeof config>[0]) => new IAMClient(config(keys));
  const karikagi = (...args: string[]) =>
    runCli({ endpoint: server.endpoint, credentials: server.root! } as never, home, ...args);
  const good = (report: { proof?: Check[] } | undefined, stderr: string) => {
    assert.ok(report?.proof, stderr);
    assert.deepEqual(
      report.proof.filter(check => !check.good),
      [],
    );
    return report.proof.map(({ what }) => what);
  };
  const trustOf = async (keys?: Parameters<typeof config>[0]) => {
    const { Role } = await iam(keys).send(new GetRoleCommand({ RoleName: 'reports' }));
    return JSON.parse(decodeURIComponent(Role!.AssumeRolePolicyDocument!)).Statement[0];
  };

  for (const [access, kms, checks] of [
    ['read', [], ['is refused a put', 'gets it', 'is refused a deletion', 'lists the prefix']],
    ['write', ['--kms'], ['puts an object', 'is refused its content', 'uploads in parts']],
  ] as const) {
    test(`a user who may ${access}${kms.length ? ', KMS' : ''}: made, proved, found again, taken away`, async () => {
      const all = [...ROLE, '--user', 'reporter'];
      const first = await karikagi('setup', 'role', ...all, ...kms, '--access', access);
      const what = good(first.report, first.stderr);
      for (const check of checks) assert.ok(what.includes(check), `${check} in ${what}`);
      assert.equal(first.report.connection.externalId, undefined, 'none is asked for in one account');
      assert.equal((await trustOf()).Condition, undefined);
      const again = await karikagi('setup', 'role', ...all, ...kms, '--access', access, '--no-proof');
      assert.deepEqual(again.report.calls, []);
      const removed = await karikagi('setup', 'remove', ...all);
      assert.deepEqual(removed.report.left, []);
      const { Roles } = await iam().send(new ListRolesCommand({}));
      assert.deepEqual(Roles, []);
    });
  }

  test('an external ID stays as it is, whatever a later run leaves out', async () => {
    const all = [...ROLE, '--user', 'reporter', '--no-proof'];
    await karikagi('setup', 'role', ...all, '--external-id', 'agreed-4711');
    const again = await karikagi('setup', 'role', ...all);
    assert.deepEqual([again.report.calls, again.report.connection.externalId], [[], 'agreed-4711']);
    await karikagi('setup', 'remove', ...all.slice(0, -1));
  });

  test('a service: simulated, as its keys are its own; what grants too much fails', async () => {
    const all = [...ROLE, '--service', 'lambda.amazonaws.com', '--access', 'read'];
    const onBehalf = ['--source-arn', `arn:aws:lambda:${REGION}:${FIRST}:function:report`];
    const first = await karikagi('setup', 'role', ...all, ...onBehalf);
    const what = good(first.report, first.stderr);
    assert.equal(what.length, 6);
    assert.ok(what.every(text => text.startsWith('simulated: ')));
    assert.deepEqual(await trustOf(), {
      Effect: 'Allow',
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: 'sts:AssumeRole',
      Condition: {
        ArnLike: { 'aws:SourceArn': onBehalf[1] },
        StringEquals: { 'aws:SourceAccount': FIRST },
      },
    });
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
    });
    await iam().send(new PutRolePolicyCommand({ RoleName: 'reports', PolicyName: 'more', PolicyDocument }));
    const wide = await karikagi('setup', 'role', ...all, ...onBehalf);
    assert.equal(wide.status, 1);
    assert.equal(wide.report.proof.filter((check: Check) => !check.good).length, 5);
  });

  test('a second account, with its keys: each part where it belongs, proved, found again, taken away', async () => {
    const all = ['--name', 'reports', '--bucket', 'shared-bucket', '--region', REGION, '--user', 'reporter'];
    const two = [...all, '--bucket-profile', 'second'];
    const first = await karikagi('setup', 'role', ...two, '--kms');
    assert.ok(first.report, first.stderr);
    good(first.report, first.stderr);
    const { connection, calls } = first.report;
    assert.equal(connection.roleArn, `arn:aws:iam::${SECOND}:role/reports`);
    assert.match(connection.externalId, /^[0-9a-f]{32}$/, 'across accounts one is made up');
    assert.deepEqual(
      new Set(calls.map(({ account }: { account: string }) => account)),
      new Set([FIRST, SECOND]),
    );
    const policy = { UserName: 'reporter', PolicyName: 'assume-reports' };
    const { PolicyDocument } = await iam().send(new GetUserPolicyCommand(policy));
    assert.match(decodeURIComponent(PolicyDocument!), new RegExp(connection.roleArn));
    assert.equal((await trustOf(owner)).Principal.AWS, `arn:aws:iam::${FIRST}:user/reporter`);
    const { Buckets } = await s3(owner).send(new ListBucketsCommand({}));
    assert.ok(Buckets?.some(({ Name }) => Name === 'shared-bucket'));
    const again = await karikagi('setup', 'role', ...two, '--kms', '--no-proof');
    assert.deepEqual([again.report.calls, again.report.connection], [[], connection]);
    const alone = await karikagi('setup', 'role', ...all, '--no-proof', '--name', 'other');
    assert.match(alone.stderr, /shared-bucket is another account's/, 'said before anything is made');
    const removed = await karikagi('setup', 'remove', ...two);
    assert.deepEqual([removed.report.left, removed.report.removed.length], [[], 5]);
    await assert.rejects(iam(owner).send(new GetRoleCommand({ RoleName: 'reports' })), {
      name: 'NoSuchEntityException',
    });
  });

  test('a machine and a role of another account', async () => {
    const all = ['--bucket', 'far-bucket', '--region', REGION, '--bucket-profile', 'second'];
    const machine = [...all, '--instance-profile', 'machines'];
    const { report, stderr } = await karikagi('setup', 'staging', ...machine);
    assert.ok(good(report, stderr).includes("the instance's own role reaches nothing in S3"));
    assert.equal(report.connection.duration, 3600);
    const removed = await karikagi('setup', 'remove', ...machine);
    assert.deepEqual(removed.report.left, []);
  });

  test('the bucket in an account without keys: its calls are shown, and nothing is made there', async () => {
    const all = ['--name', 'lent', '--bucket', 'lent-bucket', '--region', REGION, '--user', 'reporter'];
    const away = [...all, '--bucket-account', SECOND];
    const refused = await karikagi('setup', 'role', ...away);
    assert.match(refused.stderr, /needs the --external-id that was agreed on/);
    const made = await karikagi('setup', 'role', ...away, '--external-id', 'agreed-4711');
    assert.equal(made.status, 0, made.stderr);
    const of = (list: { account: string; operation: string }[]) =>
      list.map(({ account, operation }) => `${account} ${operation}`);
    assert.deepEqual(of(made.report.calls), [`${FIRST} create-user`, `${FIRST} put-user-policy`]);
    assert.deepEqual(of(made.report.toMake).slice(0, 2), [
      `${SECOND} create-role`,
      `${SECOND} create-bucket`,
    ]);
    assert.equal(made.report.proof, undefined);
    // What the second account's administrator makes of it.
    for (const { operation, input } of made.report.toMake) {
      if (operation === 'create-role') assert.match(input.AssumeRolePolicyDocument, /agreed-4711/);
    }
    const removed = await karikagi('setup', 'remove', ...away);
    assert.equal(removed.report.left.length, 1);
    assert.match(removed.report.left[0], /role lent, bucket lent-bucket: in account 444455556666/);
    await assert.rejects(iam().send(new GetUserCommand({ UserName: 'reporter' })), {
      name: 'NoSuchEntityException',
    });
  });

  test('a principal of another account: its policy is shown, the rest is made and simulated', async () => {
    await iam(owner).send(new CreateUserCommand({ UserName: 'partner' }));
    const arn = `arn:aws:iam::${SECOND}:user/partner`;
    const all = ['--name', 'for-partner', '--bucket', 'partner-bucket', '--region', REGION];
    const shown = await karikagi('setup', 'role', ...all, '--principal', arn, '--external-id', 'x-4711');
    assert.equal(shown.status, 0, shown.stderr);
    assert.deepEqual(
      shown.report.toMake.map(({ account, input }: { account: string; input: { UserName: string } }) => [
        account,
        input.UserName,
      ]),
      [[SECOND, 'partner']],
    );
    const input = { RoleName: 'for-partner', PolicyName: 'bucket' };
    assert.ok(await iam().send(new GetRolePolicyCommand(input)));
    const removed = await karikagi('setup', 'remove', ...all, '--principal', arn);
    assert.deepEqual(removed.report.removed, ['role for-partner', 'bucket partner-bucket']);
    const china = await karikagi('setup', 'role', ...all, '--principal', arn.replace('aws', 'aws-cn'));
    assert.match(china.stderr, /no role is assumed across partitions/);
  });

  test('who assumes the role is said once, and rightly', async () => {
    const said = async (...args: string[]) => (await karikagi('setup', 'role', ...ROLE, ...args)).stderr;
    assert.match(await said(), /says who assumes the role/);
    assert.match(await said('--user', 'a', '--service', 'b.amazonaws.com'), /says who assumes the role/);
    assert.match(await said('--principal', `arn:aws:iam::${SECOND}:root`), /ARN of a user or a role/);
    assert.match(await said('--service', 'lambda'), /a service's principal/);
    const both = ['--bucket-profile', 'second', '--bucket-account', SECOND];
    assert.match(await said('--user', 'a', ...both), /--bucket-profile has keys of the account/);
  });
});
