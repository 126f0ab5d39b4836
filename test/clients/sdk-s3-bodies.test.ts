import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, before, suite, test } from 'node:test';
import {
  AbortMultipartUploadCommand,
  ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { xxhash3, xxhash64, xxhash128 } from 'hash-wasm';
import { BUCKET, openStage, type Stage } from './stage.js';

const MB = 1024 * 1024;

/** In base64, big-endian. */
async function xxhashes(body: Uint8Array): Promise<Record<string, string>> {
  const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64');
  return {
    XXHASH64: base64(await xxhash64(body)),
    XXHASH3: base64(await xxhash3(body)),
    XXHASH128: base64(await xxhash128(body)),
  };
}

suite('AWS SDK for JavaScript: bodies', () => {
  let stage: Stage;
  let s3: S3Client;

  before(async () => {
    stage = await openStage();
    s3 = new S3Client(stage.config(await stage.assume()));
  });
  after(() => stage.close());

  const at = (Key: string) => ({ Bucket: BUCKET, Key });
  const get = async (Key: string, more: object = {}) => {
    const { Body, ...output } = await s3.send(new GetObjectCommand({ ...at(Key), ...more }));
    return { ...output, bytes: Buffer.from(await Body!.transformToByteArray()) };
  };

  for (const algorithm of Object.values(ChecksumAlgorithm).filter(name =>
    /^(CRC32|CRC32C|CRC64NVME|SHA1|SHA256)$/.test(name),
  )) {
    test(`checksums: ${algorithm}, of bytes and of a stream`, async () => {
      const body = randomBytes(100_000);
      for (const [key, Body] of [
        ['bytes', body],
        ['stream', Readable.from([body.subarray(0, 70_000), body.subarray(70_000)])],
      ] as const) {
        const Key = `${algorithm}/${key}`;
        await s3.send(
          new PutObjectCommand({
            ...at(Key),
            Body,
            ContentLength: body.length,
            ChecksumAlgorithm: algorithm,
          }),
        );
        const object = await get(Key, { ChecksumMode: 'ENABLED' });
        assert.deepEqual(object.bytes, body);
        assert.equal(typeof object[`Checksum${algorithm as 'CRC32'}`], 'string');
        assert.equal(object.ContentEncoding, undefined, 'aws-chunked is not stored');
      }
    });
  }

  // The SDK computes none of these itself, and refuses to read what it was told to verify by one: they are given, of
  // small bodies and of one as large as is digested on threads, and shown without a body.
  test('checksums: XXHASH64, XXHASH3 and XXHASH128 that the client gives', async () => {
    for (const size of [0, 3, 2 * MB]) {
      const body = Buffer.alloc(size, 'abc');
      for (const [name, value] of Object.entries(await xxhashes(body))) {
        const Key = `${name}/${size}`;
        const put = (key: string, sum: string) => {
          const given = { ChecksumAlgorithm: name as ChecksumAlgorithm, [`Checksum${name}`]: sum };
          return s3.send(new PutObjectCommand({ ...at(key), Body: body, ...given }));
        };
        await put(Key, value);
        const head = await s3.send(new HeadObjectCommand({ ...at(Key), ChecksumMode: 'ENABLED' }));
        assert.equal(head[`Checksum${name as 'XXHASH3'}`], value);
        assert.equal(head.ContentLength, size);
        const wrong = Buffer.alloc(name === 'XXHASH128' ? 16 : 8, 1).toString('base64');
        await assert.rejects(put('wrong', wrong), { name: 'BadDigest' });
      }
    }
    await assert.rejects(get('wrong'), { name: 'NoSuchKey' });
  });

  test('a wrong checksum or digest leaves nothing behind', async () => {
    const body = 'hello';
    for (const wrong of [
      { ChecksumSHA256: createHash('sha256').update('hullo').digest('base64') },
      { ContentMD5: createHash('md5').update('hullo').digest('base64') },
      { ContentMD5: 'nonsense' },
    ]) {
      await assert.rejects(s3.send(new PutObjectCommand({ ...at('wrong'), Body: body, ...wrong })), {
        name: /^(BadDigest|InvalidDigest)$/,
      });
    }
    await assert.rejects(get('wrong'), { name: 'NoSuchKey' });
  });

  test('an empty body', async () => {
    await s3.send(new PutObjectCommand({ ...at('empty'), Body: '' }));
    const object = await get('empty');
    assert.equal(object.bytes.length, 0);
    assert.equal(object.ETag, '"d41d8cd98f00b204e9800998ecf8427e"');
  });

  test('lib-storage uploads a stream in parts', async () => {
    const body = randomBytes(12 * MB);
    const upload = new Upload({
      client: s3,
      partSize: 5 * MB,
      params: { ...at('upload'), Body: Readable.from([body.subarray(0, 7 * MB), body.subarray(7 * MB)]) },
    });
    await upload.done();
    const { bytes, ETag } = await get('upload');
    assert.deepEqual(bytes, body);
    assert.match(ETag!, /^"[0-9a-f]{32}-3"$/);
    const part = await get('upload', { PartNumber: 3 });
    assert.deepEqual(part.bytes, body.subarray(10 * MB));
    assert.equal(part.PartsCount, 3);
    const across = await get('upload', { Range: `bytes=${5 * MB - 10}-${5 * MB + 9}` });
    assert.deepEqual(across.bytes, body.subarray(5 * MB - 10, 5 * MB + 10));
  });

  async function begin(key: string): Promise<{ Bucket: string; Key: string; UploadId: string }> {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at(key)));
    return { ...at(key), UploadId: UploadId! };
  }

  test('a multipart upload by hand: parts replaced, listed, copied, completed', async () => {
    const upload = await begin('by hand');
    const part = async (PartNumber: number, Body: Buffer) =>
      (await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body }))).ETag!;
    const [first, second] = [randomBytes(5 * MB), randomBytes(5 * MB)];
    await part(1, randomBytes(100));
    const tags = [await part(1, first), await part(2, second)];
    await s3.send(new PutObjectCommand({ ...at('piece'), Body: 'the end' }));
    const { CopyPartResult } = await s3.send(
      new UploadPartCopyCommand({
        ...upload,
        PartNumber: 3,
        CopySource: `${BUCKET}/piece`,
        CopySourceRange: 'bytes=4-6',
      }),
    );
    const { Parts } = await s3.send(new ListPartsCommand(upload));
    assert.deepEqual(
      Parts?.map(listed => [listed.PartNumber, listed.Size, listed.ETag]),
      [
        [1, 5 * MB, tags[0]],
        [2, 5 * MB, tags[1]],
        [3, 3, CopyPartResult!.ETag],
      ],
    );
    const { Uploads } = await s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
    assert.deepEqual(
      Uploads?.map(listed => listed.Key),
      ['by hand'],
    );
    const complete = (numbers: number[]) =>
      s3.send(
        new CompleteMultipartUploadCommand({
          ...upload,
          MultipartUpload: {
            Parts: numbers.map(PartNumber => ({
              PartNumber,
              ETag: [...tags, CopyPartResult!.ETag][PartNumber - 1] ?? '"0"',
            })),
          },
        }),
      );
    await assert.rejects(complete([2, 1]), { name: 'InvalidPartOrder' });
    await assert.rejects(complete([1, 4]), { name: 'InvalidPart' });
    await assert.rejects(complete([3, 1].sort().reverse()), { name: 'InvalidPartOrder' });
    await complete([1, 2, 3]);
    assert.deepEqual((await get('by hand')).bytes, Buffer.concat([first, second, Buffer.from('end')]));
    await assert.rejects(s3.send(new ListPartsCommand(upload)), { name: 'NoSuchUpload' });
  });

  test('parts but the last have 5 MiB; an aborted upload is gone', async () => {
    const upload = await begin('aborted');
    const parts = [];
    for (const PartNumber of [1, 2]) {
      const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body: 'small' }));
      parts.push({ PartNumber, ETag });
    }
    await assert.rejects(
      s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } })),
      { name: 'EntityTooSmall' },
    );
    await s3.send(new AbortMultipartUploadCommand(upload));
    await assert.rejects(s3.send(new UploadPartCommand({ ...upload, PartNumber: 3, Body: 'x' })), {
      name: 'NoSuchUpload',
    });
    await assert.rejects(s3.send(new HeadObjectCommand(at('aborted'))), { name: 'NotFound' });
  });

  test('presigned: put and get, by anyone who has the URL, for what it was signed', async () => {
    // By default this SDK puts the checksum of an empty body into the URL.
    const client = new S3Client({
      ...stage.config(await stage.assume()),
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
    const put = await getSignedUrl(
      client,
      new PutObjectCommand({ ...at('pre/ü +signed'), ContentType: 'text/plain' }),
      {
        expiresIn: 60,
        signableHeaders: new Set(['content-type']),
      },
    );
    const send = (url: string, init: RequestInit) => fetch(url, init);
    const type = { 'content-type': 'text/plain' };
    assert.equal((await send(put, { method: 'PUT', body: 'presigned', headers: type })).status, 200);
    assert.equal(
      (await send(put, { method: 'PUT', body: 'x', headers: { 'content-type': 'text/html' } })).status,
      403,
    );
    const url = await getSignedUrl(s3, new GetObjectCommand(at('pre/ü +signed')), { expiresIn: 60 });
    const response = await send(url, {});
    assert.equal(await response.text(), 'presigned');
    assert.equal(response.headers.get('content-type'), 'text/plain');
    assert.equal((await send(url, { headers: { range: 'bytes=0-2' } })).status, 206);
    for (const other of [
      url.replace('Expires=60', 'Expires=61'),
      url.replace('signed', 'sined'),
      `${url}&response-content-type=text/html`,
    ]) {
      assert.equal((await send(other, {})).status, 403, other);
    }
    assert.equal((await send(url, { method: 'DELETE' })).status, 403);
    const extra = await send(url, { headers: { 'x-amz-meta-x': '1' } });
    assert.match(await extra.text(), /HeadersNotSigned/);
  });

  test('a presigned URL whose time is over', async () => {
    const url = await getSignedUrl(s3, new GetObjectCommand(at('any')), {
      expiresIn: 60,
      signingDate: new Date(Date.now() - 120_000),
    });
    const response = await fetch(url);
    assert.equal(response.status, 403);
    assert.match(await response.text(), /<Code>AccessDenied<\/Code><Message>Request has expired<\/Message>/);
  });

  test('nobody reads without a signature', async () => {
    const response = await fetch(`${stage.endpoint}/${BUCKET}/upload`);
    assert.equal(response.status, 403);
    assert.match(await response.text(), /<Code>AccessDenied<\/Code>/);
  });
});
