/** TLS where something else is added to it: metadata endpoints, a certificate that does not fit, sign-in without it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { readSettings, startServer, systemClock } from '../src/index.js';
import { renewIfDue } from '../src/server/private-authority.js';
import { until } from './support/until.js';

async function homeOf(t: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-tls-'));
  t.after(() => rm(home, { recursive: true }));
  return home;
}

test('a server with TLS runs metadata endpoints beside itself', { timeout: 240_000 }, async t => {
  const data = join(await homeOf(t), 'data');
  const plain = await startServer({ data, port: 0, log: 'none' });
  const iam = new IAMClient({ endpoint: plain.endpoint, credentials: plain.root!, region: 'us-east-1' });
  const Principal = { Service: 'ec2.amazonaws.com' };
  const Statement = [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new CreateRoleCommand({ RoleName: 'web', AssumeRolePolicyDocument }));
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'web' }));
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'web', RoleName: 'web' }));
  iam.destroy();
  await plain.close(0);

  const imds = { web: '127.0.0.1:0' };
  const server = await startServer({ data, port: 0, log: 'none', tls: 'self-signed', imds });
  try {
    assert.match(server.endpoint, /^https:/);
    const { endpoint } = server.imds.get('web')!;
    const token = await fetch(`${endpoint}/latest/api/token`, {
      method: 'PUT',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
    });
    const headers = { 'x-aws-ec2-metadata-token': await token.text() };
    const keys = async () => {
      const reply = await fetch(`${endpoint}/latest/meta-data/iam/security-credentials/web`, { headers });
      return reply.status === 200 ? ((await reply.json()) as { Code: string }) : undefined;
    };
    await until(async () => (await keys())?.Code === 'Success');
  } finally {
    await server.close(0);
  }
});

test('a certificate and a key that do not belong together leave the former in place', {
  timeout: 240_000,
}, async t => {
  const home = await homeOf(t);
  const made = async (name: string) => {
    await renewIfDue(readSettings({ data: join(home, name), tls: 'self-signed' }), systemClock.now());
    return join(home, name, 'tls');
  };
  const [first, second] = [await made('first'), await made('second')];
  const [tlsCert, tlsKey] = [join(home, 'cert.pem'), join(home, 'key.pem')];
  const use = async (cert: string, key: string) => {
    await copyFile(join(cert, 'server.pem'), tlsCert);
    await copyFile(join(key, 'server.key'), tlsKey);
  };
  await use(first, first);
  const said: string[] = [];
  const logger = {
    info: () => undefined,
    warn: () => undefined,
    error: (text: string) => void said.push(text),
  };
  const server = await startServer({ data: 'memory', port: 0, tlsCert, tlsKey, logger });
  const served = async () => {
    const socket = connect({ port: Number(new URL(server.endpoint).port), rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerX509Certificate()!;
    socket.destroy();
    return fingerprint256;
  };
  try {
    const before = await served();
    await use(second, first);
    await until(() => said.some(text => text.includes('the former stays')));
    assert.equal(await served(), before);
    await writeFile(tlsCert, 'no certificate');
    await until(() => said.length >= 2);
    assert.equal(await served(), before);
    await use(second, second);
    await until(async () => (await served()) !== before);
  } finally {
    await server.close(0);
  }
});

test("the console's sign-in refuses a password that came without TLS through a trusted proxy", async t => {
  const server = await startServer({
    data: 'memory',
    port: 0,
    consolePort: 0,
    log: 'none',
    trustedProxies: ['127.0.0.1'],
  });
  t.after(() => server.close(0));
  const fields = {
    Action: 'password',
    Account: server.accountId,
    UserName: 'alice',
    Password: 'Correct-horse-9',
  };
  const signIn = async (scheme: string) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-forwarded-for': '198.51.100.7',
      'x-forwarded-proto': scheme,
    };
    const asked = request(new URL('/federation', server.consoleUrl), { method: 'POST', headers });
    asked.end(new URLSearchParams(fields).toString());
    const [reply] = await once(asked, 'response');
    let text = '';
    for await (const chunk of reply) text += chunk;
    return text;
  };
  assert.match(await signIn('http'), /secure connection/);
  assert.doesNotMatch(await signIn('https'), /secure connection/);
});

test('the certificate of --tls self-signed has the address that the start prints', async t => {
  const home = await homeOf(t);
  const settings = readSettings({ data: join(home, 'data'), tls: 'self-signed', host: '0.0.0.0' });
  await renewIfDue(settings, systemClock.now());
  const { X509Certificate } = await import('node:crypto');
  const certificate = new X509Certificate(await readFile(join(home, 'data', 'tls', 'server.pem')));
  assert.ok(certificate.checkIP('0.0.0.0'));
});
