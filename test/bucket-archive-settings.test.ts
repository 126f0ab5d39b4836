/** What `karikagi export` and `import` carry beside the objects: every setting of a bucket, and the lists of objects. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CreateVirtualMFADeviceCommand, EnableMFADeviceCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import * as sdk from '@aws-sdk/client-s3';
import { callKarikagi } from '../src/clients/karikagi-api.js';
import { ManualClock, systemClock } from '../src/core/clock.js';
import { codeOf, stepOf } from '../src/identity/credentials/mfa-totp.js';
import { seedOf } from '../src/identity/credentials/mfa-totp.test.support.js';
import { openServices, type RunningServer, startServer } from '../src/index.js';
import { runCli } from './support/run-cli.js';

const ACCOUNT = '111122223333';
const REGION = 'us-east-1';
const Bucket = 'furnished';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/copier`;
const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers';

/** What is asked of buckets and is no setting of one. */
const NO_SETTINGS = new Set([
  'GetBucketLocation', // where it is made
  'GetBucketPolicyStatus', // told of the policy and the lists
]);
const READS = /^(Get|List)(Bucket|PublicAccessBlock|ObjectLockConfiguration)/;

const commands: ReadonlyMap<string, unknown> = new Map(Object.entries(sdk));
let home: string;
let server: RunningServer;
let s3: sdk.S3Client;
let other: sdk.S3Client;
let reads: string[];
/** ARN of the KMS key that is the bucket's default. */
let kmsKey: string;
const clock = new ManualClock(Math.floor(systemClock.now() / 1000) * 1000);

const credentialsOf = ({ root }: RunningServer) => {
  const { accessKeyId, secretAccessKey } = root!;
  return { accessKeyId, secretAccessKey };
};
const start = (options: object) =>
  startServer({ data: 'memory', port: 0, region: REGION, log: 'none', clock, ...options });
const clientOf = (endpoint: string, credentials: { accessKeyId: string; secretAccessKey: string }) =>
  new sdk.S3Client({ endpoint, region: REGION, credentials, forcePathStyle: true, maxAttempts: 1 });
const cli = (at: RunningServer, ...args: string[]) =>
  runCli({ endpoint: at.endpoint, credentials: credentialsOf(at) }, home, ...args);

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'karikagi-archive-settings-'));
  server = await start({ account: ACCOUNT, notify: { lines: join(home, 'lines.jsonl') } });
  s3 = clientOf(server.endpoint, credentialsOf(server));
  const target = { endpoint: server.endpoint, credentials: credentialsOf(server) };
  const made = await callKarikagi(target, 'CreateAccount', { AccountName: 'other', Partition: 'aws' });
  const { RootAccessKey: key } = made as {
    RootAccessKey: { AccessKeyId: string; SecretAccessKey: string };
  };
  other = clientOf(server.endpoint, { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey });
  const { services, close } = await openServices({ data: 'memory', log: 'none' });
  const names = services.all.find(({ traits }) => traits.id === 's3')!.service.operations.keys();
  reads = [...names].filter(name => READS.test(name) && name !== 'ListBuckets' && !NO_SETTINGS.has(name));
  await close();
  const kms = new KMSClient({ ...target, region: REGION });
  kmsKey = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
  kms.destroy();
  await furnish();
});

after(async () => {
  s3.destroy();
  other.destroy();
  await server.close();
  await rm(home, { recursive: true });
});

const idOf = async (client: sdk.S3Client, bucket: string) =>
  (await client.send(new sdk.GetBucketAclCommand({ Bucket: bucket }))).Owner!.ID!;

