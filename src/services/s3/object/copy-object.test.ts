import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { allow, bodyOf, code, openTestS3, testAccount, userOf, wholeOf } from '../testing.test.support.js';
import { sourceName } from './copy-source.js';

const Bucket = 'example-bucket';

for (const size of [10, 1000]) {
  test(`a copy of ${size} bytes outlives its source, and the other way round`, async () => {
    const s3 = await openTestS3({ inlineLimit: 64 });
    await s3.send('CreateBucket', { Bucket });
    await s3.send('CreateBucket', { Bucket: 'other-bucket' });
    const body = Buffer.alloc(size, 'abc');
    const put = {
      Bucket,
      Key: 'a',
      Body: bodyOf(body),
      Metadata: { m: '1' },
      ContentType: 'x/y',
      Tagging: 't=1',
      StorageClass: 'STANDARD_IA',
    };
    await s3.send('PutObject', put);
    const copy = (CopySource: string, target: object, rest: object = {}) =>
      s3.send('CopyObject', { Bucket, Key: 'b', CopySource, ...target, ...rest });
    await copy(`${Bucket}/a`, { Bucket: 'other-bucket' });
    await copy(
      `/other-bucket/b`,
      { Key: 'c' },
      { MetadataDirective: 'REPLACE', Metadata: { n: '2' }, TaggingDirective: 'REPLACE' },
    );
    await s3.send('DeleteObject', { Bucket, Key: 'a' });
    const read = async (bucket: string, Key: string) => {
      const got = await s3.send('GetObject', { Bucket: bucket, Key });
      assert.ok((await wholeOf(got.Body)).equals(body));
      return got;
    };
    const first = await read('other-bucket', 'b');
    assert.deepEqual(
      [first.Metadata, first.ContentType, first.TagCount, first.StorageClass],
      [{ m: '1' }, 'x/y', 1, undefined],
    );
    await s3.send('DeleteObject', { Bucket: 'other-bucket', Key: 'b' });
    const second = await read(Bucket, 'c');
    assert.deepEqual(
      [second.Metadata, second.ContentType, second.TagCount],
      [{ n: '2' }, 'binary/octet-stream', undefined],
    );
    await assert.rejects(copy(`${Bucket}/c`, { Key: 'c' }), code('InvalidRequest'));
    await copy(`${Bucket}/c`, { Key: 'c' }, { StorageClass: 'STANDARD_IA' });
    await copy(`${Bucket}/c`, { Key: 'c' }, { MetadataDirective: 'REPLACE', Metadata: { o: '3' } });
    assert.deepEqual((await read(Bucket, 'c')).Metadata, { o: '3' });
    await s3.objects.settle();
    let blobs = 0;
    for await (const _ of s3.blobs.list()) blobs++;
    assert.equal(blobs, size > 64 ? 1 : 0);
    await s3.send('DeleteObject', { Bucket, Key: 'c' });
    await s3.objects.settle();
    for await (const blob of s3.blobs.list()) assert.fail(`${blob.id} was left behind`);
  });
}

// LocalStack's recordings of AWS, test_s3_copy_object_in_place, …_storage_class,
// test_copy_in_place_with_bucket_encryption, test_copy_object_if_none_match_in_place.
test('a copy onto itself takes a field that says what it is to be, whether or not that changes anything', async () => {
  const s3 = await openTestS3({ rootKey: Buffer.alloc(32, 1) });
  await s3.send('CreateBucket', { Bucket });
  const put = (input: object = {}) =>
    s3.send('PutObject', { Bucket, Key: 'k', Body: bodyOf('x'), Tagging: 'a=1', ...input });
  const copy = (input: object = {}) =>
    s3.send('CopyObject', { Bucket, Key: 'k', CopySource: `${Bucket}/k`, ...input });
  await put();
  const illegal = code('InvalidRequest', 400);
  for (const input of [{}, { Metadata: { a: '1' } }, { MetadataDirective: 'COPY' }, { ContentType: 'x/y' }])
    await assert.rejects(copy(input), illegal);
  await assert.rejects(copy({ IfNoneMatch: '*' }), code('PreconditionFailed', 412));
  await copy({ StorageClass: 'STANDARD' });
  await copy({ ServerSideEncryption: 'AES256' });
  await copy({ WebsiteRedirectLocation: '/' });
  await copy({ MetadataDirective: 'REPLACE' });
  const SSECustomerKey = Buffer.alloc(32, 7).toString('base64');
  const SSECustomerKeyMD5 = createHash('md5').update(Buffer.alloc(32, 7)).digest('base64');
  const own = { SSECustomerAlgorithm: 'AES256', SSECustomerKey, SSECustomerKeyMD5 };
  await put(own);
  const source = {
    CopySourceSSECustomerAlgorithm: 'AES256',
    CopySourceSSECustomerKey: SSECustomerKey,
    CopySourceSSECustomerKeyMD5: SSECustomerKeyMD5,
  };
  await copy(source);
  await assert.rejects(copy(), illegal);
  const SSEAlgorithm = 'AES256';
  await s3.send('PutBucketEncryption', {
    Bucket,
    ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm } }] },
  });
  await copy();
});

