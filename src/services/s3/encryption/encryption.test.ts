import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { ApiError } from '../../../core/errors.js';
import type { KmsKeys } from '../ports.js';
import { anonymous, bodyOf, code, openTestS3, type TestS3, wholeOf } from '../testing.test.support.js';

const Bucket = 'example-bucket';
const Key = 'k';
const KEY_ARN = 'arn:aws:kms:us-east-1:111122223333:key/1';

/** Keeps data keys in the clear, and notes what it was asked. */
class FakeKms implements KmsKeys {
  readonly asked: unknown[] = [];
  denies: string | undefined;

  generateDataKey: KmsKeys['generateDataKey'] = async (_call, { keyId, encryptionContext, bucketKey }) => {
    this.#ask('generate', { keyId, encryptionContext, ...(bucketKey && { bucketKey }) });
    if (keyId === 'none') throw new ApiError('NotFoundException', 400, 'Invalid keyId none');
    const plaintext = randomBytes(32);
    const ciphertext = Buffer.from(JSON.stringify([plaintext.toString('hex'), encryptionContext]));
    return { plaintext, ciphertext, keyArn: KEY_ARN };
  };

  encrypt: KmsKeys['encrypt'] = async (_call, { keyId, plaintext, encryptionContext }) => {
    this.#ask('encrypt', { keyId, encryptionContext });
    const ciphertext = Buffer.from(
      JSON.stringify([Buffer.from(plaintext).toString('hex'), encryptionContext]),
    );
    return { ciphertext, keyArn: keyId };
  };

  decrypt: KmsKeys['decrypt'] = async (_call, { ciphertext, encryptionContext, bucketKey }) => {
    this.#ask('decrypt', { encryptionContext, ...(bucketKey && { bucketKey }) });
    const [plaintext, context] = JSON.parse(Buffer.from(ciphertext).toString());
    assert.deepEqual(encryptionContext, context);
    return { plaintext: Buffer.from(plaintext, 'hex') };
  };

  #ask(what: string, use: object): void {
    this.asked.push([what, use]);
    if (this.denies === what) throw new ApiError('AccessDenied', 403, `no kms:${what}`);
  }
}

async function opened() {
  const kms = new FakeKms();
  const s3 = await openTestS3({ inlineLimit: 64, rootKey: randomBytes(32), keys: kms });
  await s3.send('CreateBucket', { Bucket });
  const put = (body: Uint8Array, rest: object = {}) =>
    s3.send('PutObject', { Bucket, Key, Body: bodyOf(body), ...rest });
  return { s3, kms, put };
}

/** Whether any stored byte shows the text. */
async function isStoredInClear({ kv, blobs, objects }: TestS3, text: string): Promise<boolean> {
  await objects.settle();
  for (const { value } of await kv.list({ start: [], end: ['~'] }))
    if (Buffer.from(value).includes(text)) return true;
  for await (const { id } of blobs.list()) if ((await wholeOf(blobs.read(id))).includes(text)) return true;
  return false;
}

const text = 'nobody is to read this';
const kinds = [
  { ServerSideEncryption: 'AES256' },
  { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'alias/mine' },
  { ServerSideEncryption: 'aws:kms:dsse', SSEKMSKeyId: 'alias/mine' },
];

