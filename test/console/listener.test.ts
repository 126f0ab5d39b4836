import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { after, before, describe, test } from 'node:test';
import {
  CreateLoginProfileCommand,
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  DeleteUserPolicyCommand,
  EnableMFADeviceCommand,
  IAMClient,
  ListUsersCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { callKarikagi } from '../../src/clients/karikagi-api.js';
import { codeOf, stepOf } from '../../src/identity/credentials/mfa-totp.js';
import { seedOf } from '../../src/identity/credentials/mfa-totp.test.support.js';
import { ManualClock, type RunningServer, startServer, systemClock } from '../../src/index.js';

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Granted {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
}

const clock = new ManualClock(systemClock.now());
let server: RunningServer;
let page: string;

before(async () => {
  server = await startServer({ data: 'memory', port: 0, consolePort: 0, log: 'none', clock });
  page = server.consoleUrl!;
});
after(() => server.close());

/** With headers of its own choosing, `Host` among them. */
function ask(
  path: string,
  { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: object; body?: string } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      new URL(path, page),
      { method, headers: headers as Record<string, string> },
      got => {
        const chunks: Buffer[] = [];
        got.on('data', chunk => chunks.push(chunk));
        got.on('end', () =>
          resolve({
            status: got.statusCode!,
            headers: got.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

function federation(fields: Record<string, string>, headers: object = {}): Promise<Reply> {
  const body = new URLSearchParams(fields).toString();
  return ask('/federation', { method: 'POST', headers: { ...FORM, ...headers }, body });
}

/** The SDK's settings of a client, signed as those keys, through the console's address. */
function settings(keys: Granted | undefined = undefined, endpoint = page) {
  const { accessKeyId, secretAccessKey } = server.root!;
  const credentials = keys
    ? {
        accessKeyId: keys.AccessKeyId,
        secretAccessKey: keys.SecretAccessKey,
        sessionToken: keys.SessionToken,
      }
    : { accessKeyId, secretAccessKey };
  return { endpoint, region: 'us-east-1', credentials, forcePathStyle: true };
}

async function consoleSession(): Promise<Granted> {
  const { accessKeyId, secretAccessKey } = server.root!;
  const target = { endpoint: server.endpoint, credentials: { accessKeyId, secretAccessKey } };
  return ((await callKarikagi(target, 'CreateConsoleSession', {})) as { Credentials: Granted }).Credentials;
}

describe('the pages', () => {
  test('every address in the page is the page, with a nonce of its own and no way in for foreign code', async () => {
    const [first, second] = [await ask('/'), await ask('/iam/roles/any?tab=trust')];
    const nonceOf = ({ headers }: Reply) =>
      /'nonce-([^']+)'/.exec(headers['content-security-policy']!.toString())![1]!;
    assert.equal(first.status, 200);
    assert.equal(second.status, 200);
    assert.notEqual(nonceOf(first), nonceOf(second));
    assert.ok(first.body.includes(`nonce="${nonceOf(first)}"`));
    assert.ok(!first.body.includes('__NONCE__'));
    const policy = first.headers['content-security-policy']!.toString();
    for (const part of [
      "default-src 'none'",
      "frame-ancestors 'none'",
      "form-action 'none'",
      "base-uri 'none'",
    ]) {
      assert.ok(policy.includes(part), part);
    }
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|script-src[^;]*'self'/);
    assert.equal(first.headers['cache-control'], 'no-store');
    assert.equal(first.headers['x-frame-options'], 'DENY');
    assert.equal(first.headers['cross-origin-opener-policy'], 'same-origin');
  });

  test('files come compressed, for ever, and only those of the build', async () => {
    const { body } = await ask('/');
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(body)![1]!;
    const compressed = await ask(script, { headers: { 'accept-encoding': 'gzip, deflate, br' } });
    assert.equal(compressed.headers['content-encoding'], 'br');
    assert.match(compressed.headers['cache-control']!, /immutable/);
    assert.equal((await ask(script)).headers['content-encoding'], undefined);
    for (const path of ['/assets/none.js', '/assets/../sources', '/assets/%2e%2e/sources', '/assets/']) {
      assert.notEqual((await ask(path)).headers['content-type'], 'application/octet-stream', path);
    }
    assert.equal((await ask('/assets/none.js')).status, 404);
  });

  test('the first page is at most 600 KB on its way', async () => {
    const { body } = await ask('/');
    const files = [...body.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(match => match[1]!);
    assert.ok(files.length >= 2);
    let bytes = body.length;
    for (const file of files) {
      const reply = await ask(file, { headers: { 'accept-encoding': 'br' } });
      bytes += Number(reply.headers['content-length']);
    }
    assert.ok(bytes <= 600 * 1024, `${bytes} bytes`);
  });

  test('a foreign host name gets nothing: neither page, nor API, nor sign-in', async () => {
    for (const host of ['evil.example', 'evil.example:9001', '127.0.0.1.evil.example']) {
      for (const path of ['/', '/console.json', '/federation?Action=login']) {
        assert.equal((await ask(path, { headers: { host } })).status, 421, `${host} ${path}`);
      }
      const signed = { host, authorization: 'AWS4-HMAC-SHA256 Credential=x' };
      assert.equal((await ask('/bucket', { headers: signed })).status, 421);
    }
    const port = new URL(page).port;
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
      assert.equal((await ask('/', { headers: { host } })).status, 200, host);
    }
  });

  test('what is not signed is no way to the API', async () => {
    assert.equal((await ask('/bucket/key', { method: 'PUT', body: 'x' })).status, 405);
    assert.equal((await ask('/bucket', { method: 'DELETE' })).status, 405);
    assert.match((await ask('/bucket/key')).headers['content-type']!, /text\/html/);
  });
});

describe('objects on the origin of the console', () => {
  const html = '<script>alert(sessionStorage)</script>';

  before(async () => {
    const s3 = new S3Client(settings());
    await s3.send(new CreateBucketCommand({ Bucket: 'pages' }));
    await s3.send(
      new PutObjectCommand({ Bucket: 'pages', Key: 'evil.html', Body: html, ContentType: 'text/html' }),
    );
  });

  test('an HTML object is downloaded, and has no origin where it is opened all the same', async () => {
    const command = new GetObjectCommand({
      Bucket: 'pages',
      Key: 'evil.html',
      ResponseContentDisposition: 'inline',
      ResponseContentType: 'text/html',
    });
    const signingDate = new Date(clock.now());
    const url = new URL(await getSignedUrl(new S3Client(settings()), command, { signingDate }));
    const reply = await ask(url.pathname + url.search);
    assert.equal(reply.status, 200);
    assert.equal(reply.body, html);
    assert.match(reply.headers['content-security-policy']!.toString(), /^sandbox; default-src 'none'/);
    assert.equal(reply.headers['content-disposition'], 'attachment');
    assert.equal(reply.headers['x-content-type-options'], 'nosniff');
    assert.equal(reply.headers['cross-origin-resource-policy'], 'same-origin');
  });

  test('an object is no script, worker, style or frame of a page', async () => {
    const command = new GetObjectCommand({ Bucket: 'pages', Key: 'evil.html' });
    const signingDate = new Date(clock.now());
    const url = new URL(await getSignedUrl(new S3Client(settings()), command, { signingDate }));
    for (const dest of ['script', 'worker', 'serviceworker', 'style', 'iframe', 'image', 'object']) {
      const reply = await ask(url.pathname + url.search, { headers: { 'sec-fetch-dest': dest } });
      assert.equal(reply.status, 403, dest);
    }
  });

  test('the same object at the API’s own address is as it was stored', async () => {
    const got = await new S3Client(settings(undefined, server.endpoint)).send(
      new GetObjectCommand({ Bucket: 'pages', Key: 'evil.html' }),
    );
    assert.equal(got.ContentType, 'text/html');
    assert.equal(got.ContentDisposition, undefined);
  });
});

describe('signing in', () => {
  const iam = () => new IAMClient(settings());
  const grantedOf = ({ body }: Reply) => (JSON.parse(body) as { Credentials: Granted }).Credentials;
  const arnOf = async (keys: Granted) =>
    (await new STSClient(settings(keys)).send(new GetCallerIdentityCommand({}))).Arn!;
  const account = () => server.accountId;
  const tried = (user: string, password: string, more: Record<string, string> = {}) =>
    federation({ Action: 'password', account: account(), user, password, ...more });

  test('an access key is exchanged for a session of the same caller, which may call IAM', async () => {
    const keys = await consoleSession();
    assert.match(keys.AccessKeyId, /^ASIA/);
    assert.equal(await arnOf(keys), `arn:aws:iam::${account()}:root`);
    await new IAMClient(settings(keys)).send(new ListUsersCommand({}));
    const target = {
      endpoint: server.endpoint,
      credentials: {
        accessKeyId: keys.AccessKeyId,
        secretAccessKey: keys.SecretAccessKey,
        sessionToken: keys.SessionToken,
      },
    };
    await assert.rejects(callKarikagi(target, 'CreateConsoleSession', {}), { code: 'AccessDeniedException' });
  });

  test('a sign-in token is made of temporary credentials, works once, and for 15 minutes', async () => {
    const keys = await consoleSession();
    const Session = JSON.stringify({
      sessionId: keys.AccessKeyId,
      sessionKey: keys.SecretAccessKey,
      sessionToken: keys.SessionToken,
    });
    const tokenOf = (reply: Reply) => (JSON.parse(reply.body) as { SigninToken: string }).SigninToken;
    const byGet = await ask(`/federation?${new URLSearchParams({ Action: 'getSigninToken', Session })}`);
    const byPost = await federation({ Action: 'getSigninToken', Session, SessionDuration: '3600' });
    for (const reply of [byGet, byPost]) {
      const SigninToken = tokenOf(reply);
      const first = await federation({ Action: 'redeem', SigninToken });
      assert.equal(grantedOf(first).AccessKeyId, keys.AccessKeyId);
      assert.equal(await arnOf(grantedOf(first)), `arn:aws:iam::${account()}:root`);
      assert.equal((await federation({ Action: 'redeem', SigninToken })).status, 400);
    }
    const late = tokenOf(await federation({ Action: 'getSigninToken', Session }));
    clock.advance(900);
    assert.equal((await federation({ Action: 'redeem', SigninToken: late })).status, 400);
    clock.advance(-900);
    const login = await ask(`/federation?Action=login&Destination=/&SigninToken=${late}`);
    assert.match(login.headers['content-type']!, /text\/html/);
  });

  test('a sign-in token is refused for credentials that are wrong, long-term or malformed', async () => {
    const { AccessKeyId: sessionId, SecretAccessKey, SessionToken: sessionToken } = await consoleSession();
    const wrong = [
      { sessionId, sessionKey: `${SecretAccessKey}x`, sessionToken },
      { sessionId, sessionKey: SecretAccessKey, sessionToken: `${sessionToken.slice(0, -4)}AAAA` },
      { sessionId: server.root!.accessKeyId, sessionKey: server.root!.secretAccessKey, sessionToken: '' },
      { sessionId },
      [],
      null,
    ];
    for (const session of wrong) {
      const reply = await federation({ Action: 'getSigninToken', Session: JSON.stringify(session) });
      assert.equal(reply.status, 400, JSON.stringify(session));
    }
    assert.equal((await federation({ Action: 'getSigninToken', Session: '{' })).status, 400);
    assert.equal((await federation({ Action: 'redeem', SigninToken: 'zzzzzzzzzz.x' })).status, 400);
    assert.equal((await federation({ Action: 'elsewhere' })).status, 400);
  });

  test('a password signs a user in; what is wrong is not said', async () => {
    await iam().send(new CreateUserCommand({ UserName: 'ann' }));
    await iam().send(new CreateLoginProfileCommand({ UserName: 'ann', Password: 'Right-Horse-9' }));
    const arn = `arn:aws:iam::${account()}:user/ann`;
    assert.equal(await arnOf(grantedOf(await tried('ann', 'Right-Horse-9'))), arn);
    const refusals = [
      await tried('ann', 'wrong'),
      await tried('none', 'wrong'),
      await federation({ Action: 'password', account: '999999999999', user: 'ann', password: 'x' }),
    ];
    assert.deepEqual(new Set(refusals.map(({ status, body }) => `${status} ${body}`)).size, 1);
    assert.equal(refusals[0]!.status, 403);
  });

  test('after five wrong passwords in a row none is looked at for a minute', async () => {
    await iam().send(new CreateUserCommand({ UserName: 'ben' }));
    await iam().send(new CreateLoginProfileCommand({ UserName: 'ben', Password: 'Right-Horse-9' }));
    for (let count = 0; count < 5; count++) assert.equal((await tried('ben', 'wrong')).status, 403);
    assert.equal((await tried('ben', 'Right-Horse-9')).status, 403);
    clock.advance(60);
    assert.equal((await tried('ben', 'Right-Horse-9')).status, 200);
    clock.advance(-60);
  });

  test('a password that must be changed is changed on the way in', async () => {
    const UserName = 'cyd';
    await iam().send(new CreateUserCommand({ UserName }));
    await iam().send(
      new CreateLoginProfileCommand({ UserName, Password: 'First-Horse-9', PasswordResetRequired: true }),
    );
    assert.deepEqual(JSON.parse((await tried('cyd', 'First-Horse-9')).body), { NewPasswordRequired: true });
    const weak = await tried('cyd', 'First-Horse-9', { newPassword: 'weak' });
    assert.match(weak.body, /PasswordPolicyViolation/);
    const changed = await tried('cyd', 'First-Horse-9', { newPassword: 'Second-Horse-9' });
    assert.ok(grantedOf(changed).AccessKeyId);
    assert.equal((await tried('cyd', 'First-Horse-9')).status, 403);
    assert.equal((await tried('cyd', 'Second-Horse-9')).status, 200);
  });

  test('who has an MFA device needs its code, once the password is right; the session then has MFA', async () => {
    const UserName = 'dan';
    await iam().send(new CreateUserCommand({ UserName }));
    await iam().send(new CreateLoginProfileCommand({ UserName, Password: 'Right-Horse-9' }));
    const { VirtualMFADevice } = await iam().send(
      new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: 'dan' }),
    );
    const SerialNumber = VirtualMFADevice!.SerialNumber!;
    const seed = seedOf(VirtualMFADevice!.Base32StringSeed!);
    const code = (ahead: number) => codeOf(seed, stepOf(clock.now()) + ahead);
    await iam().send(
      new EnableMFADeviceCommand({
        UserName,
        SerialNumber,
        AuthenticationCode1: code(-1),
        AuthenticationCode2: code(0),
      }),
    );
    assert.deepEqual(JSON.parse((await tried('dan', 'Right-Horse-9')).body), { MfaRequired: [SerialNumber] });
    assert.equal((await tried('dan', 'wrong')).status, 403);
    assert.equal((await tried('dan', 'Right-Horse-9', { code: '000000' })).status, 403);
    const reply = await tried('dan', 'Right-Horse-9', { code: code(1) });
    assert.ok(grantedOf(reply).AccessKeyId);
  });

  test('another site’s form is refused', async () => {
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    const fields = { Action: 'password', account: account(), user: 'ann', password: 'Right-Horse-9' };
    assert.equal((await federation(fields, foreign)).status, 403);
    const plain = { ...FORM, ...foreign };
    const body = 'Action=AssumeRoleWithWebIdentity&Version=2011-06-15&WebIdentityToken=x';
    assert.equal((await ask('/', { method: 'POST', headers: plain, body })).status, 405);
    const text = { 'content-type': 'text/plain' };
    assert.equal(
      (await ask('/federation', { method: 'POST', headers: text, body: 'Action=redeem' })).status,
      400,
    );
  });

  test('a console session assumes roles, and is listed as what it is', async () => {
    const keys = grantedOf(await tried('ann', 'Right-Horse-9'));
    const sts = new STSClient(settings(keys));
    const RoleArn = `arn:aws:iam::${account()}:role/none`;
    await assert.rejects(sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'ann' })), {
      name: 'AccessDenied',
    });
    const { accessKeyId, secretAccessKey } = server.root!;
    const target = { endpoint: server.endpoint, credentials: { accessKeyId, secretAccessKey } };
    const { Sessions } = (await callKarikagi(target, 'ListSessions', {})) as {
      Sessions: { AccessKeyId: string; SessionType: string; Issuer: { AccessKeyId: string } }[];
    };
    const own = Sessions.find(({ AccessKeyId }) => AccessKeyId === keys.AccessKeyId)!;
    assert.equal(own.SessionType, 'SignIn');
    assert.equal(own.Issuer.AccessKeyId, 'console');
  });

  test('a caller learns what it may do before it tries, in the API’s own words', async () => {
    const keys = grantedOf(await tried('ann', 'Right-Horse-9'));
    const ask = async (target: Parameters<typeof callKarikagi>[0]) =>
      (
        (await callKarikagi(target, 'SimulateOwnRequests', {
          Requests: [{ Action: 'iam:CreateUser', Resource: '*' }],
        })) as { Results: { Allowed: boolean; Message?: string }[] }
      ).Results[0]!;
    const as = (accessKeyId: string, secretAccessKey: string, sessionToken?: string) => ({
      endpoint: server.endpoint,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    });
    const root = await ask(as(server.root!.accessKeyId, server.root!.secretAccessKey));
    assert.equal(root.Allowed, true);
    const ann = await ask(as(keys.AccessKeyId, keys.SecretAccessKey, keys.SessionToken));
    assert.equal(ann.Allowed, false);
    assert.match(ann.Message!, /user\/ann is not authorized to perform: iam:CreateUser/);
  });

  test('what a bucket or a key grants and denies of its own is part of what a caller learns', async () => {
    const keys = grantedOf(await tried('ann', 'Right-Horse-9'));
    const target = {
      endpoint: server.endpoint,
      credentials: {
        accessKeyId: keys.AccessKeyId,
        secretAccessKey: keys.SecretAccessKey,
        sessionToken: keys.SessionToken,
      },
    };
    const allowed = async (Action: string, Resource: string) => {
      const Requests = [{ Action, Resource }];
      const { Results } = (await callKarikagi(target, 'SimulateOwnRequests', { Requests })) as {
        Results: { Allowed: boolean }[];
      };
      return Results[0]!.Allowed;
    };
    const ann = { AWS: `arn:aws:iam::${account()}:user/ann` };
    const root = { AWS: `arn:aws:iam::${account()}:root` };
    const object = 'arn:aws:s3:::granted/x';
    const s3 = new S3Client(settings());
    await s3.send(new CreateBucketCommand({ Bucket: 'granted' }));
    assert.equal(await allowed('s3:PutObject', object), false);
    const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
    const grant = { Effect: 'Allow', Principal: ann, Action: 's3:PutObject', Resource: object };
    await s3.send(new PutBucketPolicyCommand({ Bucket: 'granted', Policy: policy(grant) }));
    assert.equal(await allowed('s3:PutObject', object), true);
    assert.equal(await allowed('s3:PutObject', `${object}/y`), false);
    const PolicyDocument = policy({ Effect: 'Allow', Action: ['s3:*', 'kms:*'], Resource: '*' });
    await iam().send(new PutUserPolicyCommand({ UserName: 'ann', PolicyName: 'all', PolicyDocument }));
    assert.equal(await allowed('s3:DeleteObject', object), true);
    const deny = { Effect: 'Deny', Principal: '*', Action: 's3:DeleteObject', Resource: object };
    await s3.send(new PutBucketPolicyCommand({ Bucket: 'granted', Policy: policy(grant, deny) }));
    assert.equal(await allowed('s3:DeleteObject', object), false);

    const kms = new KMSClient(settings());
    // A key's policy alone lets identity policies count.
    const keyOf = async (Principal: object, Condition?: object) => {
      const statement = { Effect: 'Allow', Principal, Action: 'kms:*', Resource: '*' };
      const Policy = policy({ ...statement, ...(Condition && { Condition }) });
      const { KeyMetadata } = await kms.send(
        new CreateKeyCommand({ Policy, BypassPolicyLockoutSafetyCheck: true }),
      );
      return KeyMetadata!.Arn!;
    };
    assert.equal(await allowed('kms:DescribeKey', await keyOf(root)), true);
    const onlyRoot = { StringEquals: { 'aws:PrincipalArn': root.AWS } };
    assert.equal(await allowed('kms:DescribeKey', await keyOf(root, onlyRoot)), false);
    await iam().send(new DeleteUserPolicyCommand({ UserName: 'ann', PolicyName: 'all' }));
    assert.equal(await allowed('kms:DescribeKey', await keyOf(ann)), true);
    assert.equal(await allowed('kms:DescribeKey', await keyOf(root)), false);
  });
});
