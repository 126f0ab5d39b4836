import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { IAMClient, ListUsersCommand } from '@aws-sdk/client-iam';
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import fc from 'fast-check';
import { ManualClock } from '../core/clock.js';
import type { ServiceId } from '../core/operation.js';
import { traitsOf } from '../services/traits.test.support.js';
import { authenticate } from './authenticate.js';
import {
  EXAMPLE_TIME,
  FakeCredentials,
  read,
  requestOf,
  sha256,
  signedBySecret,
} from './requests.test.support.js';
import { onTheWire, type SdkRequest, sdkSigner, sentBy } from './sdk.test.support.js';
import { parseTimestamp } from './timestamp.js';

const HOST = '127.0.0.1:9000';

/** Verifies what an SDK client sent, at the time it was signed. */
async function accept(service: ServiceId, sent: SdkRequest) {
  const request = onTheWire(sent);
  const clock = new ManualClock(parseTimestamp(request.headers.get('x-amz-date') ?? '') ?? 0);
  const collected = service === 's3' ? {} : { collected: await read(request.body) };
  return authenticate(request, {
    service: traitsOf(service),
    credentials: new FakeCredentials(),
    clock,
    ...collected,
  });
}

test('requests of the SDK clients are accepted', async () => {
  const sts = await sentBy(
    config => new STSClient(config),
    new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::1:role/x', RoleSessionName: 'a b+c/ü' }),
  );
  assert.equal((await accept('sts', sts)).region, 'ap-northeast-1');
  await accept(
    'iam',
    await sentBy(config => new IAMClient(config), new ListUsersCommand({ PathPrefix: '/x/' })),
  );
  await accept('kms', await sentBy(config => new KMSClient(config), new ListKeysCommand({ Limit: 3 })));
  const s3 = (command: unknown) =>
    sentBy(config => new S3Client({ ...config, forcePathStyle: true }), command);
  await accept(
    's3',
    await s3(new ListObjectsV2Command({ Bucket: 'b', Prefix: "a b+c/~*'()é", Delimiter: '/' })),
  );
  const put = await accept('s3', await s3(new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'hello' })));
  assert.equal((await read(put.body)).toString(), 'hello');
});

test('any object key and header value that the SDK signs is accepted', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
      fc.string({ unit: 'grapheme-ascii', maxLength: 20 }),
      async (key, value) => {
        const sent = await sentBy(
          config => new S3Client({ ...config, forcePathStyle: true }),
          new GetObjectCommand({ Bucket: 'bucket', Key: key, ResponseContentType: value, IfMatch: value }),
        );
        await accept('s3', sent);
      },
    ),
    { numRuns: 40 },
  );
});

test('a stream that the SDK frames as aws-chunked is read, with its checksum trailer', async () => {
  const payload = Buffer.alloc(200_000, 'karikagi ');
  const sent = await sentBy(
    config => new S3Client({ ...config, forcePathStyle: true }),
    new PutObjectCommand({
      Bucket: 'b',
      Key: 'k',
      Body: Readable.from([payload]),
      ContentLength: payload.length,
    }),
  );
  assert.equal(sent.headers['x-amz-content-sha256'], 'STREAMING-UNSIGNED-PAYLOAD-TRAILER');
  const { body } = await accept('s3', { ...sent, body: await read(sent.body as Readable) });
  assert.equal(body.length, payload.length);
  assert.deepEqual(await read(body), payload);
  assert.match(body.trailers.get('x-amz-checksum-crc32') ?? '', /^[A-Za-z0-9+/]{6}==$/);
});

const signedPut = (headers: Record<string, string> = {}) =>
  sdkSigner('s3').sign(
    {
      method: 'PUT',
      protocol: 'http:',
      hostname: HOST,
      path: '/bucket/some/key%20%E3%81%82.txt',
      query: { partNumber: '1', uploadId: 'abc', 'x-id': 'UploadPart' },
      headers: {
        host: HOST,
        'content-length': '11',
        'x-amz-meta-colour': 'red  green',
        'x-amz-content-sha256': sha256('hello world'),
        ...headers,
      },
      body: 'hello world',
    },
    { signingDate: new Date(EXAMPLE_TIME) },
  );

const verify = (request: ReturnType<typeof onTheWire>, later = 0) =>
  authenticate(request, {
    service: traitsOf('s3'),
    credentials: new FakeCredentials(),
    clock: new ManualClock(EXAMPLE_TIME + later * 1000),
  });