for (const encryption of kinds) {
  for (const size of [0, 10, 64, 65, 70_000, 200_000]) {
    test(`${encryption.ServerSideEncryption}: ${size} bytes are stored encrypted and come back`, async () => {
      const { s3, put } = await opened();
      const body = Buffer.alloc(size, text);
      const answer = await put(body, encryption);
      const isKms = encryption.ServerSideEncryption !== 'AES256';
      assert.equal(answer.ServerSideEncryption, encryption.ServerSideEncryption);
      assert.equal(answer.SSEKMSKeyId, isKms ? KEY_ARN : undefined);
      const md5 = `"${createHash('md5').update(body).digest('hex')}"`;
      if (isKms) assert.notEqual(answer.ETag, md5);
      else assert.equal(answer.ETag, md5);
      assert.equal(size >= 10 && (await isStoredInClear(s3, text.slice(0, 10))), false);
      const got = await s3.send('GetObject', { Bucket, Key });
      assert.ok((await wholeOf(got.Body)).equals(body));
      assert.equal(got.ServerSideEncryption, encryption.ServerSideEncryption);
      assert.equal(got.ContentLength, size);
      if (size < 10) return;
      const range = await s3.send('GetObject', { Bucket, Key, Range: `bytes=5-${size - 2}` });
      assert.ok((await wholeOf(range.Body)).equals(body.subarray(5, size - 1)));
      const tail = await s3.send('GetObject', { Bucket, Key, Range: 'bytes=-3' });
      assert.ok((await wholeOf(tail.Body)).equals(body.subarray(size - 3)));
    });
  }

  test(`${encryption.ServerSideEncryption}: parts`, async () => {
    const { s3 } = await opened();
    const bodies = [Buffer.alloc(5 * 1024 * 1024 + 3, text), Buffer.from(text)];
    const created = await s3.send('CreateMultipartUpload', { Bucket, Key, ...encryption });
    const { UploadId } = created;
    assert.equal(created.ServerSideEncryption, encryption.ServerSideEncryption);
    const Parts: object[] = [];
    for (const [index, body] of bodies.entries()) {
      const part = { Bucket, Key, UploadId, PartNumber: index + 1 };
      const { ETag } = await s3.send('UploadPart', { ...part, Body: bodyOf(body) });
      Parts.push({ PartNumber: index + 1, ETag });
    }
    const done = await s3.send('CompleteMultipartUpload', {
      Bucket,
      Key,
      UploadId,
      MultipartUpload: { Parts },
    });
    const isKms = encryption.ServerSideEncryption !== 'AES256';
    // LocalStack's recordings of AWS, test_s3_multipart_upload_sse.
    assert.equal('ChecksumCRC64NVME' in done, !isKms);
    const told = await s3.send('HeadObject', { Bucket, Key, ChecksumMode: 'ENABLED' });
    assert.ok('ChecksumCRC64NVME' in told);
    assert.equal(await isStoredInClear(s3, text), false);
    const whole = Buffer.concat(bodies);
    const got = await s3.send('GetObject', { Bucket, Key });
    assert.ok((await wholeOf(got.Body)).equals(whole));
    const across = await s3.send('GetObject', {
      Bucket,
      Key,
      Range: `bytes=${bodies[0]!.length - 2}-${whole.length - 2}`,
    });
    assert.ok((await wholeOf(across.Body)).equals(whole.subarray(bodies[0]!.length - 2, whole.length - 1)));
    const copied = await s3.send('CopyObject', { Bucket, Key: 'copy', CopySource: `${Bucket}/${Key}` });
    assert.equal(copied.ServerSideEncryption, 'AES256');
    const copy = await s3.send('GetObject', { Bucket, Key: 'copy' });
    assert.ok((await wholeOf(copy.Body)).equals(whole));
  });
}

test('copies are encrypted as they ask, not as their source', async () => {
  const { s3, put, kms } = await opened();
  const body = Buffer.alloc(1000, text);
  await put(body);
  const copy = (target: string, source: string, rest: object = {}) =>
    s3.send('CopyObject', { Bucket, Key: target, CopySource: `${Bucket}/${source}`, ...rest });
  await copy('own', Key, { ServerSideEncryption: 'AES256' });
  await copy('kms', 'own', { ServerSideEncryption: 'aws:kms' });
  await s3.send('DeleteObject', { Bucket, Key });
  await s3.send('DeleteObject', { Bucket, Key: 'own' });
  assert.equal(await isStoredInClear(s3, text), false);
  const got = await s3.send('GetObject', { Bucket, Key: 'kms' });
  assert.ok((await wholeOf(got.Body)).equals(body));
  await copy('kms', 'kms', { ServerSideEncryption: 'AES256' });
  assert.equal((await s3.send('HeadObject', { Bucket, Key: 'kms' })).ServerSideEncryption, 'AES256');
  kms.asked.length = 0;
  assert.ok((await wholeOf((await s3.send('GetObject', { Bucket, Key: 'kms' })).Body)).equals(body));
  assert.deepEqual(kms.asked, []);
});

