/** Trails as clients see them: AWS's SDK makes them, and AWS's CLI verifies what they delivered. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  CloudTrailClient,
  CreateTrailCommand,
  type CreateTrailCommandInput,
  GetTrailStatusCommand,
  LookupEventsCommand,
  PutEventSelectorsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  GetUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ManualClock } from '../../src/core/clock.js';
import type { CloudTrailFile, CloudTrailRecord } from '../../src/core/cloudtrail.js';
import { type RunningServer, startServer } from '../../src/index.js';
import { runCli } from '../support/run-cli.js';
import { until } from '../support/until.js';
import { asEnvironment, installed, run, without } from './run.js';

const Bucket = 'trail-logs';
const REGION = 'us-east-1';
const HOUR = 3600;

/** Hours before the machine's time: AWS's CLI has no other clock, and verifies at the end. */
const clock = new ManualClock(Date.now() - 6 * HOUR * 1000);
let home: string;
let server: RunningServer;
let keys: { accessKeyId: string; secretAccessKey: string };

const config = () => ({
  endpoint: server.endpoint,
  region: REGION,
  credentials: keys,
  forcePathStyle: true,
  maxAttempts: 1,
  systemClockOffset: clock.now() - Date.now(),
});
const s3 = () => new S3Client(config());
const iam = () => new IAMClient(config());
const cloudTrail = () => new CloudTrailClient(config());
const arnOf = (Name: string) => `arn:aws:cloudtrail:${REGION}:${server.accountId}:trail/${Name}`;

/** AWS's own example: "Amazon S3 bucket policy for CloudTrail", CloudTrail User Guide. */
const bucketPolicy = (sourceArn: string, prefix = '') =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AWSCloudTrailAclCheck20150319',
        Effect: 'Allow',
        Principal: { Service: 'cloudtrail.amazonaws.com' },
        Action: 's3:GetBucketAcl',
        Resource: `arn:aws:s3:::${Bucket}`,
        Condition: { StringEquals: { 'aws:SourceArn': sourceArn } },
      },
      {
        Sid: 'AWSCloudTrailWrite20150319',
        Effect: 'Allow',
        Principal: { Service: 'cloudtrail.amazonaws.com' },
        Action: 's3:PutObject',
        Resource: `arn:aws:s3:::${Bucket}/${prefix}AWSLogs/${server.accountId}/*`,
        Condition: {
          StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control', 'aws:SourceArn': sourceArn },
        },
      },
    ],
  });

const setPolicy = (Policy: string) => s3().send(new PutBucketPolicyCommand({ Bucket, Policy }));
const create = (input: Omit<CreateTrailCommandInput, 'S3BucketName'>) =>
  cloudTrail().send(new CreateTrailCommand({ S3BucketName: Bucket, ...input }));

async function keysUnder(Prefix: string): Promise<string[]> {
  const { Contents = [] } = await s3().send(new ListObjectsV2Command({ Bucket, Prefix }));
  return Contents.map(({ Key }) => Key!);
}

async function textOf(Key: string): Promise<string> {
  const { Body } = await s3().send(new GetObjectCommand({ Bucket, Key }));
  return gunzipSync(await Body!.transformToByteArray()).toString();
}

const logs = (prefix = '') => keysUnder(`${prefix}AWSLogs/${server.accountId}/CloudTrail/`);
const digests = () => keysUnder(`AWSLogs/${server.accountId}/CloudTrail-Digest/`);

async function recordsIn(names: readonly string[]): Promise<CloudTrailRecord[]> {
  const files = await Promise.all(names.map(async name => JSON.parse(await textOf(name)) as CloudTrailFile));
  return files.flatMap(({ Records }) => Records);
}

/** Waits for an event to be written, which is after its reply has left. */
async function written(EventName: string, count = 1): Promise<void> {
  const LookupAttributes = [{ AttributeKey: 'EventName', AttributeValue: EventName } as const];
  await until(
    async () =>
      (await cloudTrail().send(new LookupEventsCommand({ LookupAttributes }))).Events!.length >= count,
  );
}

