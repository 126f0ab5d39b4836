/** Replication to another server, with the AWS SDK and real roles of both ("Replicating objects", S3 User Guide). */
import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectAttributesCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { ManualClock, type RunningServer, startServer, systemClock } from '../../src/index.js';
import { openAccount } from '../support/accounts.js';
import { Scrape } from '../support/metrics.js';
import { sendSigned } from '../support/raw.js';
import { until } from '../support/until.js';
import { allowMaker, declared, keysHome, letIn, MAKER_ACTIONS, makerOf, THERE } from './elsewhere.js';
import { ACCOUNT, arnOf, OBJECT_ACTIONS, Place, ruleTo, SOURCE_ACTIONS, TARGET_ACTIONS } from './place.js';

const ALL = [...SOURCE_ACTIONS, ...OBJECT_ACTIONS, ...TARGET_ACTIONS];

/** The body of a request of replication. */
function framed(head: string, content = ''): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(head));
  return Buffer.concat([length, Buffer.from(head), Buffer.from(content)]);
}

/** A request for a copy, signed by the root user of a server. */
function sendCopy({ endpoint, root }: RunningServer, path: string, body: Buffer) {
  const query = { 'karikagi-replica': 'object' };
  const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  return sendSigned(endpoint, root, { service: 's3', method: 'POST', path, query, headers, body });
}