test('the key service is asked in the context of the object, or of the bucket with a bucket key', async () => {
  const { s3, kms, put } = await opened();
  const context = Buffer.from(JSON.stringify({ team: 'red' })).toString('base64');
  const mine = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'alias/mine' };
  await put(Buffer.from('x'), { ...mine, SSEKMSEncryptionContext: context });
  const encryptionContext = { team: 'red', 'aws:s3:arn': `arn:aws:s3:::${Bucket}/${Key}` };
  assert.deepEqual(kms.asked, [['generate', { keyId: 'alias/mine', encryptionContext }]]);
  await s3.send('HeadObject', { Bucket, Key });
  assert.equal(kms.asked.length, 1, 'what is only described needs no key');
  await s3.send('GetObject', { Bucket, Key });
  assert.deepEqual(kms.asked[1], ['decrypt', { encryptionContext }]);
  const answer = await put(Buffer.from('x'), { ...mine, BucketKeyEnabled: true });
  assert.equal(answer.BucketKeyEnabled, true);
  assert.deepEqual(kms.asked[2], [
    'generate',
    {
      keyId: 'alias/mine',
      encryptionContext: { 'aws:s3:arn': `arn:aws:s3:::${Bucket}` },
      bucketKey: true,
    },
  ]);
});

test('objects under one bucket key have data keys of their own, in parts and copied too', async () => {
  const { s3, kms, put } = await opened();
  const mine = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'alias/mine', BucketKeyEnabled: true };
  const bodies = [Buffer.from(text), Buffer.alloc(70_000, text)];
  for (const body of bodies) {
    await put(body, mine);
    const got = await s3.send('GetObject', { Bucket, Key });
    assert.ok((await wholeOf(got.Body)).equals(body));
    await s3.send('CopyObject', { Bucket, Key: 'copy', CopySource: `${Bucket}/${Key}`, ...mine });
    const copy = await s3.send('GetObject', { Bucket, Key: 'copy' });
    assert.ok((await wholeOf(copy.Body)).equals(body));
  }
  const { UploadId } = await s3.send('CreateMultipartUpload', { Bucket, Key, ...mine });
  const part = { Bucket, Key, UploadId, PartNumber: 1, Body: bodyOf(text) };
  const { ETag } = await s3.send('UploadPart', part);
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await s3.send('CompleteMultipartUpload', { Bucket, Key, UploadId, MultipartUpload });
  assert.equal(String(await wholeOf((await s3.send('GetObject', { Bucket, Key })).Body)), text);
  assert.equal(await isStoredInClear(s3, text), false);
  for (const [, use] of kms.asked as [string, { bucketKey?: boolean }][]) assert.equal(use.bucketKey, true);
});

test('two layers: two data keys of one KMS key, and never a bucket key', async () => {
  const { s3, kms, put } = await opened();
  const encryptionContext = { 'aws:s3:arn': `arn:aws:s3:::${Bucket}/${Key}` };
  const twice = [
    ['generate', { keyId: 'alias/mine', encryptionContext }],
    ['generate', { keyId: KEY_ARN, encryptionContext }],
  ];
  const layered = { ServerSideEncryption: 'aws:kms:dsse', SSEKMSKeyId: 'alias/mine' };
  const answer = await put(Buffer.from(text), { ...layered, BucketKeyEnabled: true });
  assert.deepEqual(
    [answer.ServerSideEncryption, answer.SSEKMSKeyId, answer.BucketKeyEnabled],
    ['aws:kms:dsse', KEY_ARN, undefined],
  );
  assert.deepEqual(kms.asked.splice(0), twice);
  const head = await s3.send('HeadObject', { Bucket, Key });
  assert.deepEqual([head.ServerSideEncryption, head.SSEKMSKeyId], ['aws:kms:dsse', KEY_ARN]);
  await s3.send('GetObject', { Bucket, Key });
  const opening = ['decrypt', { encryptionContext }];
  assert.deepEqual(kms.asked.splice(0), [opening, opening]);
  await s3.send('CopyObject', { Bucket, Key: 'copy', CopySource: `${Bucket}/${Key}`, ...layered });
  const copied = await s3.send('GetObject', { Bucket, Key: 'copy' });
  assert.equal(copied.ServerSideEncryption, 'aws:kms:dsse');
  assert.equal((await wholeOf(copied.Body)).toString(), text);
  const rule = {
    ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms:dsse', KMSMasterKeyID: 'alias/mine' },
    BucketKeyEnabled: true,
  };
  await s3.send('PutBucketEncryption', { Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } });
  const shown = await s3.send('GetBucketEncryption', { Bucket });
  assert.deepEqual(shown.ServerSideEncryptionConfiguration, { Rules: [rule] });
  kms.asked.length = 0;
  assert.equal((await put(Buffer.from(text))).ServerSideEncryption, 'aws:kms:dsse');
  assert.deepEqual(kms.asked.splice(0), twice);
});

