/** What a running server takes over, and how it ends: SIGHUP, SIGUSR2 and SIGTERM, under load. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type ServerProcess, spawnServer, startServerProcess, untilReady } from './faults/server-process.js';
import { childrenOf } from './support/processes.js';
import { until } from './support/until.js';

const Bucket = 'moving';

/** One connection, no second try: a request that fails is seen. */
function clientOf({ endpoint, credentials }: ServerProcess, headers: Record<string, string> = {}): S3Client {
  const client = new S3Client({
    endpoint,
    credentials,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: 1 }) },
  });
  client.middlewareStack.add(
    next => args => {
      Object.assign((args.request as { headers: object }).headers, headers);
      return next(args);
    },
    // Behind the signature: a proxy adds them.
    { step: 'deserialize', priority: 'low' },
  );
  return client;
}

/** A directory that goes with the test, after the server on it. */
async function stageOf(t: TestContext): Promise<{ home: string; stops: (() => Promise<unknown>)[] }> {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-reload-'));
  const stops: (() => Promise<unknown>)[] = [];
  t.after(async () => {
    for (const stop of stops) await stop();
    await rm(home, { recursive: true });
  });
  return { home, stops };
}

function statusOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, reply => resolve(reply.resume().statusCode!))
      .on('error', reject)
      .end();
  });
}

/** Puts and gets over several connections until it is ended; answers how many there were, and what failed. */
function load(t: TestContext, server: ServerProcess) {
  const failures: unknown[] = [];
  let done = 0;
  let ended = false;
  t.after(() => {
    ended = true;
  });
  const clients = Array.from({ length: 4 }, () => clientOf(server));
  const running = clients.map(async (client, index) => {
    // At different paces: some connections are quiet for a moment.
    const between = index * 30;
    while (!ended) {
      try {
        const Key = `key-${index}`;
        await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(50_000, index) }));
        const read = await client.send(new GetObjectCommand({ Bucket, Key }));
        assert.equal((await read.Body!.transformToByteArray()).length, 50_000);
        done += 2;
      } catch (error) {
        failures.push(error);
      }
      await pause(between);
    }
  });
  return {
    get done() {
      return done;
    },
    async end() {
      ended = true;
      await Promise.all(running);
      for (const client of clients) client.destroy();
      return failures;
    },
  };
}

/** The lines that the server writes to standard error. */
function linesOf(child: ChildProcess): string[] {
  const lines: string[] = [];
  let rest = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    lines.push(...parts);
  });
  return lines;
}

test('SIGHUP replaces every worker under load, and no request fails', { timeout: 240_000 }, async t => {
  const { home, stops } = await stageOf(t);
  const server = await startServerProcess(join(home, 'data'), ['--workers', '2']);
  stops.push(() => server.stop());
  await clientOf(server).send(new CreateBucketCommand({ Bucket }));
  const work = load(t, server);
  await until(() => work.done > 20);
  for (let round = 0; round < 2; round++) {
    const before = await childrenOf(server.pid);
    assert.equal(before.length, 2);
    process.kill(server.pid, 'SIGHUP');
    await until(async () => {
      const now = await childrenOf(server.pid);
      return now.length === 2 && !now.some(pid => before.includes(pid));
    });
    const { done } = work;
    await until(() => work.done > done + 20);
  }
  assert.deepEqual(await work.end(), []);
});

test('SIGHUP: one process takes over what may change, says what may not, and keeps what it cannot read', {
  timeout: 240_000,
}, async t => {
  const { home, stops } = await stageOf(t);
  const config = join(home, 'config.json');
  const configure = (settings: object) => writeFile(config, JSON.stringify(settings));
  await configure({ logLevel: 'info' });
  const data = join(home, 'data');
  const child = spawnServer(data, ['--log', 'json', '--config', config], {}, 'pipe');
  const lines = linesOf(child);
  const server = await untilReady(child);
  stops.push(() => server.stop());
  const proxied = clientOf(server, { 'x-forwarded-for': '198.51.100.7' });
  const list = () => proxied.send(new ListBucketsCommand({}));
  const requests = () => lines.filter(line => line.includes('"debug"'));
  await list();
  assert.deepEqual(requests(), []);

  await configure({ logLevel: 'debug', trustedProxies: ['127.0.0.1'], region: 'us-west-2' });
  process.kill(server.pid, 'SIGHUP');
  await until(() => lines.some(line => line.includes('these settings want a start: region')));
  await list();
  await until(() => requests().length > 0);
  const logged = JSON.parse(requests()[0]!);
  assert.equal(logged.operation, 's3:ListBuckets');
  assert.equal(logged.sourceIp, '198.51.100.7');
  assert.ok(!requests().join().includes(server.credentials.secretAccessKey));

  await configure({ logLevel: 'loud' });
  process.kill(server.pid, 'SIGHUP');
  await until(() => lines.some(line => line.includes('not reloaded: logLevel must be one of')));
  await list();

  const [file] = await readdir(join(data, 'events'));
  await until(async () => (await readFile(join(data, 'events', file!), 'utf8')).includes(',"198.51.100.7",'));
});

test('SIGUSR2 turns the log of all processes to debug and back', { timeout: 240_000 }, async t => {
  const { home, stops } = await stageOf(t);
  const child = spawnServer(join(home, 'data'), ['--log', 'json', '--workers', '2'], {}, 'pipe');
  const lines = linesOf(child);
  const server = await untilReady(child);
  stops.push(() => server.stop());
  const debugged = () => lines.filter(line => line.includes('"debug"')).length;
  const ask = () => clientOf(server).send(new ListBucketsCommand({}));
  const turned = (level: string) =>
    until(() => lines.some(line => line.endsWith(`the log level is ${level}`)));
  process.kill(server.pid, 'SIGUSR2');
  await turned('debug');
  // Of each of the two, to which connections go in turn.
  await until(async () => {
    await ask();
    return debugged() >= 4;
  });
  lines.length = 0;
  process.kill(server.pid, 'SIGUSR2');
  await turned('info');
  await ask();
  await ask();
  await until(async () => {
    const before = debugged();
    for (let number = 0; number < 4; number++) await ask();
    return debugged() === before;
  });
});

for (const workers of ['1', '2']) {
  test(`SIGTERM, ${workers} worker(s): not ready first, then requests end, then the process`, {
    timeout: 240_000,
  }, async t => {
    const { home, stops } = await stageOf(t);
    const flags = ['--workers', workers, '--console-port', '0', '--drain-delay', '8'];
    const child = spawnServer(join(home, 'data'), flags);
    const server = await untilReady(child);
    const ended = once(child, 'exit');
    stops.push(() => server.stop());
    const ready = `${server.console!}/-/ready`;
    await clientOf(server).send(new CreateBucketCommand({ Bucket }));
    const work = load(t, server);
    await until(() => work.done > 10);
    assert.equal(await statusOf(ready), 200);
    process.kill(server.pid, 'SIGTERM');
    await until(async () => (await statusOf(ready)) === 503);
    // A load balancer takes its time; meanwhile everything is answered.
    const { done } = work;
    await until(() => work.done > done + 4);
    assert.deepEqual(await work.end(), []);
    assert.deepEqual(await ended, [0, null]);
  });
}
