/** The endpoint on the wire, against a server that a test holds in its hands. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ApiCallError } from '../clients/karikagi-api.js';
import { ManualClock } from '../core/clock.js';
import { type IdentitySigner, openIdentitySigner } from './identity-signer.js';
import { createGuard, listenFor, readAddress } from './index.js';
import type { InstanceApi, RegisteredInstance } from './instance.js';
import { KeyKeeper } from './key-keeper.js';
import { type MetadataOptions, MetadataServer } from './metadata-server.js';
import { DEFAULT_MACHINE, type Machine } from './metadata-tree.js';

const START = Date.UTC(2026, 10, 22);
const ID = 'i-0123456789abcdef0';

const INSTANCE: RegisteredInstance = {
  InstanceId: ID,
  Arn: `arn:aws:ec2:eu-central-1:111122223333:instance/${ID}`,
  InstanceProfileName: 'web',
  InstanceProfileArn: 'arn:aws:iam::111122223333:instance-profile/web',
  InstanceProfileId: 'AIPAEXAMPLE',
  RoleName: 'agent',
  RoleId: 'AROAEXAMPLE',
  Region: 'eu-central-1',
  PrivateIpAddress: '10.0.0.7',
  Tags: [{ Key: 'Name', Value: 'web 1' }],
  RegisterTime: START / 1000,
};

interface Options extends Partial<Pick<MetadataOptions, 'tokens' | 'disabled'>> {
  readonly machine?: Partial<Machine>;
}

/** Of all tests: making the key takes its time. */
let signing: Promise<IdentitySigner> | undefined;

/** A server of one instance that can be away, and an endpoint in front of it. */
async function open(t: TestContext, { machine, tokens = 'required', disabled }: Options = {}) {
  const clock = new ManualClock(START);
  const server = {
    instance: INSTANCE as RegisteredInstance,
    away: false,
    asked: 0,
    refuse: '',
    assumed: [] as string[],
  };
  const reach = () => {
    server.asked++;
    if (server.away) throw new TypeError('fetch failed');
  };
  const api: InstanceApi = {
    register: async () => server.instance,
    async get() {
      reach();
      return server.instance;
    },
    async assume(_id, delivery) {
      reach();
      if (server.refuse) throw new ApiCallError(server.refuse, 'EC2 cannot assume the role agent', 400);
      const count = server.assumed.push(delivery);
      const expiration = new Date(clock.now() + 6 * 3_600_000);
      const credentials = {
        accessKeyId: `ASIA${count}`,
        secretAccessKey: 'secret',
        sessionToken: 'token',
        expiration,
      };
      return { role: 'agent', credentials };
    },
  };
  const troubles: (string | undefined)[] = [];
  const keeper = new KeyKeeper({
    api,
    clock,
    instanceId: ID,
    deliveries: tokens === 'optional' ? ['2.0', '1.0'] : ['2.0'],
    onTrouble: message => troubles.push(message),
  });
  await keeper.look();
  signing ??= openIdentitySigner(new ManualClock(START));
  const signer = await signing;
  const metadata = new MetadataServer({
    keeper,
    signer,
    clock,
    tokens,
    disabled,
    machine: { ...DEFAULT_MACHINE, ...machine },
  });
  const address = readAddress('127.0.0.1:0');
  const guard = createGuard({ host: address.host });
  const listening = await listenFor(address, async incoming =>
    guard(incoming) === undefined ? metadata.answer(incoming) : { status: 403, body: '', headers: {} },
  );
  t.after(() => listening.close());
  const send = (path: string, init: RequestInit = {}) => fetch(new URL(path, listening.endpoint), init);
  const token = async (ttl = '21600') => {
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': ttl };
    return await (await send('/latest/api/token', { method: 'PUT', headers })).text();
  };
  const first = disabled ? '' : await token();
  const get = async (path: string, given = first) => {
    const response = await send(path, { headers: { 'x-aws-ec2-metadata-token': given } });
    return { status: response.status, body: await response.text() };
  };
  return { clock, server, keeper, signer, troubles, send, token, get, endpoint: listening.endpoint };
}