test('what the key service refuses is refused, and nothing is stored', async () => {
  const { s3, kms, put } = await opened();
  const encrypted = { ServerSideEncryption: 'aws:kms' };
  await assert.rejects(
    put(Buffer.from('x'), { ...encrypted, SSEKMSKeyId: 'none' }),
    code('KMS.NotFoundException', 400),
  );
  kms.denies = 'generate';
  await assert.rejects(put(Buffer.from('x'), encrypted), code('AccessDenied', 403));
  await assert.rejects(s3.send('HeadObject', { Bucket, Key }), code('NoSuchKey'));
  kms.denies = 'decrypt';
  await put(Buffer.from('x'), encrypted);
  await assert.rejects(s3.send('GetObject', { Bucket, Key }), code('AccessDenied', 403));
  const allowed = {
    Effect: 'Allow',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: `arn:aws:s3:::${Bucket}/*`,
  };
  await s3.send('DeletePublicAccessBlock', { Bucket });
  await s3.send('PutBucketPolicy', {
    Bucket,
    Policy: JSON.stringify({ Version: '2012-10-17', Statement: allowed }),
  });
  await assert.rejects(
    s3.send('GetObject', { Bucket, Key }, { as: anonymous }),
    code('InvalidArgument', 400),
  );
});

test('the bucket’s default is for objects that do not say', async () => {
  const { s3, kms, put } = await opened();
  // "Amazon S3 now automatically applies SSE-S3 … as the base level of encryption for every bucket" (S3 User Guide).
  const preset = await s3.send('GetBucketEncryption', { Bucket });
  assert.deepEqual(preset.ServerSideEncryptionConfiguration, {
    Rules: [
      {
        ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256', KMSMasterKeyID: undefined },
        BucketKeyEnabled: false,
      },
    ],
  });
  assert.equal((await put(Buffer.from('x'))).ServerSideEncryption, 'AES256');
  const setDefault = (SSEAlgorithm: string, rest: object = {}, KMSMasterKeyID?: string) =>
    s3.send('PutBucketEncryption', {
      Bucket,
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm, KMSMasterKeyID }, ...rest }],
      },
    });
  await setDefault('AES256');
  assert.equal((await put(Buffer.from('x'))).ServerSideEncryption, 'AES256');
  await setDefault('aws:kms', { BucketKeyEnabled: true }, 'alias/default');
  const answer = await put(Buffer.from('x'));
  assert.deepEqual([answer.ServerSideEncryption, answer.BucketKeyEnabled], ['aws:kms', true]);
  assert.equal((kms.asked[0] as [string, { keyId: string }])[1].keyId, 'alias/default');
  assert.equal(
    (await put(Buffer.from('x'), { ServerSideEncryption: 'AES256' })).ServerSideEncryption,
    'AES256',
  );
  await assert.rejects(setDefault('none'), code('MalformedXML'));
  await assert.rejects(setDefault('AES256', {}, 'alias/default'), code('InvalidArgument'));
  await s3.send('DeleteBucketEncryption', { Bucket });
  assert.equal((await put(Buffer.from('x'))).ServerSideEncryption, 'AES256');
  assert.deepEqual(await s3.send('GetBucketEncryption', { Bucket }), preset);
});

