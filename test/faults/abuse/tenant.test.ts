/**
 * What a tenant of a server, or a stranger whom a tenant lets in, may do to the others: freeze decisions, take the threads
 * that read files, make the server ask others, store what breaks replies, or delete with a body that was altered.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { cp, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import {
  ChangePasswordCommand,
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  UpdateAccountPasswordPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  GetObjectCommand,
  PutBucketCorsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { startServerProcess } from '../server-process.js';
import { MIB, Victim } from './victim.js';

const cli = resolve(import.meta.dirname, '../../../src/bundle/karikagi.js');
let victim: Victim;
let config: { endpoint: string; region: string; credentials: Victim['server']['credentials'] };

before(async () => {
  victim = await Victim.start();
  config = { endpoint: victim.server.endpoint, region: 'us-east-1', credentials: victim.server.credentials };
  await victim.openBucket('pub', { k: 'v' });
  await victim.s3.send(new PutObjectCommand({ Bucket: 'pub', Key: 'large', Body: Buffer.alloc(2 * MIB) }));
});
after(() => victim.stop());

const url = (path: string) => `${victim.server.endpoint}${path}`;

test('wildcards that nearly match cost steps, not time', async () => {
  await victim.openBucket('evil', {});
  const Resource = Array.from({ length: 38 }, (_, i) => `arn:aws:s3:::evil/*?${'a'.repeat(480 + i)}b*`);
  const Statement = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await victim.s3.send(new PutBucketPolicyCommand({ Bucket: 'evil', Policy }));
  const keys = Array.from(
    { length: 100 },
    (_, i) => `<Object><Key>${'a'.repeat(1020)}${1000 + i}</Key></Object>`,
  );
  const body = `<Delete>${keys.join('')}</Delete>`;
  const before = victim.processorTime();
  const md5 = createHash('md5').update(body).digest('base64');
  const reply = await fetch(url('/evil?delete'), { method: 'POST', body, headers: { 'content-md5': md5 } });
  assert.equal(reply.status, 200);
  // It took 9 to 10 seconds.
  assert.ok(victim.processorTime() - before < 4000, `${victim.processorTime() - before} ms`);
});

test('passwords and pairs of keys of one account leave threads for reading', async () => {
  const iam = new IAMClient({ ...config, maxAttempts: 1 });
  await iam.send(new UpdateAccountPasswordPolicyCommand({ AllowUsersToChangePassword: true }));
  await iam.send(new CreateUserCommand({ UserName: 'guesser' }));
  await iam.send(new CreateLoginProfileCommand({ UserName: 'guesser', Password: 'Tsuki-2026' }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'guesser' }));
  const guesser = new IAMClient({
    ...config,
    credentials: { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! },
    maxAttempts: 1,
  });
  const kms = new KMSClient({ ...config, maxAttempts: 1 });
  let over = 0;
  const flood = [
    ...Array.from({ length: 200 }, () =>
      guesser.send(new ChangePasswordCommand({ OldPassword: 'wrong', NewPassword: 'Hoshi-2026' })),
    ),
    ...Array.from({ length: 60 }, () =>
      kms.send(new CreateKeyCommand({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' })),
    ),
  ].map(one => one.catch(error => error.name).finally(() => over++));
  const { Body } = await victim.s3.send(new GetObjectCommand({ Bucket: 'pub', Key: 'large' }));
  assert.equal((await Body!.transformToByteArray()).length, 2 * MIB);
  assert.ok(over < flood.length, 'the reader did not wait for the end of the flood');
  const outcomes = new Set(await Promise.all(flood));
  assert.ok(outcomes.has('ThrottlingException'), 'what waits for one account is bounded');
  assert.ok(outcomes.has('Throttling') || outcomes.has('ThrottlingException'));
  for (const client of [iam, guesser, kms]) client.destroy();
});

test('nobody makes the server ask what only it can reach', async t => {
  let asked = 0;
  const inside = createServer((_request, response) => {
    asked++;
    response.end('{}');
  });
  await new Promise<void>(done => inside.listen(0, '127.0.0.1', done));
  t.after(() => inside.close());
  const { port } = inside.address() as AddressInfo;
  const iam = new IAMClient(config);
  t.after(() => iam.destroy());
  for (const host of [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '[::1]',
    '[::ffff:7f00:1]',
    'localhost',
  ]) {
    for (const scheme of ['http', 'https']) {
      const Url = `${scheme}://${host}:${port}/realm`;
      await assert.rejects(
        iam.send(new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: ['app'] })),
        {
          name: 'InvalidInputException',
        },
        Url,
      );
    }
  }
  assert.equal(asked, 0);
});

test('an issuer that may no longer be asked is not, whoever brings a token of it', async t => {
  const asked: string[] = [];
  const inside = createServer((request, response) => {
    asked.push(request.url!);
    response.end(JSON.stringify({ jwks_uri: `${issuer}/admin/delete?all=1` }));
  });
  await new Promise<void>(done => inside.listen(0, '127.0.0.1', done));
  const issuer = `http://127.0.0.1:${(inside.address() as AddressInfo).port}`;
  const data = await mkdtemp(join(tmpdir(), 'karikagi-issuer-'));
  t.after(async () => {
    inside.close();
    await rm(data, { recursive: true, force: true });
  });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: 'app', sub: 's', iat: now, exp: now + 600 };
  const WebIdentityToken = `${part({ alg: 'RS256', kid: 'k' })}.${part(claims)}.${part({})}`;
  let RoleArn = '';
  const assume = async (endpoint: string): Promise<string> => {
    const sts = new STSClient({ endpoint, region: 'us-east-1', maxAttempts: 1 });
    const refused = sts
      .send(new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: 's1', WebIdentityToken }))
      .then(
        () => 'a role',
        (error: Error) => error.name,
      );
    return refused.finally(() => sts.destroy());
  };
  const open = await startServerProcess(data, ['--oidc-allow', '127.0.0.1']);
  try {
    const iam = new IAMClient({ ...config, endpoint: open.endpoint, credentials: open.credentials });
    const { OpenIDConnectProviderArn } = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url: issuer, ClientIDList: ['app'] }),
    );
    const Statement = {
      Effect: 'Allow',
      Principal: { Federated: OpenIDConnectProviderArn },
      Action: 'sts:AssumeRoleWithWebIdentity',
    };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    const made = await iam.send(new CreateRoleCommand({ RoleName: 'web', AssumeRolePolicyDocument }));
    RoleArn = made.Role!.Arn!;
    iam.destroy();
    await assume(open.endpoint);
    assert.ok(asked.length > 0, 'the operator opened the address');
  } finally {
    await open.stop();
  }
  const before = asked.length;
  const closed = await startServerProcess(data);
  try {
    assert.match(await assume(closed.endpoint), /IDPCommunicationError|InvalidIdentityToken/);
    assert.equal(asked.length, before);
  } finally {
    await closed.stop();
  }
});

const digest = 'AAAAAAAAAAAAAAAAAAAAAA==';
for (const [name, path, body, headers, code] of [
  [
    'a list of keys',
    '/pub?delete',
    '<Delete><Object><Key>k</Key></Object></Delete>',
    { 'content-md5': digest },
    'BadDigest',
  ],
  [
    'a list of keys, by no digest',
    '/pub?delete',
    '<Delete><Object><Key>k</Key></Object></Delete>',
    { 'content-md5': 'x' },
    'InvalidDigest',
  ],
  [
    'a list of keys, by CRC',
    '/pub?delete',
    '<Delete><Object><Key>k</Key></Object></Delete>',
    { 'x-amz-checksum-crc32': 'AAAAAA==' },
    'BadDigest',
  ],
  [
    'a list of keys, by SHA',
    '/pub?delete',
    '<Delete><Object><Key>k</Key></Object></Delete>',
    { 'x-amz-checksum-sha256': `${'A'.repeat(43)}=` },
    'BadDigest',
  ],
  [
    'a list of keys, by what is no CRC',
    '/pub?delete',
    '<Delete><Object><Key>k</Key></Object></Delete>',
    { 'x-amz-checksum-crc32': 'AA==' },
    'InvalidRequest',
  ],
] as const) {
  test(`a body is held to its digest: ${name}`, async () => {
    const reply = await fetch(url(path), { method: 'POST', body, headers });
    assert.equal(reply.status, 400);
    assert.match(await reply.text(), new RegExp(`<Code>${code}</Code>`));
    assert.equal((await fetch(url('/pub/k'))).status, 200);
  });
}

/** A form without a policy, for a bucket that lets anybody put. */
function form(fields: Readonly<Record<string, string>>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  data.set('file', new Blob(['body']));
  return data;
}

