/** Health and metrics of a running server: with workers, under attack of label values, and when something is wrong. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { ManualClock, startServer } from '../src/index.js';
import { FAMILIES } from '../src/server/metrics/families.js';
import { without } from './clients/run.js';
import { assumableRole } from './faults/assumable-role.js';
import { type ServerProcess, startServerProcess } from './faults/server-process.js';
import { Scrape, scrape } from './support/metrics.js';
import { childrenOf } from './support/processes.js';
import { until } from './support/until.js';

const Bucket = 'watched';

interface Asked {
  readonly status: number;
  readonly text: string;
}

function ask(url: string, headers: Record<string, string> = {}): Promise<Asked> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, reply => {
      let text = '';
      reply.setEncoding('utf8').on('data', more => (text += more));
      reply.on('end', () => resolve({ status: reply.statusCode!, text }));
    })
      .on('error', reject)
      .end();
  });
}

function clientOf(server: Pick<ServerProcess, 'endpoint' | 'credentials'>) {
  return {
    endpoint: server.endpoint,
    credentials: server.credentials,
    region: 'us-east-1',
    maxAttempts: 1,
    // Connections go to the workers in turn.
    requestHandler: { httpAgent: new Agent({ keepAlive: false }) },
  };
}

suite('a server of two workers', () => {
  let home: string;
  let data: string;
  let server: ServerProcess;
  let s3: S3Client;
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'karikagi-watched-'));
    data = join(home, 'data');
    const flags = ['--workers', '2', '--console-port', '0', '--metrics-listen', '127.0.0.1:0'];
    server = await startServerProcess(data, flags);
    s3 = new S3Client({ ...clientOf(server), forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket }));
  });
  after(async () => {
    await server.stop();
    await rm(home, { recursive: true });
  });
  const metrics = () => scrape(server.metrics!);
  const count = async (name: string, labels: Record<string, string>) => (await metrics()).sum(name, labels);
  const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'a body' }));

  test('requests of all workers are added up, by service and operation', async () => {
    const before = await metrics();
    const [PUTS, GETS] = [12, 3];
    for (let number = 0; number < PUTS; number++) await put(`key-${number}`);
    for (let number = 0; number < GETS; number++) {
      await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key: 'absent' })), { name: 'NoSuchKey' });
    }
    const both = new Set((await readdir(join(data, 'events'))).map(name => /-(\d+)\.lines/.exec(name)?.[1]));
    assert.ok(both.size >= 2, 'both workers have answered');
    const puts = { service: 's3', operation: 'PutObject' };
    const gets = { service: 's3', operation: 'GetObject' };
    // A request counts once its reply has left, which its client sees first.
    await until(async () => (await count('karikagi_requests_total', gets)) === GETS);
    const now = await metrics();
    const rise = (name: string, labels: Record<string, string>) =>
      now.sum(name, labels) - before.sum(name, labels);
    assert.equal(rise('karikagi_requests_total', { ...puts, status: '2xx' }), PUTS);
    assert.equal(rise('karikagi_request_duration_seconds_count', puts), PUTS);
    assert.equal(rise('karikagi_request_duration_seconds_bucket', { ...puts, le: '+Inf' }), PUTS);
    assert.equal(rise('karikagi_received_bytes_total', puts), PUTS * 'a body'.length);
    assert.equal(rise('karikagi_requests_total', { ...gets, status: '4xx' }), GETS);
    assert.equal(rise('karikagi_request_errors_total', { ...gets, code: 'NoSuchKey' }), GETS);
    assert.ok(rise('karikagi_sent_bytes_total', gets) > 0);
    assert.ok(rise('karikagi_store_commits_total', { outcome: 'applied' }) >= PUTS);
    assert.ok(now.sum('karikagi_store_batch_seconds_count') > 0);
    assert.equal(now.sum('karikagi_workers'), 2);
    for (const name of ['karikagi_store_bytes', 'karikagi_disk_free_bytes', 'nodejs_heap_size_used_bytes'])
      assert.ok(now.sum(name) > 0, name);
  });

  test('sessions and denials are counted', async () => {
    const { user, roleArn } = await assumableRole(server);
    const sts = new STSClient({ ...clientOf(server), credentials: user });
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'watched' }),
    );
    const session = {
      accessKeyId: Credentials!.AccessKeyId!,
      secretAccessKey: Credentials!.SecretAccessKey!,
      sessionToken: Credentials!.SessionToken!,
    };
    const denied = new S3Client({ ...clientOf(server), forcePathStyle: true, credentials: session });
    const implicit = { service: 's3', effect: 'ImplicitDeny' };
    const before = await count('karikagi_authorization_decisions_total', implicit);
    const get = new GetObjectCommand({ Bucket, Key: 'key-1' });
    await assert.rejects(denied.send(get), { name: 'AccessDenied' });
    const iam = new IAMClient(clientOf(server));
    const Statement = [{ Effect: 'Deny', Action: '*', Resource: '*' }];
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: roleArn.split('/').at(-1)!,
        PolicyName: 'nothing',
        PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
      }),
    );
    await assert.rejects(denied.send(get), { name: 'AccessDenied' });
    const now = await metrics();
    assert.equal(now.sum('karikagi_authorization_decisions_total', implicit) - before, 1);
    const explicit = { service: 's3', effect: 'ExplicitDeny', layer: 'identity' };
    assert.equal(now.sum('karikagi_authorization_decisions_total', explicit), 1);
    assert.equal(now.sum('karikagi_sessions_issued_total'), 1);
  });

  test('what a stranger writes never becomes a label', async () => {
    const before = await metrics();
    for (let number = 0; number < 40; number++) {
      await ask(`${server.endpoint}/?Action=Invented${number}&Version=2011-06-15`);
      await ask(`${server.endpoint}/`, { 'x-amz-target': `TrentService.Invented${number}` });
      await ask(`${server.endpoint}/bucket-${number}/key?invented${number}`);
      await ask(`${server.endpoint}/`, {
        authorization: `AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/invented${number}/aws4_request, SignedHeaders=host, Signature=00`,
      });
    }
    const now = await metrics();
    assert.doesNotMatch(now.text, /nvented/);
    const all = 'karikagi_requests_total';
    assert.ok(now.labels(all, 'operation').size - before.labels(all, 'operation').size <= 3);
    assert.ok(now.sum(all, { operation: 'unknown' }) > before.sum(all, { operation: 'unknown' }));
  });

  test('sums do not fall when a worker is killed and another takes its place', async () => {
    const puts = { service: 's3', operation: 'PutObject' };
    const before = await count('karikagi_requests_total', puts);
    const [worker] = await childrenOf(server.pid);
    process.kill(worker!, 'SIGKILL');
    await until(async () => (await count('karikagi_worker_ends_total', {})) === 1);
    assert.ok((await count('karikagi_requests_total', puts)) >= before);
    await until(async () => (await count('karikagi_workers', {})) === 2);
    await put('after');
    await until(async () => (await count('karikagi_requests_total', puts)) === before + 1);
  });

  test('every metric is described, and nothing else of ours is there; promtool agrees', async () => {
    const now = await metrics();
    const own = [...now.names].filter(name => name.startsWith('karikagi_'));
    for (const name of own) assert.ok(Object.hasOwn(FAMILIES, name), name);
    // The store is not PostgreSQL; without TLS there is no certificate.
    const left = Object.keys(FAMILIES).filter(name => !own.includes(name));
    assert.deepEqual(left, [
      'karikagi_store_batch_retries_total',
      'karikagi_store_lanes',
      'karikagi_certificate_expiry_timestamp_seconds',
    ]);
    if (without('prometheus')) return;
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: now.text,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout + stderr);
    assert.equal(stdout + stderr, '');
  });

  test("on the console's port probes answer under any name, metrics to this machine alone", async () => {
    const page = server.console!;
    assert.deepEqual(await ask(`${page}/-/live`, { host: 'pod.example' }), {
      status: 200,
      text: '{"status":"live"}\n',
    });
    const ready = await ask(`${page}/-/ready`, { host: 'pod.example' });
    assert.equal(ready.status, 200);
    assert.equal(JSON.parse(ready.text).status, 'ready');
    assert.equal((await ask(`${page}/-/other`)).status, 404);
    assert.match((await ask(`${page}/metrics`)).text, /^# HELP karikagi_/m);
    // A page of another name that points here; a proxy on this machine.
    assert.equal((await ask(`${page}/metrics`, { host: 'evil.example' })).status, 421);
    for (const header of ['x-forwarded-for', 'forwarded'])
      assert.equal((await ask(`${page}/metrics`, { [header]: 'for=192.0.2.1' })).status, 403, header);
    assert.equal((await ask(`${new URL(server.metrics!).origin}/`)).status, 404);
  });

  test('without its root key the server is not ready, and is again once it is back', async () => {
    const key = join(data, 'root.key');
    const ready = () => ask(`${server.console!}/-/ready`);
    await rename(key, `${key}.away`);
    try {
      const { status, text } = await ready();
      assert.equal(status, 503);
      const { checks } = JSON.parse(text);
      assert.match(checks['root-key'], /cannot be read/);
      assert.equal(checks.store, 'ok');
      assert.doesNotMatch(text, /\//, 'no path');
      assert.equal(await count('karikagi_ready', { check: 'root-key' }), 0);
    } finally {
      await rename(`${key}.away`, key);
    }
    assert.equal((await ready()).status, 200);
  });
});

test('what a server does by itself, and what waits to be delivered, is shown', async t => {
  const clock = new ManualClock();
  const home = await mkdtemp(join(tmpdir(), 'karikagi-chores-'));
  const nowhere = 'http://127.0.0.1:9/';
  const server = await startServer({
    data: join(home, 'data'),
    port: 0,
    consolePort: 0,
    log: 'none',
    clock,
    notify: { hooks: nowhere },
    notifySecret: 'a secret of sixteen characters',
  });
  t.after(async () => {
    await server.close();
    await rm(home, { recursive: true });
  });
  const metrics = async () => new Scrape((await ask(`${server.consoleUrl!}/metrics`)).text);
  const s3 = new S3Client({
    ...clientOf({ endpoint: server.endpoint, credentials: server.root! }),
    forcePathStyle: true,
  });
  await s3.send(new CreateBucketCommand({ Bucket }));
  const QueueArn = `arn:aws:sqs:us-east-1:${server.accountId}:hooks`;
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      SkipDestinationValidation: true,
      NotificationConfiguration: { QueueConfigurations: [{ QueueArn, Events: ['s3:ObjectCreated:*'] }] },
    }),
  );
  for (const Key of ['a', 'b']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  await until(
    async () => (await metrics()).sum('karikagi_notification_failures_total', { target: 'hooks' }) >= 1,
  );
  await until(async () => (await metrics()).sum('karikagi_notifications_waiting', { target: 'hooks' }) === 2);
  const chore = { chore: 'lifecycle' };
  await until(async () => (await metrics()).sum('karikagi_chore_runs_total', chore) >= 1);
  const first = await metrics();
  const last = 'karikagi_chore_last_success_timestamp_seconds';
  assert.ok(first.sum(last, chore) > 0);
  clock.advance(3601);
  await until(async () => (await metrics()).sum(last, chore) > first.sum(last, chore));
});