for (const size of [10, 70_000]) {
  test(`a copy of ${size} bytes under SSE-S3 moves no bytes, to another bucket neither`, async () => {
    const { s3, put } = await opened();
    const body = Buffer.alloc(size, text);
    await s3.send('CreateBucket', { Bucket: 'another-bucket' });
    await put(body);
    const count = async () => {
      let blobs = 0;
      for await (const _ of s3.blobs.list()) blobs++;
      return blobs;
    };
    const before = await count();
    const CopySource = `${Bucket}/${Key}`;
    await s3.send('CopyObject', { Bucket: 'another-bucket', Key: 'copy', CopySource });
    assert.equal(await count(), before);
    await s3.send('DeleteObject', { Bucket, Key });
    await s3.objects.settle();
    const got = await s3.send('GetObject', { Bucket: 'another-bucket', Key: 'copy' });
    assert.ok((await wholeOf(got.Body)).equals(body));
    assert.equal(got.ServerSideEncryption, 'AES256');
  });
}

test('requests that make no sense', async () => {
  const { s3, put } = await opened();
  await put(Buffer.from('x'));
  const headers = { 'x-amz-server-side-encryption': 'AES256' };
  for (const operation of ['GetObject', 'HeadObject']) {
    await assert.rejects(s3.send(operation, { Bucket, Key }, { headers }), code('InvalidArgument', 400));
  }
  for (const rest of [
    { SSEKMSKeyId: 'k' },
    { ServerSideEncryption: 'AES256', SSEKMSKeyId: 'k' },
    { ServerSideEncryption: 'rot13' },
    { ServerSideEncryption: 'aws:kms', SSEKMSEncryptionContext: 'nonsense' },
    { ServerSideEncryption: 'aws:kms', SSEKMSEncryptionContext: Buffer.from('{"a":1}').toString('base64') },
  ]) {
    await assert.rejects(put(Buffer.from('x'), rest), code('InvalidArgument', 400));
  }
});

function customerKeyOf(fill: string) {
  const key = Buffer.alloc(32, fill);
  return {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: key.toString('base64'),
    SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
  };
}

function asSource({
  SSECustomerAlgorithm,
  SSECustomerKey,
  SSECustomerKeyMD5,
}: ReturnType<typeof customerKeyOf>) {
  return {
    CopySourceSSECustomerAlgorithm: SSECustomerAlgorithm,
    CopySourceSSECustomerKey: SSECustomerKey,
    CopySourceSSECustomerKeyMD5: SSECustomerKeyMD5,
  };
}

test('a bucket that blocks SSE-C refuses it for what is new and reads what is there', async () => {
  const { s3, put } = await opened();
  const mine = customerKeyOf('m');
  await put(Buffer.from(text), mine);
  const setBlocked = (...EncryptionType: string[]) => {
    const rule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' },
      BlockedEncryptionTypes: { EncryptionType },
    };
    return s3.send('PutBucketEncryption', { Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } });
  };
  const blocked = async () => {
    const { ServerSideEncryptionConfiguration } = await s3.send('GetBucketEncryption', { Bucket });
    const { Rules } = ServerSideEncryptionConfiguration as { Rules: { BlockedEncryptionTypes?: object }[] };
    return Rules[0]!.BlockedEncryptionTypes;
  };
  assert.equal(await blocked(), undefined);
  await setBlocked('SSE-C');
  assert.deepEqual(await blocked(), { EncryptionType: ['SSE-C'] });
  await assert.rejects(put(Buffer.from(text), mine), code('AccessDenied', 403));
  const copy = { Bucket, Key: 'copy', CopySource: `${Bucket}/${Key}`, ...asSource(mine) };
  await assert.rejects(s3.send('CopyObject', { ...copy, ...mine }), code('AccessDenied', 403));
  await assert.rejects(s3.send('CreateMultipartUpload', { Bucket, Key, ...mine }), code('AccessDenied', 403));
  await s3.send('CopyObject', copy);
  assert.equal((await wholeOf((await s3.send('GetObject', { Bucket, Key, ...mine })).Body)).toString(), text);
  await setBlocked('NONE');
  assert.deepEqual(await blocked(), { EncryptionType: ['NONE'] });
  await put(Buffer.from(text), mine);
  for (const wrong of [[], ['SSE-KMS'], ['SSE-C', 'NONE']]) {
    await assert.rejects(setBlocked(...wrong), code('MalformedXML', 400));
  }
});

