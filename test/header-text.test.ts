/** Headers that hold more than ASCII, and headers that presigned URLs do not sign. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type RunningServer, startServer } from '../src/index.js';
import { sendSigned } from './support/raw.js';

const Bucket = 'words';
/** The values of LocalStack's recording of AWS, test_system_metadata_with_unicode. */
const CACHE_CONTROL = 'ÄMÄZÕÑ S3';
const DISPOSITION = 'attachment; filename="test_—_file%E2%80%94_é_2.pdf"';
/** UTF-8, a character for each byte, as Node sends and reads headers. */
const bytesOf = (text: string) => Buffer.from(text).toString('latin1');

let server: RunningServer;
let s3: S3Client;

before(async () => {
  server = await startServer({ data: 'memory', port: 0, log: 'none' });
  const { root, endpoint } = server;
  s3 = new S3Client({
    endpoint,
    region: 'us-east-1',
    credentials: root!,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  await s3.send(new CreateBucketCommand({ Bucket }));
});
after(() => server.close());

/** Signs the headers as text and sends them as UTF-8, as botocore does. */
const put = (path: string, headers: Record<string, string>) =>
  sendSigned(server.endpoint, server.root!, {
    service: 's3',
    method: 'PUT',
    path,
    headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...headers },
    tamper(request) {
      for (const name of Object.keys(headers)) request.headers[name] = bytesOf(request.headers[name]!);
    },
  });
const head = async (path: string) => {
  const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  const reply = await sendSigned(server.endpoint, server.root!, {
    service: 's3',
    method: 'HEAD',
    path,
    headers,
  });
  assert.equal(reply.status, 200);
  return reply.headers;
};

suite('text in headers', () => {
  test('comes back byte for byte as it was sent, in UTF-8', async () => {
    const sent = {
      'cache-control': CACHE_CONTROL,
      'content-disposition': DISPOSITION,
      'content-language': 'de',
    };
    assert.equal((await put('/words/utf-8', sent)).status, 200);
    const found = await head('/words/utf-8');
    for (const [name, text] of Object.entries(sent)) assert.equal(found[name], bytesOf(text), name);
  });

  // "User-defined object metadata", S3 User Guide: its example has this very value and this very answer.
  test('of metadata is encoded from its bytes', async () => {
    assert.equal((await put('/words/metadata', { 'x-amz-meta-nonascii': CACHE_CONTROL })).status, 200);
    const found = await head('/words/metadata');
    assert.equal(found['x-amz-meta-nonascii'], '=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?=');
  });

  test('in Latin-1 comes back so, and what a client read so may be sent back', async () => {
    // The SDK on Node writes headers in Latin-1, and signs their characters.
    await s3.send(
      new PutObjectCommand({ Bucket, Key: 'latin', ContentDisposition: 'é', Metadata: { a: 'é' } }),
    );
    const { ContentDisposition, Metadata } = await s3.send(new GetObjectCommand({ Bucket, Key: 'latin' }));
    assert.equal(ContentDisposition, 'é');
    assert.deepEqual(Metadata, { a: '=?UTF-8?Q?=C3=A9?=' });
    await put('/words/utf-8', { 'content-disposition': DISPOSITION });
    const read = await s3.send(new GetObjectCommand({ Bucket, Key: 'utf-8' }));
    await s3.send(
      new PutObjectCommand({ Bucket, Key: 'again', ContentDisposition: read.ContentDisposition }),
    );
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/again` }));
    for (const path of ['/words/again', '/words/copy']) {
      assert.equal((await head(path))['content-disposition'], bytesOf(DISPOSITION));
    }
  });

  test('is read as UTF-8 where it names something', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'schlüssel', Body: 'x' }));
    const copied = await put('/words/named', { 'x-amz-copy-source': 'words/schlüssel' });
    assert.equal(copied.status, 200, copied.body);
  });

  test('is refused where the signature is of another text', async () => {
    const { status, code } = await sendSigned(server.endpoint, server.root!, {
      service: 's3',
      method: 'PUT',
      path: '/words/other',
      headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'content-disposition': 'é' },
      tamper(request) {
        request.headers['content-disposition'] = bytesOf('è');
      },
    });
    assert.deepEqual([status, code], [403, 'SignatureDoesNotMatch']);
  });
});

// LocalStack's recordings of AWS, test_s3_ignored_special_headers.
test('a presigned URL may come with an x-amz-content-sha256 that it does not sign, and with no other such header', async () => {
  const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: 'presigned' }));
  const send = (headers: Record<string, string>) => fetch(url, { method: 'PUT', body: 'body', headers });
  for (const hash of ['UNSIGNED-PAYLOAD', '0'.repeat(64), 'nonsense']) {
    assert.equal((await send({ 'x-amz-content-sha256': hash })).status, 200, hash);
  }
  const refused = await send({ 'x-amz-user-agent': 'x', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' });
  assert.equal(refused.status, 403);
  const body = await refused.text();
  assert.match(body, /<HeadersNotSigned>x-amz-user-agent<\/HeadersNotSigned>/);
  assert.equal((await send({ 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' })).status, 403);
});
