import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { GetObjectCommand, GetObjectTaggingCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import { BUCKET, openStage, type Stage } from './stage.js';

suite('uploads from a browser', () => {
  let stage: Stage;
  let s3: S3Client;

  before(async () => {
    stage = await openStage();
    s3 = new S3Client(stage.config(await stage.assume()));
  });
  after(() => stage.close());

  const sign = (options: Partial<PresignedPostOptions> = {}, client = s3) =>
    createPresignedPost(client, { Bucket: BUCKET, Key: 'form/key', Expires: 60, ...options });

  async function post(
    { url, fields }: { url: string; fields: Record<string, string> },
    file: Uint8Array | string = 'hello',
    name = 'file.txt',
  ) {
    const form = new FormData();
    for (const [field, value] of Object.entries(fields)) form.append(field, value);
    form.append('file', new Blob([file]), name);
    const response = await fetch(url, { method: 'POST', body: form, redirect: 'manual' });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, code: /<Code>(\w+)</.exec(text)?.[1] };
  }

  const get = async (Key: string) => {
    const object = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    return { ...object, bytes: Buffer.from(await object.Body!.transformToByteArray()) };
  };

  test('a file goes where the signed policy lets it', async () => {
    const file = randomBytes(3 * 1024 * 1024);
    const signed = await sign({
      Key: 'form/${filename}',
      Fields: { 'Content-Type': 'image/png', 'x-amz-meta-colour': 'red' },
      Conditions: [
        ['starts-with', '$Content-Type', 'image/'],
        ['content-length-range', 1, 4 * 1024 * 1024],
      ],
    });
    const { status, headers } = await post(signed, file, 'C:\\dir\\ü +&.png');
    assert.equal(status, 204);
    const object = await get('form/ü +&.png');
    assert.deepEqual(object.bytes, file);
    assert.equal(object.ContentType, 'image/png');
    assert.deepEqual(object.Metadata, { colour: 'red' });
    assert.equal(headers.get('etag'), object.ETag);
  });

  // LocalStack's recordings of AWS, test_post_object_with_unicode_metadata.
  test('text that Latin-1 has not is a space in headers, and encoded in metadata', async () => {
    const Fields = {
      'Cache-Control': 'non-ascii-%E2%80%94_—_é_',
      'Content-Disposition': 'filename="test_—_file%E2%80%94_é_2-.pdf"',
      'x-amz-meta-nonascii': 'ÄMÄZÕÑ S3',
    };
    const { status } = await post(await sign({ Fields }));
    assert.equal(status, 204);
    const object = await get('form/key');
    assert.equal(object.CacheControl, 'non-ascii-%E2%80%94_ _é_');
    assert.equal(object.ContentDisposition, 'filename="test_ _file%E2%80%94_é_2-.pdf"');
    assert.deepEqual(object.Metadata, { nonascii: '=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=' });
  });

  test('tags come as a document, and count only where the policy and the signer’s rights let them', async () => {
    const tagging = '<Tagging><TagSet><Tag><Key>b c</Key><Value>1+ü</Value></Tag></TagSet></Tagging>';
    // The role may put objects, but not tag them.
    assert.match((await post(await sign({ Fields: { tagging } }))).text, /perform: s3:PutObjectTagging/);
    const root = new S3Client(stage.config(stage.root));
    assert.equal((await post(await sign({ Fields: { tagging } }, root))).status, 204);
    const { TagSet } = await root.send(new GetObjectTaggingCommand({ Bucket: BUCKET, Key: 'form/key' }));
    assert.deepEqual(TagSet, [{ Key: 'b c', Value: '1+ü' }]);
    const unsigned = await sign({}, root);
    assert.equal((await post({ ...unsigned, fields: { ...unsigned.fields, tagging } })).status, 403);
    for (const wrong of [
      '<Tagging>',
      '<Tagging/>',
      '<Tagging><TagSet><Tag><Key>k</Key></Tag></TagSet></Tagging>',
    ]) {
      assert.equal((await post(await sign({ Fields: { tagging: wrong } }))).code, 'MalformedXML', wrong);
    }
  });

  test('the answer is what the form asks for', async () => {
    const created = await post(await sign({ Fields: { success_action_status: '201' } }));
    assert.equal(created.status, 201);
    assert.match(
      created.text,
      /<PostResponse><Location>http:[^<]*\/form\/key<\/Location><Bucket>clients-bucket<\/Bucket><Key>form\/key<\/Key><ETag>/,
    );
    assert.equal((await post(await sign({ Fields: { success_action_status: '200' } }))).status, 200);
    assert.equal((await post(await sign({ Fields: { success_action_status: '404' } }))).status, 204);
    const sent = await post(await sign({ Fields: { success_action_redirect: 'http://localhost/done?a=b' } }));
    assert.equal(sent.status, 303);
    const location = new URL(sent.headers.get('location') ?? '');
    assert.equal(location.searchParams.get('a'), 'b');
    assert.equal(location.searchParams.get('bucket'), BUCKET);
    assert.equal(location.searchParams.get('key'), 'form/key');
  });

  for (const [name, spoil, status, code] of [
    ['a changed policy', { Policy: Buffer.from('{}').toString('base64') }, 403, 'SignatureDoesNotMatch'],
    ['a changed signature', { 'X-Amz-Signature': '0'.repeat(64) }, 403, 'SignatureDoesNotMatch'],
    ['another key', { key: 'form/other' }, 403, 'AccessDenied'],
    ['a field that the policy does not name', { 'x-amz-meta-extra': '1' }, 403, 'AccessDenied'],
    ['no signature', { 'X-Amz-Signature': undefined }, 400, 'InvalidArgument'],
    ['another algorithm', { 'X-Amz-Algorithm': 'AWS4-HMAC-SHA1' }, 400, 'InvalidArgument'],
    ['the access key of version 2 alone', { AWSAccessKeyId: 'AKIAIOSFODNN7EXAMPLE' }, 400, 'InvalidArgument'],
    [
      'an access key that the token is not for',
      { 'X-Amz-Credential': 'ASIAIOSFODNN7EXAMPLE/20260101/us-east-1/s3/aws4_request' },
      400,
      'InvalidToken',
    ],
    ['no key', { key: undefined }, 400, 'InvalidArgument'],
  ] as const) {
    test(`refused, and nothing is left: ${name}`, async () => {
      const { url, fields } = await sign({ Key: 'form/spoilt' });
      const changed = Object.entries({ ...fields, ...spoil }).filter(([, value]) => value !== undefined);
      const reply = await post({ url, fields: Object.fromEntries(changed) as Record<string, string> });
      assert.equal(reply.code, code);
      assert.equal(reply.status, status);
      await assert.rejects(get('form/spoilt'), { name: 'NoSuchKey' });
    });
  }

  test('a file too large or too small is refused, and nothing is left', async () => {
    const signed = await sign({ Key: 'form/size', Conditions: [['content-length-range', 10, 20]] });
    assert.equal((await post(signed, 'x'.repeat(21))).code, 'EntityTooLarge');
    assert.equal((await post(signed, 'x'.repeat(9))).code, 'EntityTooSmall');
    await assert.rejects(s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'form/size' })));
    assert.equal((await post(signed, 'x'.repeat(20))).status, 204);
  });

  test('no field makes the upload another operation', async () => {
    const copy = { 'x-amz-copy-source': `${BUCKET}/elsewhere`, 'x-ignore-x': '1' };
    assert.equal((await post(await sign({ Key: 'form/copy', Fields: copy }))).status, 204);
    assert.equal((await get('form/copy')).bytes.toString(), 'hello');
  });

  test('who signs must be allowed to put', async () => {
    const user = new S3Client(stage.config(stage.user));
    const reply = await post(await sign({}, user));
    assert.equal(reply.status, 403);
    assert.match(reply.text, /user\/uploader is not authorized to perform: s3:PutObject/);
  });

  test('without a signed policy nobody puts', async () => {
    const { url } = await sign();
    assert.equal((await post({ url, fields: { key: 'open/key' } })).code, 'AccessDenied');
    await assert.rejects(get('open/key'), { name: 'NoSuchKey' });
  });

  test('what is no form is refused', async () => {
    const { url } = await sign();
    const send = (body: string, type = 'multipart/form-data; boundary=x') =>
      fetch(url, { method: 'POST', body, headers: { 'content-type': type } }).then(response =>
        response.text(),
      );
    assert.match(await send('nonsense'), /MalformedPOSTRequest/);
    assert.match(
      await send('--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--x--\r\n'),
      /IncorrectNumberOfFiles/,
    );
    assert.match(await send('--x\r\n\r\n', 'multipart/form-data'), /MalformedPOSTRequest/);
    assert.match(await send('a=b', 'application/x-www-form-urlencoded'), /PreconditionFailed/);
  });
});