test('SSE-C: whoever has the key reads, and nobody else', async () => {
  const { s3, put } = await opened();
  const [mine, other] = [customerKeyOf('m'), customerKeyOf('o')];
  const body = Buffer.alloc(100_000, text);
  const answer = await put(body, mine);
  assert.deepEqual(
    [answer.SSECustomerAlgorithm, answer.SSECustomerKeyMD5],
    ['AES256', mine.SSECustomerKeyMD5],
  );
  assert.equal(await isStoredInClear(s3, text), false);
  assert.equal(await isStoredInClear(s3, 'm'.repeat(32)), false);
  const got = await s3.send('GetObject', { Bucket, Key, ...mine, Range: 'bytes=70000-' });
  assert.ok((await wholeOf(got.Body)).equals(body.subarray(70_000)));
  assert.equal((await s3.send('HeadObject', { Bucket, Key, ...mine })).SSECustomerAlgorithm, 'AES256');
  for (const operation of ['GetObject', 'HeadObject']) {
    await assert.rejects(s3.send(operation, { Bucket, Key }), code('InvalidRequest', 400));
    await assert.rejects(s3.send(operation, { Bucket, Key, ...other }), code('AccessDenied', 403));
  }
  const copy = { Bucket, Key: 'copy', CopySource: `${Bucket}/${Key}` };
  await assert.rejects(s3.send('CopyObject', copy), code('InvalidRequest', 400));
  await s3.send('CopyObject', { ...copy, ...asSource(mine), ...other });
  const copied = await s3.send('GetObject', { Bucket, Key: 'copy', ...other });
  assert.ok((await wholeOf(copied.Body)).equals(body));
  await s3.send('CopyObject', { Bucket, Key: 'plain', CopySource: `${Bucket}/copy`, ...asSource(other) });
  assert.ok((await wholeOf((await s3.send('GetObject', { Bucket, Key: 'plain' })).Body)).equals(body));
  await assert.rejects(s3.send('GetObject', { Bucket, Key: 'plain', ...mine }), code('InvalidRequest', 400));
});

test('SSE-C: parts take the key that the upload was begun with', async () => {
  const { s3 } = await opened();
  const [mine, other] = [customerKeyOf('m'), customerKeyOf('o')];
  const { UploadId } = await s3.send('CreateMultipartUpload', { Bucket, Key, ...mine });
  const upload = (rest: object) =>
    s3.send('UploadPart', { Bucket, Key, UploadId, PartNumber: 1, Body: bodyOf(text), ...rest });
  await assert.rejects(upload({}), code('InvalidRequest', 400));
  await assert.rejects(upload(other), /did not match the ones used originally/);
  const { ETag } = await upload(mine);
  await s3.send('CompleteMultipartUpload', {
    Bucket,
    Key,
    UploadId,
    MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
  });
  assert.equal((await wholeOf((await s3.send('GetObject', { Bucket, Key, ...mine })).Body)).toString(), text);
});

test('SSE-C: completing an upload with a checksum takes the key too', async () => {
  const { s3 } = await opened();
  const [mine, other] = [customerKeyOf('m'), customerKeyOf('o')];
  const full = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' };
  const { UploadId } = await s3.send('CreateMultipartUpload', { Bucket, Key, ...mine, ...full });
  const part = { Bucket, Key, UploadId, PartNumber: 1, Body: bodyOf(text), ...mine };
  const { ETag } = await s3.send('UploadPart', part);
  const complete = (rest: object) =>
    s3.send('CompleteMultipartUpload', {
      Bucket,
      Key,
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
      ...rest,
    });
  await assert.rejects(complete({}), code('InvalidRequest', 400));
  await assert.rejects(complete(other), code('InvalidRequest', 400));
  assert.deepEqual(await complete(mine), await complete(mine));
});

