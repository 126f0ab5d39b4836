import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeleteMarkerEntry } from '@aws-sdk/client-s3';
import type { ApiError } from '../../../core/errors.js';
import type { VersionListing } from '../listing/list-object-versions.js';
import { bodyOf, code, openTestS3, wholeOf } from '../testing.test.support.js';

const Bucket = 'example-bucket';
const Key = 'k';

async function versioned() {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  const setStatus = (Status: string) =>
    s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status } });
  const put = async (text: string) =>
    (await s3.send('PutObject', { Bucket, Key, Body: bodyOf(text) })).VersionId as string;
  const get = async (VersionId?: string) => {
    const got = await s3.send('GetObject', { Bucket, Key, ...(VersionId && { VersionId }) });
    return [(await wholeOf(got.Body)).toString(), got.VersionId];
  };
  return { s3, setStatus, put, get };
}

test('versions, markers, and bringing a version back', async () => {
  const { s3, setStatus, put, get } = await versioned();
  assert.equal(await put('before'), undefined);
  await setStatus('Enabled');
  assert.deepEqual(await get(), ['before', 'null']);
  const first = await put('first');
  const second = await put('second');
  assert.deepEqual(await get(), ['second', second]);
  assert.deepEqual(await get(first), ['first', first]);
  assert.deepEqual(await get('null'), ['before', 'null']);
  const deleted = await s3.send('DeleteObject', { Bucket, Key });
  assert.equal(deleted.DeleteMarker, true);
  await assert.rejects(get(), (error: ApiError) => {
    assert.equal(error.detail.headers?.['x-amz-delete-marker'], 'true');
    assert.equal(error.detail.headers?.['x-amz-version-id'], deleted.VersionId);
    return error.code === 'NoSuchKey';
  });
  await assert.rejects(get(deleted.VersionId as string), code('MethodNotAllowed', 405));
  await assert.rejects(get('0'.repeat(32)), code('NoSuchVersion', 404));
  await assert.rejects(get('nonsense'), code('InvalidArgument', 400));
  const undone = await s3.send('DeleteObject', { Bucket, Key, VersionId: deleted.VersionId });
  assert.deepEqual(undone, { VersionId: deleted.VersionId, DeleteMarker: true });
  assert.deepEqual(await get(), ['second', second]);
  assert.deepEqual(await s3.send('DeleteObject', { Bucket, Key, VersionId: second }), { VersionId: second });
  assert.deepEqual(await get(), ['first', first]);
  await assert.rejects(s3.send('DeleteBucket', { Bucket }), (error: ApiError) => {
    assert.match(error.message, /You must delete all versions in the bucket/);
    return error.code === 'BucketNotEmpty';
  });
});

test('suspended: new objects are the null version', async () => {
  const { s3, setStatus, put, get } = await versioned();
  await setStatus('Enabled');
  const first = await put('first');
  await setStatus('Suspended');
  assert.equal(await put('null one'), undefined);
  assert.equal(await put('null two'), undefined);
  assert.deepEqual(await get(), ['null two', 'null']);
  assert.deepEqual(await get(first), ['first', first]);
  const { VersionId, DeleteMarker } = await s3.send('DeleteObject', { Bucket, Key });
  assert.deepEqual([VersionId, DeleteMarker], ['null', true]);
  const { Entries } = (await s3.send('ListObjectVersions', { Bucket })) as unknown as VersionListing;
  assert.deepEqual(Entries.map(shown), [
    ['DeleteMarker', Key, 'null', true],
    ['Version', Key, first, false],
  ]);
});

/** The kind, key, id of an entry, and whether it is the latest of its key. */
function shown(entry: VersionListing['Entries'][number]) {
  const [[kind, { Key: key, VersionId, IsLatest }]] = Object.entries(entry) as [[string, DeleteMarkerEntry]];
  return [kind, key, VersionId, IsLatest];
}

// ListObjectVersions, S3 API Reference, example 1; minio-go's testRemoveObjectWithVersioning reads in this order.
test('versions and delete markers of a key stand together, the newest first', async () => {
  const { s3, setStatus } = await versioned();
  await setStatus('Enabled');
  for (let round = 0; round < 2; round++) {
    for (const key of ['a', 'b']) await s3.send('PutObject', { Bucket, Key: key, Body: bodyOf('x') });
    for (const key of ['a', 'b']) await s3.send('DeleteObject', { Bucket, Key: key });
  }
  const { Entries } = (await s3.send('ListObjectVersions', { Bucket })) as unknown as VersionListing;
  const of = (key: string) => [
    ['DeleteMarker', key, true],
    ['Version', key, false],
    ['DeleteMarker', key, false],
    ['Version', key, false],
  ];
  assert.deepEqual(
    Entries.map(shown).map(([kind, key, , latest]) => [kind, key, latest]),
    [...of('a'), ...of('b')],
  );
});