const status = (Name: string) => cloudTrail().send(new GetTrailStatusCommand({ Name }));

/** Lets the time of a delivery come, and waits for it. */
async function deliver(Name: string): Promise<void> {
  const before = (await status(Name)).LatestDeliveryTime?.getTime() ?? 0;
  clock.advance(301);
  await until(async () => ((await status(Name)).LatestDeliveryTime?.getTime() ?? 0) > before);
}

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'karikagi-trails-'));
  server = await startServer({
    data: join(home, 'data'),
    port: 0,
    region: REGION,
    log: 'none',
    clock,
    scheduler: clock,
  });
  const { accessKeyId, secretAccessKey } = server.root!;
  keys = { accessKeyId, secretAccessKey };
  await s3().send(new CreateBucketCommand({ Bucket }));
});

after(async () => {
  await server.close();
  await rm(home, { recursive: true, force: true });
});

describe('a trail', () => {
  test('is not made where the bucket does not let CloudTrail write for it', async () => {
    const refusal = {
      name: 'InsufficientS3BucketPolicyException',
      message: `Incorrect S3 bucket policy is detected for bucket: ${Bucket}`,
    };
    await assert.rejects(create({ Name: 'main' }), refusal);
    await setPolicy(bucketPolicy(arnOf('another')));
    await assert.rejects(create({ Name: 'main' }), refusal);
    await setPolicy(bucketPolicy(arnOf('main'), 'elsewhere/'));
    await assert.rejects(create({ Name: 'main' }), refusal);
    const missing = new CreateTrailCommand({ Name: 'main', S3BucketName: 'no-such-bucket' });
    await assert.rejects(cloudTrail().send(missing), { name: 'S3BucketDoesNotExistException' });
    await setPolicy(bucketPolicy(arnOf('main')));
    const made = await create({ Name: 'main', EnableLogFileValidation: true, IsMultiRegionTrail: true });
    assert.equal(made.TrailARN, arnOf('main'));
    assert.equal(made.LogFileValidationEnabled, true);
  });

  test('delivers what it takes, once it logs, into files as CloudTrail has them', async () => {
    await iam().send(new CreateUserCommand({ UserName: 'before' }));
    await written('CreateUser');
    clock.advance(1);
    await cloudTrail().send(new StartLoggingCommand({ Name: 'main' }));
    clock.advance(1);
    await iam().send(new CreateUserCommand({ UserName: 'bob' }));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'data/one', Body: 'x' }));
    await written('CreateUser', 2);
    await deliver('main');
    const [name, ...more] = await logs();
    assert.deepEqual(more, []);
    const account = server.accountId;
    assert.match(
      name!,
      new RegExp(
        `^AWSLogs/${account}/CloudTrail/${REGION}/\\d{4}/\\d\\d/\\d\\d/${account}_CloudTrail_${REGION}_\\d{8}T\\d{4}Z_[A-Za-z0-9]{16}\\.json\\.gz$`,
      ),
    );
    const records = await recordsIn([name!]);
    const users = records.filter(({ eventName }) => eventName === 'CreateUser');
    assert.deepEqual(
      users.map(({ requestParameters }) => requestParameters),
      [{ userName: 'bob' }],
    );
    assert.ok(records.every(({ managementEvent }) => managementEvent));
    const head = await s3().send(new HeadObjectCommand({ Bucket, Key: name! }));
    assert.equal(head.ServerSideEncryption, 'AES256');
    assert.equal(head.ContentType, 'application/json');
    assert.equal(head.ContentEncoding, 'gzip');
  });

  test('takes data events of the objects that its selectors name', async () => {
    const DataResources = [{ Type: 'AWS::S3::Object', Values: [`arn:aws:s3:::${Bucket}/data/`] }];
    const EventSelectors = [
      { ReadWriteType: 'WriteOnly' as const, IncludeManagementEvents: false, DataResources },
    ];
    await cloudTrail().send(new PutEventSelectorsCommand({ TrailName: 'main', EventSelectors }));
    const seen = new Set(await logs());
    await s3().send(new PutObjectCommand({ Bucket, Key: 'data/two', Body: 'x' }));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'other/two', Body: 'x' }));
    await s3().send(new GetObjectCommand({ Bucket, Key: 'data/two' }));
    await iam().send(new GetUserCommand({ UserName: 'bob' }));
    await written('GetUser');
    await deliver('main');
    const records = await recordsIn((await logs()).filter(name => !seen.has(name)));
    assert.deepEqual(
      records.map(({ eventName, requestParameters }) => [eventName, requestParameters?.['key']]),
      [['PutObject', 'data/two']],
    );
  });

  test('says why it cannot deliver, and delivers once it can', async () => {
    await s3().send(new DeleteBucketPolicyCommand({ Bucket }));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'data/three', Body: 'x' }));
    await iam().send(new GetUserCommand({ UserName: 'bob' }));
    await written('GetUser', 2);
    clock.advance(301);
    await until(async () => (await status('main')).LatestDeliveryError === 'AccessDenied');
    await setPolicy(bucketPolicy(arnOf('main')));
    await deliver('main');
    assert.equal((await status('main')).LatestDeliveryError, undefined);
    const puts = (await recordsIn(await logs())).map(({ requestParameters }) => requestParameters?.['key']);
    assert.deepEqual(
      puts.filter(key => key === 'data/three'),
      ['data/three'],
    );
  });

  test('encrypts under a key whose policy lets CloudTrail use it', async () => {
    const Name = 'sealed';
    await setPolicy(bucketPolicy(arnOf(Name)));
    const account = server.accountId;
    const own = {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: 'kms:*',
      Resource: '*',
    };
    const kms = new KMSClient(config());
    const closed = await kms.send(new CreateKeyCommand({}));
    const KmsKeyId = closed.KeyMetadata!.Arn!;
    await assert.rejects(create({ Name, KmsKeyId }), {
      name: 'InsufficientEncryptionPolicyException',
      message: `Insufficient permissions to access S3 bucket ${Bucket} or KMS key ${KmsKeyId}.`,
    });
    // "Configure AWS KMS key policies for CloudTrail".
    const encrypt = {
      Effect: 'Allow',
      Principal: { Service: 'cloudtrail.amazonaws.com' },
      Action: 'kms:GenerateDataKey*',
      Resource: '*',
      Condition: {
        StringEquals: { 'aws:SourceArn': arnOf(Name) },
        StringLike: { 'kms:EncryptionContext:aws:cloudtrail:arn': `arn:aws:cloudtrail:*:${account}:trail/*` },
      },
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [own, encrypt] });
    const open = await kms.send(new CreateKeyCommand({ Policy }));
    const made = await create({ Name, KmsKeyId: open.KeyMetadata!.KeyId! });
    assert.equal(made.KmsKeyId, open.KeyMetadata!.Arn);
    const seen = new Set(await logs());
    await cloudTrail().send(new StartLoggingCommand({ Name }));
    await iam().send(new GetUserCommand({ UserName: 'bob' }));
    await written('GetUser', 3);
    await deliver(Name);
    const [Key] = (await logs()).filter(name => !seen.has(name));
    const head = await s3().send(new HeadObjectCommand({ Bucket, Key: Key! }));
    assert.equal(head.SSEKMSKeyId, open.KeyMetadata!.Arn);
    await cloudTrail().send(new StopLoggingCommand({ Name }));
    await setPolicy(bucketPolicy(arnOf('main')));
  });
});