test('SSE-C: keys that are no keys', async () => {
  const { s3, put } = await opened();
  const md5Of = (key: Buffer) => createHash('md5').update(key).digest('base64');
  const mine = customerKeyOf('m');
  for (const [error, change] of [
    ['InvalidArgument', { SSECustomerAlgorithm: undefined }],
    ['InvalidEncryptionAlgorithmError', { SSECustomerAlgorithm: 'DES' }],
    ['InvalidArgument', { SSECustomerKey: undefined }],
    ['InvalidArgument', { SSECustomerKey: 'short' }],
    ['InvalidArgument', { SSECustomerKeyMD5: undefined }],
    ['InvalidArgument', { SSECustomerKeyMD5: 'wrong' }],
    ['InvalidArgument', { ServerSideEncryption: 'AES256', SSECustomerAlgorithm: 'KMS' }],
  ] as const) {
    await assert.rejects(put(Buffer.from('x'), { ...mine, ...change }), code(error, 400));
  }
  // What botocore sends of a key in base64 without its digest (LocalStack's recordings of AWS, test_object_retrieval_sse_c).
  const long = Buffer.from(mine.SSECustomerKey);
  const twice = { ...mine, SSECustomerKey: long.toString('base64'), SSECustomerKeyMD5: md5Of(long) };
  await assert.rejects(put(Buffer.from('x'), twice), code('InvalidArgument', 400));
  await put(Buffer.from('x'), mine);
  await assert.rejects(s3.send('GetObject', { Bucket, Key, ...twice }), code('AccessDenied', 403));
  // test_multipart_upload_sse_c_validation
  const { UploadId } = await s3.send('CreateMultipartUpload', { Bucket, Key });
  const part = { Bucket, Key, UploadId, PartNumber: 1, Body: bodyOf('x'), ...mine };
  await assert.rejects(
    s3.send('UploadPart', part),
    /^ApiError: The multipart upload initiate requested encryption\./,
  );
});

const NEW_KEY = 'arn:aws:kms:us-east-1:111122223333:key/2';

function updating({ s3 }: { s3: TestS3 }) {
  return (SSEKMS: object | undefined, more: object = {}, circumstances = {}) =>
    s3.send('UpdateObjectEncryption', { Bucket, Key, ObjectEncryption: { SSEKMS }, ...more }, circumstances);
}

for (const encryption of kinds.slice(0, 2)) {
  for (const size of [10, 70_000]) {
    test(`${encryption.ServerSideEncryption}: ${size} bytes get another key without being moved`, async () => {
      const opening = await opened();
      const { s3, kms, put } = opening;
      const body = Buffer.alloc(size, text);
      await put(body, encryption);
      const stored = async () => {
        const ids: string[] = [];
        for await (const { id } of s3.blobs.list()) ids.push(id);
        return ids;
      };
      const [blobs, before] = [await stored(), await s3.send('HeadObject', { Bucket, Key })];
      kms.asked.length = 0;
      await updating(opening)({ KMSKeyArn: NEW_KEY, BucketKeyEnabled: true });
      const encryptionContext = { 'aws:s3:arn': `arn:aws:s3:::${Bucket}` };
      assert.deepEqual(kms.asked.at(-1), ['encrypt', { keyId: NEW_KEY, encryptionContext }]);
      const got = await s3.send('GetObject', { Bucket, Key });
      assert.ok((await wholeOf(got.Body)).equals(body));
      assert.deepEqual(kms.asked.at(-1), ['decrypt', { encryptionContext }]);
      assert.deepEqual(
        [got.ServerSideEncryption, got.SSEKMSKeyId, got.BucketKeyEnabled],
        ['aws:kms', NEW_KEY, true],
      );
      assert.deepEqual([got.ETag, got.LastModified], [before.ETag, before.LastModified]);
      assert.deepEqual(await stored(), blobs);
      await updating(opening)({ KMSKeyArn: KEY_ARN });
      const again = await s3.send('GetObject', { Bucket, Key });
      assert.ok((await wholeOf(again.Body)).equals(body));
      assert.equal(again.BucketKeyEnabled, undefined);
    });
  }
}

