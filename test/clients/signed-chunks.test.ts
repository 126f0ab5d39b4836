import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { signChunks } from '../../src/auth/requests.test.support.js';
import { type RawReply, sendSigned } from '../support/raw.js';
import { BUCKET, type Keys, openStage, REGION, type Stage } from './stage.js';

/**
 * Signed chunks (STREAMING-AWS4-HMAC-SHA256-PAYLOAD) as the SDKs for Java, C++ and Rust send them; no client that a
 * test can install here does, so they are framed by hand.
 */
suite('signed chunks', () => {
  let stage: Stage;
  let keys: Keys;
  let s3: S3Client;

  before(async () => {
    stage = await openStage();
    keys = await stage.assume();
    s3 = new S3Client(stage.config(keys));
  });
  after(() => stage.close());

  const chunks = [randomBytes(65_536), randomBytes(65_536), randomBytes(100)];
  const payload = Buffer.concat(chunks);

  function put(
    key: string,
    options: {
      readonly trailers?: Record<string, string>;
      readonly headers?: Record<string, string>;
      readonly spoil?: (body: Buffer) => Buffer;
    } = {},
  ): Promise<RawReply> {
    const { trailers, spoil = body => body } = options;
    return sendSigned(stage.endpoint, keys, {
      service: 's3',
      region: REGION,
      method: 'PUT',
      path: `/${BUCKET}/${key}`,
      headers: {
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': String(payload.length),
        'x-amz-content-sha256': `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${trailers ? '-TRAILER' : ''}`,
        ...(trailers && { 'x-amz-trailer': Object.keys(trailers).join(',') }),
        ...options.headers,
      },
      tamper(request) {
        const framed = signChunks(chunks, {
          secret: keys.secretAccessKey,
          timestamp: request.headers['x-amz-date']!,
          region: REGION,
          seed: /Signature=(\w+)/.exec(request.headers['authorization']!)![1]!,
          ...(trailers && { trailers }),
        });
        request.body = spoil(framed);
      },
    });
  }

  const sha256 = createHash('sha256').update(payload).digest('base64');

  test('the payload is stored, the framing is not', async () => {
    const { status, headers } = await put('plain', { headers: { 'content-encoding': 'aws-chunked,gzip' } });
    assert.equal(status, 200);
    assert.equal(headers['etag'], `"${createHash('md5').update(payload).digest('hex')}"`);
    const object = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'plain' }));
    assert.deepEqual(Buffer.from(await object.Body!.transformToByteArray()), payload);
    assert.equal(object.ContentEncoding, 'gzip');
  });

  test('a checksum in the trailer is verified and kept', async () => {
    const { status } = await put('trailer', { trailers: { 'x-amz-checksum-sha256': sha256 } });
    assert.equal(status, 200);
    const head = await s3.send(
      new HeadObjectCommand({ Bucket: BUCKET, Key: 'trailer', ChecksumMode: 'ENABLED' }),
    );
    assert.equal(head.ChecksumSHA256, sha256);
  });

  const flipped = (at: number) => (body: Buffer) => {
    body[at]! ^= 1;
    return body;
  };
  for (const [name, options, status, code] of [
    ['a byte of the first chunk changed', { spoil: flipped(200) }, 403, 'SignatureDoesNotMatch'],
    ['a byte of the last chunk changed', { spoil: flipped(131_400) }, 403, 'SignatureDoesNotMatch'],
    ['the end cut off', { spoil: (body: Buffer) => body.subarray(0, -90) }, 400, 'IncompleteBody'],
    ['something appended', { spoil: (body: Buffer) => Buffer.concat([body, body]) }, 400, 'IncompleteBody'],
    [
      'a wrong checksum in the trailer',
      { trailers: { 'x-amz-checksum-sha256': createHash('sha256').digest('base64') } },
      400,
      'BadDigest',
    ],
    [
      'the trailer changed',
      {
        trailers: { 'x-amz-checksum-sha256': sha256 },
        spoil: (body: Buffer) =>
          Buffer.from(body.toString('latin1').replace(sha256, 'A'.repeat(44)), 'latin1'),
      },
      403,
      'SignatureDoesNotMatch',
    ],
  ] as const) {
    test(`refused, and nothing is left: ${name}`, async () => {
      const reply = await put('spoilt', options);
      assert.equal(reply.code, code);
      assert.equal(reply.status, status);
      await assert.rejects(s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'spoilt' })), {
        name: 'NotFound',
      });
    });
  }
});