test('a token lives as long as it was asked to, and is asked for in one way alone', async t => {
  const { send, token, get, clock } = await open(t);
  const put = (headers: Record<string, string>, method = 'PUT') =>
    send('/latest/api/token', { method, headers });
  const ttl = 'x-aws-ec2-metadata-token-ttl-seconds';
  const good = await put({ [ttl]: '60' });
  assert.deepEqual(
    [good.status, good.headers.get(ttl), good.headers.get('content-type')],
    [200, '60', 'text/plain'],
  );
  for (const bad of ['0', '21601', '-1', '1.5', 'x', ''])
    assert.equal((await put({ [ttl]: bad })).status, 400, bad);
  assert.equal((await put({})).status, 400);
  assert.equal((await put({ [ttl]: '60', 'x-forwarded-for': '10.0.0.1' })).status, 403);
  for (const method of ['GET', 'POST', 'DELETE'])
    assert.equal((await put({ [ttl]: '60' }, method)).status, 405);
  const short = await token('60');
  assert.equal((await get('/latest/meta-data/instance-id', short)).body, ID);
  clock.advance(61);
  assert.equal((await get('/latest/meta-data/instance-id', short)).status, 401);
  for (const wrong of ['', 'x', `${short}A`, short.replace(/^./, c => (c === 'A' ? 'B' : 'A'))]) {
    assert.equal((await get('/latest/meta-data/instance-id', wrong)).status, 401, wrong);
  }
  assert.equal((await send('/latest/meta-data/instance-id')).status, 401);
  assert.equal((await send('/latest/meta-data/instance-id', { method: 'POST' })).status, 405);
});

test('without a token only where that is opened, with keys of their own', async t => {
  const { send, get, server } = await open(t, { tokens: 'optional' });
  const path = '/latest/meta-data/iam/security-credentials/agent';
  const v1 = (await (await send(path)).json()) as { AccessKeyId: string };
  const v2 = JSON.parse((await get(path)).body) as { AccessKeyId: string };
  assert.notEqual(v1.AccessKeyId, v2.AccessKeyId);
  assert.deepEqual(server.assumed, ['2.0', '1.0']);
  assert.equal((await get(path, 'wrong')).status, 401);
});

test('an endpoint that is switched off answers nothing', async t => {
  const { send } = await open(t, { disabled: true });
  assert.equal((await send('/latest/meta-data/')).status, 403);
  const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
  assert.equal((await send('/latest/api/token', { method: 'PUT', headers })).status, 403);
});

test('another host name than its own is refused', async t => {
  const { endpoint } = await open(t);
  const statusFor = (host: string) =>
    new Promise<number>((settle, reject) => {
      request(new URL('/latest/meta-data/', endpoint), { headers: { host } }, reply => {
        reply.resume();
        settle(reply.statusCode!);
      })
        .on('error', reject)
        .end();
    });
  assert.equal(await statusFor('attacker.example'), 403);
  assert.equal(await statusFor('attacker.example:80'), 403);
  for (const own of ['169.254.169.254', 'localhost:9254', '[fd00:ec2::254]', '[::1]:80']) {
    assert.equal(await statusFor(own), 401, own);
  }
});

test('a peer of another machine is refused, unless its network is named', () => {
  const from = (remoteAddress: string) =>
    ({ headers: { host: 'localhost' }, socket: { remoteAddress } }) as never;
  const guard = createGuard({ host: '127.0.0.1' });
  for (const own of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) assert.equal(guard(from(own)), undefined);
  assert.match(guard(from('203.0.113.9')) ?? '', /not this machine/);
  const open = createGuard({ host: '0.0.0.0', peers: ['203.0.113.0/24', '2001:db8::/32'] });
  assert.equal(open(from('203.0.113.9')), undefined);
  assert.equal(open(from('::ffff:203.0.113.9')), undefined);
  assert.equal(open(from('2001:db8::7')), undefined);
  assert.notEqual(open(from('198.51.100.1')), undefined);
  assert.throws(() => createGuard({ host: 'x', peers: ['everyone'] }), RangeError);
});

