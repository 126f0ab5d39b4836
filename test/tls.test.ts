/** TLS on both listeners: real clients, versions, certificates that change, and the limits of connections. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { connect as connectPlainly, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { CreateLoginProfileCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { readSettings, startServer } from '../src/index.js';
import { renewIfDue } from '../src/server/private-authority.js';
import { without } from './clients/run.js';
import { type ServerProcess, startServerProcess } from './faults/server-process.js';
import { until } from './support/until.js';

const run = promisify(execFile);
const Bucket = 'secured';
const DAY = 24 * 60 * 60 * 1000;
/** The name of the certificate that a new connection gets, and the version of TLS. */
async function handshake(endpoint: string, ca: string) {
  const { hostname, port } = new URL(endpoint);
  const socket = connectTls({ host: hostname, port: Number(port), ca });
  await once(socket, 'secureConnect');
  const { subjectaltname } = socket.getPeerCertificate();
  const version = socket.getProtocol();
  socket.destroy();
  return { names: subjectaltname ?? '', version };
}

suite('a private authority, two workers', () => {
  let home: string;
  let data: string;
  let server: ServerProcess;
  let ca: string;
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'karikagi-tls-'));
    data = join(home, 'data');
    server = await startServerProcess(data, [
      '--tls',
      'self-signed',
      '--workers',
      '2',
      '--domains',
      's3.test',
    ]);
    ca = await readFile(join(data, 'tls', 'ca.pem'), 'utf8');
  });
  after(async () => {
    await server.stop();
    await rm(home, { recursive: true });
  });
  const s3 = (more: object = {}) =>
    new S3Client({
      endpoint: server.endpoint,
      credentials: server.credentials,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      requestHandler: { httpsAgent: new Agent({ ca, ...more }) },
    });

  test('keys are for the owner alone, and the certificate has the names of the server', async () => {
    for (const name of ['ca.key', 'server.key']) {
      assert.equal((await stat(join(data, 'tls', name))).mode & 0o777, 0o600, name);
    }
    const certificate = new X509Certificate(await readFile(join(data, 'tls', 'server.pem')));
    for (const name of ['localhost', 's3.test', 'bucket.s3.test'])
      assert.ok(certificate.checkHost(name), name);
    for (const address of ['127.0.0.1', '::1']) assert.ok(certificate.checkIP(address), address);
    assert.ok(certificate.verify(new X509Certificate(ca).publicKey));
  });

  test('the AWS CLI trusts the authority by AWS_CA_BUNDLE, and nothing without it', {
    skip: without('awscli'),
  }, async () => {
    const env = {
      PATH: process.env['PATH'],
      HOME: home,
      AWS_SHARED_CREDENTIALS_FILE: join(data, 'credentials'),
      AWS_DEFAULT_REGION: 'us-east-1',
    };
    const asked = ['--endpoint-url', server.endpoint, 'sts', 'get-caller-identity', '--output', 'json'];
    const trusted = { ...env, AWS_CA_BUNDLE: join(data, 'tls', 'ca.pem') };
    const { stdout } = await run('aws', asked, { env: trusted });
    assert.match(JSON.parse(stdout).Arn, /:root$/);
    await assert.rejects(run('aws', asked, { env }), /SSL validation failed/);
  });

  test('policies know TLS and its version', async () => {
    const [client, old] = [s3(), s3({ maxVersion: 'TLSv1.2' })];
    await client.send(new CreateBucketCommand({ Bucket }));
    const put = (with_: S3Client) => with_.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'body' }));
    const deny = (Condition: object) =>
      client.send(
        new PutBucketPolicyCommand({
          Bucket,
          Policy: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Deny',
                Principal: '*',
                Action: 's3:PutObject',
                Resource: `arn:aws:s3:::${Bucket}/*`,
                Condition,
              },
            ],
          }),
        }),
      );
    await deny({ Bool: { 'aws:SecureTransport': 'false' } });
    await put(client);
    await deny({ Bool: { 'aws:SecureTransport': 'true' } });
    await assert.rejects(put(client), { name: 'AccessDenied' });
    await deny({ NumericLessThan: { 's3:TlsVersion': '1.3' } });
    await put(client);
    await assert.rejects(put(old), { name: 'AccessDenied' });
    for (const each of [client, old]) each.destroy();
  });

  test('openssl gets TLS 1.2 and 1.3, and no older', { skip: without('openssl') }, async () => {
    const { port } = new URL(server.endpoint);
    const ask = (version: string) =>
      run('sh', [
        '-c',
        // The second level of security keeps openssl itself from older versions.
        `openssl s_client -connect 127.0.0.1:${port} -${version} -cipher ALL:@SECLEVEL=0 -CAfile ${data}/tls/ca.pem -verify_return_error </dev/null`,
      ]);
    assert.match((await ask('tls1_2')).stdout, /TLSv1\.2[\s\S]*Verify return code: 0/);
    assert.match((await ask('tls1_3')).stdout, /TLSv1\.3/);
    await assert.rejects(ask('tls1_1'), /alert protocol version/);
    await assert.rejects(ask('tls1'), /alert protocol version/);
  });
});

