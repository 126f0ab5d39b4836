/** Bad input gets AWS's error and leaves nothing behind. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { ManualClock, type RunningServer, startServer } from '../src/index.js';
import { type Keys, type RawReply, type RawRequest, sendSigned } from './support/raw.js';

const clock = new ManualClock();
let directory: string;
let server: RunningServer;
let root: Keys;
let user: Keys;
let session: Keys;
let roleArn: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'karikagi-bad-input-'));
  server = await startServer({ data: directory, port: 0, clock, log: 'none' });
  root = server.root!;
  const config = { endpoint: server.endpoint, region: 'us-east-1', credentials: root, forcePathStyle: true };
  const iam = new IAMClient(config);
  await new S3Client(config).send(new CreateBucketCommand({ Bucket: 'bucket' }));
  const { User } = await iam.send(new CreateUserCommand({ UserName: 'user' }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'user' }));
  user = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  const statement = { Effect: 'Allow', Action: 'sts:AssumeRole' };
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: 'role',
      AssumeRolePolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: { ...statement, Principal: { AWS: User!.Arn } },
      }),
    }),
  );
  roleArn = Role!.Arn!;
  await iam.send(
    new PutUserPolicyCommand({
      UserName: 'user',
      PolicyName: 'assume',
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: { ...statement, Resource: '*' } }),
    }),
  );
  const { Credentials } = await new STSClient({ ...config, credentials: user }).send(
    new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'session' }),
  );
  session = {
    accessKeyId: Credentials!.AccessKeyId!,
    secretAccessKey: Credentials!.SecretAccessKey!,
    sessionToken: Credentials!.SessionToken!,
  };
});

after(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

const send = (keys: Keys | undefined, raw: RawRequest) =>
  sendSigned(server.endpoint, keys, { time: new Date(clock.now()), ...raw });

function answered(reply: RawReply, status: number, code: string, message?: RegExp | string): void {
  assert.equal(`${reply.status} ${reply.code}`, `${status} ${code}`, reply.body);
  if (message instanceof RegExp) assert.match(reply.message ?? '', message);
  else if (message !== undefined) assert.equal(reply.message, message);
}

const form = (parameters: Record<string, string>) => ({
  headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
  body: new URLSearchParams(parameters).toString(),
});

const sts = (
  parameters: Record<string, string>,
  keys: Keys | undefined = user,
  more: Partial<RawRequest> = {},
) => send(keys, { service: 'sts', ...form({ Version: '2011-06-15', ...parameters }), ...more });

const assume = (parameters: Record<string, string>) =>
  sts({ Action: 'AssumeRole', RoleArn: roleArn, RoleSessionName: 'session', ...parameters });

const s3 = (raw: Omit<RawRequest, 'service'>, keys: Keys | undefined = root) =>
  send(keys, { service: 's3', ...raw });

const sha256 = (body: string | Uint8Array) => createHash('sha256').update(body).digest('hex');

const put = (
  key: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
  more: Partial<RawRequest> = {},
) =>
  s3({
    method: 'PUT',
    path: `/bucket/${key}`,
    body,
    headers: { 'x-amz-content-sha256': sha256(body), ...headers },
    ...more,
  });

/** Nothing of a failed upload is listed, and no file of it stays. */
async function nothingLeft(): Promise<void> {
  const config = { endpoint: server.endpoint, region: 'us-east-1', credentials: root, forcePathStyle: true };
  const clockSkew = clock.now() - Date.now();
  const listed = await new S3Client({ ...config, systemClockOffset: clockSkew }).send(
    new ListObjectsV2Command({ Bucket: 'bucket' }),
  );
  assert.deepEqual(listed.Contents ?? [], []);
  const files = (await readdir(join(directory, 'blobs'), { recursive: true, withFileTypes: true })).filter(
    entry => entry.isFile(),
  );
  assert.deepEqual(
    files.map(({ name }) => name),
    [],
  );
}