suite('replication to another server', () => {
  let keys: Awaited<ReturnType<typeof keysHome>>;
  let other: RunningServer;
  let server: RunningServer;
  let here: Place;
  let there: Place;
  let role: string;

  before(async () => {
    keys = await keysHome();
    const common = { data: 'memory', port: 0, log: 'none' } as const;
    other = await startServer({ ...common, account: THERE });
    there = new Place(other.endpoint, other.root!);
    await keys.write(await makerOf(there));
    server = await startServer({
      ...common,
      account: ACCOUNT,
      metricsListen: '127.0.0.1:0',
      replicationEndpoints: {
        'far-*': declared(other.endpoint, ACCOUNT),
        same: declared(other.endpoint, '*'),
      },
    });
    here = new Place(server.endpoint, server.root!);
    role = await here.role('copier', ALL);
  });
  after(async () => {
    here?.destroy();
    there?.destroy();
    await server?.close();
    await other?.close();
    await keys.remove();
  });

  test('copies objects of every kind whole, under their version ids', async () => {
    const Bucket = 'whole';
    await here.buckets([Bucket]);
    await there.buckets(['far-whole']);
    await here.replicate(Bucket, role, [ruleTo('far-whole')]);
    const customer = randomBytes(32);
    const sse = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: customer.toString('base64') };
    const large = randomBytes(300_000).toString('base64');
    const puts = {
      small: { Body: 'small', ContentType: 'text/x', Metadata: { a: 'b' }, CacheControl: 'no-cache' },
      empty: { Body: '' },
      large: { Body: large, StorageClass: 'STANDARD_IA' as const },
      tagged: { Body: 'tagged', Tagging: 'team=red&x=y' },
      customer: { Body: 'customer', ...sse },
      'customer large': { Body: large, ...sse },
      // A signature that takes the path otherwise than the client wrote it does not hold.
      "a//b/../ü!*'(c)%41+": { Body: 'named' },
    };
    const ids = new Map<string, string>();
    for (const [Key, more] of Object.entries(puts)) {
      const { VersionId } = await here.s3.send(new PutObjectCommand({ Bucket, Key, ...more }));
      ids.set(Key, VersionId!);
    }
    const Key = 'in parts';
    const { UploadId } = await here.s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const Parts = [];
    for (const [index, Body] of [randomBytes(5 * 1024 * 1024), Buffer.from('end')].entries()) {
      const PartNumber = index + 1;
      const { ETag } = await here.s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
      Parts.push({ ETag, PartNumber });
    }
    const MultipartUpload = { Parts };
    const whole = await here.s3.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }),
    );
    ids.set(Key, whole.VersionId!);
    for (const [key, id] of ids) {
      const asCustomer = key.startsWith('customer') ? sse : {};
      await until(async () => (await there.versions('far-whole', key)).length === 1);
      assert.deepEqual(await there.versions('far-whole', key), [`${id} object latest`]);
      const head = (place: Place, of: string) =>
        place.s3.send(
          new HeadObjectCommand({ Bucket: of, Key: key, ...asCustomer, ChecksumMode: 'ENABLED' }),
        );
      const from = await head(here, Bucket);
      const to = await head(there, 'far-whole');
      assert.equal(to.ReplicationStatus, 'REPLICA');
      const compared = ({ $metadata: _, ReplicationStatus: __, ...rest }: typeof to) => rest;
      assert.deepEqual(compared(to), compared(from), key);
      const text = await there.text('far-whole', key, asCustomer);
      assert.equal(text, await here.text(Bucket, key, asCustomer), key);
    }
    assert.equal(await here.settled(Bucket, 'small'), 'COMPLETED');
    const tags = await there.s3.send(new GetObjectTaggingCommand({ Bucket: 'far-whole', Key: 'tagged' }));
    assert.deepEqual(
      tags.TagSet!.map(tag => `${tag.Key}=${tag.Value}`),
      ['team=red', 'x=y'],
    );
    const attributes = await there.s3.send(
      new GetObjectAttributesCommand({ Bucket: 'far-whole', Key, ObjectAttributes: ['ObjectParts'] }),
    );
    assert.equal(attributes.ObjectParts?.TotalPartsCount, 2);
    assert.equal(await there.text('far-whole', Key, { PartNumber: 2 }), 'end');
  });

  test('versions, delete markers and changes come in their order, into a bucket of the same name', async () => {
    await here.buckets(['same']);
    await there.buckets(['same']);
    await here.replicate('same', role, [ruleTo('same', { DeleteMarkerReplication: { Status: 'Enabled' } })]);
    const Key = 'k';
    const ids = [];
    for (const Body of ['1', '2']) {
      ids.push((await here.s3.send(new PutObjectCommand({ Bucket: 'same', Key, Body }))).VersionId!);
    }
    await here.s3.send(new DeleteObjectCommand({ Bucket: 'same', Key }));
    ids.push((await here.s3.send(new PutObjectCommand({ Bucket: 'same', Key, Body: '3' }))).VersionId!);
    for (const id of ids) assert.equal(await here.settled('same', Key, id), 'COMPLETED');
    await until(async () => (await there.versions('same', Key)).length === 4);
    assert.deepEqual(await there.versions('same', Key), await here.versions('same', Key));
    await here.s3.send(new DeleteObjectCommand({ Bucket: 'same', Key, VersionId: ids[0]! }));

    const TagSet = [{ Key: 'at', Value: 'last' }];
    await here.s3.send(new PutObjectTaggingCommand({ Bucket: 'same', Key, Tagging: { TagSet } }));
    const tagged = async () =>
      (await there.s3.send(new GetObjectTaggingCommand({ Bucket: 'same', Key }))).TagSet;
    await until(async () => (await tagged())!.length === 1);
    assert.deepEqual(await tagged(), TagSet);
    assert.equal((await there.versions('same', Key)).length, 4, 'deletions of versions are not copied');
  });

  test('locks come along, and what protects a copy is not taken off by the right to make copies', async () => {
    const lock = { ObjectLockEnabledForBucket: true };
    await here.buckets(['locked'], lock);
    await there.buckets(['far-locked'], lock);
    await there.buckets(['far-unlocked']);
    await here.replicate('locked', role, [ruleTo('far-locked')]);
    await here.allowRole('copier', [...ALL, 's3:GetObjectRetention', 's3:GetObjectLegalHold']);
    const Key = 'k';
    const year = 365 * 24 * 3600 * 1000;
    const start = Math.floor((await here.head('same', 'k')).LastModified!.getTime() / 1000) * 1000;
    const retained = new Date(start + year);
    await here.s3.send(
      new PutObjectCommand({
        Bucket: 'locked',
        Key,
        Body: 'x',
        ObjectLockMode: 'GOVERNANCE',
        ObjectLockRetainUntilDate: retained,
        ObjectLockLegalHoldStatus: 'ON',
      }),
    );
    assert.equal(await here.settled('locked', Key), 'COMPLETED');
    const copy = await there.head('far-locked', Key);
    assert.equal(copy.ObjectLockMode, 'GOVERNANCE');
    assert.deepEqual(copy.ObjectLockRetainUntilDate, retained);
    assert.equal(copy.ObjectLockLegalHoldStatus, 'ON');

    const release = (Status: 'ON' | 'OFF') =>
      here.s3.send(new PutObjectLegalHoldCommand({ Bucket: 'locked', Key, LegalHold: { Status } }));
    await release('OFF');
    assert.equal(await here.settled('locked', Key), 'FAILED');
    assert.equal((await there.head('far-locked', Key)).ObjectLockLegalHoldStatus, 'ON');
    await allowMaker(there, [...MAKER_ACTIONS, 's3:PutObjectLegalHold', 's3:PutObjectRetention']);
    await release('ON');
    assert.equal(await here.settled('locked', Key), 'COMPLETED');
    await release('OFF');
    assert.equal(await here.settled('locked', Key), 'COMPLETED');
    assert.equal((await there.head('far-locked', Key)).ObjectLockLegalHoldStatus, 'OFF');
    const shorten = (time: number, more: object = {}) =>
      here.s3.send(
        new PutObjectRetentionCommand({
          Bucket: 'locked',
          Key,
          Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(time) },
          ...more,
        }),
      );
    await shorten(retained.getTime() + year);
    assert.equal(await here.settled('locked', Key), 'COMPLETED');
    await shorten(retained.getTime(), { BypassGovernanceRetention: true });
    assert.equal(await here.settled('locked', Key), 'FAILED');
    const longer = (await there.head('far-locked', Key)).ObjectLockRetainUntilDate;
    assert.equal(longer!.getTime(), retained.getTime() + year);
    await allowMaker(there, MAKER_ACTIONS);
    await here.allowRole('copier', ALL);

    await here.replicate('locked', role, [ruleTo('far-unlocked')]);
    await here.s3.send(new PutObjectCommand({ Bucket: 'locked', Key: 'other', Body: 'x' }));
    assert.equal(await here.settled('locked', 'other'), 'FAILED');
  });

  test('objects under SSE-KMS are encrypted there, under the key that the rule names', async () => {
    const kms = (place: RunningServer) =>
      new KMSClient({ endpoint: place.endpoint, region: 'us-east-1', credentials: place.root! });
    const keyIn = async (place: RunningServer) => {
      const client = kms(place);
      const { KeyMetadata } = await client.send(new CreateKeyCommand({}));
      client.destroy();
      return KeyMetadata!.Arn!;
    };
    const from = await keyIn(server);
    const to = await keyIn(other);
    await here.buckets(['sealed']);
    await there.buckets(['far-sealed']);
    const rule = ruleTo('far-sealed', {
      SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
      Destination: { Bucket: arnOf('far-sealed'), EncryptionConfiguration: { ReplicaKmsKeyID: to } },
    });
    await here.replicate('sealed', role, [rule]);
    const put = async (Key: string, more: object) => {
      const sse = { SSEKMSKeyId: from, ServerSideEncryption: 'aws:kms' as const };
      await here.s3.send(new PutObjectCommand({ Bucket: 'sealed', Key, Body: 'secret', ...sse, ...more }));
      return here.settled('sealed', Key);
    };
    assert.equal(await put('source key', {}), 'FAILED');
    await here.allowRole('copier', [...ALL, 'kms:Decrypt']);
    assert.equal(await put('target key', {}), 'FAILED');
    await allowMaker(there, [...MAKER_ACTIONS, 'kms:GenerateDataKey']);
    for (const kind of ['aws:kms', 'aws:kms:dsse'] as const) {
      assert.equal(await put(kind, { ServerSideEncryption: kind }), 'COMPLETED', kind);
      const copy = await there.head('far-sealed', kind);
      assert.equal(copy.ServerSideEncryption, kind);
      assert.equal(copy.SSEKMSKeyId, to);
      assert.equal(await there.text('far-sealed', kind), 'secret');
    }
    await allowMaker(there, MAKER_ACTIONS);
    await here.allowRole('copier', ALL);
  });

  test('both sides decide: the role here, and who makes the copies there', async () => {
    await here.buckets(['strict']);
    await there.buckets(['far-strict']);
    await there.s3.send(new CreateBucketCommand({ Bucket: 'far-unversioned' }));
    let count = 0;
    const put = async (bucket = 'far-strict', more: object = {}) => {
      await here.replicate('strict', role, [
        ruleTo(bucket, { Destination: { Bucket: arnOf(bucket), ...more } }),
      ]);
      const Key = `${count++}`;
      await here.s3.send(new PutObjectCommand({ Bucket: 'strict', Key, Body: 'x', Tagging: 'a=b' }));
      return { Key, status: await here.settled('strict', Key) };
    };
    const without = (actions: readonly string[], action: string) => actions.filter(one => one !== action);
    await here.allowRole('copier', without(ALL, 's3:ReplicateObject'));
    assert.equal((await put()).status, 'FAILED');
    await here.allowRole('copier', ALL);
    await allowMaker(there, without(MAKER_ACTIONS, 's3:ReplicateObject'));
    assert.equal((await put()).status, 'FAILED');
    // The right to put objects is not the right to say when they were put.
    await allowMaker(there, ['s3:PutObject', 's3:PutObjectTagging']);
    assert.equal((await put()).status, 'FAILED');
    await allowMaker(there, without(MAKER_ACTIONS, 's3:ReplicateTags'));
    const untagged = await put();
    assert.equal(untagged.status, 'COMPLETED');
    const Bucket = 'far-strict';
    const tags = await there.s3.send(new GetObjectTaggingCommand({ Bucket, Key: untagged.Key }));
    assert.deepEqual(tags.TagSet, []);
    await allowMaker(there, MAKER_ACTIONS);
    assert.equal((await put('far-unversioned')).status, 'FAILED');
    assert.equal((await put('far-nowhere')).status, 'FAILED');
    assert.equal((await put('far-strict', { Account: THERE })).status, 'COMPLETED');
    assert.equal((await put('far-strict', { Account: '777788889999' })).status, 'FAILED');
    const versioning = { Bucket: 'far-unversioned', VersioningConfiguration: { Status: 'Enabled' as const } };
    await there.s3.send(new PutBucketVersioningCommand(versioning));
    assert.equal((await put('far-unversioned')).status, 'COMPLETED');
  });

  test('a bucket of a third account there takes copies by its policy, and may own them', async () => {
    const third = new Place(other.endpoint, await openAccount(other, '999900001111'));
    await here.buckets(['third']);
    await third.buckets(['far-third'], { ObjectOwnership: 'ObjectWriter' });
    await here.replicate('third', role, [ruleTo('far-third')]);
    const put = async (Key: string) => {
      await here.s3.send(new PutObjectCommand({ Bucket: 'third', Key, Body: 'x' }));
      return here.settled('third', Key);
    };
    assert.equal(await put('closed'), 'FAILED');
    await letIn(third, 'far-third');
    assert.equal(await put('open'), 'COMPLETED');
    // As any object that another account puts, it is the writer's.
    await assert.rejects(third.text('far-third', 'open'), { name: 'AccessDenied' });
    const Destination = {
      Bucket: arnOf('far-third'),
      Account: '999900001111',
      AccessControlTranslation: { Owner: 'Destination' as const },
    };
    await here.replicate('third', role, [ruleTo('far-third', { Destination })]);
    assert.equal(await put('given'), 'FAILED');
    await allowMaker(there, [...MAKER_ACTIONS, 's3:ObjectOwnerOverrideToBucketOwner']);
    assert.equal(await put('given'), 'COMPLETED');
    assert.equal(await third.text('far-third', 'given'), 'x');
    await allowMaker(there, MAKER_ACTIONS);
    third.destroy();
  });

  test('a server is spoken to for the accounts alone that it is declared for', async () => {
    const another = new Place(server.endpoint, await openAccount(server, '222233334444'));
    await another.buckets(['another']);
    await there.buckets(['far-another']);
    const theirs = await another.role('copier', ALL);
    await assert.rejects(another.replicate('another', theirs, [ruleTo('far-another')]), {
      name: 'InvalidRequest',
      message: 'Destination bucket must exist.',
    });
    another.destroy();
  });

  test('the door for copies takes signed requests of whole messages alone', async () => {
    await there.buckets(['far-door']);
    const url = new URL('/far-door/k?karikagi-replica=object', other.endpoint);
    const anonymous = await fetch(url, { method: 'POST', body: 'x' });
    assert.equal(anonymous.status, 403);
    // Signature version 2 leaves the parameter unsigned: a URL for another request could be made one for a copy.
    const expires = Math.floor((await here.head('whole', 'small')).LastModified!.getTime() / 1000) + 900;
    const secret = other.root!.secretAccessKey;
    const signature = createHmac('sha1', secret).update(`POST\n\n\n${expires}\n/far-door/k`).digest('base64');
    const old = new URL(url);
    for (const [name, value] of Object.entries({
      AWSAccessKeyId: other.root!.accessKeyId,
      Expires: `${expires}`,
      Signature: signature,
    }))
      old.searchParams.set(name, value);
    const version2 = await fetch(old, { method: 'POST', body: Buffer.from('x') });
    assert.match(await version2.text(), /Copies of replication are signed with version 4/);
    const garbage = [
      Buffer.alloc(0),
      Buffer.from('no head'),
      framed('{}'),
      framed('[]'),
      framed('{"Id":"x"}'),
    ];
    for (const body of garbage) {
      const answer = await sendCopy(other, '/far-door/k', body);
      assert.equal(answer.status, 400);
      assert.match(answer.body, /<Code>InvalidRequest<.*no message of replication/);
    }
    const nowhere = await sendCopy(other, '/far-door', framed('{}'));
    assert.equal(nowhere.status, 405);
    assert.deepEqual(await there.versions('far-door', 'k'), []);
  });

  test('an id that another key’s version has takes no content from it', async () => {
    await here.buckets(['ids']);
    await there.buckets(['far-ids']);
    await here.replicate('ids', role, [ruleTo('far-ids')]);
    const { VersionId } = await here.s3.send(
      new PutObjectCommand({ Bucket: 'ids', Key: 'mine', Body: 'my content' }),
    );
    assert.equal(await here.settled('ids', 'mine'), 'COMPLETED');
    const content = 'x';
    const head = {
      Id: VersionId,
      IsNull: false,
      Modified: 1_700_000_000_000,
      Object: {
        ETag: createHash('md5').update(content).digest('hex'),
        Size: content.length,
        Checksum: {
          Algorithm: 'MD5',
          Value: createHash('md5').update(content).digest('base64'),
          Type: 'FULL_OBJECT',
          IsChecked: true,
        },
        Headers: {},
        Metadata: [],
        OwnerOverride: false,
        IsLocked: false,
        HasContent: true,
      },
    };
    const send = (key: string, more: object = {}) =>
      sendCopy(other, `/far-ids/${key}`, framed(JSON.stringify({ ...head, ...more }), content));
    assert.equal((await send('other')).status, 409);
    assert.equal(await there.text('far-ids', 'mine'), 'my content');
    await assert.rejects(there.head('far-ids', 'other'), { name: 'NotFound' });
    // What is not what it says to be is not stored.
    const Id = `${VersionId!.slice(0, -1)}${VersionId!.endsWith('0') ? '1' : '0'}`;
    const wrong = {
      ...head.Object,
      Checksum: { ...head.Object.Checksum, Value: 'AAAAAAAAAAAAAAAAAAAAAA==' },
    };
    const damaged = await send('other', { Id, Object: wrong });
    assert.equal(damaged.code, 'BadDigest');
    await assert.rejects(there.head('far-ids', 'other'), { name: 'NotFound' });
    assert.equal((await send('other', { Id })).status, 200);
    assert.equal(await there.text('far-ids', 'other'), 'x');
  });

  test('the requests of the two are counted', async () => {
    const metrics = new Scrape(await (await fetch(server.metricsUrl!)).text());
    const of = (outcome: string) =>
      metrics.sum('karikagi_replication_endpoint_requests_total', { endpoint: other.endpoint, outcome });
    assert.ok(of('answered') > 10);
    assert.equal(of('away'), 0);
    const listed = await there.s3.send(new ListObjectVersionsCommand({ Bucket: 'far-whole' }));
    assert.equal(listed.Versions!.length, 8);
  });
});

