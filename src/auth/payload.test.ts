import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiError } from '../core/errors.js';
import { traitsOf } from '../services/traits.test.support.js';
import { payloadOf } from './payload.js';
import { bodyOf, read, requestOf, sha256 } from './requests.test.support.js';

const put = (headers: Record<string, string>, body = bodyOf('hello')) =>
  requestOf({ method: 'PUT', headers: { 'content-length': '5', ...headers }, body });

/** Reads the payload of an anonymous request to S3. */
const open = async (request: ReturnType<typeof put>) =>
  read(payloadOf(request, traitsOf('s3'), undefined, undefined).open(undefined));

test('a body that has the hash it is signed with ends normally', async () => {
  const hash = sha256('hello');
  assert.equal((await open(put({ 'x-amz-content-sha256': hash }))).toString(), 'hello');
  assert.equal((await open(put({ 'x-amz-content-sha256': hash.toUpperCase() }))).toString(), 'hello');
});

test('a body with another hash fails instead of ending', async () => {
  const request = put({ 'x-amz-content-sha256': sha256('hullo') });
  const received: string[] = [];
  await assert.rejects(
    async () => {
      const body = payloadOf(request, traitsOf('s3'), undefined, undefined).open(undefined);
      for await (const part of body) received.push(Buffer.from(part).toString());
    },
    (error: ApiError) => {
      assert.equal(error.code, 'XAmzContentSHA256Mismatch');
      assert.equal(error.status, 400);
      assert.deepEqual(error.detail.members, {
        ClientComputedContentSHA256: sha256('hullo'),
        S3ComputedContentSHA256: sha256('hello'),
      });
      return true;
    },
  );
  assert.deepEqual(received, ['hello']);
});

test('a body shorter than its length is incomplete', async () => {
  await assert.rejects(open(put({ 'content-length': '9' }, bodyOf('hello', [], 9))), (error: ApiError) => {
    assert.equal(error.code, 'IncompleteBody');
    assert.equal(error.status, 400);
    assert.deepEqual(error.detail.members, { NumberBytesExpected: '9', NumberBytesProvided: '5' });
    return true;
  });
});

test('a body collected before is hashed and handed on', async () => {
  const payload = payloadOf(put({}), traitsOf('sts'), undefined, Buffer.from('Action=X'));
  assert.equal(payload.hash, sha256('Action=X'));
  assert.equal((await read(payload.open(undefined))).toString(), 'Action=X');
});

test('a copy has no body, and needs no length', async () => {
  const copy = requestOf({
    method: 'PUT',
    headers: { 'x-amz-copy-source': '/bucket/key' },
    body: bodyOf('', [], 0),
  });
  assert.equal((await open(copy)).length, 0);
});

for (const [name, headers, code, status] of [
  ['PUT without a length', { 'content-length': '' }, 'MissingContentLength', 411],
  ['PUT in HTTP chunks', { 'transfer-encoding': 'chunked' }, 'NotImplemented', 501],
  [
    'aws-chunked without x-amz-decoded-content-length',
    { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' },
    'MissingContentLength',
    411,
  ],
  [
    'aws-chunked with a length that is none',
    { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'x-amz-decoded-content-length': 'abc' },
    'MissingContentLength',
    411,
  ],
  [
    'a trailer that is no checksum',
    {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': '5',
      'x-amz-trailer': 'x-amz-meta-a',
    },
    'InvalidRequest',
    400,
  ],
  [
    'signed chunks without a signature',
    { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'x-amz-decoded-content-length': '5' },
    'InvalidRequest',
    400,
  ],
  [
    'chunks signed with version 4A',
    { 'x-amz-content-sha256': 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' },
    'NotImplemented',
    501,
  ],
] as const) {
  test(`refused: ${name}`, async () => {
    const request = put({ ...headers });
    const present = new Map([...request.headers].filter(([, value]) => value !== ''));
    await assert.rejects(async () => open({ ...request, headers: present }), { code, status });
  });
}

test('aws-chunked may come in HTTP chunks', async () => {
  const request = requestOf({
    method: 'PUT',
    headers: {
      'transfer-encoding': 'chunked',
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': '5',
    },
    body: '5\r\nhello\r\n0\r\n\r\n',
  });
  assert.equal((await open(request)).toString(), 'hello');
});
