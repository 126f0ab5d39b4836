/** Replication within a server, with the AWS SDK and real roles ("Replicating objects", S3 User Guide). */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketReplicationCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetBucketReplicationCommand,
  GetObjectAttributesCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type ReplicationConfiguration,
  type ReplicationRule,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type RunningServer, startServer } from '../../src/index.js';
import { until } from '../support/until.js';
import { ACCOUNT, arnOf, OBJECT_ACTIONS, Place, ruleTo, SOURCE_ACTIONS, TARGET_ACTIONS } from './place.js';

const ALL = [...SOURCE_ACTIONS, ...OBJECT_ACTIONS, ...TARGET_ACTIONS];

suite('replication', () => {
  let server: RunningServer;
  let place: Place;
  let role: string;

  before(async () => {
    server = await startServer({ data: 'memory', port: 0, account: ACCOUNT, log: 'none' });
    place = new Place(server.endpoint, server.root!);
    role = await place.role('copier', ALL);
  });
  after(async () => {
    place.destroy();
    await server.close();
  });

  test('gives back what was put, and refuses what S3 refuses', async () => {
    await place.buckets(['rules', 'rules-target']);
    const { s3 } = place;
    await s3.send(new CreateBucketCommand({ Bucket: 'unversioned' }));
    const put = (Bucket: string, configuration: Partial<ReplicationConfiguration>) =>
      s3.send(
        new PutBucketReplicationCommand({
          Bucket,
          ReplicationConfiguration: { Role: role, Rules: [], ...configuration },
        }),
      );
    const get = async () =>
      (await s3.send(new GetBucketReplicationCommand({ Bucket: 'rules' }))).ReplicationConfiguration;
    const target = 'rules-target';
    const destination = { Bucket: arnOf(target) };
    // As Terraform's aws_s3_bucket_replication_configuration writes and compares them.
    const kept: ReplicationRule[] = [
      { ...ruleTo(target), ID: 'everything', Filter: { Prefix: '' } },
      ruleTo(target, { ID: 'tag', Priority: 2, Filter: { Tag: { Key: 'a', Value: 'b' } } }),
      ruleTo(target, {
        ID: 'and',
        Priority: 3,
        Status: 'Disabled',
        Filter: {
          And: {
            Prefix: 'logs/',
            Tags: [
              { Key: 'a', Value: 'b' },
              { Key: 'c', Value: 'd' },
            ],
          },
        },
        SourceSelectionCriteria: {
          SseKmsEncryptedObjects: { Status: 'Enabled' },
          ReplicaModifications: { Status: 'Enabled' },
        },
        ExistingObjectReplication: { Status: 'Enabled' },
        Destination: {
          ...destination,
          Account: ACCOUNT,
          StorageClass: 'STANDARD_IA',
          AccessControlTranslation: { Owner: 'Destination' },
          EncryptionConfiguration: { ReplicaKmsKeyID: 'alias/copies' },
          ReplicationTime: { Status: 'Enabled', Time: { Minutes: 15 } },
          Metrics: { Status: 'Enabled', EventThreshold: { Minutes: 15 } },
        },
      }),
      ruleTo(target, {
        ID: 'empty filter',
        Priority: 4,
        Filter: {},
        DeleteMarkerReplication: { Status: 'Enabled' },
        Destination: { ...destination, Metrics: { Status: 'Enabled' } },
      }),
    ];
    await put('rules', { Rules: kept });
    assert.deepEqual(await get(), { Role: role, Rules: kept });
    const first: ReplicationRule = {
      ID: 'first schema',
      Prefix: 'a/',
      Status: 'Enabled',
      Destination: destination,
    };
    await put('rules', { Rules: [first] });
    assert.deepEqual(await get(), { Role: role, Rules: [first] });

    const other = ruleTo(target, { ID: 'other', Priority: 2 });
    const without = (name: keyof ReplicationRule): ReplicationRule => {
      const { [name]: _, ...rule } = other;
      return rule as ReplicationRule;
    };
    const to = (more: object) => ({ ...other, Destination: { ...destination, ...more } });
    const refused: readonly (readonly [string, Partial<ReplicationConfiguration>, string])[] = [
      ['MalformedXML', { Rules: [] }, ''],
      ['InvalidArgument', { Role: 'arn:aws:iam::111122223333:user/u', Rules: [other] }, 'Invalid Role'],
      ['InvalidRequest', { Rules: [without('Priority')] }, 'Priority must be specified'],
      ['InvalidRequest', { Rules: [without('DeleteMarkerReplication')] }, 'must be specified'],
      ['InvalidRequest', { Rules: [{ ...first, Priority: 1 }] }, 'Priority cannot be used'],
      [
        'InvalidRequest',
        { Rules: [{ ...first, DeleteMarkerReplication: { Status: 'Enabled' } }] },
        'DeleteMarkerReplication cannot be used',
      ],
      ['InvalidRequest', { Rules: [other, { ...other, ID: 'again' }] }, 'duplicate priority'],
      ['InvalidArgument', { Rules: [other, { ...other, Priority: 9 }] }, 'must be unique'],
      ['MalformedXML', { Rules: [first, other] }, ''],
      ['MalformedXML', { Rules: [{ ...other, Prefix: 'a' }] }, ''],
      ['MalformedXML', { Rules: [{ ...other, Filter: { Prefix: 'a', Tag: { Key: 'k', Value: 'v' } } }] }, ''],
      [
        'InvalidRequest',
        {
          Rules: [
            {
              ...other,
              Filter: { Tag: { Key: 'a', Value: 'b' } },
              DeleteMarkerReplication: { Status: 'Enabled' },
            },
          ],
        },
        'not supported if any Tag filter',
      ],
      ['InvalidRequest', { Rules: [to({ Bucket: arnOf('no-such-bucket') })] }, 'must exist'],
      ['InvalidRequest', { Rules: [to({ Bucket: arnOf('unversioned') })] }, 'must have versioning enabled'],
      ['InvalidRequest', { Rules: [to({ Bucket: arnOf('rules') })] }, 'same as the source'],
      ['InvalidArgument', { Rules: [to({ Bucket: 'rules-target' })] }, 'Invalid bucket ARN'],
      ['MalformedXML', { Rules: [to({ StorageClass: 'COLD' })] }, ''],
      ['InvalidRequest', { Rules: [to({ AccessControlTranslation: { Owner: 'Destination' } })] }, 'Account'],
      [
        'InvalidRequest',
        { Rules: [to({ EncryptionConfiguration: { ReplicaKmsKeyID: 'k' } })] },
        'SseKmsEncryptedObjects',
      ],
      [
        'InvalidRequest',
        {
          Rules: [{ ...other, SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } } }],
        },
        'EncryptionConfiguration',
      ],
      [
        'InvalidRequest',
        { Rules: [to({ ReplicationTime: { Status: 'Enabled', Time: { Minutes: 15 } } })] },
        'Metrics',
      ],
      [
        'InvalidArgument',
        { Rules: [to({ Metrics: { Status: 'Enabled', EventThreshold: { Minutes: 10 } } })] },
        '15',
      ],
    ];
    for (const [name, configuration, words] of refused) {
      await assert.rejects(put('rules', configuration), (error: Error) => {
        assert.equal(error.name, name, `${error.message} ${JSON.stringify(configuration)}`);
        assert.ok(error.message.includes(words), error.message);
        return true;
      });
    }
    await assert.rejects(put('unversioned', { Rules: [other] }), {
      name: 'InvalidRequest',
      message: "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
    });
    const suspend = new PutBucketVersioningCommand({
      Bucket: 'rules',
      VersioningConfiguration: { Status: 'Suspended' },
    });
    await assert.rejects(s3.send(suspend), { name: 'InvalidBucketState' });
    await s3.send(new DeleteBucketReplicationCommand({ Bucket: 'rules' }));
    await assert.rejects(get(), { name: 'ReplicationConfigurationNotFoundError' });
    await s3.send(suspend);
  });

  test('copies objects of every kind whole, under their version ids', async () => {
    await place.buckets(['whole', 'whole-copies']);
    await place.replicate('whole', role, [ruleTo('whole-copies')]);
    const { s3 } = place;
    const Bucket = 'whole';
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
    };
    const ids = new Map<string, string>();
    for (const [Key, more] of Object.entries(puts)) {
      const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key, ...more }));
      ids.set(Key, VersionId!);
    }
    const Key = 'in parts';
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = randomBytes(5 * 1024 * 1024);
    const Parts = [];
    for (const [index, Body] of [part, Buffer.from('end')].entries()) {
      const PartNumber = index + 1;
      const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
      Parts.push({ ETag, PartNumber });
    }
    const completed = await s3.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );
    ids.set(Key, completed.VersionId!);

    for (const [key, id] of ids) {
      const asCustomer = key.startsWith('customer') ? sse : {};
      await until(async () => (await place.versions('whole-copies', key)).length === 1);
      assert.deepEqual(await place.versions('whole-copies', key), [`${id} object latest`]);
      const head = (of: string) => s3.send(new HeadObjectCommand({ Bucket: of, Key: key, ...asCustomer }));
      const from = await head(Bucket);
      const to = await head('whole-copies');
      assert.equal(to.ReplicationStatus, 'REPLICA');
      const compared = ({ $metadata: _, ReplicationStatus: __, ...rest }: typeof to) => rest;
      assert.deepEqual(compared(to), compared(from), key);
      assert.equal(
        await place.text('whole-copies', key, asCustomer),
        await place.text(Bucket, key, asCustomer),
        key,
      );
    }
    assert.equal(await place.settled(Bucket, 'small'), 'COMPLETED');
    const tags = await s3.send(new GetObjectTaggingCommand({ Bucket: 'whole-copies', Key: 'tagged' }));
    assert.deepEqual(tags.TagSet, [
      { Key: 'team', Value: 'red' },
      { Key: 'x', Value: 'y' },
    ]);
    const attributes = await s3.send(
      new GetObjectAttributesCommand({ Bucket: 'whole-copies', Key, ObjectAttributes: ['ObjectParts'] }),
    );
    assert.equal(attributes.ObjectParts?.TotalPartsCount, 2);
    assert.equal(await place.text('whole-copies', Key, { PartNumber: 2 }), 'end');
  });

  test('keeps the order of versions, copies delete markers where that is asked, and never a deletion', async () => {
    await place.buckets(['order', 'order-all', 'order-objects']);
    await place.replicate('order', role, [
      ruleTo('order-all', { DeleteMarkerReplication: { Status: 'Enabled' } }),
      ruleTo('order-objects', { Priority: 2 }),
    ]);
    const { s3 } = place;
    const Bucket = 'order';
    const Key = 'k';
    const put = async (Body: string) =>
      (await s3.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId!;
    const one = await put('1');
    const two = await put('2');
    const { VersionId: marker } = await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    const three = await put('3');
    for (const id of [one, two, three]) assert.equal(await place.settled(Bucket, Key, id), 'COMPLETED');
    await until(async () => (await place.versions('order-all', Key)).length === 4);
    assert.deepEqual(await place.versions('order-all', Key), await place.versions(Bucket, Key));
    assert.deepEqual(
      await place.versions('order-objects', Key),
      (await place.versions(Bucket, Key)).filter(version => !version.startsWith(marker!)),
    );
    assert.equal(await place.text('order-all', Key), '3');

    await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId: one }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await until(async () => (await place.versions('order-all', Key)).length === 5);
    assert.ok((await place.versions('order-all', Key)).some(version => version.startsWith(one)));
    await assert.rejects(place.head('order-all', Key), { name: 'NotFound' });
    assert.equal(await place.text('order-objects', Key), '3');
  });

  test('copies of changes follow, and stop at the second bucket', async () => {
    await place.buckets(['left', 'right']);
    const changes = { SourceSelectionCriteria: { ReplicaModifications: { Status: 'Enabled' as const } } };
    await place.replicate('left', role, [ruleTo('right', changes)]);
    await place.replicate('right', role, [ruleTo('left', changes)]);
    const { s3 } = place;
    const Key = 'k';
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: 'left', Key, Body: '1' }));
    assert.equal(await place.settled('left', Key), 'COMPLETED');
    const tag = (Bucket: string, Value: string) =>
      s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: [{ Key: 'at', Value }] } }));
    const tagged = async (Bucket: string) =>
      (await s3.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet!.map(({ Value }) => Value).join();
    await tag('left', 'left');
    await until(async () => (await tagged('right')) === 'left');
    await tag('right', 'right');
    await until(async () => (await tagged('left')) === 'right');
    await s3.send(new DeleteObjectTaggingCommand({ Bucket: 'left', Key }));
    await until(async () => (await tagged('right')) === '');
    await s3.send(new PutObjectCommand({ Bucket: 'right', Key: 'other', Body: '2' }));
    assert.equal(await place.settled('right', 'other'), 'COMPLETED');
    assert.equal(await place.settled('left', Key), 'COMPLETED');
    for (const [bucket, key] of [
      ['left', 'other'],
      ['right', Key],
    ] as const) {
      assert.equal((await place.head(bucket, key)).ReplicationStatus, 'REPLICA');
      assert.equal((await place.versions(bucket, key)).length, 1);
    }
    assert.deepEqual(await place.versions('right', Key), [`${VersionId} object latest`]);
  });

  test('chooses by prefix, tags and priority', async () => {
    await place.buckets(['choice', 'by-prefix', 'by-tag']);
    await place.replicate('choice', role, [
      ruleTo('by-prefix', { Filter: { Prefix: 'a/' } }),
      ruleTo('by-prefix', {
        ID: 'colder',
        Priority: 7,
        Filter: { Prefix: 'a/b/' },
        Destination: { Bucket: arnOf('by-prefix'), StorageClass: 'GLACIER_IR' },
      }),
      ruleTo('by-tag', { Priority: 3, Filter: { Tag: { Key: 'copy', Value: 'yes' } } }),
      ruleTo('by-tag', { ID: 'off', Priority: 4, Status: 'Disabled', Filter: { Prefix: 'off/' } }),
    ]);
    const put = (Key: string, Tagging?: string) =>
      place.s3.send(new PutObjectCommand({ Bucket: 'choice', Key, Body: Key, Tagging }));
    await put('a/1');
    await put('a/b/1', 'copy=yes');
    await put('off/1', 'copy=no');
    await put('c', 'copy=yes');
    for (const key of ['a/1', 'a/b/1', 'c']) assert.equal(await place.settled('choice', key), 'COMPLETED');
    assert.equal(await place.settled('choice', 'off/1'), 'none');
    assert.equal((await place.head('by-prefix', 'a/1')).StorageClass, undefined);
    assert.equal((await place.head('by-prefix', 'a/b/1')).StorageClass, 'GLACIER_IR');
    await assert.rejects(place.head('by-prefix', 'c'), { name: 'NotFound' });
    assert.equal((await place.head('by-tag', 'c')).ReplicationStatus, 'REPLICA');
    assert.equal((await place.head('by-tag', 'a/b/1')).ReplicationStatus, 'REPLICA');
    await assert.rejects(place.head('by-tag', 'a/1'), { name: 'NotFound' });
  });
});