test('what was there before the rules goes there too, and failed copies are made once more', async t => {
  const keys = await keysHome();
  t.after(() => keys.remove());
  const clock = new ManualClock(systemClock.now());
  const common = { data: 'memory', port: 0, log: 'none', clock } as const;
  const other = await startServer({ ...common, account: THERE });
  t.after(() => other.close());
  const there = new Place(other.endpoint, other.root!);
  t.after(() => there.destroy());
  await keys.write(await makerOf(there));
  const server = await startServer({
    ...common,
    account: ACCOUNT,
    replicationEndpoints: { far: declared(other.endpoint, ACCOUNT) },
  });
  t.after(() => server.close());
  const here = new Place(server.endpoint, server.root!);
  t.after(() => here.destroy());
  const Bucket = 'near';
  await here.buckets([Bucket]);
  for (const Body of ['1', '2']) await here.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body }));
  const role = await here.role('copier', ALL);
  const existing = () =>
    here.replicate(Bucket, role, [ruleTo('far', { ExistingObjectReplication: { Status: 'Enabled' } })]);
  await existing();
  clock.advance(61);
  // There is no such bucket yet.
  await until(async () => (await here.head(Bucket, 'k')).ReplicationStatus === 'FAILED');
  await there.buckets(['far']);
  await existing();
  clock.advance(61);
  await until(async () => (await here.head(Bucket, 'k')).ReplicationStatus === 'COMPLETED');
  assert.deepEqual(await there.versions('far', 'k'), await here.versions(Bucket, 'k'));
  assert.equal(await there.text('far', 'k'), '2');
});

