import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiError } from '../../../core/errors.js';
import { code, openTestS3 } from '../testing.test.support.js';
import { corsHeaders, s3CrossOrigin } from './cors.js';

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

// LocalStack's recordings of AWS, test_cors_http_options_no_config, …_non_existent_bucket, test_cors_match_methods.
test('the question beforehand is answered or refused in words', async () => {
  const asked = { bucket: Bucket, key: 'k' };
  const { s3 } = await configured({ AllowedOrigins: [origin], AllowedMethods: ['GET'] });
  const { preflight, headers } = s3CrossOrigin(s3.objects);
  const allowed = await preflight(asked, { origin, method: 'GET' });
  assert.equal(allowed['access-control-allow-origin'], origin);
  assert.deepEqual(await headers(Bucket, { origin, method: 'GET' }), allowed);
  assert.equal(await headers('no-such-bucket', { origin, method: 'GET' }), undefined);
  const refused = (why: RegExp, members: object) => (error: ApiError) => {
    assert.match(error.message, why);
    assert.deepEqual(error.detail.members, members);
    return error.code === 'AccessForbidden' && error.status === 403;
  };
  await assert.rejects(
    preflight(asked, { origin, method: 'PUT' }),
    refused(/not allowed/, { Method: 'PUT', ResourceType: 'OBJECT' }),
  );
  await assert.rejects(
    preflight({ bucket: Bucket }, { origin, method: 'PUT' }),
    refused(/not allowed/, { Method: 'PUT', ResourceType: 'BUCKET' }),
  );
  await assert.rejects(preflight(asked, { method: 'GET' }), code('BadRequest', 400));
  await assert.rejects(preflight(asked, { origin }), code('BadRequest', 400));
  const unasked = { Method: 'OPTIONS', ResourceType: 'BUCKET' };
  await assert.rejects(
    preflight({ bucket: 'no-such-bucket' }, { origin }),
    refused(/^CORSResponse: Bucket not found$/, unasked),
  );
  await s3.send('DeleteBucketCors', { Bucket });
  await assert.rejects(preflight(asked, { origin }), refused(/not enabled for this bucket\.$/, unasked));
});