/** Objects with lists of their own, then every setting there is. */
async function furnish(): Promise<void> {
  await s3.send(new sdk.CreateBucketCommand({ Bucket: 'logs' }));
  await s3.send(new sdk.CreateBucketCommand({ Bucket: 'copies', ObjectLockEnabledForBucket: true }));
  const ObjectOwnership = 'ObjectWriter';
  await s3.send(new sdk.CreateBucketCommand({ Bucket, ObjectOwnership, ObjectLockEnabledForBucket: true }));
  await s3.send(new sdk.DeletePublicAccessBlockCommand({ Bucket }));
  await other.send(new sdk.CreateBucketCommand({ Bucket: 'theirs' }));
  const them = await idOf(other, 'theirs');
  const grants = [`id="${await idOf(s3, Bucket)}"`, `id="${them}"`];
  const put = (Key: string, more = {}) =>
    s3.send(new sdk.PutObjectCommand({ Bucket, Key, Body: Key, ...more }));
  await put('private');
  await put('public');
  await put('public', { ACL: 'public-read' });
  await put('given', { GrantFullControl: grants[0], GrantReadACP: grants[1] });
  await s3.send(new sdk.PutBucketAclCommand({ Bucket, GrantFullControl: grants[0], GrantRead: grants[1] }));
  await setAll();
}

async function setAll(): Promise<void> {
  const resource = (path: string) => `arn:aws:s3:::${Bucket}${path}`;
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: resource('/public*') },
  });
  const settings = [
    new sdk.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'stage', Value: 'test' }] } }),
    new sdk.PutBucketAbacCommand({ Bucket, AbacStatus: { Status: 'Enabled' } }),
    new sdk.PutBucketCorsCommand({
      Bucket,
      CORSConfiguration: { CORSRules: [{ AllowedMethods: ['GET'], AllowedOrigins: ['https://a.test'] }] },
    }),
    new sdk.PutBucketEncryptionCommand({
      Bucket,
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' }, BucketKeyEnabled: true }],
      },
    }),
    new sdk.PutBucketWebsiteCommand({
      Bucket,
      WebsiteConfiguration: { IndexDocument: { Suffix: 'i.html' }, ErrorDocument: { Key: 'e.html' } },
    }),
    new sdk.PutBucketRequestPaymentCommand({ Bucket, RequestPaymentConfiguration: { Payer: 'Requester' } }),
    ...(['Enabled', 'Suspended'] as const).map(
      Status =>
        new sdk.PutBucketAccelerateConfigurationCommand({ Bucket, AccelerateConfiguration: { Status } }),
    ),
    new sdk.PutObjectLockConfigurationCommand({
      Bucket,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
      },
    }),
    new sdk.PutBucketLoggingCommand({
      Bucket,
      BucketLoggingStatus: {
        LoggingEnabled: {
          TargetBucket: 'logs',
          TargetPrefix: 'of-furnished/',
          TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: 'EventTime' } },
        },
      },
    }),
    new sdk.PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: {
        QueueConfigurations: [
          {
            Id: 'to-lines',
            QueueArn: `arn:aws:sqs:${REGION}:${ACCOUNT}:lines`,
            Events: ['s3:ObjectRemoved:*'],
            Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'tmp/' }] } },
          },
        ],
      },
    }),
    ...['one', 'two'].map(
      Id =>
        new sdk.PutBucketInventoryConfigurationCommand({
          Bucket,
          Id,
          InventoryConfiguration: {
            Id,
            IsEnabled: false,
            IncludedObjectVersions: 'All',
            Schedule: { Frequency: 'Weekly' },
            OptionalFields: ['Size', 'ETag'],
            Destination: {
              S3BucketDestination: {
                Bucket: 'arn:aws:s3:::logs',
                Format: 'CSV',
                Encryption: { SSES3: {} },
              },
            },
          },
        }),
    ),
    new sdk.PutBucketAnalyticsConfigurationCommand({
      Bucket,
      Id: 'one',
      AnalyticsConfiguration: {
        Id: 'one',
        Filter: { And: { Prefix: 'tmp/', Tags: [{ Key: 'a', Value: 'b' }] } },
        StorageClassAnalysis: {
          DataExport: {
            OutputSchemaVersion: 'V_1',
            Destination: { S3BucketDestination: { Bucket: 'arn:aws:s3:::logs', Format: 'CSV' } },
          },
        },
      },
    }),
    new sdk.PutBucketMetricsConfigurationCommand({
      Bucket,
      Id: 'one',
      MetricsConfiguration: { Id: 'one', Filter: { Tag: { Key: 'a', Value: 'b' } } },
    }),
    new sdk.PutBucketIntelligentTieringConfigurationCommand({
      Bucket,
      Id: 'one',
      IntelligentTieringConfiguration: {
        Id: 'one',
        Status: 'Enabled',
        Filter: { Prefix: 'tmp/' },
        Tierings: [{ Days: 180, AccessTier: 'DEEP_ARCHIVE_ACCESS' }],
      },
    }),
    new sdk.PutBucketReplicationCommand({
      Bucket,
      ReplicationConfiguration: {
        Role: ROLE,
        Rules: [
          {
            ID: 'one',
            Priority: 1,
            Status: 'Enabled',
            Filter: { Tag: { Key: 'a', Value: 'b' } },
            DeleteMarkerReplication: { Status: 'Disabled' },
            Destination: { Bucket: 'arn:aws:s3:::copies', Metrics: { Status: 'Enabled' } },
          },
        ],
      },
    }),
    new sdk.PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: {
        Rules: [
          {
            ID: 'old',
            Status: 'Enabled',
            Filter: { Prefix: 'tmp/' },
            Expiration: { Date: new Date('2031-01-01') },
          },
        ],
      },
    }),
    new sdk.PutBucketPolicyCommand({ Bucket, Policy }),
    // Refuses the lists and the policy that are there by now.
    new sdk.PutPublicAccessBlockCommand({
      Bucket,
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true },
    }),
  ];
  for (const setting of settings) await s3.send(setting as sdk.PutBucketTaggingCommand);
}