test('what is no Karikagi gets no copies, and they wait', async t => {
  const keys = await keysHome();
  t.after(() => keys.remove());
  await keys.write({ accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' });
  let asked = 0;
  // As S3 answers a POST to an object (HTTP status 405, "MethodNotAllowed").
  const s3 = createServer((_, response) => {
    asked++;
    response.writeHead(405).end('<Error><Code>MethodNotAllowed</Code><Message>Not allowed</Message></Error>');
  });
  await new Promise<void>(resolve => s3.listen(0, '127.0.0.1', resolve));
  t.after(() => s3.close());
  const url = `http://127.0.0.1:${(s3.address() as AddressInfo).port}`;
  const warnings: string[] = [];
  const server = await startServer({
    data: 'memory',
    port: 0,
    account: ACCOUNT,
    replicationEndpoints: { far: `${url}?from=${ACCOUNT}&profile=there` },
    logger: {
      info: () => undefined,
      error: () => undefined,
      warn: (_, more) => warnings.push(JSON.stringify(more)),
    },
  });
  t.after(() => server.close());
  const here = new Place(server.endpoint, server.root!);
  t.after(() => here.destroy());
  await here.buckets(['near']);
  await here.replicate('near', await here.role('copier', ALL), [ruleTo('far')]);
  await here.s3.send(new PutObjectCommand({ Bucket: 'near', Key: 'k', Body: 'x' }));
  await until(() => asked >= 2);
  assert.ok(warnings.some(text => text.includes('is it Karikagi?')));
  assert.equal((await here.head('near', 'k')).ReplicationStatus, 'PENDING');
});
