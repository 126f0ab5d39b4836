/** The events of a server as clients read them: AWS's SDK and CLI, and the command line. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import {
  CloudTrailClient,
  type LookupAttributeKey,
  LookupEventsCommand,
  type LookupEventsCommandInput,
} from '@aws-sdk/client-cloudtrail';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { CloudTrailFile, CloudTrailRecord } from '../../src/core/cloudtrail.js';
import { type RunningServer, startServer } from '../../src/index.js';
import { runCli } from '../support/run-cli.js';
import { until } from '../support/until.js';
import { asEnvironment, installed, succeeds, without } from './run.js';
import { openStage } from './stage.js';

const Bucket = 'watched';
let home: string;
let data: string;
let server: RunningServer;
let credentials: { accessKeyId: string; secretAccessKey: string };
let alice: { accessKeyId: string; secretAccessKey: string };
/** The id of the request that alice was refused. */
let refusedId: string;

const config = (keys: typeof alice) => ({
  endpoint: server.endpoint,
  region: 'us-east-1',
  credentials: keys,
  forcePathStyle: true,
  maxAttempts: 1,
});
const cli = (...args: string[]) => runCli({ endpoint: server.endpoint, credentials } as never, home, ...args);

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'karikagi-events-home-'));
  data = await mkdtemp(join(tmpdir(), 'karikagi-events-'));
  server = await startServer({ data, port: 0, region: 'us-east-1', log: 'none' });
  const { accessKeyId, secretAccessKey } = server.root!;
  credentials = { accessKeyId, secretAccessKey };
  const iam = new IAMClient(config(credentials));
  const s3 = new S3Client(config(credentials));
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a/b', Body: 'x', Metadata: { note: 'between us' } }));
  await iam.send(new CreateUserCommand({ UserName: 'alice' }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'alice' }));
  alice = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${Bucket}` }],
  });
  await iam.send(new PutUserPolicyCommand({ UserName: 'alice', PolicyName: 'list', PolicyDocument }));
  await new S3Client(config(alice)).send(new ListObjectsV2Command({ Bucket, Prefix: 'a/' }));
  const RoleArn = `arn:aws:iam::${server.accountId}:role/none`;
  const assume = new AssumeRoleCommand({ RoleArn, RoleSessionName: 's' });
  await assert.rejects(
    new STSClient(config(alice)).send(assume),
    (error: { $metadata: { requestId: string } }) => {
      refusedId = error.$metadata.requestId;
      return true;
    },
  );
  // An event is written once its reply has left.
  await until(async () => (await cli('events', 'search', '--request', refusedId)).report.length === 1);
});

after(async () => {
  await server.close();
  for (const directory of [home, data]) await rm(directory, { recursive: true, force: true });
});

describe('LookupEvents', () => {
  const lookup = (input: LookupEventsCommandInput, keys = credentials) =>
    new CloudTrailClient(config(keys)).send(new LookupEventsCommand(input));
  const by = async (AttributeKey: LookupAttributeKey, AttributeValue: string) => {
    const { Events = [] } = await lookup({ LookupAttributes: [{ AttributeKey, AttributeValue }] });
    return Events.map(({ EventName }) => EventName);
  };

  test('finds management events by each attribute, and no data events', async () => {
    assert.deepEqual(await by('EventName', 'CreateUser'), ['CreateUser']);
    assert.deepEqual(await by('EventName', 'PutObject'), []);
    assert.deepEqual(await by('EventSource', 's3.amazonaws.com'), ['CreateBucket']);
    assert.deepEqual(await by('Username', 'alice'), ['AssumeRole']);
    assert.deepEqual(await by('AccessKeyId', alice.accessKeyId), ['AssumeRole']);
    assert.deepEqual(await by('ResourceName', Bucket), ['CreateBucket']);
    const ofUser = ['PutUserPolicy', 'CreateAccessKey', 'CreateUser'];
    assert.deepEqual(await by('ResourceType', 'AWS::IAM::User'), ofUser);
    assert.deepEqual(await by('ReadOnly', 'false'), [...ofUser, 'CreateBucket']);
  });

  test('shows each with its record', async () => {
    const LookupAttributes = [{ AttributeKey: 'EventName', AttributeValue: 'CreateUser' } as const];
    const [event] = (await lookup({ LookupAttributes })).Events!;
    const record = JSON.parse(event!.CloudTrailEvent!) as CloudTrailRecord;
    assert.equal(event!.Username, 'root');
    assert.equal(event!.ReadOnly, 'false');
    assert.deepEqual(event!.Resources, [{ ResourceType: 'AWS::IAM::User', ResourceName: 'alice' }]);
    assert.deepEqual(record.requestParameters, { userName: 'alice' });
    assert.equal(record.eventID, event!.EventId);
    assert.equal('arrived' in record, false);
  });

  test('pages, with times, and says what is wrong', async () => {
    const names: (string | undefined)[] = [];
    let NextToken: string | undefined;
    const EndTime = new Date();
    do {
      const page = await lookup({ MaxResults: 2, EndTime, ...(NextToken && { NextToken }) });
      assert.ok(page.Events!.length <= 2);
      names.push(...page.Events!.map(({ EventName }) => EventName));
      NextToken = page.NextToken;
    } while (NextToken);
    assert.deepEqual(
      names.filter(name => name !== 'LookupEvents' && name !== 'SearchEvents'),
      ['AssumeRole', 'PutUserPolicy', 'CreateAccessKey', 'CreateUser', 'CreateBucket'],
    );
    const early = await lookup({ EndTime: new Date(0) });
    assert.deepEqual(early.Events, []);
    const attribute = { AttributeKey: 'EventName', AttributeValue: 'x' } as const;
    const wrong = [
      [{ LookupAttributes: [attribute, attribute] }, 'InvalidLookupAttributesException'],
      [{ MaxResults: 51 }, 'InvalidMaxResultsException'],
      [{ NextToken: 'none' }, 'InvalidNextTokenException'],
      [{ StartTime: new Date(2000), EndTime: new Date(1000) }, 'InvalidTimeRangeException'],
    ] as const;
    for (const [input, name] of wrong) await assert.rejects(lookup(input as never), { name });
  });

  test('is for who may', async () => {
    const iam = new IAMClient(config(credentials));
    await iam.send(new CreateUserCommand({ UserName: 'eve' }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'eve' }));
    const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey!;
    await assert.rejects(lookup({}, { accessKeyId, secretAccessKey }), {
      name: 'AccessDeniedException',
      message: /eve is not authorized to perform: cloudtrail:LookupEvents/,
    });
  });
});

test('AWS CLI looks events up', { skip: without('pip') }, async t => {
  const stage = await openStage();
  t.after(() => stage.close());
  const environment = { ...asEnvironment(stage.root), AWS_ENDPOINT_URL: stage.endpoint };
  const aws = async (...args: string[]) => succeeds(stage, installed('aws'), args, environment);
  await aws('iam', 'create-user', '--user-name', 'bob');
  const attribute = 'AttributeKey=ResourceName,AttributeValue=bob';
  const ask = ['cloudtrail', 'lookup-events', '--lookup-attributes', attribute, '--output', 'json'];
  await until(async () => JSON.parse(await aws(...ask)).Events.length === 1);
});

describe('karikagi events', () => {
  const names = async (...args: string[]) => {
    const { report, stderr } = await cli('events', 'search', ...args);
    assert.ok(report, stderr);
    return (report as CloudTrailRecord[]).map(({ eventName }) => eventName);
  };

  test('finds data events too: by principal, action, request and resource', async () => {
    assert.deepEqual(await names('--principal', 'alice'), ['AssumeRole', 'ListObjects']);
    assert.deepEqual(await names('--principal', 'alice', '--action', 's3:ListBucket'), ['ListObjects']);
    assert.deepEqual(await names('--action', 'ListObjects'), ['ListObjects']);
    assert.deepEqual(await names('--request', refusedId), ['AssumeRole']);
    assert.deepEqual(await names('--principal', 'alice', '--error', '*'), ['AssumeRole']);
    assert.deepEqual(await names('--resource', `arn:aws:s3:::${Bucket}/a/b`), ['PutObject']);
    assert.deepEqual(await names('--principal', 'alice', '--until', '1d'), []);
  });

  test('export writes files as CloudTrail does, without a secret', async () => {
    const directory = join(home, 'export');
    const { report } = await cli('events', 'export', '--cloudtrail', directory, '--principal', 'alice');
    assert.equal(report.Records, 2);
    const [path] = report.Files as string[];
    const day = new Date().toISOString().slice(0, 10).split('-').join('/');
    const account = server.accountId;
    assert.match(
      path!,
      new RegExp(
        `^AWSLogs/${account}/CloudTrail/us-east-1/\\d{4}/\\d\\d/\\d\\d/${account}_CloudTrail_us-east-1_\\d{8}T\\d{4}Z_\\w{16}\\.json\\.gz$`,
      ),
      day,
    );
    const file = JSON.parse(gunzipSync(await readFile(join(directory, path!))).toString()) as CloudTrailFile;
    assert.deepEqual(
      file.Records.map(({ eventName, requestParameters }) => [eventName, requestParameters?.['prefix']]),
      [
        ['AssumeRole', undefined],
        ['ListObjects', 'a/'],
      ],
    );
    assert.deepEqual(file.Records[1]!.resources, [
      { type: 'AWS::S3::Object', ARNPrefix: `arn:aws:s3:::${Bucket}/a/` },
      { accountId: account, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${Bucket}` },
    ]);
    const all = await Promise.all(
      (await readdir(join(data, 'events'))).map(name => readFile(join(data, 'events', name), 'utf8')),
    );
    assert.match(all.join(''), /CreateAccessKey/);
    for (const secret of [alice.secretAccessKey, credentials.secretAccessKey, 'between us']) {
      assert.ok(!all.join('').includes(secret));
    }
  });
});
