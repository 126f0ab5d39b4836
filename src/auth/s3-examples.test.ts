import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../core/clock.js';
import type { ApiError } from '../core/errors.js';
import type { HttpRequest } from '../core/http-message.js';
import { traitsOf } from '../services/traits.test.support.js';
import { authenticate } from './authenticate.js';
import {
  EXAMPLE_TIME,
  FakeCredentials,
  read,
  requestOf,
  SECRET,
  sha256,
  signChunks,
} from './requests.test.support.js';

const HOST = 'examplebucket.s3.amazonaws.com';
const DATE = '20130524T000000Z';
const EMPTY = sha256('');

const authorization = (headers: string, signature: string): string =>
  `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${headers},Signature=${signature}`;

const verify = (request: HttpRequest, later = 0) =>
  authenticate(request, {
    service: traitsOf('s3'),
    credentials: new FakeCredentials(),
    clock: new ManualClock(EXAMPLE_TIME + later * 1000),
  });

// Amazon S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in a Single
// Chunk"
test('S3 example: GET object', async () => {
  const { caller, region, context } = await verify(
    requestOf({
      path: '/test.txt',
      headers: {
        host: HOST,
        range: 'bytes=0-9',
        'x-amz-content-sha256': EMPTY,
        'x-amz-date': DATE,
        authorization: authorization(
          'host;range;x-amz-content-sha256;x-amz-date',
          'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
        ),
      },
    }),
  );
  assert.equal(caller.userId, 'AIDAEXAMPLE');
  assert.equal(region, 'us-east-1');
  assert.deepEqual(context, {
    's3:authType': 'REST-HEADER',
    's3:signatureversion': 'AWS4-HMAC-SHA256',
    's3:x-amz-content-sha256': EMPTY,
  });
});

test('S3 example: PUT object', async () => {
  const body = 'Welcome to Amazon S3.';
  const authenticated = await verify(
    requestOf({
      method: 'PUT',
      path: '/test$file.text',
      headers: {
        host: HOST,
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        'content-length': String(body.length),
        'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
        'x-amz-date': DATE,
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        authorization: authorization(
          'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
          '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
        ),
      },
      body,
    }),
  );
  assert.equal((await read(authenticated.body)).toString(), body);
});

test('S3 example: GET bucket lifecycle', async () => {
  await verify(
    requestOf({
      query: 'lifecycle',
      headers: {
        host: HOST,
        'x-amz-content-sha256': EMPTY,
        'x-amz-date': DATE,
        authorization: authorization(
          'host;x-amz-content-sha256;x-amz-date',
          'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
        ),
      },
    }),
  );
});

test('S3 example: list objects', async () => {
  await verify(
    requestOf({
      query: 'max-keys=2&prefix=J',
      headers: {
        host: HOST,
        'x-amz-content-sha256': EMPTY,
        'x-amz-date': DATE,
        authorization: authorization(
          'host;x-amz-content-sha256;x-amz-date',
          '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
        ),
      },
    }),
  );
});

// Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters"
const PRESIGNED = requestOf({
  path: '/test.txt',
  query:
    'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
    '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
    '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  headers: { host: HOST },
});

test('S3 example: presigned URL', async () => {
  const { context } = await verify(PRESIGNED, 90);
  assert.deepEqual(context, {
    's3:authType': 'REST-QUERY-STRING',
    's3:signatureversion': 'AWS4-HMAC-SHA256',
    's3:signatureAge': '90000',
    's3:x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
  });
  await verify(PRESIGNED, 86_400);
  await assert.rejects(verify(PRESIGNED, 86_401), (error: ApiError) => {
    assert.equal(error.code, 'AccessDenied');
    assert.equal(error.status, 403);
    assert.equal(error.message, 'Request has expired');
    assert.deepEqual(error.detail.members, {
      'X-Amz-Expires': '86400',
      Expires: '2013-05-25T00:00:00Z',
      ServerTime: '2013-05-25T00:00:01Z',
    });
    return true;
  });
});

// Amazon S3 API Reference, "Transferring Payload in Multiple Chunks (Chunked Upload)"
test('S3 example: chunked upload', async () => {
  const seed = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
  const chunks = [Buffer.alloc(65_536, 'a'), Buffer.alloc(1024, 'a')];
  const framed = Buffer.concat([
    Buffer.from('10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n'),
    chunks[0]!,
    Buffer.from(
      '\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n',
    ),
    chunks[1]!,
    Buffer.from(
      '\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n',
    ),
  ]);
  assert.equal(framed.length, 66_824, 'the Content-Length of the example');
  const { body } = await verify(
    requestOf({
      method: 'PUT',
      path: '/examplebucket/chunkObject.txt',
      headers: {
        host: 's3.amazonaws.com',
        'x-amz-date': DATE,
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        authorization: authorization(
          'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
          seed,
        ),
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': '66560',
        'content-length': '66824',
      },
      body: framed,
    }),
  );
  assert.equal(body.length, 66_560);
  assert.deepEqual(await read(body), Buffer.concat(chunks));
  assert.deepEqual(
    signChunks(chunks, { secret: SECRET, timestamp: DATE, region: 'us-east-1', seed }),
    framed,
    'the framing of the tests agrees with the example',
  );
});

// Amazon S3 API Reference, "Including Trailing Headers (Chunked Upload)". The page prints the last signature two
// digits short; the chunks before it are those of the page.
test('S3 example: trailing headers', async () => {
  const seed = '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e';
  const chunks = [Buffer.alloc(65_536, 'a'), Buffer.alloc(1024, 'a')];
  const framed = signChunks(chunks, {
    secret: SECRET,
    timestamp: DATE,
    region: 'us-east-1',
    seed,
    trailers: { 'x-amz-checksum-crc32c': 'sOO8/Q==' },
  });
  const text = framed.toString('latin1');
  for (const signature of [
    'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
    '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
    '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
  ]) {
    assert.ok(text.includes(signature), signature);
  }
  const { body } = await verify(
    requestOf({
      method: 'PUT',
      path: '/examplebucket/chunkObject.txt',
      headers: {
        host: 's3.amazonaws.com',
        'x-amz-date': DATE,
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        authorization: authorization(
          'content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer',
          seed,
        ),
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': '66560',
        'x-amz-trailer': 'x-amz-checksum-crc32c',
        'content-length': String(framed.length),
      },
      body: framed,
    }),
  );
  assert.deepEqual(await read(body), Buffer.concat(chunks));
  assert.deepEqual([...body.trailers], [['x-amz-checksum-crc32c', 'sOO8/Q==']]);
});