/** By operation, what each answers of a bucket: the answer, or the code of the refusal. */
async function settingsOf(client: sdk.S3Client, bucket: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const name of reads) {
    const Command = commands.get(`${name}Command`) as typeof sdk.GetBucketTaggingCommand;
    const input: sdk.GetBucketTaggingCommandInput & { Id: string } = { Bucket: bucket, Id: 'one' };
    found[name] = await client.send(new Command(input)).then(
      ({ $metadata: _, ...answer }) => answer,
      (error: Error) => error.name,
    );
  }
  return found;
}

/** Of each version, who may do what with it, and what keeps it. */
async function listsOf(client: sdk.S3Client, bucket: string) {
  const { Versions = [] } = await client.send(new sdk.ListObjectVersionsCommand({ Bucket: bucket }));
  return Promise.all(
    Versions.map(async ({ Key, VersionId }) => {
      const of = { Bucket: bucket, Key, VersionId };
      const { Owner, Grants } = await client.send(new sdk.GetObjectAclCommand(of));
      const { ObjectLockMode } = await client.send(new sdk.HeadObjectCommand(of));
      return { Key, Owner, Grants, ObjectLockMode };
    }),
  );
}

async function remove(client: sdk.S3Client): Promise<void> {
  const { Versions = [] } = await client.send(new sdk.ListObjectVersionsCommand({ Bucket }));
  for (const { Key, VersionId } of Versions)
    await client.send(
      new sdk.DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention: true }),
    );
  await client.send(new sdk.DeleteBucketCommand({ Bucket }));
}

test('every setting that can be read comes back, and the lists of objects', async () => {
  await s3.send(new sdk.CreateBucketCommand({ Bucket: 'new' }));
  const untouched = await settingsOf(s3, 'new');
  const settings = await settingsOf(s3, Bucket);
  for (const name of reads)
    assert.notDeepEqual(settings[name], untouched[name], `${name}: furnish() does not set it`);
  const lists = await listsOf(s3, Bucket);
  const archive = join(home, 'furnished');
  const exported = await cli(server, 'export', Bucket, archive);
  assert.equal(exported.status, 0, exported.stderr);
  await remove(s3);
  const imported = await cli(server, 'import', archive, '--kms-key', kmsKey);
  assert.equal(imported.status, 0, JSON.stringify(imported.report) + imported.stderr);
  assert.deepEqual(await settingsOf(s3, Bucket), settings);
  assert.deepEqual(await listsOf(s3, Bucket), lists);

  const again = await cli(server, 'import', archive, '--kms-key', kmsKey);
  assert.equal(again.status, 0, JSON.stringify(again.report) + again.stderr);
  assert.equal(again.report.earlier, again.report.versions);
  assert.deepEqual(await settingsOf(s3, Bucket), settings);
});