test('nothing is stored that would break a reply', async () => {
  for (const fields of [
    { 'x-amz-meta-x y': 'v' },
    { 'x-amz-meta-a:b': 'v' },
    { 'x-amz-meta-a': 'v\r\nx: y' },
    { 'x-amz-meta-a': 'v\u0001' },
    { 'Content-Type': 'text/plain\r\nx: y' },
    { 'Content-Disposition': 'attachment; filename=報告' },
    { 'Cache-Control': 'no-store\n' },
  ]) {
    const reply = await fetch(url('/pub'), { method: 'POST', body: form({ key: 'bad', ...fields }) });
    const head = await fetch(url('/pub/bad'), { method: 'HEAD' });
    // Refused, or stored in a way that is read.
    assert.ok(
      reply.status === 400 ? head.status === 404 || head.status === 200 : head.status === 200,
      JSON.stringify(fields),
    );
    if (reply.status === 400) assert.match(await reply.text(), /InvalidArgument|MalformedPOSTRequest/);
  }
  const good = await fetch(url('/pub'), {
    method: 'POST',
    body: form({ key: 'good', 'x-amz-meta-a': '報告' }),
  });
  assert.equal(good.status, 204);
  assert.equal((await fetch(url('/pub/good'))).status, 200);
  const rule = { AllowedMethods: ['GET'], AllowedOrigins: ['*'] };
  await assert.rejects(
    victim.s3.send(
      new PutBucketCorsCommand({
        Bucket: 'pub',
        CORSConfiguration: { CORSRules: [{ ...rule, ExposeHeaders: ['x\r\ny: z'] }] },
      }),
    ),
    { name: 'InvalidArgument' },
  );
});

