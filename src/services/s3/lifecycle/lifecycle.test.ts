import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, code, openTestS3, START } from '../testing.test.support.js';

const Bucket = 'example-bucket';
const DAY = 24 * 3600;

async function opened(...Rules: object[]) {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  const configure = (...rules: object[]) =>
    s3.send('PutBucketLifecycleConfiguration', { Bucket, LifecycleConfiguration: { Rules: rules } });
  if (Rules.length > 0) await configure(...Rules);
  const put = async (Key: string, rest: object = {}) =>
    (await s3.send('PutObject', { Bucket, Key, Body: bodyOf('text'), ...rest })).VersionId;
  const keys = async () =>
    ((await s3.send('ListObjectsV2', { Bucket })).Contents as { Key: string }[] | undefined)?.map(
      ({ Key }) => Key,
    ) ?? [];
  return { s3, configure, put, keys };
}

const rule = (rest: object) => ({ ID: 'r', Status: 'Enabled', Filter: { Prefix: '' }, ...rest });

test('objects expire on the midnight after their days, as the header says', async () => {
  const { s3, put, keys } = await opened(rule({ Filter: { Prefix: 'log/' }, Expiration: { Days: 2 } }));
  await put('log/a');
  await put('kept');
  const { Expiration } = await s3.send('HeadObject', { Bucket, Key: 'log/a' });
  assert.equal(Expiration, 'expiry-date="Mon, 05 Jan 2026 00:00:00 GMT", rule-id="r"');
  assert.equal((await s3.send('HeadObject', { Bucket, Key: 'kept' })).Expiration, undefined);
  s3.clock.set(Date.UTC(2026, 0, 4, 23, 59, 59, 999));
  assert.deepEqual(await s3.objects.applyLifecycle(), {
    expired: 0,
    removed: 0,
    transitioned: 0,
    aborted: 0,
  });
  s3.clock.set(Date.UTC(2026, 0, 5));
  assert.equal((await s3.objects.applyLifecycle()).expired, 1);
  assert.deepEqual(await keys(), ['kept']);
});

test('filters: prefix, tags and sizes must all hold, and disabled rules do nothing', async () => {
  const And = {
    Prefix: 'a',
    Tags: [{ Key: 't', Value: '1' }],
    ObjectSizeGreaterThan: 3,
    ObjectSizeLessThan: 5,
  };
  const { s3, put, keys } = await opened(
    rule({ Filter: { And }, Expiration: { Days: 1 } }),
    rule({ ID: 'off', Status: 'Disabled', Expiration: { Days: 1 } }),
  );
  await put('a-match', { Tagging: 't=1' });
  await put('b-prefix', { Tagging: 't=1' });
  await put('a-value', { Tagging: 't=2' });
  await put('a-untagged');
  await put('a-large', { Tagging: 't=1', Body: bodyOf('12345') });
  await put('a-small', { Tagging: 't=1', Body: bodyOf('123') });
  s3.clock.advance(3 * DAY);
  await s3.objects.applyLifecycle();
  assert.deepEqual(await keys(), ['a-large', 'a-small', 'a-untagged', 'a-value', 'b-prefix']);
});

test('with versioning, expiry hides, noncurrent versions go, and then the lone marker', async () => {
  const { s3, put } = await opened(
    rule({
      Expiration: { Days: 1 },
      NoncurrentVersionExpiration: { NoncurrentDays: 2, NewerNoncurrentVersions: 1 },
    }),
  );
  await s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
  for (let count = 0; count < 3; count++) await put('k');
  s3.clock.advance(2 * DAY);
  assert.deepEqual(await s3.objects.applyLifecycle(), {
    expired: 1,
    removed: 0,
    transitioned: 0,
    aborted: 0,
  });
  s3.clock.advance(3 * DAY);
  // Of three noncurrent versions, the newest is kept.
  assert.equal((await s3.objects.applyLifecycle()).removed, 2);
  const listed = await s3.send('ListObjectVersions', { Bucket });
  const [marker, left] = listed.Entries as [{ DeleteMarker: object }, { Version: { VersionId: string } }];
  assert.ok(marker.DeleteMarker);
  const { VersionId } = left.Version;
  await s3.send('DeleteObject', { Bucket, Key: 'k', VersionId });
  assert.equal((await s3.objects.applyLifecycle()).removed, 1);
  await s3.send('DeleteBucket', { Bucket });
});