test('any changed byte of a signed request is refused', async () => {
  const request = onTheWire((await signedPut()) as SdkRequest);
  await read((await verify(request)).body);
  const parts: [name: string, text: string][] = [
    ['method', request.method],
    ['path', request.path],
    ['query', request.query],
    ['body', 'hello world'],
    ...[...request.headers].map(([name, value]) => [`header ${name}`, value] as [string, string]),
  ];
  const meaning = (text: string) => text.replace(/%[0-9a-f]{2}/gi, hex => hex.toLowerCase());
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...parts),
      fc.nat(),
      fc.constantFrom(...'0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.~/=&;,:'),
      async ([name, text], position, replacement) => {
        const at = position % text.length;
        const changed = text.slice(0, at) + replacement + text.slice(at + 1);
        fc.pre(meaning(changed) !== meaning(text));
        const headers = new Map(request.headers);
        if (name.startsWith('header ')) headers.set(name.slice(7), changed);
        const mutant = requestOf({
          method: name === 'method' ? changed : request.method,
          path: name === 'path' ? changed : request.path,
          query: name === 'query' ? changed : request.query,
          headers: Object.fromEntries(headers),
          body: name === 'body' ? changed : 'hello world',
        });
        await assert.rejects(async () => read((await verify(mutant)).body), { name: 'ApiError' });
      },
    ),
    { numRuns: 1500 },
  );
});

test('what the canonical form disregards may differ', async () => {
  const request = onTheWire((await signedPut()) as SdkRequest);
  const same = (parts: { path?: string; query?: string; headers?: Record<string, string> }) =>
    verify(
      requestOf({
        method: 'PUT',
        path: parts.path ?? request.path,
        query: parts.query ?? request.query,
        headers: { ...Object.fromEntries(request.headers), ...parts.headers },
        body: 'hello world',
      }),
    );
  await same({ path: '/bucket/some/key%20%e3%81%82.txt' });
  await same({ path: '/bucket/%73ome/key%20\u00e3\u0081\u0082.txt' });
  await same({ query: 'x-id=UploadPart&uploadId=%61bc&partNumber=1' });
  await same({ headers: { 'x-amz-meta-colour': ' red green\t' } });
  await same({ headers: { 'user-agent': 'anything unsigned' } });
});

test('a presigned URL of the SDK is accepted; with a session token it carries the token', async () => {
  const presigned = await sdkSigner('s3', 'the/token+=').presign(
    {
      method: 'GET',
      protocol: 'http:',
      hostname: HOST,
      path: '/b/k',
      headers: { host: HOST, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    },
    { signingDate: new Date(EXAMPLE_TIME), expiresIn: 60 },
  );
  const credentials = new FakeCredentials(undefined, undefined, {
    found: 'valid',
    secretAccessKey: new FakeCredentials().secret,
    caller: { ...SESSION },
  });
  const clock = new ManualClock(EXAMPLE_TIME + 59_000);
  const { caller } = await authenticate(onTheWire(presigned as SdkRequest), {
    service: traitsOf('s3'),
    credentials,
    clock,
  });
  assert.equal(caller.credentials, 'assume-role');
  assert.deepEqual(credentials.tokens, ['the/token+=']);
  assert.deepEqual(credentials.usedKeys, [SESSION.accessKeyId]);
});

const SESSION = {
  principal: { type: 'assumed-role', arn: 'arn:aws:sts::111122223333:assumed-role/r/s' },
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  userId: 'AROAEXAMPLE:s',
  credentials: 'assume-role',
  context: {},
} as const;

test('a presigned GetCallerIdentity is good for 15 minutes, whatever it says', async () => {
  const presigned = await sdkSigner('sts').presign(
    {
      method: 'GET',
      protocol: 'http:',
      hostname: HOST,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: HOST, 'x-k8s-aws-id': 'cluster' },
    },
    { signingDate: new Date(EXAMPLE_TIME), expiresIn: 60 },
  );
  const at = (later: number) =>
    authenticate(onTheWire(presigned as SdkRequest), {
      service: traitsOf('sts'),
      credentials: new FakeCredentials(),
      clock: new ManualClock(EXAMPLE_TIME + later * 1000),
    });
  await at(900);
  await assert.rejects(at(901), {
    code: 'SignatureDoesNotMatch',
    status: 403,
    message:
      'Signature expired: 20130524T000000Z is now earlier than 20130524T000001Z (20130524T001501Z - 15 min.)',
  });
});

test('an empty region is accepted', async () => {
  const request = signedBySecret({ region: '' });
  const { region } = await verify(request);
  assert.equal(region, undefined);
});
