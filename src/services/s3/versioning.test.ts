import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiError } from '../../errors.js';
import { bodyOf, code, openTestS3, wholeOf } from './testing.test.support.js';

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
  const { Versions, DeleteMarkers } = (await s3.send('ListObjectVersions', { Bucket })) as Record<
    string,
    { VersionId: string; IsLatest: boolean }[]
  >;
  assert.deepEqual(
    Versions?.map(({ VersionId: id, IsLatest }) => [id, IsLatest]),
    [[first, false]],
  );
  assert.deepEqual(
    DeleteMarkers?.map(({ VersionId: id, IsLatest }) => [id, IsLatest]),
    [['null', true]],
  );
});

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
    seen.push(...(page.Versions as unknown[]));
    markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    more = page.IsTruncated as boolean;
  }
  assert.deepEqual(seen, whole.Versions);
  const folded = await s3.send('ListObjectVersions', { Bucket, Delimiter: '/' });
  assert.deepEqual(folded.CommonPrefixes, [{ Prefix: 'b/' }]);
  assert.equal((folded.Versions as unknown[]).length, 4);
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