test('listings and items', async t => {
  const { get } = await open(t, { machine: { tags: true, availabilityZoneId: 'euc1-az2' } });
  const cases: readonly (readonly [string, string | number])[] = [
    ['/latest/', 'dynamic\nmeta-data'],
    ['/latest/meta-data/iam/', 'info\nsecurity-credentials/'],
    ['/latest/meta-data/iam/security-credentials/', 'agent'],
    ['/latest/meta-data/iam/security-credentials-extended/', 'agent'],
    ['/2021-07-15/meta-data/instance-id', ID],
    ['/latest/meta-data/placement/', 'availability-zone\navailability-zone-id\nregion'],
    ['/latest/meta-data/placement/availability-zone', 'eu-central-1a'],
    ['/latest/meta-data/placement/region', 'eu-central-1'],
    ['/latest/meta-data/services/domain', 'amazonaws.com'],
    ['/latest/meta-data/services/partition', 'aws'],
    ['/latest/meta-data/tags/instance/', 'Name'],
    ['/latest/meta-data/tags/instance/Name', 'web 1'],
    ['/latest/meta-data/local-hostname', 'ip-10-0-0-7.eu-central-1.compute.internal'],
    ['/latest/meta-data/tags/instance/None', 404],
    ['/latest/meta-data/none', 404],
    ['/latest/meta-data/constructor', 404],
    ['/latest/meta-data/instance-id/more', 404],
    ['/latest/meta-data/iam/security-credentials/other', 404],
    ['/latest/user-data', 404],
    ['/none/meta-data/', 404],
    ['/latest/%zz', 404],
  ];
  for (const [path, expected] of cases) {
    const { status, body } = await get(path);
    assert.equal(typeof expected === 'number' ? status : body, expected, path);
  }
  const closed = await open(t);
  assert.equal((await closed.get('/latest/meta-data/tags/instance/Name')).status, 404);
});

test('keys, with and without the account, and dates without fractions', async t => {
  const { get } = await open(t);
  const plain = JSON.parse((await get('/latest/meta-data/iam/security-credentials/agent')).body);
  assert.deepEqual(plain, {
    Code: 'Success',
    LastUpdated: '2026-11-22T00:00:00Z',
    Type: 'AWS-HMAC',
    AccessKeyId: 'ASIA1',
    SecretAccessKey: 'secret',
    Token: 'token',
    Expiration: '2026-11-22T06:00:00Z',
  });
  const extended = await get('/latest/meta-data/iam/security-credentials-extended/agent');
  assert.deepEqual(JSON.parse(extended.body), { ...plain, AccountId: '111122223333' });
  assert.deepEqual(JSON.parse((await get('/latest/meta-data/iam/info')).body), {
    Code: 'Success',
    LastUpdated: '2026-11-22T00:00:00Z',
    InstanceProfileArn: INSTANCE.InstanceProfileArn,
    InstanceProfileId: 'AIPAEXAMPLE',
  });
});

test('keys are fetched at half of their life, and live 35 minutes whenever they are handed out', async t => {
  const { clock, keeper, server, token, get } = await open(t);
  const path = '/latest/meta-data/iam/security-credentials/agent';
  const read = async () => JSON.parse((await get(path, await token())).body);
  clock.advance(2.9 * 3600);
  await keeper.look();
  assert.equal((await read()).AccessKeyId, 'ASIA1');
  clock.advance(0.2 * 3600);
  await keeper.look();
  assert.equal((await read()).AccessKeyId, 'ASIA2');
  server.away = true;
  clock.advance(5.3 * 3600);
  await keeper.look();
  assert.equal((await read()).AccessKeyId, 'ASIA2', 'what is good is handed out while the server is away');
  server.away = false;
  clock.advance(0.2 * 3600);
  const late = await read();
  assert.equal(late.AccessKeyId, 'ASIA3', 'a reader gets new keys where the old ones are too old');
  assert.ok(Date.parse(late.Expiration) - clock.now() > 35 * 60_000);
});

test('nothing is handed out that has ended', async t => {
  const { clock, server, token, get, troubles } = await open(t);
  server.away = true;
  clock.advance(6 * 3600 + 1);
  const fresh = await token();
  assert.equal((await get('/latest/meta-data/iam/security-credentials/agent', fresh)).status, 503);
  assert.deepEqual(troubles, ['fetch failed']);
});