describe("AWS CLI's validate-logs", { skip: without('pip') }, () => {
  const validate = async () => {
    const from = new Date(Date.now() - 7 * HOUR * 1000).toISOString();
    const {
      stdout,
      stderr,
      status: code,
    } = await run(
      { home } as never,
      installed('aws'),
      ['cloudtrail', 'validate-logs', '--trail-arn', arnOf('main'), '--start-time', from, '--verbose'],
      { ...asEnvironment(keys), AWS_ENDPOINT_URL: server.endpoint, AWS_DEFAULT_REGION: REGION },
    );
    return { said: stdout + stderr, code };
  };

  before(async () => {
    for (const count of [1, 2]) {
      clock.advance(HOUR + 1);
      // Each names the one before.
      await until(async () => (await digests()).length === count);
      await s3().send(new PutObjectCommand({ Bucket, Key: `data/after-${count}`, Body: 'x' }));
      await iam().send(new GetUserCommand({ UserName: 'bob' }));
      await written('GetUser', 3 + count);
      await deliver('main');
    }
    clock.set(Date.now());
    await until(async () => (await digests()).length === 3);
  });

  test('finds all valid, and sees what is changed or gone', async () => {
    const whole = await validate();
    assert.equal(whole.code, 0, whole.said);
    const [, valid] = /(\d+)\/\1 log files valid/.exec(whole.said) ?? [];
    assert.ok(Number(valid) >= 3, whole.said);
    const [Key] = await logs();
    const text = await textOf(Key!);
    await s3().send(new PutObjectCommand({ Bucket, Key, Body: gzipSync(text.replace('bob', 'eve')) }));
    const changed = await validate();
    assert.equal(changed.code, 1);
    assert.match(changed.said, /INVALID: hash value doesn't match/);
    await s3().send(new DeleteObjectCommand({ Bucket, Key }));
    assert.match((await validate()).said, /INVALID: not found/);
    await s3().send(new PutObjectCommand({ Bucket, Key, Body: gzipSync(text) }));
    assert.equal((await validate()).code, 0);
    const [digest] = await digests();
    const stored = await s3().send(new GetObjectCommand({ Bucket, Key: digest! }));
    const Body = gzipSync((await textOf(digest!)).replace(/"hashValue":"./, '"hashValue":"0'));
    await s3().send(new PutObjectCommand({ Bucket, Key: digest!, Body, Metadata: stored.Metadata }));
    assert.match((await validate()).said, /INVALID: signature verification failed/);
  });
});

test('policy generate and replay read what a trail delivered', async () => {
  const loader = { UserName: 'loader' };
  await iam().send(new CreateUserCommand(loader));
  const statement = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await iam().send(new PutUserPolicyCommand({ ...loader, PolicyName: 'all', PolicyDocument }));
  const { AccessKey } = await iam().send(new CreateAccessKeyCommand(loader));
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey!;
  const own = new S3Client({ ...config(), credentials: { accessKeyId, secretAccessKey } });
  await own.send(new PutObjectCommand({ Bucket, Key: 'data/loaded', Body: 'x' }));
  await iam().send(new GetUserCommand({ UserName: 'bob' }));
  await written('GetUser', 6);
  await deliver('main');
  clock.set(Date.now());
  const source = `s3://${Bucket}/AWSLogs/${server.accountId}/CloudTrail/`;
  const cli = (...args: string[]) =>
    runCli({ endpoint: server.endpoint, credentials: keys } as never, home, ...args);
  const arn = `arn:aws:iam::${server.accountId}:user/loader`;
  const generated = await cli('policy', 'generate', '--principal', arn, '--events', source);
  assert.ok(generated.report, generated.stderr);
  assert.deepEqual(JSON.parse(generated.report.policy).Statement, [
    { Effect: 'Allow', Action: ['s3:PutObject'], Resource: [`arn:aws:s3:::${Bucket}/data/loaded`] },
  ]);
  assert.equal(generated.report.verified.counts['newly-denied'], 0);
  const reading = join(home, 'reading.json');
  await writeFile(reading, PolicyDocument.replace('s3:*', 's3:GetObject'));
  const { report, status: code } = await cli('replay', '--events', source, '--change', `${arn}=${reading}`);
  assert.equal(code, 1);
  assert.equal(report.counts['newly-denied'], 1);
});
