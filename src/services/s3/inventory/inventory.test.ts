import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { beforeEach, suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { silentLogger } from '../../../core/log.js';
import { bodyOf, code, openTestS3, type TestS3, testAccount, wholeOf } from '../testing.test.support.js';
import { InventoryRuns } from './inventory-runs.js';

const Bucket = 'source';
const OWNER = '111122223333';
const DAY = 86_400;

let s3: TestS3;
let runs: InventoryRuns;
let said: string[];

const configuration = (more: object = {}, destination: object = {}) => ({
  Id: 'daily',
  IsEnabled: true,
  IncludedObjectVersions: 'Current',
  Schedule: { Frequency: 'Daily' },
  Destination: {
    S3BucketDestination: { Bucket: 'arn:aws:s3:::lists', Format: 'CSV', Prefix: 'p', ...destination },
  },
  ...more,
});
const configure = (more: object = {}, destination: object = {}) => {
  const InventoryConfiguration = configuration(more, destination);
  return s3.send('PutBucketInventoryConfiguration', {
    Bucket,
    Id: InventoryConfiguration.Id,
    InventoryConfiguration,
  });
};
/** The policy of AWS's own example ("Granting permissions for Amazon S3 Inventory and Amazon S3 analytics"). */
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Principal: { Service: 's3.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: ['arn:aws:s3:::lists/*'],
    Condition: {
      ArnLike: { 'aws:SourceArn': `arn:aws:s3:::${Bucket}` },
      StringEquals: { 'aws:SourceAccount': OWNER, 's3:x-amz-acl': 'bucket-owner-full-control' },
    },
  },
});

beforeEach(async () => {
  s3 = await openTestS3({ rootKey: new Uint8Array(32).fill(1) });
  await s3.send('CreateBucket', { Bucket });
  await s3.send('CreateBucket', { Bucket: 'lists' });
  said = [];
  const warn = (_: string, fields: object = {}) => said.push(JSON.stringify(fields));
  const ownerOf = async (id: string) => ({ account: testAccount(id) });
  runs = new InventoryRuns({ objects: s3.objects, ownerOf }, { ...silentLogger, warn });
});

const run = () => runs.run(new AbortController().signal);
const read = async (Key: string) => wholeOf((await s3.send('GetObject', { Bucket: 'lists', Key })).Body);
async function keys(suffix = ''): Promise<string[]> {
  const { Contents = [] } = (await s3.send('ListObjectsV2', { Bucket: 'lists' })) as {
    Contents?: { Key: string }[];
  };
  return Contents.map(({ Key }) => Key).filter(key => key.endsWith(suffix));
}

/** The rows of the last list. */
async function lastList(): Promise<{ schema: string[]; rows: string[][] }> {
  const manifest = JSON.parse(String(await read((await keys('manifest.json')).at(-1)!)));
  const rows: string[][] = [];
  for (const { key, size, MD5checksum } of manifest.files) {
    const file = await read(key);
    assert.equal(file.length, size);
    assert.equal(createHash('md5').update(file).digest('hex'), MD5checksum);
    const lines = gunzipSync(file).toString().trimEnd().split('\n');
    for (const line of lines) rows.push(line.slice(1, -1).split('","'));
  }
  return { schema: manifest.fileSchema.split(', '), rows };
}

suite('an inventory configuration', () => {
  const given = configuration(
    {
      IncludedObjectVersions: 'All',
      Schedule: { Frequency: 'Weekly' },
      Filter: { Prefix: 'in/' },
      OptionalFields: ['Size', 'ETag'],
    },
    { AccountId: OWNER, Encryption: { SSES3: {} } },
  );

  test('comes back as it was given, alone and in a list, until it is deleted', async () => {
    const get = () => s3.send('GetBucketInventoryConfiguration', { Bucket, Id: 'daily' });
    await assert.rejects(get(), code('NoSuchConfiguration', 404));
    await configure(given);
    assert.deepEqual(await get(), { InventoryConfiguration: given });
    await configure({ Id: 'another' });
    const { InventoryConfigurationList, IsTruncated } = await s3.send('ListBucketInventoryConfigurations', {
      Bucket,
    });
    assert.deepEqual(
      (InventoryConfigurationList as { Id: string }[]).map(({ Id }) => Id),
      ['another', 'daily'],
    );
    assert.equal(IsTruncated, false);
    await s3.send('DeleteBucketInventoryConfiguration', { Bucket, Id: 'daily' });
    await assert.rejects(get(), code('NoSuchConfiguration', 404));
    await assert.rejects(
      s3.send('DeleteBucketInventoryConfiguration', { Bucket, Id: 'daily' }),
      code('NoSuchConfiguration', 404),
    );
  });

  test('is one of at most a thousand, which are listed page by page', async () => {
    const bucket = await s3.objects.buckets.get(Bucket);
    await configure({ Id: '0000' });
    const first = (await s3.objects.inventories.find(bucket, '0000'))!;
    for (let n = 1; n < 1000; n++) {
      await s3.objects.inventories.put(bucket, { ...first, id: String(n).padStart(4, '0') });
    }
    await assert.rejects(configure({ Id: 'one-more' }), code('TooManyConfigurations', 400));
    await configure({ Id: '0999', IsEnabled: false });
    const ids: string[] = [];
    let ContinuationToken: unknown;
    do {
      const page = await s3.send('ListBucketInventoryConfigurations', { Bucket, ContinuationToken });
      ids.push(...(page.InventoryConfigurationList as { Id: string }[]).map(({ Id }) => Id));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    assert.equal(new Set(ids).size, 1000);
    assert.equal(ids.length, 1000);
  });

  test('is refused where it is not one, or asks for what there is not', async () => {
    const refused = (name: string, more: object, destination: object = {}, status = 400) =>
      assert.rejects(configure(more, destination), code(name, status));
    await refused('InvalidConfigurationId', { Id: 'a b' });
    await refused('InvalidS3DestinationBucket', {}, { Bucket: 'lists' });
    await refused('InvalidS3DestinationBucket', {}, { Bucket: 'arn:aws-cn:s3:::lists' });
    await refused('MalformedXML', { Schedule: undefined });
    await refused('NotImplemented', {}, { Format: 'ORC' }, 501);
    await refused('NotImplemented', {}, { Format: 'Parquet' }, 501);
    await refused('NotImplemented', {}, { Encryption: { SSEKMS: { KeyId: 'k' } } }, 501);
    await refused('NotImplemented', { OptionalFields: ['ObjectAccessControlList'] }, {}, 501);
    await refused('KeyTooLongError', {}, { Prefix: 'x'.repeat(701) });
    await assert.rejects(
      s3.send('PutBucketInventoryConfiguration', {
        Bucket,
        Id: 'other',
        InventoryConfiguration: configuration(),
      }),
      code('IdMismatch', 400),
    );
  });

  test('goes with its bucket', async () => {
    await configure();
    await s3.send('DeleteBucket', { Bucket });
    assert.deepEqual(await s3.objects.inventories.all(), []);
    await s3.send('CreateBucket', { Bucket });
    await assert.rejects(
      s3.send('GetBucketInventoryConfiguration', { Bucket, Id: 'daily' }),
      code('NoSuchConfiguration', 404),
    );
  });
});

suite('an inventory', () => {
  const put = (Key: string, more: object = {}) =>
    s3.send('PutObject', { Bucket, Key, Body: bodyOf('hello'), ...more });

  beforeEach(() => s3.send('PutBucketPolicy', { Bucket: 'lists', Policy: policy }));

  test('lists the current objects, with a manifest that names and vouches for the file', async () => {
    const { ETag } = await put('a b/"ü"');
    await put('c', { StorageClass: 'STANDARD_IA' });
    await configure({ OptionalFields: ['ETag', 'StorageClass', 'Size', 'LastModifiedDate'] });
    await run();
    const folder = `p/${Bucket}/daily`;
    const written = (await keys()).map(key => key.replace(/[0-9a-f-]{36}/, 'UUID'));
    assert.deepEqual(written, [
      `${folder}/2026-01-02T03-04Z/manifest.checksum`,
      `${folder}/2026-01-02T03-04Z/manifest.json`,
      `${folder}/data/UUID.csv.gz`,
      `${folder}/hive/dt=2026-01-02-03-04/symlink.txt`,
    ]);
    const manifest = await read(`${folder}/2026-01-02T03-04Z/manifest.json`);
    const checksum = await read(`${folder}/2026-01-02T03-04Z/manifest.checksum`);
    assert.equal(String(checksum), createHash('md5').update(manifest).digest('hex'));
    const { files, ...said } = JSON.parse(String(manifest));
    assert.deepEqual(said, {
      sourceBucket: Bucket,
      destinationBucket: 'arn:aws:s3:::lists',
      version: '2016-11-30',
      creationTimestamp: String(s3.clock.now()),
      fileFormat: 'CSV',
      fileSchema: 'Bucket, Key, Size, LastModifiedDate, ETag, StorageClass',
    });
    const links = await read(`${folder}/hive/dt=2026-01-02-03-04/symlink.txt`);
    assert.equal(String(links), `s3://lists/${files[0].key}\n`);
    const etag = String(ETag).replaceAll('"', '');
    assert.deepEqual((await lastList()).rows, [
      [Bucket, 'a%20b/%22%C3%BC%22', '5', '2026-01-02T03:04:05.678Z', etag, 'STANDARD'],
      [Bucket, 'c', '5', '2026-01-02T03:04:05.678Z', etag, 'STANDARD_IA'],
    ]);
  });

  test('lists all versions, and what is known of each', async () => {
    await s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
    const { VersionId: first } = await put('k', { ServerSideEncryption: 'AES256' });
    const { UploadId } = await s3.send('CreateMultipartUpload', { Bucket, Key: 'k' });
    const part = { Bucket, Key: 'k', UploadId, PartNumber: 1, Body: bodyOf('part') };
    const { ETag } = await s3.send('UploadPart', part);
    const { VersionId: second } = await s3.send('CompleteMultipartUpload', {
      Bucket,
      Key: 'k',
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
    });
    const { VersionId: marker } = await s3.send('DeleteObject', { Bucket, Key: 'k' });
    await configure({
      IncludedObjectVersions: 'All',
      OptionalFields: [
        'Size',
        'IsMultipartUploaded',
        'EncryptionStatus',
        'ObjectOwner',
        'ChecksumAlgorithm',
        'ObjectLockLegalHoldStatus',
        'ObjectLockMode',
        'BucketKeyStatus',
        'ReplicationStatus',
        'LifecycleExpirationDate',
        'ObjectLockRetainUntilDate',
      ],
    });
    await run();
    const { schema, rows } = await lastList();
    const of = (row: string[], ...names: string[]) => names.map(name => row[schema.indexOf(name)]);
    const seen = rows.map(row =>
      of(row, 'VersionId', 'IsLatest', 'IsDeleteMarker', 'Size', 'IsMultipartUploaded'),
    );
    assert.deepEqual(seen, [
      [marker, 'true', 'true', '', ''],
      [second, 'false', 'false', '4', 'true'],
      [first, 'false', 'false', '5', 'false'],
    ]);
    assert.deepEqual(of(rows[2]!, 'EncryptionStatus', 'ObjectOwner', 'ObjectLockLegalHoldStatus'), [
      'SSE-S3',
      testAccount(OWNER).canonicalId,
      'Off',
    ]);
  });

  test('lists only keys that begin with the prefix, and is encrypted where it is to be', async () => {
    for (const key of ['in/1', 'in/2', 'out/1']) await put(key);
    await configure({ Filter: { Prefix: 'in/' } }, { Encryption: { SSES3: {} }, Prefix: undefined });
    await run();
    assert.deepEqual(
      (await lastList()).rows.map(row => row[1]),
      ['in/1', 'in/2'],
    );
    const [file] = await keys('.csv.gz');
    assert.match(file!, /^source\/daily\/data\//);
    const head = await s3.send('HeadObject', { Bucket: 'lists', Key: file });
    assert.equal(head.ServerSideEncryption, 'AES256');
  });

  test('goes through more than a page and a block', async () => {
    for (let n = 0; n < 2500; n++) await put(`k${String(n).padStart(4, '0')}`);
    await configure();
    await run();
    const { rows } = await lastList();
    assert.equal(rows.length, 2500);
    assert.deepEqual(
      rows.map(row => row[1]),
      [...new Set(rows.map(row => row[1]))].sort(),
    );
  });

  test('of an empty bucket has no files', async () => {
    await configure();
    await run();
    assert.deepEqual((await lastList()).rows, []);
    assert.deepEqual(await keys('.gz'), []);
  });

  test('is written once a day, once a week from Sunday, and not at all where it is disabled', async () => {
    await configure({ Id: 'd' });
    await configure({ Id: 'w', Schedule: { Frequency: 'Weekly' } });
    await configure({ Id: 'off', IsEnabled: false });
    // 2026-01-02 was a Friday.
    const written: Record<string, number[]> = { d: [], w: [], off: [] };
    for (let day = 0; day < 10; day++) {
      await run();
      await run();
      for (const [id, days] of Object.entries(written)) {
        const stamp = new Date(s3.clock.now()).toISOString().slice(0, 10);
        const found = (await keys('manifest.json')).filter(key =>
          key.startsWith(`p/${Bucket}/${id}/${stamp}`),
        );
        assert.ok(found.length <= 1);
        if (found.length === 1) days.push(day);
      }
      s3.clock.advance(DAY);
    }
    assert.deepEqual(written, { d: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], w: [0, 2, 9], off: [] });
  });

  test('is written where the destination’s policy lets the service, within the hour after it does', async () => {
    await s3.send('PutBucketPolicy', {
      Bucket: 'lists',
      Policy: policy.replace(`"${OWNER}"`, '"999999999999"'),
    });
    await configure();
    await run();
    await run();
    assert.equal(said.length, 1);
    assert.match(said[0]!, /does not let s3\.amazonaws\.com put/);
    assert.deepEqual(await keys(), []);
    await s3.send('PutBucketPolicy', { Bucket: 'lists', Policy: policy });
    s3.clock.advance(3600);
    await run();
    assert.equal((await keys('manifest.checksum')).length, 1);
  });

  test('is not written to a bucket of another account than was named', async () => {
    await configure({}, { AccountId: '444455556666' });
    await run();
    assert.match(said.join(), /belongs to another account/);
    assert.deepEqual(await keys(), []);
  });

  test('that was cut short is begun anew', async () => {
    await put('k');
    await configure();
    const { put: real } = s3.objects.versions;
    s3.objects.versions.put = async () => Promise.reject(new Error('the disk is full'));
    await run();
    assert.match(said.join(), /the disk is full/);
    s3.objects.versions.put = real;
    await run();
    assert.equal((await lastList()).rows.length, 1);
  });
});