test('locked versions stay', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket, ObjectLockEnabledForBucket: true });
  const Rules = [rule({ NoncurrentVersionExpiration: { NoncurrentDays: 1 } })];
  await s3.send('PutBucketLifecycleConfiguration', { Bucket, LifecycleConfiguration: { Rules } });
  await s3.send('PutObject', { Bucket, Key: 'k', Body: bodyOf(''), ObjectLockLegalHoldStatus: 'ON' });
  await s3.send('PutObject', { Bucket, Key: 'k', Body: bodyOf('') });
  s3.clock.advance(9 * DAY);
  assert.equal((await s3.objects.applyLifecycle()).removed, 0);
});

test('a run that is ended takes no key for all of what it has read of it', async () => {
  const { s3, put } = await opened(rule({ Expiration: { ExpiredObjectDeleteMarker: true } }));
  const VersioningConfiguration = { Status: 'Enabled' };
  await s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration });
  await put('k');
  await s3.send('DeleteObject', { Bucket, Key: 'k' });
  for (const steps of [0, 1, 2, 3]) {
    let left = steps;
    const signal = Object.create(new AbortController().signal, { aborted: { get: () => left-- <= 0 } });
    assert.equal((await s3.objects.applyLifecycle(signal)).removed, 0);
    const { Entries } = await s3.send('ListObjectVersions', { Bucket });
    assert.equal((Entries as unknown[]).length, 2, `ended after ${steps} looks`);
  }
});

test('a run that is ended leaves the rest to the next', async () => {
  const { s3, put, keys } = await opened(rule({ Expiration: { Days: 1 } }));
  for (const key of ['a', 'b', 'c', 'd']) await put(key);
  s3.clock.advance(9 * DAY);
  let looks = 0;
  const signal = Object.create(new AbortController().signal, { aborted: { get: () => ++looks > 4 } });
  const { expired } = await s3.objects.applyLifecycle(signal);
  assert.ok(expired > 0 && expired < 4, `${expired} of 4`);
  assert.equal((await keys()).length, 4 - expired);
  assert.equal((await s3.objects.applyLifecycle()).expired, 4 - expired);
});

test('unfinished uploads are aborted, and classes changed', async () => {
  const { s3, put } = await opened(
    rule({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }),
    rule({
      ID: 's',
      Transitions: [
        { Days: 1, StorageClass: 'INTELLIGENT_TIERING' },
        { Days: 5, StorageClass: 'GLACIER_IR' },
      ],
    }),
  );
  await put('k');
  const { UploadId } = await s3.send('CreateMultipartUpload', { Bucket, Key: 'u' });
  s3.clock.advance(2 * DAY);
  assert.deepEqual(await s3.objects.applyLifecycle(), {
    expired: 0,
    removed: 0,
    transitioned: 1,
    aborted: 1,
  });
  await assert.rejects(s3.send('ListParts', { Bucket, Key: 'u', UploadId }), code('NoSuchUpload'));
  assert.equal((await s3.send('HeadObject', { Bucket, Key: 'k' })).StorageClass, 'INTELLIGENT_TIERING');
  assert.equal((await s3.objects.applyLifecycle()).transitioned, 0);
});

test('noncurrent versions change their class by the days since they were replaced', async () => {
  const { s3, put } = await opened(
    rule({
      NoncurrentVersionTransitions: [
        { NoncurrentDays: 1, StorageClass: 'GLACIER_IR', NewerNoncurrentVersions: 1 },
        { NoncurrentDays: 30, StorageClass: 'ONEZONE_IA' },
      ],
    }),
  );
  await s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
  for (let count = 0; count < 3; count++) await put('k');
  await s3.send('DeleteObject', { Bucket, Key: 'k' });
  const classes = async () =>
    (
      (await s3.send('ListObjectVersions', { Bucket })).Entries as { Version?: { StorageClass: string } }[]
    ).flatMap(({ Version }) => Version?.StorageClass ?? []);
  s3.clock.advance(2 * DAY);
  assert.equal((await s3.objects.applyLifecycle()).transitioned, 2);
  assert.deepEqual(await classes(), ['STANDARD', 'GLACIER_IR', 'GLACIER_IR']);
  s3.clock.advance(30 * DAY);
  assert.equal((await s3.objects.applyLifecycle()).transitioned, 3);
  assert.deepEqual(await classes(), ['ONEZONE_IA', 'ONEZONE_IA', 'ONEZONE_IA']);
  assert.equal((await s3.objects.applyLifecycle()).transitioned, 0);
});

