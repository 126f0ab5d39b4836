import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import type { LookupFunction } from 'node:net';
import { after, before, suite, test } from 'node:test';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { ACCOUNT, BUCKET, openStage, REGION, ROLE_ARN, type Stage } from './stage.js';

suite('AWS SDK for JavaScript: S3', () => {
  let stage: Stage;
  /** As the role, with temporary credentials. */
  let s3: S3Client;
  let root: S3Client;

  before(async () => {
    stage = await openStage();
    s3 = new S3Client(stage.config(await stage.assume()));
    root = new S3Client(stage.config(stage.root));
  });
  after(() => stage.close());

  const put = (Key: string, Body: string | Uint8Array = 'x', more: object = {}) =>
    s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ...more }));
  const get = async (Key: string, more: object = {}) => {
    const output = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key, ...more }));
    return { ...output, text: await output.Body!.transformToString() };
  };

  test('buckets are made, found, listed and deleted', async () => {
    const made = await root.send(
      new CreateBucketCommand({
        Bucket: 'another',
        CreateBucketConfiguration: { LocationConstraint: REGION },
      }),
    );
    assert.match(made.Location ?? '', /another/);
    await root.send(new HeadBucketCommand({ Bucket: 'another' }));
    const { LocationConstraint } = await root.send(new GetBucketLocationCommand({ Bucket: 'another' }));
    assert.equal(LocationConstraint, REGION);
    const { Buckets } = await root.send(new ListBucketsCommand({}));
    assert.deepEqual(
      Buckets?.map(bucket => bucket.Name),
      ['another', BUCKET],
    );
    await assert.rejects(
      root.send(
        new CreateBucketCommand({
          Bucket: 'another',
          CreateBucketConfiguration: { LocationConstraint: REGION },
        }),
      ),
      { name: 'BucketAlreadyOwnedByYou' },
    );
    await assert.rejects(root.send(new CreateBucketCommand({ Bucket: 'Not_A_Bucket' })), {
      name: 'InvalidBucketName',
    });
    await root.send(new PutObjectCommand({ Bucket: 'another', Key: 'k', Body: 'x' }));
    await assert.rejects(root.send(new DeleteBucketCommand({ Bucket: 'another' })), {
      name: 'BucketNotEmpty',
    });
    await root.send(new DeleteObjectCommand({ Bucket: 'another', Key: 'k' }));
    await root.send(new DeleteBucketCommand({ Bucket: 'another' }));
    await assert.rejects(root.send(new HeadBucketCommand({ Bucket: 'another' })), { name: 'NotFound' });
    await assert.rejects(root.send(new ListObjectsV2Command({ Bucket: 'another' })), {
      name: 'NoSuchBucket',
    });
  });

  test('an object comes back as it went, with its headers and metadata', async () => {
    const { ETag } = await put('dir/hello', 'hello', {
      ContentType: 'text/plain; charset=utf-8',
      CacheControl: 'no-cache',
      ContentDisposition: 'attachment; filename="h"',
      ContentEncoding: 'identity',
      ContentLanguage: 'ja',
      Metadata: { colour: 'red', 'x-y': 'z' },
    });
    assert.equal(ETag, `"${createHash('md5').update('hello').digest('hex')}"`);
    const object = await get('dir/hello');
    assert.equal(object.text, 'hello');
    assert.equal(object.ETag, ETag);
    assert.equal(object.ContentType, 'text/plain; charset=utf-8');
    assert.equal(object.CacheControl, 'no-cache');
    assert.equal(object.ContentDisposition, 'attachment; filename="h"');
    assert.equal(object.ContentLanguage, 'ja');
    assert.deepEqual(object.Metadata, { colour: 'red', 'x-y': 'z' });
    assert.equal(object.AcceptRanges, 'bytes');
    const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'dir/hello' }));
    assert.equal(head.ContentLength, 5);
    assert.deepEqual(head.Metadata, object.Metadata);
    const renamed = await get('dir/hello', {
      ResponseContentType: 'application/x',
      ResponseCacheControl: 'private',
    });
    assert.equal(renamed.ContentType, 'application/x');
    assert.equal(renamed.CacheControl, 'private');
  });

  test('keys may hold nearly anything', async () => {
    const keys = [
      'a b',
      'a+b',
      'a%20b',
      'ü/日本語/😀',
      'a//b',
      './x/../y',
      'quote\'"&<>',
      '?query=x#y',
      '~tilde',
      '*',
    ];
    for (const key of keys) await put(`odd/${key}`, key);
    for (const key of keys) assert.equal((await get(`odd/${key}`)).text, key);
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'odd/' }));
    const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
    assert.deepEqual(
      Contents?.map(entry => entry.Key),
      keys.map(key => `odd/${key}`).sort(byBytes),
    );
  });

  test('ranges', async () => {
    await put('range', '0123456789');
    for (const [range, text, contentRange] of [
      ['bytes=2-4', '234', 'bytes 2-4/10'],
      ['bytes=7-', '789', 'bytes 7-9/10'],
      ['bytes=-3', '789', 'bytes 7-9/10'],
      ['bytes=5-100', '56789', 'bytes 5-9/10'],
    ] as const) {
      const part = await get('range', { Range: range });
      assert.equal(part.text, text);
      assert.equal(part.ContentRange, contentRange);
      assert.equal(part.$metadata.httpStatusCode, 206);
    }
    await assert.rejects(get('range', { Range: 'bytes=10-' }), { name: 'InvalidRange' });
  });

  test('conditions on reading and writing', async () => {
    const { ETag } = await put('condition', 'one');
    assert.equal((await get('condition', { IfMatch: ETag })).text, 'one');
    await assert.rejects(get('condition', { IfMatch: '"0"' }), { name: 'PreconditionFailed' });
    await assert.rejects(
      get('condition', { IfNoneMatch: ETag }),
      (error: { $metadata: { httpStatusCode: number } }) => {
        assert.equal(error.$metadata.httpStatusCode, 304);
        return true;
      },
    );
    await assert.rejects(get('condition', { IfUnmodifiedSince: new Date(0) }), {
      name: 'PreconditionFailed',
    });
    await assert.rejects(put('condition', 'two', { IfNoneMatch: '*' }), { name: 'PreconditionFailed' });
    await put('condition-new', 'two', { IfNoneMatch: '*' });
    await put('condition', 'two', { IfMatch: ETag });
    await assert.rejects(put('condition', 'three', { IfMatch: ETag }), { name: 'PreconditionFailed' });
    assert.equal((await get('condition')).text, 'two');
  });

  test('listing: pages, delimiters, markers, both versions', async () => {
    for (const key of ['a', 'b/1', 'b/2', 'c/1', 'd', 'e']) await put(`list/${key}`);
    const folded = await s3.send(
      new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'list/', Delimiter: '/' }),
    );
    assert.deepEqual(
      folded.Contents?.map(entry => entry.Key),
      ['list/a', 'list/d', 'list/e'],
    );
    assert.deepEqual(
      folded.CommonPrefixes?.map(entry => entry.Prefix),
      ['list/b/', 'list/c/'],
    );
    assert.equal(folded.KeyCount, 5);
    const seen: string[] = [];
    const pages = paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket: BUCKET, Prefix: 'list/' });
    for await (const page of pages) {
      assert.ok(page.Contents!.length <= 2);
      seen.push(...page.Contents!.map(entry => entry.Key!));
    }
    assert.deepEqual(
      seen,
      ['a', 'b/1', 'b/2', 'c/1', 'd', 'e'].map(key => `list/${key}`),
    );
    const after = await s3.send(
      new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'list/', StartAfter: 'list/c/1', MaxKeys: 1 }),
    );
    assert.deepEqual(
      after.Contents?.map(entry => entry.Key),
      ['list/d'],
    );
    assert.equal(after.IsTruncated, true);
    const first = await s3.send(
      new ListObjectsCommand({
        Bucket: BUCKET,
        Prefix: 'list/',
        Delimiter: '/',
        Marker: 'list/a',
        MaxKeys: 2,
      }),
    );
    assert.deepEqual(
      first.CommonPrefixes?.map(entry => entry.Prefix),
      ['list/b/', 'list/c/'],
    );
    assert.equal(first.NextMarker, 'list/c/');
  });

  test('copying, with metadata kept or replaced', async () => {
    await put('source +ü', 'copied', { Metadata: { kept: 'yes' }, ContentType: 'text/x' });
    const copy = (more: object) =>
      s3.send(
        new CopyObjectCommand({
          Bucket: BUCKET,
          Key: 'target',
          CopySource: `${BUCKET}/${encodeURIComponent('source +ü')}`,
          ...more,
        }),
      );
    await copy({});
    const kept = await get('target');
    assert.equal(kept.text, 'copied');
    assert.equal(kept.ContentType, 'text/x');
    assert.deepEqual(kept.Metadata, { kept: 'yes' });
    await copy({ MetadataDirective: 'REPLACE', Metadata: { fresh: 'yes' } });
    assert.deepEqual((await get('target')).Metadata, { fresh: 'yes' });
    await assert.rejects(copy({ CopySource: `${BUCKET}/none` }), { name: 'NoSuchKey' });
  });

  test('what the role may not do is refused, and the object is still there', async () => {
    await put('keep');
    await assert.rejects(s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'keep' })), {
      name: 'AccessDenied',
      message:
        /^User: arn:aws:sts::123456789012:assumed-role\/stager\/clients is not authorized to perform: s3:DeleteObject on resource: "arn:aws:s3:::clients-bucket\/keep" because no identity-based policy allows the s3:DeleteObject action$/,
    });
    const { Deleted, Errors } = await s3.send(
      new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects: [{ Key: 'keep' }] } }),
    );
    assert.equal(Deleted, undefined);
    assert.deepEqual(
      Errors?.map(error => [error.Key, error.Code]),
      [['keep', 'AccessDenied']],
    );
    await assert.rejects(s3.send(new ListBucketsCommand({})), { name: 'AccessDenied' });
    assert.equal((await get('keep')).text, 'x');
    const gone = await root.send(
      new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects: [{ Key: 'keep' }, { Key: 'never' }] } }),
    );
    assert.deepEqual(
      gone.Deleted?.map(entry => entry.Key),
      ['keep', 'never'],
    );
    await assert.rejects(get('keep'), { name: 'NoSuchKey' });
  });

  test('a bucket policy allows and denies', async () => {
    const policy = (statement: object) =>
      root.send(
        new PutBucketPolicyCommand({
          Bucket: BUCKET,
          Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
        }),
      );
    await put('policy/x');
    await assert.rejects(root.send(new GetBucketPolicyCommand({ Bucket: BUCKET })), {
      name: 'NoSuchBucketPolicy',
    });
    const resource = `arn:aws:s3:::${BUCKET}/policy/*`;
    await policy({ Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: resource });
    await assert.rejects(get('policy/x'), {
      name: 'AccessDenied',
      message: /with an explicit deny in a resource-based policy/,
    });
    await policy({
      Effect: 'Allow',
      Principal: { AWS: ROLE_ARN },
      Action: 's3:DeleteObject',
      Resource: resource,
    });
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'policy/x' }));
    const { Policy } = await root.send(new GetBucketPolicyCommand({ Bucket: BUCKET }));
    assert.equal(JSON.parse(Policy!).Statement[0].Principal.AWS, ROLE_ARN);
    await assert.rejects(
      policy({
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/none` },
        Action: 's3:*',
        Resource: resource,
      }),
      { name: 'MalformedPolicy' },
    );
    await root.send(new DeleteBucketPolicyCommand({ Bucket: BUCKET }));
    await assert.rejects(root.send(new GetBucketPolicyCommand({ Bucket: BUCKET })), {
      name: 'NoSuchBucketPolicy',
    });
  });

  /** Not every resolver knows that all of `*.localhost` is this machine. */
  const loopback: LookupFunction = (_name, options, done) =>
    options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);

  test('virtual-hosted addresses', async () => {
    const virtual = new S3Client({
      ...stage.config(await stage.assume()),
      endpoint: stage.endpoint.replace('127.0.0.1', 'localhost'),
      forcePathStyle: false,
      requestHandler: { httpAgent: new Agent({ lookup: loopback }) },
    });
    await virtual.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'virtual/ü', Body: 'v' }));
    assert.equal((await get('virtual/ü')).text, 'v');
    const { Contents } = await virtual.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'virtual/' }));
    assert.equal(Contents?.length, 1);
  });
});