describe('S3: settings', () => {
  // LocalStack's recordings of AWS, test_s3_default_bucket_encryption_exc: the bucket is looked for before its document is read.
  for (const setting of ['encryption', 'cors', 'website', 'tagging', 'lifecycle', 'versioning', 'logging']) {
    test(`${setting}: of no bucket, whatever the document is; of a bucket, a document of another root`, async () => {
      const put = (path: string) =>
        s3({
          method: 'PUT',
          path,
          query: { [setting]: '' },
          body: '<Other/>',
          headers: { 'x-amz-content-sha256': sha256('<Other/>') },
        });
      answered(await put('/missing-bucket'), 404, 'NoSuchBucket');
      answered(await put('/bucket'), 400, 'MalformedXML');
    });
  }
});

describe('STS and IAM: parameters', () => {
  test('an unknown action, no action, another version', async () => {
    answered(
      await sts({ Action: 'AssumeRoles' }),
      400,
      'InvalidAction',
      'Could not find operation AssumeRoles for version 2011-06-15',
    );
    answered(await sts({}), 400, 'MissingAction');
    answered(await sts({ Action: 'AssumeRole', Version: '1999-01-01' }), 400, 'InvalidAction');
  });

  test('a missing parameter', async () => {
    const reply = await sts({ Action: 'AssumeRole', RoleArn: roleArn });
    answered(
      reply,
      400,
      'ValidationError',
      "1 validation error detected: Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null",
    );
  });

  test('parameters out of range, in AWS’s words', async () => {
    answered(
      await assume({ RoleSessionName: 'x' }),
      400,
      'ValidationError',
      "1 validation error detected: Value 'x' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2",
    );
    answered(
      await assume({ RoleSessionName: 'a b' }),
      400,
      'ValidationError',
      "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    );
    answered(
      await assume({ DurationSeconds: '899' }),
      400,
      'ValidationError',
      "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
    );
    answered(
      await assume({ DurationSeconds: '43201' }),
      400,
      'ValidationError',
      "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
    );
    answered(
      await assume({ DurationSeconds: '3601' }),
      400,
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
    answered(
      await assume({ ExternalId: 'é' }),
      400,
      'ValidationError',
      /^2 validation errors detected: .*; /,
    );
  });

  test('a value of the wrong type', async () => {
    answered(await assume({ DurationSeconds: 'an hour' }), 400, 'MalformedInput');
  });

  test('a session policy that is no policy', async () => {
    for (const Policy of [
      '{',
      '[]',
      '{"Version":"2012-10-17"}',
      '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe"}]}',
    ]) {
      answered(await assume({ Policy }), 400, 'MalformedPolicyDocument');
    }
  });

  test('a form beyond the limit', async () => {
    const reply = await assume({ Policy: 'x'.repeat(2 * 1024 * 1024) });
    answered(reply, 413, 'RequestEntityTooLarge');
  });
});

describe('signatures and tokens', () => {
  const whoami = { Action: 'GetCallerIdentity' };

  test('no signature', async () => {
    const reply = await sendSigned(server.endpoint, undefined, {
      service: 'sts',
      ...form({ Version: '2011-06-15', ...whoami }),
    });
    answered(reply, 403, 'MissingAuthenticationToken');
  });

  test('an access key that does not exist', async () => {
    const nobody = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wrong' };
    answered(
      await sts(whoami, nobody),
      403,
      'InvalidClientTokenId',
      'The security token included in the request is invalid.',
    );
    answered(
      await s3({ method: 'GET', path: '/bucket' }, nobody),
      403,
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
    );
  });

  test('a wrong secret', async () => {
    const wrong = { ...user, secretAccessKey: `${user.secretAccessKey.slice(0, -1)}!` };
    answered(
      await sts(whoami, wrong),
      403,
      'SignatureDoesNotMatch',
      /^The request signature we calculated does not match the signature you provided/,
    );
    answered(await s3({ method: 'GET', path: '/bucket' }, wrong), 403, 'SignatureDoesNotMatch');
  });

  test('a body that is not the one that was signed', async () => {
    const reply = await sts(whoami, user, { tamper: request => (request.body = `${request.body}&X=1`) });
    assert.equal(reply.status, 400 + 3, reply.body);
    assert.equal(reply.code, 'SignatureDoesNotMatch');
  });

  test('a token that was tampered with, cut short, or belongs to another key', async () => {
    const token = session.sessionToken!;
    const middle = token.length >> 1;
    const flipped = token.slice(0, middle) + (token[middle] === 'A' ? 'B' : 'A') + token.slice(middle + 1);
    for (const sessionToken of [flipped, token.slice(0, -8), 'AAAA', token.repeat(2)]) {
      answered(await sts(whoami, { ...session, sessionToken }), 403, 'InvalidClientTokenId');
      answered(
        await s3({ method: 'GET', path: '/bucket' }, { ...session, sessionToken }),
        400,
        'InvalidToken',
      );
    }
    answered(await sts(whoami, { ...user, sessionToken: token }), 403, 'InvalidClientTokenId');
    answered(
      await sts(whoami, {
        ...session,
        accessKeyId: `${session.accessKeyId.slice(0, -1)}${session.accessKeyId.endsWith('A') ? 'B' : 'A'}`,
      }),
      403,
      'InvalidClientTokenId',
    );
  });

  test('temporary keys without their token', async () => {
    const { sessionToken: _, ...keys } = session;
    answered(await sts(whoami, keys), 403, 'InvalidClientTokenId');
  });

  test('a clock that is wrong', async () => {
    const skewed = { time: new Date(clock.now() - 20 * 60_000) };
    answered(
      await sts(whoami, user, skewed),
      403,
      'SignatureDoesNotMatch',
      /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)$/,
    );
    answered(await s3({ method: 'GET', path: '/bucket', ...skewed }), 403, 'RequestTimeTooSkewed');
  });

  test('a session that has expired, once the hour is over', async () => {
    assert.equal((await sts(whoami, session)).status, 200);
    clock.advance(3601);
    answered(
      await sts(whoami, session),
      403,
      'ExpiredToken',
      'The security token included in the request is expired',
    );
    answered(
      await s3({ method: 'GET', path: '/bucket' }, session),
      400,
      'ExpiredToken',
      'The provided token has expired.',
    );
  });
});

describe('S3: bodies', () => {
  test('a wrong Content-MD5, checksum or SHA-256', async () => {
    const wrongMd5 = createHash('md5').update('other').digest('base64');
    answered(await put('k', 'body', { 'content-md5': wrongMd5 }), 400, 'BadDigest');
    answered(await put('k', 'body', { 'content-md5': 'no digest' }), 400, 'InvalidDigest');
    answered(await put('k', 'body', { 'x-amz-checksum-crc32': 'AAAAAA==' }), 400, 'BadDigest', /CRC32/);
    answered(
      await put('k', 'body', { 'x-amz-content-sha256': sha256('other') }),
      400,
      'XAmzContentSHA256Mismatch',
    );
    const large = Buffer.alloc(200_000, 1);
    answered(await put('k', large, { 'x-amz-checksum-crc32': 'AAAAAA==' }), 400, 'BadDigest');
    await nothingLeft();
  });

  /** The head of a signed upload and nothing but its first bytes; what that is answered. */
  function cutShort(to: RunningServer, length: number, halfClose: boolean): Promise<string> {
    return new Promise(resolve => {
      const body = Buffer.alloc(length);
      void sendSigned(to.endpoint, to.root, {
        service: 's3',
        time: new Date(clock.now()),
        method: 'PUT',
        path: '/bucket/k',
        body,
        headers: { 'x-amz-content-sha256': sha256(body) },
        tamper: ({ path, headers }) => {
          const { hostname, port } = new URL(to.endpoint);
          const socket = connect(Number(port), hostname, () => {
            const head = Object.entries({ ...headers, 'content-length': String(length) }).map(
              ([name, value]) => `${name}: ${value}\r\n`,
            );
            socket.write(`PUT ${path} HTTP/1.1\r\n${head.join('')}\r\nabc`);
            if (halfClose) socket.end();
          });
          let text = '';
          socket.on('data', data => {
            text += data;
            socket.end();
          });
          socket.on('error', () => {});
          socket.on('close', () => resolve(text));
          throw new Error('sent by hand');
        },
      }).catch(() => {});
    });
  }

  test('a body shorter than its length', async () => {
    for (const length of [10, 200_000]) await cutShort(server, length, true);
    await nothingLeft();
  });

  test('a body that stalls', async t => {
    // Of its own: a server with so little patience might refuse what a busy machine is slow to send.
    const data = await mkdtemp(join(tmpdir(), 'karikagi-stall-'));
    const hasty = await startServer({ data, port: 0, clock, log: 'none', limits: { stall: 300 } });
    t.after(async () => {
      await hasty.close();
      await rm(data, { recursive: true });
    });
    const config = { endpoint: hasty.endpoint, region: 'us-east-1', forcePathStyle: true };
    await new S3Client({ ...config, credentials: hasty.root! }).send(
      new CreateBucketCommand({ Bucket: 'bucket' }),
    );
    assert.match(await cutShort(hasty, 200_000, false), /<Code>RequestTimeout<\/Code>/);
    const left = await readdir(join(data, 'blobs'), { recursive: true, withFileTypes: true });
    assert.deepEqual(
      left.filter(entry => entry.isFile()),
      [],
    );
  });

  test('XML that is none, or not of the schema', async () => {
    const remove = (body: string) =>
      s3({
        method: 'POST',
        path: '/bucket',
        query: { delete: '' },
        body,
        headers: {
          'content-md5': createHash('md5').update(body).digest('base64'),
          'x-amz-content-sha256': sha256(body),
        },
      });
    for (const body of [
      '<Delete><Object>',
      'no xml',
      '<Delete/>',
      '<!DOCTYPE x [<!ENTITY e "x">]><Delete>&e;</Delete>',
    ]) {
      answered(await remove(body), 400, 'MalformedXML');
    }
  });

  test('a policy that is no JSON', async () => {
    answered(
      await s3({
        method: 'PUT',
        path: '/bucket',
        query: { policy: '' },
        body: '{"Version":',
        headers: { 'x-amz-content-sha256': sha256('{"Version":') },
      }),
      400,
      'MalformedPolicy',
    );
  });

  test('names that are too long', async () => {
    answered(await put('k'.repeat(1025), 'x'), 400, 'KeyTooLongError');
    answered(
      await s3({ method: 'PUT', path: '/UPPER', headers: { 'x-amz-content-sha256': sha256('') } }),
      400,
      'InvalidBucketName',
    );
    answered(await put('k', 'x', { 'x-amz-meta-a': 'a'.repeat(2049) }), 400, 'MetadataTooLarge');
  });

  test('headers beyond the limit', async () => {
    const reply = await put('k', 'x', { 'x-amz-meta-a': 'a'.repeat(40_000) });
    answered(reply, 400, 'RequestHeaderSectionTooLarge');
  });

  test('an operation that is not there', async () => {
    answered(await s3({ method: 'GET', path: '/bucket/k', query: { torrent: '' } }), 501, 'NotImplemented');
    await nothingLeft();
  });
});

describe('JSON', () => {
  const json = (body: string, target = 'Karikagi.GetRequestAuthorizationDetails') =>
    send(root, {
      service: 'karikagi',
      body,
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    });

  test('JSON that is none, of the wrong type, without what is required', async () => {
    answered(await json('{'), 400, 'SerializationException');
    answered(await json('{"RequestId": 1}'), 400, 'SerializationException');
    answered(
      await json('{}'),
      400,
      'ValidationException',
      "1 validation error detected: Value null at 'requestId' failed to satisfy constraint: Member must not be null",
    );
    answered(await json('{"RequestId": "NOSUCHREQUEST"}'), 400, 'ResourceNotFoundException');
    answered(await json('{}', 'Karikagi.Nothing'), 400, 'UnknownOperationException');
  });
});
