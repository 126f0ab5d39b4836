/** `karikagi staging` with a real server and Debian's PostgreSQL. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, DeleteObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { type RunningServer, startServer } from '../src/main.js';
import {
  type Job,
  openJob,
  type PolicyDocument,
  stagingPolicies,
  validateJob,
} from '../src/staging/index.js';
import { without } from './clients/run.js';
import { type PostgresServer, startPostgres } from './support/postgres-server.js';

const ACCOUNT = '111122223333';
const BUCKET = 'staging-bucket';
const ROLE = 'stager';
const USER_ARN = `arn:aws:iam::${ACCOUNT}:user/loader`;

suite('the staging connection', { skip: without('postgresql') }, () => {
  let server: RunningServer;
  let postgres: PostgresServer;
  let directory: string;
  let iam: IAMClient;
  let s3: S3Client;
  let keyArn: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'karikagi-staging-'));
    server = await startServer({
      data: 'memory',
      port: 0,
      account: ACCOUNT,
      log: 'none',
      region: 'us-east-1',
    });
    postgres = await startPostgres();
    process.env['STAGING_TEST_WAREHOUSE'] = postgres.createDatabase('warehouse');
    const { endpoint } = server;
    const config = { endpoint, region: 'us-east-1', credentials: server.root!, forcePathStyle: true };
    iam = new IAMClient(config);
    s3 = new S3Client(config);
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    keyArn = (await new KMSClient(config).send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
    await iam.send(new CreateUserCommand({ UserName: 'loader' }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'loader' }));
    process.env['STAGING_TEST_KEY'] = AccessKey!.AccessKeyId;
    process.env['STAGING_TEST_SECRET'] = AccessKey!.SecretAccessKey;
    await setUp(await job('setup'));
  });
  after(async () => {
    postgres?.remove();
    await server?.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** A job on the encrypted prefix of the bucket. `more`: its load or unload, in YAML. */
  async function job(name: string, more = 'load: {files: [orders.csv], table: orders}'): Promise<Job> {
    const file = join(directory, `${name}.yaml`);
    const connection = [
      'accessKey: {env: STAGING_TEST_KEY}',
      'secretKey: {env: STAGING_TEST_SECRET}',
      `s3IamRoleArn: arn:aws:iam::${ACCOUNT}:role/${ROLE}`,
      'externalId: partner-4711',
      `bucket: ${BUCKET}`,
      'region: us-east-1',
      `endpoint: ${server.endpoint}`,
      `encryption: {type: sse-kms, key: "${keyArn}"}`,
    ];
    const warehouse = 'warehouse: {type: postgres, url: {env: STAGING_TEST_WAREHOUSE}}';
    await writeFile(
      file,
      [`job: ${name}`, 'connection:', ...connection.map(l => `  ${l}`), warehouse, more].join('\n'),
    );
    return openJob(file);
  }

  /** The policies that `karikagi staging policies` gives, and no others. They are of all jobs of this test. */
  async function setUp(of: Job): Promise<void> {
    const { caller, trust, permissions } = stagingPolicies({ ...of, prefix: 'staging/' }, USER_ARN);
    const text = JSON.stringify;
    await iam.send(
      new PutUserPolicyCommand({ UserName: 'loader', PolicyName: 'assume', PolicyDocument: text(caller) }),
    );
    await iam.send(new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument: text(trust) }));
    await permit(permissions);
    postgres.run('CREATE TABLE orders (id bigint PRIMARY KEY, customer text, amount numeric)', 'warehouse');
  }

  const permit = (document: PolicyDocument) =>
    iam.send(
      new PutRolePolicyCommand({
        RoleName: ROLE,
        PolicyName: 'stage',
        PolicyDocument: JSON.stringify(document),
      }),
    );

  async function checked(of: Job) {
    const found: Record<string, string> = {};
    const messages: Record<string, string> = {};
    for await (const { name, result, message } of validateJob(of)) {
      found[name] = result;
      messages[name] = message;
    }
    return { found, messages };
  }

  const objects = async () =>
    ((await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }))).Contents ?? []).map(({ Key }) => Key);

  suite('validate', () => {
    test('the least policies are enough, and nothing is left behind', async () => {
      const { found, messages } = await checked(await job('validated'));
      assert.deepEqual([...new Set(Object.values(found))], ['passed'], JSON.stringify(messages));
      assert.match(messages['external ID']!, /refused without it/);
      assert.deepEqual(await objects(), []);
    });

    const actions = [
      's3:ListBucket',
      's3:PutObject',
      's3:GetObject',
      's3:DeleteObject',
      'kms:GenerateDataKey',
      'kms:Decrypt',
    ];
    for (const action of actions) {
      test(`without ${action} the check of its name fails, and says so`, async t => {
        const of = await job('validated');
        const { permissions } = stagingPolicies({ ...of, prefix: 'staging/' });
        t.after(async () => {
          await permit(permissions);
          for (const Key of await objects()) await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
        });
        const left = JSON.stringify(permissions, (name, value) =>
          name === 'Action' ? [value].flat().filter(each => each !== action) : value,
        );
        const Statement = (JSON.parse(left) as PolicyDocument).Statement.filter(
          statement => (statement as { Action: string[] }).Action.length > 0,
        );
        await permit({ Version: '2012-10-17', Statement });
        const { found, messages } = await checked(of);
        const failed = Object.keys(found).filter(name => found[name] === 'failed');
        assert.equal(failed.length, 1, JSON.stringify(messages));
        assert.ok(failed[0]!.split(', ').includes(action), failed[0]);
        assert.match(messages[failed[0]!]!, /AccessDenied|Access Denied/);
      });
    }

    test('a trust policy that does not ask for the external ID is warned of', async t => {
      const { trust } = stagingPolicies(await job('validated'), USER_ARN);
      const update = (PolicyDocument: string) =>
        iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: ROLE, PolicyDocument }));
      t.after(() => update(JSON.stringify(trust)));
      await update(JSON.stringify(trust, (name, value) => (name === 'Condition' ? undefined : value)));
      assert.equal((await checked(await job('validated'))).found['external ID'], 'warning');
    });

    test('the wrong external ID, a longer session than the role allows, a missing table', async () => {
      const of = await job('validated');
      const wrong = await checked({ ...of, connection: { ...of.connection, externalId: 'another' } });
      assert.equal(wrong.found['sts:AssumeRole'], 'failed');
      assert.equal(wrong.found['the bucket'], 'skipped');
      const long = await checked({ ...of, duration: 7200 });
      assert.equal(long.found['sts:AssumeRole'], 'failed');
      const { messages } = await checked(await job('missing', 'load: {files: [a.csv], table: nowhere}'));
      assert.match(messages['warehouse']!, /"nowhere" does not exist/);
    });

    test('a warehouse that is away is said without its URL', async () => {
      process.env['STAGING_TEST_AWAY'] = 'postgres://me:pass4711@127.0.0.1:1/db';
      const of = await job('validated');
      const { messages } = await checked({
        ...of,
        warehouse: { type: 'postgres', url: { env: 'STAGING_TEST_AWAY' } },
      });
      assert.match(messages['warehouse']!, /does not let us in/);
      assert.doesNotMatch(JSON.stringify(messages), /pass4711/);
    });
  });
});