test('an old version, and one in parts, get another key', async () => {
  const opening = await opened();
  const { s3, put } = opening;
  await s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
  const { UploadId } = await s3.send('CreateMultipartUpload', {
    Bucket,
    Key,
    ServerSideEncryption: 'AES256',
  });
  const { ETag } = await s3.send('UploadPart', {
    Bucket,
    Key,
    UploadId,
    PartNumber: 1,
    Body: bodyOf(text),
  });
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  const completed = await s3.send('CompleteMultipartUpload', { Bucket, Key, UploadId, MultipartUpload });
  const { VersionId } = completed;
  await put(Buffer.from('newer'));
  await updating(opening)({ KMSKeyArn: NEW_KEY }, { VersionId });
  const old = await s3.send('GetObject', { Bucket, Key, VersionId });
  assert.deepEqual([old.SSEKMSKeyId, String(await wholeOf(old.Body))], [NEW_KEY, text]);
  assert.equal((await s3.send('HeadObject', { Bucket, Key })).ServerSideEncryption, 'AES256');
});

test('keys that an object cannot get, and objects that can get none', async () => {
  const opening = await opened();
  const { s3, kms, put } = opening;
  const update = updating(opening);
  const invalid = (why: RegExp) => (error: ApiError) => {
    assert.deepEqual([error.code, error.status], ['InvalidRequest', 400]);
    assert.match(error.message, why);
    return true;
  };
  const asked = { KMSKeyArn: NEW_KEY };
  await assert.rejects(update(asked), code('NoSuchKey', 404));
  const bucket = await s3.objects.buckets.find(Bucket);
  const received = await s3.objects.contents.receive(bodyOf(text), text.length, {});
  await s3.objects.versions.put(bucket!, Key, { headers: {}, metadata: [] }, received);
  await assert.rejects(update(asked), invalid(/unencrypted source objects/));
  await put(Buffer.from(text), kinds[2]);
  await assert.rejects(update(asked), invalid(/DSSE-KMS or SSE-C/));
  await put(Buffer.from(text), kinds[0]);
  await assert.rejects(update(undefined), invalid(/a valid new encryption type/));
  await assert.rejects(update({}), invalid(/require an AWS KMS key Amazon Resource Name/));
  await assert.rejects(update({ KMSKeyArn: 'alias/mine' }), invalid(/require a valid AWS KMS key/));
  const foreign = NEW_KEY.replace('111122223333', '999988887777');
  await assert.rejects(update({ KMSKeyArn: foreign }), code('AccessDenied', 403));
  kms.denies = 'encrypt';
  await assert.rejects(update(asked), code('AccessDenied', 403));
  assert.equal((await s3.send('HeadObject', { Bucket, Key })).ServerSideEncryption, 'AES256');
});

test('a locked object keeps its key', async () => {
  const opening = await opened();
  const { s3 } = opening;
  await s3.send('CreateBucket', { Bucket: 'locked', ObjectLockEnabledForBucket: true });
  const locked = { Bucket: 'locked', Key };
  const update = () => updating(opening)({ KMSKeyArn: NEW_KEY }, locked);
  const ServerSideEncryption = 'AES256';
  await s3.send('PutObject', {
    ...locked,
    Body: bodyOf(text),
    ServerSideEncryption,
    ObjectLockLegalHoldStatus: 'ON',
  });
  await assert.rejects(update(), code('AccessDenied', 403));
  await s3.send('PutObjectLegalHold', { ...locked, LegalHold: { Status: 'OFF' } });
  await update();
  const RetainUntilDate = new Date(s3.clock.now() + 60_000);
  await s3.send('PutObjectRetention', { ...locked, Retention: { Mode: 'GOVERNANCE', RetainUntilDate } });
  await assert.rejects(update(), code('AccessDenied', 403));
  s3.clock.advance(61);
  await update();
});
