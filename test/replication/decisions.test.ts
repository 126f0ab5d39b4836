/** What policies, keys, locks and accounts let replication do, and what is said where they do not. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { CreateAccessKeyCommand, CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  DeleteBucketReplicationCommand,
  GetObjectAclCommand,
  GetObjectTaggingCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import type { AuditEvent } from '../../src/core/cloudtrail.js';
import { ManualClock, type RunningServer, startServer, systemClock } from '../../src/index.js';
import { openAccount } from '../support/accounts.js';
import { eventsIn } from '../support/event-lines.js';
import { Scrape } from '../support/metrics.js';
import { until } from '../support/until.js';
import {
  ACCOUNT,
  allow,
  arnOf,
  OBJECT_ACTIONS,
  Place,
  ruleTo,
  SOURCE_ACTIONS,
  TARGET_ACTIONS,
  TRUST,
} from './place.js';

const OTHER = '444455556666';
const ALL = [...SOURCE_ACTIONS, ...OBJECT_ACTIONS, ...TARGET_ACTIONS];

suite('what decides on copies', () => {
  let home: string;
  let server: RunningServer;
  let place: Place;

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'karikagi-copies-'));
    server = await startServer({
      data: join(home, 'data'),
      port: 0,
      account: ACCOUNT,
      log: 'none',
      metricsListen: '127.0.0.1:0',
      notify: { failures: join(home, 'failures.jsonl') },
    });
    place = new Place(server.endpoint, server.root!);
  });
  after(async () => {
    place.destroy();
    await server.close();
    await rm(home, { recursive: true, force: true });
  });

  const failures = async () =>
    (await readFile(join(home, 'failures.jsonl'), 'utf8'))
      .trimEnd()
      .split('\n')
      .flatMap(line => JSON.parse(line).Records ?? []);

  /** What the log has of S3's own calls about something. */
  const eventsOf = async (what: string) => {
    let found: AuditEvent[] = [];
    await until(async () => {
      found = (await eventsIn(join(home, 'data')))
        .filter(event => event.userIdentity?.invokedBy === 's3.amazonaws.com')
        .filter(event => event.userIdentity!.arn?.endsWith('/s3-replication'))
        .filter(({ resources = [] }) => resources.some(({ ARN = '' }) => ARN.endsWith(what)));
      return found.length > 0;
    });
    return found;
  };

  test('each permission that the role lacks fails the copy, and the event names it', async () => {
    await place.buckets(['strict', 'strict-copies']);
    const { s3 } = place;
    const NotificationConfiguration = {
      QueueConfigurations: [
        {
          QueueArn: `arn:aws:sqs:us-east-1:${ACCOUNT}:failures`,
          Events: ['s3:Replication:OperationFailedReplication' as const],
        },
      ],
      EventBridgeConfiguration: {},
    };
    await s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket: 'strict', NotificationConfiguration }),
    );
    const reasons: Record<string, string> = {
      's3:GetReplicationConfiguration': 'InitiateReplicationNotPermitted',
      's3:ListBucket': 'InitiateReplicationNotPermitted',
      's3:GetObjectVersionForReplication': 'SrcGetObjectNotPermitted',
      's3:GetObjectVersionAcl': 'SrcGetAclNotPermitted',
      's3:ReplicateObject': 'DstPutObjNotPermitted',
    };
    const role = await place.role('strict', ALL);
    await place.replicate('strict', role, [
      ruleTo('strict-copies', {
        Destination: { Bucket: arnOf('strict-copies'), Metrics: { Status: 'Enabled' } },
      }),
    ]);
    for (const [action, reason] of Object.entries(reasons)) {
      await place.allowRole(
        'strict',
        ALL.filter(other => other !== action),
      );
      const put = new PutObjectCommand({ Bucket: 'strict', Key: action, Body: 'x' });
      const { VersionId } = await s3.send(put);
      assert.equal(await place.settled('strict', action), 'FAILED', action);
      await until(async () =>
        (await failures()).some(({ s3: { object } }) => object.versionId === VersionId),
      );
      const event = (await failures()).find(({ s3: { object } }) => object.versionId === VersionId);
      assert.equal(event.eventName, 'Replication:OperationFailedReplication');
      assert.equal(event.eventVersion, '2.2');
      const { requestTime, ...data } = event.replicationEventData;
      assert.ok(Number.isFinite(Date.parse(requestTime)));
      assert.deepEqual(data, {
        replicationRuleId: 'strict-copies',
        destinationBucket: arnOf('strict-copies'),
        s3Operation: 'OBJECT_PUT',
        failureReason: reason,
      });
    }
    // Without these, the copy has no tags; with all, it has them.
    for (const action of ['s3:GetObjectVersionTagging', 's3:ReplicateTags']) {
      await place.allowRole(
        'strict',
        ALL.filter(other => other !== action),
      );
      await s3.send(new PutObjectCommand({ Bucket: 'strict', Key: action, Body: 'x', Tagging: 'a=b' }));
      assert.equal(await place.settled('strict', action), 'COMPLETED', action);
      const copy = new GetObjectTaggingCommand({ Bucket: 'strict-copies', Key: action });
      assert.deepEqual((await s3.send(copy)).TagSet, []);
    }
    const metrics = new Scrape(await (await fetch(server.metricsUrl!)).text());
    assert.equal(metrics.sum('karikagi_replication_copies_total', { outcome: 'failed' }), 5);
    assert.equal(metrics.sum('karikagi_replication_copies_total', { outcome: 'completed' }), 2);
  });

  test('the role must trust S3, for this bucket, and belong to the account of the bucket', async () => {
    await place.buckets(['trusting', 'trusting-copies']);
    const only = (source: string) => ({
      ...TRUST,
      Statement: {
        ...TRUST.Statement,
        Condition: {
          ArnEquals: { 'aws:SourceArn': arnOf(source) },
          StringEquals: { 'aws:SourceAccount': ACCOUNT },
        },
      },
    });
    const elsewhere = new Place(server.endpoint, await openAccount(server, '555566667777'));
    const roles: readonly (readonly [string, string])[] = [
      ['COMPLETED', await place.role('for-this', ALL, only('trusting'))],
      ['FAILED', await place.role('for-another', ALL, only('another'))],
      [
        'FAILED',
        await place.role('for-ec2', ALL, {
          ...TRUST,
          Statement: { ...TRUST.Statement, Principal: { Service: 'ec2.amazonaws.com' } },
        }),
      ],
      ['FAILED', `arn:aws:iam::${ACCOUNT}:role/no-such-role`],
    ];
    for (const [index, [status, role]] of roles.entries()) {
      await place.replicate('trusting', role, [ruleTo('trusting-copies')]);
      await place.s3.send(new PutObjectCommand({ Bucket: 'trusting', Key: `${index}`, Body: 'x' }));
      assert.equal(await place.settled('trusting', `${index}`), status, role);
    }
    const foreign = await elsewhere.role('foreign', ALL);
    await assert.rejects(place.replicate('trusting', foreign, [ruleTo('trusting-copies')]), {
      name: 'AccessDenied',
    });
    elsewhere.destroy();
  });

  test('who sets the rules passes the role', async () => {
    await place.buckets(['passing', 'passing-copies']);
    const role = await place.role('passed', ALL);
    const UserName = 'setter';
    await place.iam.send(new CreateUserCommand({ UserName }));
    const allowed = (...actions: string[]) =>
      place.iam.send(
        new PutUserPolicyCommand({
          UserName,
          PolicyName: 'p',
          PolicyDocument: JSON.stringify(allow(...actions)),
        }),
      );
    await allowed('s3:PutReplicationConfiguration');
    const { AccessKey } = await place.iam.send(new CreateAccessKeyCommand({ UserName }));
    const setter = new Place(server.endpoint, {
      accessKeyId: AccessKey!.AccessKeyId!,
      secretAccessKey: AccessKey!.SecretAccessKey!,
    });
    await assert.rejects(setter.replicate('passing', role, [ruleTo('passing-copies')]), /iam:PassRole/);
    await allowed('s3:PutReplicationConfiguration', 'iam:PassRole');
    await setter.replicate('passing', role, [ruleTo('passing-copies')]);
    setter.destroy();
  });

  test('the bucket of another account lets copies in by its policy, and may own them', async () => {
    const other = new Place(server.endpoint, await openAccount(server, OTHER));
    await place.buckets(['ours'], { ObjectOwnership: 'ObjectWriter' });
    await other.buckets(['theirs'], { ObjectOwnership: 'ObjectWriter' });
    const role = await place.role('across', [...ALL, 's3:ObjectOwnerOverrideToBucketOwner']);
    const Destination = { Bucket: arnOf('theirs'), Account: OTHER };
    await place.replicate('ours', role, [ruleTo('theirs', { Destination })]);
    const put = async (Key: string) => {
      await place.s3.send(new PutObjectCommand({ Bucket: 'ours', Key, Body: Key }));
      return place.settled('ours', Key);
    };
    assert.equal(await put('shut'), 'FAILED');
    const policy = (...Action: string[]) =>
      other.s3.send(
        new PutBucketPolicyCommand({
          Bucket: 'theirs',
          Policy: JSON.stringify({
            Version: '2012-10-17',
            Statement: {
              Effect: 'Allow',
              Principal: { AWS: role },
              Action,
              Resource: `${arnOf('theirs')}/*`,
            },
          }),
        }),
      );
    await policy('s3:ReplicateObject');
    assert.equal(await put('kept'), 'COMPLETED');
    const ownerOf = async (of: Place, Key: string) =>
      (await of.s3.send(new GetObjectAclCommand({ Bucket: 'theirs', Key }))).Owner!.ID;
    const ours = (await place.s3.send(new GetObjectAclCommand({ Bucket: 'ours', Key: 'kept' }))).Owner!.ID;
    assert.equal(await ownerOf(place, 'kept'), ours);
    await assert.rejects(other.text('theirs', 'kept'), { name: 'AccessDenied' });
    const taken = { ...Destination, AccessControlTranslation: { Owner: 'Destination' as const } };
    await place.replicate('ours', role, [ruleTo('theirs', { Destination: taken })]);
    assert.equal(await put('refused'), 'FAILED');
    await policy('s3:ReplicateObject', 's3:ObjectOwnerOverrideToBucketOwner');
    assert.equal(await put('taken'), 'COMPLETED');
    assert.notEqual(await ownerOf(other, 'taken'), ours);
    assert.equal(await other.text('theirs', 'taken'), 'taken');
    // A rule that names another account than the bucket's finds no bucket.
    await place.replicate('ours', role, [
      ruleTo('theirs', { Destination: { ...Destination, Account: ACCOUNT } }),
    ]);
    assert.equal(await put('misnamed'), 'FAILED');
    other.destroy();
  });

  test('objects under KMS are copied where a rule says so, under its key, by a role that may use both', async () => {
    const { endpoint, root } = server;
    const kms = new KMSClient({ endpoint, region: 'us-east-1', credentials: root! });
    const keyArn = async () => (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
    const [from, to] = [await keyArn(), await keyArn()];
    await place.buckets(['secret', 'secret-copies']);
    const role = await place.role('keys', ALL);
    const put = async (Key: string, more: object = {}) => {
      const ServerSideEncryption = 'aws:kms';
      const input = { Bucket: 'secret', Key, Body: Key, ServerSideEncryption, SSEKMSKeyId: from, ...more };
      await place.s3.send(new PutObjectCommand(input as never));
      return place.settled('secret', Key);
    };
    await place.replicate('secret', role, [ruleTo('secret-copies')]);
    assert.equal(await put('not chosen'), 'none');
    const chosen = ruleTo('secret-copies', {
      SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
      Destination: {
        Bucket: arnOf('secret-copies'),
        EncryptionConfiguration: { ReplicaKmsKeyID: to },
      },
    });
    await place.replicate('secret', role, [chosen]);
    assert.equal(await put('no decrypt'), 'FAILED');
    await place.allowRole('keys', [...ALL, 'kms:Decrypt']);
    assert.equal(await put('no encrypt'), 'FAILED');
    await place.allowRole('keys', [...ALL, 'kms:Decrypt', 'kms:Encrypt']);
    const kinds = {
      kms: {},
      'bucket key': { BucketKeyEnabled: true },
      dsse: { ServerSideEncryption: 'aws:kms:dsse' },
    };
    for (const [key, more] of Object.entries(kinds)) {
      assert.equal(await put(key, more), 'COMPLETED', key);
      const copy = await place.head('secret-copies', key);
      assert.equal(copy.SSEKMSKeyId, to);
      assert.equal(copy.ServerSideEncryption, key === 'dsse' ? 'aws:kms:dsse' : 'aws:kms');
      assert.equal(copy.BucketKeyEnabled, key === 'bucket key' ? true : undefined);
      assert.equal(await place.text('secret-copies', key), key);
    }
    const events = await eventsOf('dsse');
    assert.deepEqual(
      events.map(({ eventSource, eventName }) => `${eventSource} ${eventName}`),
      ['s3.amazonaws.com PutObject'],
    );
    const copied = events[0]!;
    assert.equal(copied.userIdentity?.arn, `arn:aws:sts::${ACCOUNT}:assumed-role/keys/s3-replication`);
    assert.equal(copied.userIdentity?.invokedBy, 's3.amazonaws.com');
    const uses = await eventsOf(to);
    assert.ok(uses.some(({ eventName }) => eventName === 'Encrypt'));
    kms.destroy();
  });

  test('locks go along, and follow', async () => {
    await place.buckets(['locked', 'locked-copies'], { ObjectLockEnabledForBucket: true });
    await place.s3.send(new CreateBucketCommand({ Bucket: 'unlocked' }));
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await place.s3.send(new PutBucketVersioningCommand({ Bucket: 'unlocked', VersioningConfiguration }));
    const role = await place.role('locks', [...ALL, 's3:GetObjectRetention', 's3:GetObjectLegalHold']);
    await assert.rejects(place.replicate('locked', role, [ruleTo('unlocked')]), { name: 'InvalidRequest' });
    await place.replicate('locked', role, [ruleTo('locked-copies')]);
    const until1 = new Date(systemClock.now() + 86_400_000);
    until1.setMilliseconds(0);
    const target = { Bucket: 'locked', Key: 'k' };
    await place.s3.send(
      new PutObjectCommand({
        ...target,
        Body: 'x',
        ObjectLockMode: 'GOVERNANCE',
        ObjectLockRetainUntilDate: until1,
      }),
    );
    assert.equal(await place.settled('locked', 'k'), 'COMPLETED');
    const copy = await place.head('locked-copies', 'k');
    assert.equal(copy.ObjectLockMode, 'GOVERNANCE');
    assert.equal(copy.ObjectLockRetainUntilDate?.getTime(), until1.getTime());
    await place.s3.send(new PutObjectLegalHoldCommand({ ...target, LegalHold: { Status: 'ON' } }));
    const later = new Date(until1.getTime() + 86_400_000);
    await place.s3.send(
      new PutObjectRetentionCommand({ ...target, Retention: { Mode: 'GOVERNANCE', RetainUntilDate: later } }),
    );
    await until(async () => {
      const now = await place.head('locked-copies', 'k');
      return (
        now.ObjectLockLegalHoldStatus === 'ON' && now.ObjectLockRetainUntilDate?.getTime() === later.getTime()
      );
    });
  });

  test('what is refused for good is not tried again; a rule that is gone fails what waits', async () => {
    await place.buckets(['gone', 'gone-copies']);
    const role = await place.role('gone', ALL);
    await place.replicate('gone', role, [ruleTo('gone-copies')]);
    const VersioningConfiguration = { Status: 'Suspended' as const };
    const suspend = { Bucket: 'gone-copies', VersioningConfiguration };
    await place.s3.send(new PutBucketVersioningCommand(suspend));
    await place.s3.send(new PutObjectCommand({ Bucket: 'gone', Key: 'k', Body: 'x' }));
    assert.equal(await place.settled('gone', 'k'), 'FAILED');
    await place.s3.send(new DeleteBucketReplicationCommand({ Bucket: 'gone' }));
    await place.s3.send(new PutObjectCommand({ Bucket: 'gone', Key: 'later', Body: 'x' }));
    assert.equal(await place.settled('gone', 'later'), 'none');
  });
});