test('what another store cannot have is named, and the rest is there', async () => {
  const archive = join(home, 'to another');
  assert.equal((await cli(server, 'export', Bucket, archive)).status, 0);
  const elsewhere = await start({ account: '444455556666' });
  const there = clientOf(elsewhere.endpoint, credentialsOf(elsewhere));
  try {
    const { status, report } = await cli(elsewhere, 'import', archive);
    assert.equal(status, 2);
    const problems = report.failedSettings.map(
      ({ setting, problem }: { setting: string; problem: string }) => [setting, problem],
    );
    const them = await idOf(other, 'theirs');
    assert.deepEqual(problems, [
      ['acl', `Invalid id (CanonicalUser/ID: ${them})`],
      ['logging', 'The target bucket for logging does not exist'],
      [
        'notifications',
        `Unable to validate the following destination configurations (arn:aws:sqs:${REGION}:${ACCOUNT}:lines: The destination queue does not exist)`,
      ],
      // A role is passed within its account alone.
      ['replication', 'Access Denied'],
    ]);
    assert.deepEqual(
      report.failedAcls.map(({ key }: { key: string }) => key),
      ['given'],
    );
    const here = await settingsOf(s3, Bucket);
    const lacking = [
      'GetBucketAcl',
      'GetBucketLogging',
      'GetBucketNotificationConfiguration',
      'GetBucketReplication',
    ];
    const moved = await settingsOf(there, Bucket);
    const { ServerSideEncryptionConfiguration: encryption } = moved[
      'GetBucketEncryption'
    ] as sdk.GetBucketEncryptionOutput;
    assert.deepEqual(encryption!.Rules![0]!.ApplyServerSideEncryptionByDefault, { SSEAlgorithm: 'aws:kms' });
    lacking.push('GetBucketEncryption');
    for (const [name, setting] of Object.entries(moved))
      if (!lacking.includes(name)) assert.deepEqual(setting, here[name], name);
    const owner = await idOf(there, Bucket);
    const granted = (await listsOf(there, Bucket)).map(({ Key, Grants }) => [
      Key,
      ...Grants!.map(({ Grantee }) => Grantee!.URI ?? Grantee!.ID),
    ]);
    assert.deepEqual(granted, [
      ['given', owner],
      ['private', owner],
      ['public', owner, ALL_USERS],
      ['public', owner],
    ]);
  } finally {
    there.destroy();
    await elsewhere.close();
  }
});

test('nothing is public while an import is under way', async () => {
  const archive = join(home, 'cut short');
  assert.equal((await cli(server, 'export', Bucket, archive)).status, 0);
  await rm(join(archive, 'end.json'));
  const elsewhere = await start({ account: ACCOUNT });
  const there = clientOf(elsewhere.endpoint, credentialsOf(elsewhere));
  try {
    assert.equal((await cli(elsewhere, 'import', archive)).status, 1);
    assert.equal((await fetch(`${elsewhere.endpoint}/${Bucket}/public`)).status, 403);
    const { PublicAccessBlockConfiguration: block } = await there.send(
      new sdk.GetPublicAccessBlockCommand({ Bucket }),
    );
    assert.deepEqual([block!.IgnorePublicAcls, block!.RestrictPublicBuckets], [true, true]);
  } finally {
    there.destroy();
    await elsewhere.close();
  }
});

