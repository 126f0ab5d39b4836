/** Details of answers as LocalStack's recordings of AWS (February 2026) have them; each test names its recording. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caller } from '../../core/caller.js';
import type { ApiError } from '../../core/errors.js';
import { checksumOf } from '../../objects/index.js';
import { anonymous, bodyOf, code, openTestS3 } from './testing.test.support.js';

const Bucket = 'example-bucket';
const Key = 'k';
const FOREIGN_ID = 'HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD';

async function opened(input: object = {}) {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket, ...input });
  const digest = { headers: { 'content-md5': 'looked at before the operation' } };
  const on = (operation: string, rest: object = {}) =>
    s3.send(operation, { Bucket, Key, ...rest }, operation === 'DeleteObjects' ? digest : {});
  const enable = () => on('PutBucketVersioning', { VersioningConfiguration: { Status: 'Enabled' } });
  return { s3, on, enable };
}

const refused = (name: string, status: number, members: object) => (error: ApiError) => {
  assert.deepEqual([error.code, error.status, error.detail.members], [name, status, members]);
  return true;
};

test('test_s3_transition_default_minimum_object_size, and filters that are empty', async () => {
  const { on } = await opened();
  const Rules = [{ ID: 'a', Status: 'Enabled', Filter: {}, Expiration: { Days: 1 } }];
  const put = (size?: string) =>
    on('PutBucketLifecycleConfiguration', {
      LifecycleConfiguration: { Rules },
      TransitionDefaultMinimumObjectSize: size,
    });
  const size = 'TransitionDefaultMinimumObjectSize';
  assert.equal((await put())[size], 'all_storage_classes_128K');
  assert.equal((await put('varies_by_storage_class'))[size], 'varies_by_storage_class');
  const shown = await on('GetBucketLifecycleConfiguration');
  assert.equal(shown[size], 'varies_by_storage_class');
  const [rule] = shown['Rules'] as { Filter: object }[];
  assert.deepEqual(JSON.parse(JSON.stringify(rule!.Filter)), {});
});

test('test_complete_multipart_parts_checksum_*, test_get_object_part_checksum: checksums of parts', async () => {
  for (const ChecksumType of ['COMPOSITE', 'FULL_OBJECT']) {
    const { on } = await opened();
    const { UploadId } = await on('CreateMultipartUpload', { ChecksumAlgorithm: 'CRC32', ChecksumType });
    const part = { PartNumber: 1, ChecksumCRC32: checksumOf('CRC32', Buffer.from('x')) };
    const { ETag } = await on('UploadPart', { UploadId, ...part, Body: bodyOf('x') });
    const MultipartUpload = { Parts: [{ ...part, ETag }] };
    const { ChecksumCRC32 } = await on('CompleteMultipartUpload', { UploadId, MultipartUpload });
    const ObjectAttributes = ['Checksum', 'ObjectParts'];
    const { Checksum, ObjectParts } = await on('GetObjectAttributes', { ObjectAttributes });
    const first = await on('HeadObject', { PartNumber: 1, ChecksumMode: 'ENABLED' });
    const value = String(ChecksumCRC32).replace('-1', '');
    assert.deepEqual(Checksum, { ChecksumCRC32: value, ChecksumType });
    if (ChecksumType === 'COMPOSITE') {
      assert.equal(ChecksumCRC32, `${value}-1`);
      assert.deepEqual((ObjectParts as { Parts: object[] }).Parts, [{ ...part, Size: 1 }]);
      assert.equal(first['ChecksumCRC32'], part.ChecksumCRC32);
    } else {
      assert.deepEqual(ObjectParts, { TotalPartsCount: 1 });
      assert.deepEqual([first['ChecksumCRC32'], first['ChecksumType']], [value, ChecksumType]);
    }
  }
});

test('test_s3_legal_hold_lock_versioned: a hold that is off is shown', async () => {
  const { on } = await opened({ ObjectLockEnabledForBucket: true });
  await on('PutObject', { Body: bodyOf('x') });
  assert.equal((await on('HeadObject'))['ObjectLockLegalHoldStatus'], undefined);
  await on('PutObjectLegalHold', { LegalHold: { Status: 'OFF' } });
  assert.equal((await on('HeadObject'))['ObjectLockLegalHoldStatus'], 'OFF');
});

test('test_object_tagging_versioned, test_put_object_acl_on_delete_marker', async () => {
  const { on, enable } = await opened({ ObjectOwnership: 'ObjectWriter' });
  await enable();
  await on('PutObject', { Body: bodyOf('x') });
  const { VersionId } = await on('DeleteObject');
  const Tagging = { TagSet: [{ Key: 'a', Value: 'b' }] };
  for (const version of [{}, { VersionId }]) {
    for (const [operation, input] of [
      ['PutObjectTagging', { Tagging }],
      ['GetObjectTagging', {}],
      ['DeleteObjectTagging', {}],
      ['PutObjectAcl', { ACL: 'private' }],
    ] as const) {
      await assert.rejects(on(operation, { ...version, ...input }), (error: ApiError) => {
        assert.equal(error.detail.members?.['ResourceType'], 'DeleteMarker');
        assert.equal(error.detail.headers?.['allow'], 'DELETE');
        return error.code === 'MethodNotAllowed' && error.status === 405;
      });
    }
  }
  await assert.rejects(on('GetObjectAcl'), code('NoSuchKey', 404));
});

test('test_delete_object, test_get_object_with_version_unversioned_bucket: ids of other stores', async () => {
  const { on, enable } = await opened();
  await on('PutObject', { Body: bodyOf('x') });
  const Delete = { Objects: [{ Key, VersionId: FOREIGN_ID }] };
  const amongMany = async () =>
    ((await on('DeleteObjects', { Delete }))['Errors'] as { Code: string }[])[0]?.Code;
  const malformed = { ArgumentName: 'versionId', ArgumentValue: FOREIGN_ID };
  for (const operation of ['GetObject', 'DeleteObject']) {
    const asked = on(operation, { VersionId: FOREIGN_ID });
    await assert.rejects(asked, refused('InvalidArgument', 400, malformed));
  }
  assert.equal(await amongMany(), 'NoSuchVersion');
  await enable();
  // versitygw, GetObject_non_existing_version and its like.
  for (const operation of ['GetObject', 'GetObjectTagging', 'DeleteObject']) {
    const asked = on(operation, { VersionId: FOREIGN_ID });
    await assert.rejects(asked, refused('NoSuchVersion', 404, { Key, VersionId: FOREIGN_ID }));
  }
  assert.equal(await amongMany(), 'NoSuchVersion');
  await assert.rejects(on('GetObject', { VersionId: 'short' }), code('InvalidArgument', 400));
});

test('test_delete_object_with_no_locking: nothing to bypass', async () => {
  const { on } = await opened();
  const members = { ArgumentName: 'x-amz-bypass-governance-retention' };
  for (const BypassGovernanceRetention of [true, false]) {
    const asked = on('DeleteObject', { BypassGovernanceRetention });
    await assert.rejects(asked, refused('InvalidArgument', 400, members));
    // ceph/s3-tests, nuke_bucket.
    await on('DeleteObjects', { Delete: { Objects: [{ Key }] }, BypassGovernanceRetention });
  }
});

test('test_list_multiparts_next_marker: markers', async () => {
  const { s3, on } = await opened();
  const list = (input: object = {}) => on('ListMultipartUploads', input);
  const ends = ({ NextKeyMarker, NextUploadIdMarker, Prefix }: Record<string, unknown>) => [
    NextKeyMarker,
    NextUploadIdMarker,
    Prefix,
  ];
  assert.deepEqual(ends(await list()), ['', '', undefined]);
  const { UploadId: mine } = await on('CreateMultipartUpload');
  const { UploadId: other } = await s3.send('CreateMultipartUpload', { Bucket, Key: 'other' });
  assert.deepEqual(ends(await list()), ['other', other, undefined]);
  for (const UploadIdMarker of [other, 'made up']) {
    const members = { ArgumentName: 'upload-id-marker', ArgumentValue: UploadIdMarker };
    const asked = list({ KeyMarker: Key, UploadIdMarker });
    await assert.rejects(asked, refused('InvalidArgument', 400, members));
  }
  await on('AbortMultipartUpload', { UploadId: mine });
  assert.deepEqual(ends(await list({ KeyMarker: Key, UploadIdMarker: mine })), ['other', other, undefined]);
});

test('test_tagging_validation, test_create_bucket_with_tags_exc, test_put_object_tagging: tags', async () => {
  const { s3, on } = await opened();
  const put = (Tagging: string) => on('PutObject', { Body: bodyOf('x'), Tagging });
  await put('key1&&&key2');
  assert.deepEqual((await on('GetObjectTagging'))['TagSet'], [
    { Key: 'key1', Value: '' },
    { Key: 'key2', Value: '' },
  ]);
  // From the third on: versitygw, PutObject_tagging.
  for (const [header, error] of [
    ['key1=val1,key2=val2', 'InvalidArgument'],
    ['key1=val1&key1=val2', 'InvalidArgument'],
    ['=', 'InvalidArgument'],
    ['key%', 'InvalidArgument'],
    ['key?=val', 'InvalidTag'],
    ['key=val*', 'InvalidTag'],
  ] as const) {
    await assert.rejects(put(header), code(error, 400), header);
  }
  await on('PutObjectTagging', { Tagging: {} });
  assert.deepEqual((await on('GetObjectTagging'))['TagSet'], []);
  const system = { TagSet: [{ Key: 'aws:a', Value: '' }] };
  const message = (text: RegExp) => (error: ApiError) =>
    error.code === 'InvalidTag' && text.test(error.message);
  await assert.rejects(on('PutObjectTagging', { Tagging: system }), message(/cannot be prefixed with aws:$/));
  await assert.rejects(on('PutBucketTagging', { Tagging: system }), message(/^System tags cannot be/));
  const CreateBucketConfiguration = { Tags: system.TagSet };
  await assert.rejects(
    s3.send('CreateBucket', { Bucket: 'tagged-bucket', CreateBucketConfiguration }),
    message(/can't start with "aws:"/),
  );
});

test('configurations of which none was set: none is listed, none is there', async () => {
  const { on } = await opened();
  for (const kind of ['Analytics', 'IntelligentTiering', 'Metrics']) {
    const input = { Id: 'a' };
    const listed = await on(`ListBucket${kind}Configurations`);
    assert.deepEqual(listed, { ContinuationToken: undefined, IsTruncated: false });
    for (const doing of ['Get', 'Delete']) {
      await assert.rejects(on(`${doing}Bucket${kind}Configuration`, input), code('NoSuchConfiguration', 404));
    }
  }
});

// S3 User Guide, "Naming Amazon S3 objects"; versitygw, PutObject_invalid_object_names.
test('new keys do not climb above their root', async () => {
  const { s3, on } = await opened();
  for (const key of ['..', '../x', 'a/../../x', 'a/./../..', '/..']) {
    const asked = s3.send('PutObject', { Bucket, Key: key, Body: bodyOf('x') });
    await assert.rejects(asked, code('BadRequest', 400));
    await assert.rejects(on('CreateMultipartUpload', { Key: key }), code('BadRequest', 400));
  }
  for (const key of ['a/../x', '...', 'a/..b', '.', '//']) {
    await s3.send('PutObject', { Bucket, Key: key, Body: bodyOf('x') });
  }
});

test('test_create_bucket_*: where buckets are made', async () => {
  const { s3 } = await opened();
  const CreateBucketConfiguration = { LocationConstraint: 'eu-central-1' };
  const made = await s3.send('CreateBucket', { Bucket: 'elsewhere', CreateBucketConfiguration });
  assert.equal(made['Location'], 'http://elsewhere.s3.amazonaws.com/');
  const Tags = [{ Key: 'a', Value: 'b' }];
  await assert.rejects(
    s3.send('CreateBucket', { Bucket, CreateBucketConfiguration: { Tags } }),
    code('BucketAlreadyOwnedByYou', 409),
  );
  const unknown = { Bucket: 'other', CreateBucketConfiguration: { LocationConstraint: 'bar' } };
  await assert.rejects(
    s3.send('CreateBucket', unknown, { region: 'eu-west-1' }),
    code('IllegalLocationConstraintException', 400),
  );
});

test('test_list_buckets_*, test_list_objects_v2_continuation_*: what listings tell', async () => {
  const { s3, on } = await opened();
  const [bucket] = (await s3.send('ListBuckets', { Prefix: Bucket }))['Buckets'] as {
    BucketRegion: string;
  }[];
  assert.equal(bucket?.BucketRegion, 'us-east-1');
  assert.equal((await s3.send('ListBuckets', { ContinuationToken: '' }))['ContinuationToken'], undefined);
  const members = { ArgumentName: 'bucket-region' };
  const asked = s3.send('ListBuckets', { BucketRegion: 'eu-east-1' });
  await assert.rejects(asked, refused('InvalidArgument', 400, members));
  for (const key of ['a', 'b']) await on('PutObject', { Key: key, Body: bodyOf('x') });
  const page = await on('ListObjectsV2', { MaxKeys: 1, StartAfter: '0' });
  assert.deepEqual([page['BucketRegion'], page['StartAfter']], ['us-east-1', '0']);
  const ContinuationToken = page['NextContinuationToken'];
  const next = await on('ListObjectsV2', { ContinuationToken, StartAfter: '0' });
  assert.equal(next['StartAfter'], undefined);
  await assert.rejects(on('ListObjectsV2', { ContinuationToken: '' }), code('InvalidArgument', 400));
});

test('test_delete_bucket_with_content, test_bucket_name_with_dots: ARNs of buckets, and who sees owners', async () => {
  const { s3, on } = await opened({ ObjectOwnership: 'ObjectWriter' });
  const { Buckets } = await s3.send('ListBuckets', {});
  const [bucket] = Buckets as Record<string, unknown>[];
  assert.deepEqual([bucket?.['BucketArn'], bucket?.['BucketRegion']], [`arn:aws:s3:::${Bucket}`, undefined]);
  await on('DeletePublicAccessBlock');
  await on('PutBucketAcl', { ACL: 'public-read' });
  await on('PutObject', { Body: bodyOf('x') });
  const ownerFor = async (operation: string, input: object, as?: Caller) => {
    const { Contents } = await s3.send(operation, { Bucket, ...input }, as ? { as } : {});
    return (Contents as { Owner?: object }[])[0]!.Owner;
  };
  for (const [operation, input] of [
    ['ListObjects', {}],
    ['ListObjectsV2', { FetchOwner: true }],
  ] as const) {
    assert.notEqual(await ownerFor(operation, input), undefined);
    assert.equal(await ownerFor(operation, input, anonymous), undefined);
  }
});

test('test_list_multiparts_with_prefix_and_delimiter: the marker of a last page', async () => {
  const { on } = await opened();
  for (const key of ['a/1', 'b', 'c/1', 'c/2']) await on('CreateMultipartUpload', { Key: key });
  const list = async (input: object) =>
    (await on('ListMultipartUploads', { Delimiter: '/', ...input }))['NextKeyMarker'];
  assert.equal(await list({}), 'b');
  assert.equal(await list({ Prefix: 'c' }), '');
  // AWS answers nothing here, which leaves clients no way to go on.
  assert.equal(await list({ MaxUploads: 1 }), 'a/');
});

test('test_object_tagging_exc: the key that GetObjectTagging does not find', async () => {
  const { on } = await opened();
  await assert.rejects(on('GetObjectTagging'), refused('NoSuchKey', 404, { Key: `${Bucket}/${Key}` }));
  await assert.rejects(on('DeleteObjectTagging'), refused('NoSuchKey', 404, { Key }));
  await assert.rejects(on('GetObject'), refused('NoSuchKey', 404, { Key }));
});

// "Namespaces for general purpose buckets", S3 User Guide: what is there is the global one.
test('a bucket of an account’s own namespace is not made in the global one', async () => {
  const { s3 } = await opened();
  const name = 'prefix-111122223333-us-east-1-an';
  const make = (BucketNamespace: string) => s3.send('CreateBucket', { Bucket: name, BucketNamespace });
  await assert.rejects(make('account-regional'), code('NotImplemented', 501));
  await make('global');
});