/** A form signed for whatever bucket it is sent to. */
function signedForm(conditions: readonly unknown[], key: string): FormData {
  const { accessKeyId, secretAccessKey } = victim.server.credentials;
  const now = new Date();
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = [stamp.slice(0, 8), 'us-east-1', 's3', 'aws4_request'];
  const fields = {
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': [accessKeyId, ...scope].join('/'),
    'x-amz-date': stamp,
  };
  const policy = Buffer.from(
    JSON.stringify({
      expiration: new Date(now.getTime() + 600_000).toISOString(),
      conditions: [
        ...conditions,
        { key },
        ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
      ],
    }),
  ).toString('base64');
  const hmac = (by: string | Buffer, text: string) => createHmac('sha256', by).update(text).digest();
  const signing = scope.reduce<string | Buffer>((by, text) => hmac(by, text), `AWS4${secretAccessKey}`);
  const signature = hmac(signing, policy).toString('hex');
  return form({ key, ...fields, policy, 'x-amz-signature': signature });
}

// aws/aws-sdk-php#3292
test('a signed form is good for the buckets that it names', async () => {
  const none = await fetch(url('/pub'), { method: 'POST', body: signedForm([], 'a') });
  assert.equal(none.status, 403);
  assert.match(await none.text(), /Extra input fields: bucket/);
  const other = await fetch(url('/pub'), { method: 'POST', body: signedForm([{ bucket: 'other' }], 'a') });
  assert.equal(other.status, 403);
  const own = await fetch(url('/pub'), { method: 'POST', body: signedForm([{ bucket: 'pub' }], 'a') });
  assert.equal(own.status, 204);
});

test('buckets named like services are reached by their hosts', async () => {
  for (const bucket of ['sts-data', 'iam-data', 'kms-data', 'organizations-data', 'karikagi-data']) {
    await victim.openBucket(bucket, { k: 'v' });
    const status = await new Promise<number | undefined>((done, failed) => {
      const headers = { host: `${bucket}.localhost:${victim.port}` };
      get({ host: '127.0.0.1', port: victim.port, path: '/k', headers }, reply => {
        reply.resume();
        done(reply.statusCode);
      }).on('error', failed);
    });
    assert.equal(status, 200, bucket);
  }
});

const run = (...args: string[]) =>
  spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', timeout: 240_000 });

test('damaged pages are said by all who come upon them; a garbled lock stops nobody', async t => {
  const data = await mkdtemp(join(tmpdir(), 'karikagi-damaged-'));
  t.after(() => rm(data, { recursive: true, force: true }));
  const first = await startServerProcess(data);
  assert.equal(await first.stop(), 0);
  await writeFile(join(data, 'server.lock'), '');
  const second = await startServerProcess(data);
  const third = run('serve', '--data', data, '--port', '0');
  assert.equal(third.status, 1);
  assert.match(third.stderr, new RegExp(`in use by process ${second.pid}`));
  assert.equal(await second.stop(), 0);
  const whole = join(data, 'whole.mdb');
  const file = join(data, 'kv', 'data.mdb');
  await cp(file, whole);
  const pages = (await readFile(whole)).length / 4096;
  let said = 0;
  for (let page = 2; page < pages; page += Math.ceil(pages / 6)) {
    await cp(whole, file);
    const damaged = await open(file, 'r+');
    await damaged.write(Buffer.alloc(2048), 0, 2048, page * 4096 + 2048);
    await damaged.close();
    const scrubbed = run('scrub', '--data', data);
    const target = join(data, `backup-${page}`);
    const saved = run('backup', target, '--data', data);
    assert.ok([0, 1, 2].includes(scrubbed.status ?? -1), `${scrubbed.signal}`);
    assert.equal(saved.status === 0, scrubbed.status === 0, `page ${page}`);
    if (scrubbed.status === 0) continue;
    said++;
    assert.match(
      scrubbed.stdout + scrubbed.stderr,
      /damaged.*\n?.*estore the last backup|estore the last backup/s,
    );
    assert.match(saved.stderr, /is damaged.*restore the last backup/);
    assert.ok(!(await readdir(target).catch((): string[] => [])).includes('backup.json'));
  }
  assert.ok(said > 0);
});