test('what was there before is copied where a rule asks for it, null versions too', async t => {
  const clock = new ManualClock(systemClock.now());
  const server = await startServer({ data: 'memory', port: 0, account: ACCOUNT, log: 'none', clock });
  t.after(() => server.close());
  const place = new Place(server.endpoint, server.root!);
  t.after(() => place.destroy());
  const { s3 } = place;
  await s3.send(new CreateBucketCommand({ Bucket: 'old' }));
  await s3.send(new PutObjectCommand({ Bucket: 'old', Key: 'k', Body: 'null' }));
  await place.buckets(['old-copies', 'none-copies']);
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await s3.send(new PutBucketVersioningCommand({ Bucket: 'old', VersioningConfiguration }));
  for (let n = 0; n < 3; n++) await s3.send(new PutObjectCommand({ Bucket: 'old', Key: 'k', Body: `${n}` }));
  for (let n = 0; n < 20; n++)
    await s3.send(new PutObjectCommand({ Bucket: 'old', Key: `other/${n}`, Body: '' }));
  const role = await place.role('copier', ALL);
  await place.replicate('old', role, [
    ruleTo('old-copies', { ExistingObjectReplication: { Status: 'Enabled' } }),
    ruleTo('none-copies', { Priority: 2 }),
  ]);
  clock.advance(61);
  await until(async () => (await place.versions('old-copies', 'k')).length === 4);
  assert.deepEqual(await place.versions('old-copies', 'k'), await place.versions('old', 'k'));
  assert.equal(await place.text('old-copies', 'k', { VersionId: 'null' }), 'null');
  assert.equal(await place.text('old-copies', 'k'), '2');
  for (let n = 0; n < 20; n++) {
    // Until it is come to, a version has no status.
    await until(async () => (await place.settled('old', `other/${n}`)) === 'COMPLETED');
  }
  assert.equal((await place.versions('none-copies', 'k')).length, 0);
});
