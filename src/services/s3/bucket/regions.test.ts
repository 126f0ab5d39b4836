import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiError } from '../../../core/errors.js';
import { bodyOf, code, openTestS3 } from '../testing.test.support.js';

const Bucket = 'example-bucket';
const Key = 'k';

async function open(otherRegions?: 'redirected') {
  const s3 = await openTestS3({ ...(otherRegions && { otherRegions }) });
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' };
  await s3.send('CreateBucket', { Bucket, CreateBucketConfiguration }, { region: 'us-east-1' });
  await s3.send('PutObject', { Bucket, Key, Body: bodyOf('x') }, { region: 'eu-west-1' });
  return s3;
}

const operations: [string, object][] = [
  ['HeadBucket', {}],
  ['ListObjectsV2', {}],
  ['GetObject', { Key }],
  ['PutObject', { Key, Body: bodyOf('y') }],
  ['CopyObject', { Key: 'copy', CopySource: `${Bucket}/${Key}` }],
  ['DeleteObjects', { Delete: { Objects: [{ Key: 'none' }] } }],
  ['GetBucketVersioning', {}],
];

test('a request signed for another region is served, unless it is to be redirected', async () => {
  const served = await open();
  const redirected = await open('redirected');
  for (const [operation, input] of operations) {
    const circumstances = { region: 'us-east-1', headers: { host: 'h:1', 'content-md5': 'is there' } };
    await served.send(operation, { Bucket, ...input }, circumstances);
    await assert.rejects(
      redirected.send(operation, { Bucket, ...input }, circumstances),
      (error: ApiError) => {
        assert.deepEqual([error.code, error.status], ['PermanentRedirect', 301]);
        assert.deepEqual(error.detail.members, { Endpoint: 'h:1', Bucket });
        assert.deepEqual(error.detail.headers, { 'x-amz-bucket-region': 'eu-west-1' });
        return true;
      },
    );
    await redirected.send(operation, { Bucket, ...input }, { ...circumstances, region: 'eu-west-1' });
  }
});

test('a presigned URL is told what it should have been signed for', async () => {
  const s3 = await open('redirected');
  const query = 'X-Amz-Credential=a&X-Amz-Signature=b';
  await assert.rejects(
    s3.send('GetObject', { Bucket, Key }, { region: 'us-east-1', query }),
    (error: ApiError) => {
      assert.deepEqual([error.code, error.status], ['AuthorizationQueryParametersError', 400]);
      assert.match(error.message, /the region 'us-east-1' is wrong; expecting 'eu-west-1'$/);
      assert.deepEqual(error.detail.members, { Region: 'eu-west-1' });
      return true;
    },
  );
});

// LocalStack's recordings of AWS, test_create_bucket_aws_global.
test('what is signed for no region of AWS is told which one is expected', async () => {
  const region = 'aws-global';
  const told = (expected: string) => (error: ApiError) => {
    assert.deepEqual([error.code, error.status], ['AuthorizationHeaderMalformed', 400]);
    assert.match(error.message, new RegExp(`; the region 'aws-global' is wrong; expecting '${expected}'$`));
    assert.deepEqual(error.detail.members, { Region: expected });
    return true;
  };
  const s3 = await open('redirected');
  await assert.rejects(s3.send('HeadBucket', { Bucket }, { region }), told('eu-west-1'));
  await assert.rejects(s3.send('CreateBucket', { Bucket: 'another' }, { region }), told('us-east-1'));
  const served = await open();
  await served.send('HeadBucket', { Bucket }, { region });
});

test('what names no region, asks for the region or copies from elsewhere is never redirected', async () => {
  const s3 = await open('redirected');
  await s3.send('GetObject', { Bucket, Key });
  const { LocationConstraint } = await s3.send('GetBucketLocation', { Bucket }, { region: 'us-east-1' });
  assert.equal(LocationConstraint, 'eu-west-1');
  await s3.send('CreateBucket', { Bucket: 'first-region' }, { region: 'us-east-1' });
  const copy = { Bucket: 'first-region', Key, CopySource: `${Bucket}/${Key}` };
  await s3.send('CopyObject', copy, { region: 'us-east-1' });
  await assert.rejects(s3.send('GetObject', { Bucket: 'none', Key }, { region: 'x' }), code('NoSuchBucket'));
});