test('certificates are replaced under load, and no request fails', async () => {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-tls-'));
  const settings = (name: string) => readSettings({ data: join(home, 'made'), domains: [name] });
  const made = (name: string) => join(home, 'made', 'tls', name);
  const files = { tlsCert: join(home, 'cert.pem'), tlsKey: join(home, 'key.pem') };
  const place = async () => {
    await cp(made('server.key'), files.tlsKey);
    await cp(made('server.pem'), files.tlsCert);
  };
  await renewIfDue(settings('one.test'), Date.now());
  await place();
  const ca = await readFile(made('ca.pem'), 'utf8');
  const flags = ['--workers', '2', '--tls-cert', files.tlsCert, '--tls-key', files.tlsKey];
  const server = await startServerProcess(join(home, 'data'), flags);
  const clients = [true, false].map(
    keepAlive =>
      new S3Client({
        endpoint: server.endpoint,
        credentials: server.credentials,
        region: 'us-east-1',
        forcePathStyle: true,
        maxAttempts: 1,
        requestHandler: { httpsAgent: new Agent({ ca, keepAlive, maxSockets: 2 }) },
      }),
  );
  try {
    await clients[0]!.send(new CreateBucketCommand({ Bucket }));
    let done = 0;
    let over = false;
    const load = clients.map(async client => {
      while (!over) {
        const Key = `key-${done++}`;
        await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
        assert.equal(await Body!.transformToString(), Key);
      }
    });
    const replaced = async (name: string) => {
      await renewIfDue(settings(name), Date.now());
      await place();
      // Each worker looks at the files by itself, and connections go to them in turn.
      let inARow = 0;
      await until(async () => {
        inARow = (await handshake(server.endpoint, ca)).names.includes(name) ? inARow + 1 : 0;
        return inARow >= 4;
      });
    };
    const replacing = (async () => {
      assert.match((await handshake(server.endpoint, ca)).names, /one\.test/);
      await replaced('two.test');
      await replaced('three.test');
    })().finally(() => {
      over = true;
    });
    await Promise.all([replacing, ...load]);
    assert.ok(done > 10);
  } finally {
    for (const client of clients) client.destroy();
    await server.stop();
    await rm(home, { recursive: true });
  }
});