test('MFA delete is named: it takes a device', async () => {
  const iam = new IAMClient({
    endpoint: server.endpoint,
    region: REGION,
    credentials: credentialsOf(server),
  });
  const { VirtualMFADevice } = await iam.send(
    new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: 'root' }),
  );
  const SerialNumber = VirtualMFADevice!.SerialNumber!;
  const seed = seedOf(VirtualMFADevice!.Base32StringSeed!);
  const code = (steps: number) => codeOf(seed, stepOf(clock.now()) + steps);
  const codes = { AuthenticationCode1: code(-1), AuthenticationCode2: code(0) };
  await iam.send(new EnableMFADeviceCommand({ SerialNumber, UserName: 'root', ...codes }));
  iam.destroy();
  const setMfaDelete = (name: string) => {
    clock.advance(30);
    return s3.send(
      new sdk.PutBucketVersioningCommand({
        Bucket: name,
        VersioningConfiguration: { Status: 'Enabled', MFADelete: 'Enabled' },
        MFA: `${SerialNumber} ${code(0)}`,
      }),
    );
  };
  await s3.send(new sdk.CreateBucketCommand({ Bucket: 'precious' }));
  await setMfaDelete('precious');
  await s3.send(new sdk.PutObjectCommand({ Bucket: 'precious', Key: 'k', Body: 'x' }));
  const archive = join(home, 'precious.tar');
  assert.equal((await cli(server, 'export', 'precious', archive)).status, 0);
  const { status, report } = await cli(server, 'import', archive, '--bucket', 'precious-too');
  assert.equal(status, 2);
  assert.deepEqual(
    report.failedSettings.map(({ setting }: { setting: string }) => setting),
    ['mfaDelete'],
  );
  await setMfaDelete('precious-too');
  const again = await cli(server, 'import', archive, '--bucket', 'precious-too');
  assert.equal(again.status, 0, JSON.stringify(again.report) + again.stderr);
});

test('exports of before lists and more settings were carried are imported', async () => {
  const archive = join(home, 'of before');
  assert.equal((await cli(server, 'export', Bucket, archive)).status, 0);
  const path = join(archive, 'bucket.json');
  const file = JSON.parse(await readFile(path, 'utf8'));
  const { ownership, policy, cors, objectLock, lifecycle, publicAccessBlock } = file.settings;
  const settings = { ownership, policy, cors, objectLock, lifecycle, publicAccessBlock };
  await writeFile(path, JSON.stringify({ ...file, settings }));
  for (let number = 1; number <= 4; number++) {
    const version = join(archive, '000000', `00000000${number}.json`);
    const { acl: _, ...record } = JSON.parse(await readFile(version, 'utf8'));
    await writeFile(version, JSON.stringify(record));
  }
  const elsewhere = await start({ account: '444455556666' });
  const there = clientOf(elsewhere.endpoint, credentialsOf(elsewhere));
  try {
    const { status, report } = await cli(elsewhere, 'import', archive);
    assert.deepEqual([status, report.versions], [0, 4]);
    const here = await settingsOf(s3, Bucket);
    const moved = await settingsOf(there, Bucket);
    for (const name of ['GetBucketOwnershipControls', 'GetBucketPolicy', 'GetBucketLifecycleConfiguration'])
      assert.deepEqual(moved[name], here[name], name);
  } finally {
    there.destroy();
    await elsewhere.close();
  }
});

test('a bucket that was made in the EU is made there again, under the name that it was made with', async () => {
  const client = clientOf(server.endpoint, credentialsOf(server));
  const locationOf = async (name: string) =>
    (await client.send(new sdk.GetBucketLocationCommand({ Bucket: name }))).LocationConstraint;
  await client.send(
    new sdk.CreateBucketCommand({
      Bucket: 'old-europe',
      CreateBucketConfiguration: { LocationConstraint: 'EU' },
    }),
  );
  assert.equal(await locationOf('old-europe'), 'EU');
  const archive = join(home, 'old-europe.tar');
  assert.equal((await cli(server, 'export', 'old-europe', archive)).status, 0);
  for (const [region, location] of [
    ['eu-west-1', 'EU'],
    ['eu-central-1', 'eu-central-1'],
  ] as const) {
    const name = `moved-to-${region}`;
    const moved = await cli(server, 'import', archive, '--bucket', name, '--region', region);
    assert.equal(moved.status, 0, moved.stderr);
    assert.equal(await locationOf(name), location);
  }
  client.destroy();
});