test('an answer asks the server nothing', async t => {
  const { keeper, server } = await open(t);
  const { asked } = server;
  for (let count = 0; count < 1000; count++) assert.ok(await keeper.keysFor('2.0'));
  assert.equal(server.asked, asked);
});

test('a role that EC2 may not assume is a 200 that says so', async t => {
  const { clock, keeper, server, get, troubles } = await open(t);
  server.refuse = 'AssumeRoleUnauthorizedAccess';
  server.instance = { ...INSTANCE, RoleId: 'AROAOTHER' };
  clock.advance(15);
  await keeper.look();
  const { status, body } = await get('/latest/meta-data/iam/security-credentials/agent');
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(body), {
    Code: 'AssumeRoleUnauthorizedAccess',
    Message: 'EC2 cannot assume the role agent',
    LastUpdated: '2026-11-22T00:00:15Z',
  });
  assert.deepEqual(troubles, ['EC2 cannot assume the role agent']);
});

test('what leaves the profile leaves the endpoint', async t => {
  const { keeper, server, get } = await open(t);
  const { RoleName: _name, RoleId: _id, ...empty } = INSTANCE;
  server.instance = empty;
  await keeper.look();
  assert.equal((await get('/latest/meta-data/iam/security-credentials/')).status, 404);
  assert.equal((await get('/latest/meta-data/iam/security-credentials/agent')).status, 404);
  const { InstanceProfileArn: _arn, ...gone } = empty;
  server.instance = gone;
  await keeper.look();
  assert.match((await get('/latest/meta-data/iam/info')).body, /"Code": "InstanceProfileNotFound"/);
});

test('sessions that were revoked are replaced', async t => {
  const { clock, keeper, server, get } = await open(t);
  clock.advance(60);
  server.instance = { ...INSTANCE, SessionsRevokedBefore: clock.now() / 1000 };
  clock.advance(1);
  await keeper.look();
  const { body } = await get('/latest/meta-data/iam/security-credentials/agent');
  assert.equal(JSON.parse(body).AccessKeyId, 'ASIA2');
  await keeper.look();
  assert.equal(server.assumed.length, 2);
});

test('openssl verifies the identity document against the certificate', async t => {
  const { get, signer } = await open(t);
  const directory = mkdtempSync(join(tmpdir(), 'karikagi-identity-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const write = (name: string, content: string | Buffer) => writeFileSync(join(directory, name), content);
  const identity = async (name: string) => (await get(`/latest/dynamic/instance-identity/${name}`)).body;
  const document = await identity('document');
  assert.deepEqual(
    [JSON.parse(document).instanceId, JSON.parse(document).accountId, JSON.parse(document).region],
    [ID, '111122223333', 'eu-central-1'],
  );
  write('document', document);
  write('certificate', signer.certificate);
  for (const name of ['pkcs7', 'rsa2048']) {
    const body = await identity(name);
    assert.doesNotMatch(body, /BEGIN/);
    write(name, `-----BEGIN PKCS7-----\n${body}\n-----END PKCS7-----\n`);
    // As "Verify an Amazon EC2 instance" in the EC2 User Guide has it.
    const args = ['smime', '-verify', '-in', name, '-inform', 'PEM', '-certfile', 'certificate', '-noverify'];
    assert.equal(openssl(...args).toString(), document);
    assert.equal(openssl(...args, '-content', 'document').toString(), document);
  }
  write('key', openssl('x509', '-pubkey', '-noout', '-in', 'certificate'));
  write('signature', Buffer.from(await identity('signature'), 'base64'));
  const args = ['dgst', '-sha256', '-verify', 'key', '-signature', 'signature'];
  assert.match(openssl(...args, 'document').toString(), /Verified OK/);
  write('document', document.replace('eu-central-1', 'us-east-1'));
  assert.throws(() => openssl(...args, 'document'));
});

test('the key of the signatures outlives the endpoint where a file is named', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'karikagi-identity-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'identity.pem');
  const clock = new ManualClock(START);
  const first = await openIdentitySigner(clock, file);
  const second = await openIdentitySigner(clock, file);
  assert.equal(second.certificate, first.certificate);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(readFileSync(file, 'utf8'), /BEGIN PRIVATE KEY/);
});