// LocalStack's recordings of AWS, test_s3_copy_object_in_place_suspended_only: unlike PutObject.
test('a copy in a bucket with suspended versioning says that it is the null version', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  const VersioningConfiguration = { Status: 'Suspended' };
  await s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration });
  assert.equal((await s3.send('PutObject', { Bucket, Key: 'k', Body: bodyOf('x') })).VersionId, undefined);
  const done = await s3.send('CopyObject', { Bucket, Key: 'c', CopySource: `${Bucket}/k` });
  assert.deepEqual([done.VersionId, done.CopySourceVersionId], ['null', undefined]);
});

test('a copy of an object of parts is one whole', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  const { UploadId } = await s3.send('CreateMultipartUpload', {
    Bucket,
    Key: 'a',
    ChecksumAlgorithm: 'SHA256',
  });
  const sha256 = createHash('sha256').update('xyz').digest('base64');
  const part = await s3.send('UploadPart', {
    Bucket,
    Key: 'a',
    UploadId,
    PartNumber: 1,
    ChecksumSHA256: sha256,
    Body: bodyOf('xyz'),
  });
  const Parts = [{ PartNumber: 1, ETag: part.ETag, ChecksumSHA256: sha256 }];
  await s3.send('CompleteMultipartUpload', { Bucket, Key: 'a', UploadId, MultipartUpload: { Parts } });
  const { CopyObjectResult } = await s3.send('CopyObject', { Bucket, Key: 'b', CopySource: `${Bucket}/a` });
  const result = CopyObjectResult as Record<string, unknown>;
  assert.equal(result.ETag, `"${createHash('md5').update('xyz').digest('hex')}"`);
  assert.equal(result.ChecksumSHA256, sha256);
  assert.equal(result.ChecksumType, 'FULL_OBJECT');
  const other = await s3.send('CopyObject', {
    Bucket,
    Key: 'c',
    CopySource: `${Bucket}/a`,
    ChecksumAlgorithm: 'SHA1',
  });
  assert.equal(
    (other.CopyObjectResult as Record<string, unknown>).ChecksumSHA1,
    createHash('sha1').update('xyz').digest('base64'),
  );
  assert.equal((await s3.send('HeadObject', { Bucket, Key: 'b', PartNumber: 1 })).PartsCount, undefined);
});

test('conditions on the source', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  const { ETag } = await s3.send('PutObject', { Bucket, Key: 'a', Body: bodyOf('x') });
  const copy = (rest: object) =>
    s3.send('CopyObject', { Bucket, Key: 'b', CopySource: `${Bucket}/a`, ...rest });
  await copy({ CopySourceIfMatch: ETag });
  await copy({ CopySourceIfNoneMatch: '"other"' });
  await assert.rejects(copy({ CopySourceIfMatch: '"other"' }), code('PreconditionFailed', 412));
  await assert.rejects(copy({ CopySourceIfNoneMatch: ETag }), code('PreconditionFailed', 412));
  await assert.rejects(
    copy({ CopySourceIfModifiedSince: new Date(s3.clock.now()) }),
    code('PreconditionFailed', 412),
  );
  await assert.rejects(copy({ IfNoneMatch: '*' }), code('PreconditionFailed', 412));
  await assert.rejects(copy({ CopySource: `${Bucket}/none` }), code('NoSuchKey', 404));
  await assert.rejects(copy({ CopySource: 'no-such-bucket/a' }), code('NoSuchBucket', 404));
  await assert.rejects(copy({ CopySource: 'nothing' }), code('InvalidArgument', 400));
  await assert.rejects(copy({ MetadataDirective: 'KEEP' }), code('InvalidArgument', 400));
});

test('a copy takes rights on both sides', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  await s3.send('PutObject', { Bucket, Key: 'plain', Body: bodyOf('x') });
  await s3.send('PutObject', { Bucket, Key: 'tagged', Body: bodyOf('x'), Tagging: 'a=b' });
  const account = testAccount('111122223333');
  const copy = (key: string, ...actions: string[]) =>
    s3.send(
      'CopyObject',
      { Bucket, Key: 'to', CopySource: `${Bucket}/${key}` },
      { as: userOf(account, 'user', allow(...actions)) },
    );
  await copy('plain', 's3:GetObject', 's3:PutObject');
  await assert.rejects(copy('plain', 's3:PutObject'), code('AccessDenied'));
  await assert.rejects(copy('plain', 's3:GetObject'), code('AccessDenied'));
  await assert.rejects(copy('tagged', 's3:GetObject', 's3:PutObject'), code('AccessDenied'));
  await copy('tagged', 's3:GetObject', 's3:PutObject', 's3:GetObjectTagging', 's3:PutObjectTagging');
});

test('how a source is named', () => {
  const read = (header: string) => {
    const { Bucket, Key, VersionId } = sourceName(header);
    return [Bucket, Key, VersionId];
  };
  assert.deepEqual(read('b/k'), ['b', 'k', undefined]);
  assert.deepEqual(read('/b/k/l'), ['b', 'k/l', undefined]);
  // LocalStack's test_response_structure, which AWS passes.
  assert.deepEqual(read('https://s3.us-east-1.amazonaws.com/b/k'), ['b', 'k', undefined]);
  assert.deepEqual(read('b/a%20b%2Bc+d'), ['b', 'a b+c d', undefined]);
  assert.deepEqual(read('b%2Fk%2Fl'), ['b', 'k/l', undefined]);
  assert.deepEqual(read('b/k%3FversionId=x?versionId=123'), ['b', 'k?versionId=x', '123']);
  for (const bad of ['', '/', 'b', 'b/', 'b/%zz']) assert.throws(() => read(bad), code('InvalidArgument'));
});