suite('one process', () => {
  let home: string;
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'karikagi-tls-'));
  });
  after(() => rm(home, { recursive: true }));

  test('a certificate is renewed before it ends, by the same authority', async () => {
    const settings = readSettings({ data: join(home, 'renewed') });
    const file = (name: string) => readFile(join(home, 'renewed', 'tls', name), 'utf8');
    const now = Date.now();
    assert.equal(await renewIfDue(settings, now), true);
    const [authority, first] = [await file('ca.pem'), await file('server.pem')];
    assert.equal(await renewIfDue(settings, now + 300 * DAY), false);
    assert.equal(await renewIfDue(settings, now + 370 * DAY), true);
    assert.notEqual(await file('server.pem'), first);
    assert.equal(await file('ca.pem'), authority);
  });

  test('half a certificate, and one that does not fit its key, are refused at the start', async () => {
    await assert.rejects(startServer({ data: 'memory', port: 0, tlsCert: 'x' }), /belong together/);
    await assert.rejects(startServer({ data: 'memory', port: 0, tls: 'self-signed' }), /data directory/);
    await renewIfDue(readSettings({ data: join(home, 'mixed') }), Date.now());
    const at = (name: string) => join(home, 'mixed', 'tls', name);
    const mixed = {
      data: 'memory',
      port: 0,
      log: 'none',
      tlsCert: at('ca.pem'),
      tlsKey: at('server.key'),
    } as const;
    await assert.rejects(startServer(mixed), /cannot be used: .*key values mismatch/);
  });

  test('limits hold for handshakes and for what comes behind a request', async () => {
    const limits = { connections: 8, connectionsPerSource: 8, headerTime: 1500 };
    const server = await startServer({
      data: join(home, 'limits'),
      port: 0,
      consolePort: 0,
      log: 'none',
      tls: 'self-signed',
      limits,
    });
    const { hostname, port } = new URL(server.endpoint);
    const ca = await readFile(server.authorityFile!, 'utf8');
    assert.equal(server.transport, 'tls');
    assert.match(server.consoleUrl!, /^https:/);
    const silent: Socket[] = [];
    try {
      // More than there may be, none of which begins its handshake: each makes room for the next.
      let closed = 0;
      for (let count = 0; count < 20; count++) {
        const socket = connectPlainly(Number(port), hostname);
        socket.on('error', () => undefined).on('close', () => closed++);
        await once(socket, 'connect');
        silent.push(socket);
      }
      await until(() => closed >= 12);
      assert.equal((await handshake(server.endpoint, ca)).version, 'TLSv1.3');
      // The others have so long for their handshake as for a head.
      await until(() => closed === 20);

      const socket = connectTls({ host: hostname, port: Number(port), ca });
      await once(socket, 'secureConnect');
      const asked = 50;
      const ask = (number: number) => `GET /no-${number} HTTP/1.1\r\nhost: x\r\n\r\n`;
      socket.write(Array.from({ length: asked }, (_, number) => ask(number)).join(''));
      let text = '';
      socket.on('data', bytes => {
        text += bytes;
      });
      await until(() => text.includes(`<BucketName>no-${asked - 1}<`));
      const order = [...text.matchAll(/<BucketName>no-(\d+)</g)].map(match => Number(match[1]));
      assert.deepEqual(order, [...Array(asked).keys()]);
      socket.destroy();

      const plain = connectPlainly(Number(port), hostname).on('error', () => undefined);
      plain.end('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      plain.resume();
      await once(plain, 'close');
    } finally {
      for (const socket of silent) socket.destroy();
      await server.close(0);
    }
  });

  test('the console is a page over TLS', async () => {
    const server = await startServer({
      data: join(home, 'console'),
      port: 0,
      consolePort: 0,
      log: 'none',
      tls: 'self-signed',
    });
    try {
      const ca = await readFile(server.authorityFile!, 'utf8');
      const asked = request(new URL('/console.json', server.consoleUrl), { ca }).end();
      const [response] = await once(asked, 'response');
      let text = '';
      for await (const chunk of response) text += chunk;
      const { transport, endpoint } = JSON.parse(text);
      assert.deepEqual({ transport, endpoint }, { transport: 'tls', endpoint: server.endpoint });
    } finally {
      await server.close(0);
    }
  });
});

const outside = Object.values(networkInterfaces())
  .flatMap(list => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

test('beyond this machine secrets are refused without TLS (needs an address that is not loopback)', {
  skip: outside === undefined && 'this machine has no address but loopback',
}, async () => {
  const lines: string[] = [];
  const note = (message: string) => void lines.push(message);
  const logger = { info: note, warn: note, error: note };
  const server = await startServer({ data: 'memory', port: 0, host: outside!, logger });
  const config = {
    endpoint: server.endpoint,
    credentials: server.root!,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
  };
  const [s3, iam] = [new S3Client(config), new IAMClient(config)];
  try {
    assert.equal(server.transport, 'plain');
    assert.ok(lines.some(line => /without TLS/.test(line)));
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    const withKey = {
      SSECustomerAlgorithm: 'AES256',
      SSECustomerKey: Buffer.alloc(32, 7).toString('base64'),
      SSECustomerKeyMD5: '3uytn+c8oyohXaxzqfB3VQ==',
    };
    const refused = {
      name: 'InvalidRequest',
      message:
        'Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection.',
    };
    await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key: 'k', ...withKey })), refused);
    await assert.rejects(s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'y', ...withKey })), refused);
    await iam.send(new CreateUserCommand({ UserName: 'u' }));
    const profile = new CreateLoginProfileCommand({ UserName: 'u', Password: 'Correct-horse-9' });
    await assert.rejects(iam.send(profile), { name: /^AccessDenied/, message: /secure connection/ });
  } finally {
    for (const client of [s3, iam]) client.destroy();
    await server.close(0);
  }
});