test('a configuration comes back as it was given', async () => {
  const Rules = [
    {
      ID: 'a',
      Status: 'Enabled',
      Prefix: 'old/',
      Expiration: { Days: 3, Date: undefined, ExpiredObjectDeleteMarker: undefined },
    },
    {
      ID: 'b',
      Status: 'Disabled',
      Filter: {
        And: {
          Prefix: 'x',
          Tags: [{ Key: 'k', Value: 'v' }],
          ObjectSizeGreaterThan: undefined,
          ObjectSizeLessThan: undefined,
        },
      },
      NoncurrentVersionExpiration: { NoncurrentDays: 4, NewerNoncurrentVersions: undefined },
      NoncurrentVersionTransitions: [
        { NoncurrentDays: 1, NewerNoncurrentVersions: 2, StorageClass: 'GLACIER_IR' },
      ],
    },
  ];
  const { s3 } = await opened(...Rules);
  const { Rules: shown } = await s3.send('GetBucketLifecycleConfiguration', { Bucket });
  assert.deepEqual(shown, Rules);
  await s3.send('DeleteBucketLifecycle', { Bucket });
  await assert.rejects(
    s3.send('GetBucketLifecycleConfiguration', { Bucket }),
    code('NoSuchLifecycleConfiguration', 404),
  );
});

test('configurations that are refused', async () => {
  const { configure } = await opened();
  const Expiration = { Days: 1 };
  for (const [error, ...rules] of [
    ['MalformedXML'],
    ['MalformedXML', rule({ Status: 'enabled', Expiration })],
    ['MalformedXML', rule({ Filter: undefined, Expiration })],
    ['MalformedXML', rule({ Expiration: { Days: 1, Date: new Date(START) } })],
    ['InvalidArgument', rule({ Expiration: { Days: 0 } })],
    ['InvalidArgument', rule({ Expiration: { Date: new Date(START) } })],
    ['InvalidArgument', rule({ ID: 'x'.repeat(256), Expiration })],
    ['InvalidArgument', rule({ Expiration }), rule({ Expiration })],
    ['InvalidArgument', rule({ NoncurrentVersionExpiration: { NoncurrentDays: 0 } })],
    ['InvalidRequest', rule({})],
    // LocalStack's recordings of AWS, test_put_bucket_lifecycle_conf_exc.
    ['MalformedXML', rule({ Expiration, NoncurrentVersionExpiration: {} })],
    ['MalformedXML', rule({ Expiration, Filter: { And: { Prefix: 'test' }, Prefix: '' } })],
    ['MalformedXML', rule({ Expiration, Filter: { ObjectSizeGreaterThan: 500, Prefix: '' } })],
    ['InvalidArgument', rule({ Transitions: [{ Date: new Date(START), StorageClass: 'GLACIER' }] })],
    ['InvalidArgument', rule({ Transitions: [{ Days: 29, StorageClass: 'STANDARD_IA' }] })],
    ['MalformedXML', rule({ Transitions: [{ Days: 1, StorageClass: 'STANDARD' }] })],
    ['NotImplemented', rule({ Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] })],
    ['MalformedXML', rule({ NoncurrentVersionTransitions: [{ StorageClass: 'GLACIER_IR' }] })],
    [
      'InvalidArgument',
      rule({ NoncurrentVersionTransitions: [{ NoncurrentDays: 29, StorageClass: 'ONEZONE_IA' }] }),
    ],
    [
      'InvalidArgument',
      rule({ NoncurrentVersionTransitions: [{ NoncurrentDays: -1, StorageClass: 'GLACIER_IR' }] }),
    ],
    [
      'NotImplemented',
      rule({ NoncurrentVersionTransitions: [{ NoncurrentDays: 1, StorageClass: 'DEEP_ARCHIVE' }] }),
    ],
  ] as const) {
    await assert.rejects(configure(...rules), code(error));
  }
});