// LocalStack's recordings of AWS, test_list_objects_versions_with_prefix_only_and_pagination.
for (const latestIs of ['an object', 'a delete marker'] as const) {
  test(`what was listed may be deleted: the next page begins with the latest version, ${latestIs}`, async () => {
    const { s3, setStatus, put } = await versioned();
    await setStatus('Enabled');
    await put('1');
    if (latestIs === 'a delete marker') await s3.send('DeleteObject', { Bucket, Key });
    else await put('2');
    for (const content of ['3', '4', '5']) await put(content);
    const list = async (input: object) =>
      (await s3.send('ListObjectVersions', { Bucket, ...input })) as unknown as VersionListing;
    const page = await list({ MaxKeys: 3 });
    const markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    assert.deepEqual(
      (await list(markers)).Entries.map(entry => shown(entry)[3]),
      [false, false],
    );
    for (const [, , VersionId] of page.Entries.map(shown))
      await s3.send('DeleteObject', { Bucket, Key, VersionId });
    assert.deepEqual(
      (await list(markers)).Entries.map(entry => shown(entry)[3]),
      [true, false],
    );
  });
}

test('versions are listed page by page, folded by a delimiter', async () => {
  const { s3, setStatus } = await versioned();
  await setStatus('Enabled');
  for (const key of ['a', 'b/1', 'b/2', 'c']) {
    for (let count = 0; count < 2; count++)
      await s3.send('PutObject', { Bucket, Key: key, Body: bodyOf('x') });
  }
  const whole = await s3.send('ListObjectVersions', { Bucket });
  const seen: unknown[] = [];
  let markers: object = {};
  for (let more = true; more; ) {
    const page = await s3.send('ListObjectVersions', { Bucket, MaxKeys: 3, ...markers });
    seen.push(...(page.Entries as unknown[]));
    markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    more = page.IsTruncated as boolean;
  }
  assert.deepEqual(seen, whole.Entries);
  const folded = await s3.send('ListObjectVersions', { Bucket, Delimiter: '/' });
  assert.deepEqual(folded.CommonPrefixes, [{ Prefix: 'b/' }]);
  assert.equal((folded.Entries as unknown[]).length, 4);
  await assert.rejects(
    s3.send('ListObjectVersions', { Bucket, VersionIdMarker: 'x' }),
    code('InvalidArgument'),
  );
});

test('copying an old version onto its key makes it current again', async () => {
  const { s3, setStatus, put, get } = await versioned();
  await setStatus('Enabled');
  const first = await put('first');
  await put('second');
  const copy = await s3.send('CopyObject', {
    Bucket,
    Key,
    CopySource: `${Bucket}/${Key}?versionId=${first}`,
  });
  assert.equal(copy.CopySourceVersionId, first);
  assert.deepEqual(await get(), ['first', copy.VersionId]);
  const marker = await s3.send('DeleteObject', { Bucket, Key });
  const copyMarker = { Bucket, Key, CopySource: `${Bucket}/${Key}?versionId=${marker.VersionId}` };
  await assert.rejects(s3.send('CopyObject', copyMarker), code('InvalidRequest'));
});

test('tags of objects and of their versions', async () => {
  const { s3, setStatus, put } = await versioned();
  await setStatus('Enabled');
  const first = await put('first');
  const second = await put('second');
  const TagSet = [{ Key: 'a', Value: '1' }];
  assert.deepEqual(
    await s3.send('PutObjectTagging', { Bucket, Key, VersionId: first, Tagging: { TagSet } }),
    { VersionId: first },
  );
  const tags = async (rest: object) => (await s3.send('GetObjectTagging', { Bucket, Key, ...rest })).TagSet;
  assert.deepEqual(await tags({}), []);
  assert.deepEqual(await tags({ VersionId: first }), TagSet);
  assert.equal((await s3.send('HeadObject', { Bucket, Key, VersionId: first })).TagCount, 1);
  assert.deepEqual(await s3.send('DeleteObjectTagging', { Bucket, Key, VersionId: first }), {
    VersionId: first,
  });
  assert.deepEqual(await tags({ VersionId: first }), []);
  const eleven = Array.from({ length: 11 }, (_, index) => ({ Key: `k${index}`, Value: '' }));
  await assert.rejects(
    s3.send('PutObjectTagging', { Bucket, Key, Tagging: { TagSet: eleven } }),
    code('BadRequest', 400),
  );
  await assert.rejects(
    s3.send('PutObjectTagging', { Bucket, Key: 'none', Tagging: { TagSet } }),
    code('NoSuchKey', 404),
  );
  await s3.send('PutObjectTagging', { Bucket, Key, Tagging: { TagSet } });
  assert.deepEqual(await tags({ VersionId: second }), TagSet);
  for (const Tagging of ['a=1&a=2', '%zz=1']) {
    await assert.rejects(
      s3.send('PutObject', { Bucket, Key, Body: bodyOf(''), Tagging }),
      code('InvalidArgument'),
    );
  }
  await s3.send('PutObject', { Bucket, Key, Body: bodyOf(''), Tagging: 'e&a%20b=c+d' });
  assert.deepEqual(await tags({}), [
    { Key: 'a b', Value: 'c d' },
    { Key: 'e', Value: '' },
  ]);
});

test('attributes', async () => {
  const { s3, put } = await versioned();
  await put('text');
  const wanted = (...ObjectAttributes: string[]) =>
    s3.send('GetObjectAttributes', { Bucket, Key, ObjectAttributes });
  const all = await wanted('ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize');
  assert.deepEqual(
    [all.ETag, all.ObjectSize, all.StorageClass, all.ObjectParts],
    ['1cb251ec0d568de6a929b520c4aed8d1', 4, 'STANDARD', undefined],
  );
  assert.equal((await wanted('ObjectSize')).ETag, undefined);
  await assert.rejects(wanted(), code('InvalidRequest'));
  await assert.rejects(wanted('Size'), code('InvalidArgument'));
});
