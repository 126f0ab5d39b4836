import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymous, bodyOf, code, openTestS3, rootOf, testAccount } from './testing.test.support.js';

const Bucket = 'example-bucket';
const Key = 'k';
const other = rootOf(testAccount('999988887777'));
const pays = { 'x-amz-request-payer': 'requester' };

async function sharedBucket() {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  await s3.send('PutObject', { Bucket, Key, Body: bodyOf('x') });
  await s3.send('DeletePublicAccessBlock', { Bucket });
  const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
  const Statement = { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource };
  await s3.send('PutBucketPolicy', { Bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) });
  return s3;
}

test('who pays is a setting', async () => {
  const s3 = await sharedBucket();
  const put = (Payer: string | undefined) =>
    s3.send('PutBucketRequestPayment', { Bucket, RequestPaymentConfiguration: { Payer } });
  const get = () => s3.send('GetBucketRequestPayment', { Bucket });
  assert.deepEqual(await get(), { Payer: 'BucketOwner' });
  await put('Requester');
  assert.deepEqual(await get(), { Payer: 'Requester' });
  await put('BucketOwner');
  assert.deepEqual(await get(), { Payer: 'BucketOwner' });
  await assert.rejects(put('Somebody'), code('MalformedXML', 400));
  await assert.rejects(put(undefined), code('MalformedXML', 400));
});

test('requesters of other accounts say that they pay, and are told that they did', async () => {
  const s3 = await sharedBucket();
  const reads: [string, object][] = [
    ['GetObject', { Key }],
    ['HeadObject', { Key }],
    ['ListObjectsV2', {}],
    ['PutObject', { Key, Body: bodyOf('y') }],
    ['CopyObject', { Key: 'copy', CopySource: `${Bucket}/${Key}` }],
    ['DeleteObject', { Key: 'none' }],
    ['GetBucketPolicyStatus', {}],
  ];
  for (const [operation, input] of reads) {
    const { RequestCharged } = await s3.send(operation, { Bucket, ...input }, { as: other, headers: pays });
    assert.equal(RequestCharged, undefined, operation);
  }
  await s3.send('PutBucketRequestPayment', { Bucket, RequestPaymentConfiguration: { Payer: 'Requester' } });
  for (const [operation, input] of reads) {
    const send = (circumstances: object) => s3.send(operation, { Bucket, ...input }, circumstances);
    await assert.rejects(send({ as: other }), code('AccessDenied', 403), operation);
    await assert.rejects(
      send({ as: other, headers: { 'x-amz-request-payer': 'me' } }),
      code('AccessDenied', 403),
    );
    assert.equal((await send({ as: other, headers: pays }))['RequestCharged'], 'requester', operation);
    // Nobody cannot pay, and the owner pays anyway.
    await assert.rejects(send({ as: anonymous, headers: pays }), code('AccessDenied', 403), operation);
    assert.equal((await send({ headers: pays }))['RequestCharged'], undefined, operation);
  }
  const Delete = { Objects: [{ Key }] };
  await assert.rejects(
    s3.send('DeleteObjects', { Bucket, Delete }, { as: other }),
    code('AccessDenied', 403),
  );
});

test('a source of a copy has its terms too', async () => {
  const s3 = await sharedBucket();
  await s3.send('PutBucketRequestPayment', { Bucket, RequestPaymentConfiguration: { Payer: 'Requester' } });
  await s3.send('CreateBucket', { Bucket: 'target' }, { as: other });
  const copy = (headers: Record<string, string>) =>
    s3.send('CopyObject', { Bucket: 'target', Key, CopySource: `${Bucket}/${Key}` }, { as: other, headers });
  await assert.rejects(copy({}), code('AccessDenied', 403));
  assert.equal((await copy(pays))['RequestCharged'], 'requester');
});

test('acceleration is a setting of buckets without dots in their names', async () => {
  const s3 = await sharedBucket();
  const put = (Status: string, bucket = Bucket) =>
    s3.send('PutBucketAccelerateConfiguration', { Bucket: bucket, AccelerateConfiguration: { Status } });
  const status = async () => (await s3.send('GetBucketAccelerateConfiguration', { Bucket }))['Status'];
  const accelerated = () =>
    s3.send('GetObject', { Bucket, Key }, { headers: { host: `${Bucket}.s3-accelerate.amazonaws.com` } });
  await put('Suspended');
  assert.equal(await status(), undefined);
  await assert.rejects(accelerated(), {
    message: 'S3 Transfer Acceleration is not configured on this bucket',
  });
  await put('Enabled');
  assert.equal(await status(), 'Enabled');
  await accelerated();
  await put('Suspended');
  assert.equal(await status(), 'Suspended');
  await assert.rejects(accelerated(), code('InvalidRequest', 400));
  await assert.rejects(put('Off'), code('MalformedXML', 400));
  await s3.send('CreateBucket', { Bucket: 'my.bucket' });
  await assert.rejects(put('Enabled', 'my.bucket'), code('InvalidRequest', 400));
});
