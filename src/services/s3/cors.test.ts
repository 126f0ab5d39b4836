import assert from 'node:assert/strict';
import { test } from 'node:test';
import { corsHeaders, s3CrossOrigin } from './cors.js';
import { code, openTestS3 } from './testing.test.support.js';

const Bucket = 'example-bucket';
const origin = 'https://www.example.com';

async function configured(...CORSRules: object[]) {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  await s3.send('PutBucketCors', { Bucket, CORSConfiguration: { CORSRules } });
  return { s3, bucket: await s3.objects.buckets.get(Bucket) };
}

test('the first rule that fits answers', async () => {
  const { bucket } = await configured(
    {
      AllowedOrigins: ['https://*.example.com'],
      AllowedMethods: ['PUT', 'GET'],
      AllowedHeaders: ['x-amz-*', 'Content-Type'],
      ExposeHeaders: ['ETag'],
      MaxAgeSeconds: 60,
    },
    { AllowedOrigins: ['*'], AllowedMethods: ['GET'] },
  );
  const vary = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method';
  assert.deepEqual(
    corsHeaders(bucket, { origin, method: 'PUT', requestHeaders: 'X-Amz-Date, content-type' }),
    {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'PUT, GET',
      'access-control-allow-headers': 'x-amz-date, content-type',
      'access-control-expose-headers': 'ETag',
      'access-control-max-age': '60',
      'access-control-allow-credentials': 'true',
      vary,
    },
  );
  assert.deepEqual(corsHeaders(bucket, { origin: 'http://elsewhere', method: 'GET' }), {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET',
    vary,
  });
  assert.equal(corsHeaders(bucket, { origin: 'http://elsewhere', method: 'PUT' }), undefined);
  assert.equal(corsHeaders(bucket, { origin, method: 'PUT', requestHeaders: 'authorization' }), undefined);
  assert.equal(corsHeaders(bucket, { origin: 'https://.example.co', method: 'PUT' }), undefined);
});

test('a configuration comes back as it was given, until it is deleted', async () => {
  const CORSRules = [{ ID: 'r', AllowedOrigins: ['*'], AllowedMethods: ['GET'], MaxAgeSeconds: 5 }];
  const { s3 } = await configured(...CORSRules);
  assert.deepEqual(await s3.send('GetBucketCors', { Bucket }), { CORSRules });
  await s3.send('DeleteBucketCors', { Bucket });
  await assert.rejects(s3.send('GetBucketCors', { Bucket }), code('NoSuchCORSConfiguration', 404));
});

test('configurations that are refused', async () => {
  for (const [error, ...rules] of [
    ['MalformedXML'],
    ['MalformedXML', { AllowedOrigins: ['*'] }],
    ['InvalidRequest', { AllowedOrigins: ['*'], AllowedMethods: ['PATCH'] }],
    ['InvalidRequest', { AllowedOrigins: ['*.*'], AllowedMethods: ['GET'] }],
  ] as const) {
    await assert.rejects(configured(...rules), code(error, 400));
  }
});

test('the question beforehand is answered or refused in words', async () => {
  const { s3 } = await configured({ AllowedOrigins: [origin], AllowedMethods: ['GET'] });
  const { preflight, headers } = s3CrossOrigin(s3.objects);
  const allowed = await preflight(Bucket, { origin, method: 'GET' });
  assert.equal(allowed['access-control-allow-origin'], origin);
  assert.deepEqual(await headers(Bucket, { origin, method: 'GET' }), allowed);
  assert.equal(await headers('no-such-bucket', { origin, method: 'GET' }), undefined);
  await assert.rejects(preflight(Bucket, { origin, method: 'PUT' }), code('AccessForbidden', 403));
  await assert.rejects(preflight(Bucket, { method: 'GET' }), code('BadRequest', 400));
  await assert.rejects(preflight(Bucket, { origin }), code('BadRequest', 400));
  await assert.rejects(preflight('no-such-bucket', { origin, method: 'GET' }), code('NoSuchBucket', 404));
  await s3.send('DeleteBucketCors', { Bucket });
  await assert.rejects(preflight(Bucket, { origin, method: 'GET' }), /CORS is not enabled for this bucket/);
});
