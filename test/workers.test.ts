/** A server of several processes on one data directory. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { Agent, get, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  type S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { AuditEvent } from '../src/core/cloudtrail.js';
import { type ServerProcess, startServerProcess } from './faults/server-process.js';
import { eventsInFiles } from './support/event-lines.js';
import { childrenOf, isThere } from './support/processes.js';
import { until } from './support/until.js';

const WORKERS = 3;
const Bucket = 'shared';
const PART = 5 * 1024 * 1024;
let home: string;
let data: string;
let server: ServerProcess;
let clients: S3Client[];

/** With a connection of its own: connections go to the workers in turn. */
function connect(more: S3ClientConfig = {}): S3Client {
  return new S3Client({
    endpoint: server.endpoint,
    credentials: server.credentials,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: 1 }) },
    ...more,
  });
}

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'karikagi-workers-'));
  data = join(home, 'data');
  server = await startServerProcess(data, ['--workers', String(WORKERS), '--commits', 'together']);
  clients = Array.from({ length: 4 }, () => connect());
  await clients[0]!.send(new CreateBucketCommand({ Bucket }));
});

after(async () => {
  for (const client of clients) client.destroy();
  await server.stop();
  await rm(home, { recursive: true });
});

/** The events of each process, by its id. Lines are written within a fifth of a second. */
async function eventsByProcess(): Promise<Map<string, AuditEvent[]>> {
  const files = [...(await eventsInFiles(data))];
  return new Map(files.map(([name, events]) => [/-(\d+)\.lines$/.exec(name)![1]!, events]));
}

/** How many processes have written an event like that. */
async function processesThat(did: (event: AuditEvent) => boolean): Promise<number> {
  return [...(await eventsByProcess()).values()].filter(events => events.some(did)).length;
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Both parts are files; the second is opened only when the first has been read. */
async function putInParts(s3: S3Client, Key: string, parts: readonly Buffer[]): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts = [];
  for (const [index, Body] of parts.entries()) {
    const PartNumber = index + 1;
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    Parts.push({ ETag, PartNumber });
  }
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
}

async function blobCount(): Promise<number> {
  const entries = await readdir(join(data, 'blobs'), { recursive: true, withFileTypes: true });
  return entries.filter(entry => entry.isFile()).length;
}

test('what one client was told is written, every other reads, whichever process answers', async () => {
  for (let round = 0; round < 20; round++) {
    const [writer, ...readers] = clients.slice(round % 4).concat(clients.slice(0, round % 4));
    const Body = `round ${round}`;
    await writer!.send(new PutObjectCommand({ Bucket, Key: 'k', Body }));
    for (const reader of readers) {
      const read = await reader.send(new GetObjectCommand({ Bucket, Key: 'k' }));
      assert.equal(await read.Body!.transformToString(), Body);
    }
    await writer!.send(new PutObjectCommand({ Bucket, Key: `list/${round}`, Body }));
    const listed = await readers[0]!.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/' }));
    assert.equal(listed.KeyCount, round + 1);
  }
  await until(async () => (await processesThat(({ eventName }) => eventName === 'GetObject')) === WORKERS);
});

test('of conditional writes to one key exactly one succeeds, across processes', async () => {
  for (let round = 0; round < 10; round++) {
    const outcomes = await Promise.allSettled(
      clients.map((client, index) =>
        client.send(
          new PutObjectCommand({ Bucket, Key: `once-${round}`, Body: `by ${index}`, IfNoneMatch: '*' }),
        ),
      ),
    );
    const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
    assert.equal(winners.length, 1);
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      assert.equal((outcome.reason as S3ServiceException).name, 'PreconditionFailed');
    }
    const read = await clients[0]!.send(new GetObjectCommand({ Bucket, Key: `once-${round}` }));
    assert.equal(await read.Body!.transformToString(), `by ${winners[0]}`);
  }
});

test('unconditional writes to one key all succeed, however many processes collide', async () => {
  const puts = Array.from({ length: 200 }, (_, index) =>
    clients[index % 4]!.send(new PutObjectCommand({ Bucket, Key: 'hot', Body: String(index) })),
  );
  assert.equal((await Promise.all(puts)).length, 200);
});

test('who reads an object that another process deletes gets all of it, and then its bytes go', async () => {
  const parts = [Buffer.alloc(PART, 'a'), Buffer.alloc(PART, 'b')];
  const before = await blobCount();
  await putInParts(clients[0]!, 'parts', parts);
  await clients[0]!.send(new PutObjectCommand({ Bucket, Key: 'unread', Body: parts[0]! }));
  const url = await getSignedUrl(clients[0]!, new GetObjectCommand({ Bucket, Key: 'parts' }));
  const answers = await Promise.all(
    Array.from({ length: WORKERS }, async () => {
      const [answer] = await once(get(url, { agent: false }), 'response');
      answer.pause();
      return answer;
    }),
  );
  await clients[0]!.send(new DeleteObjectCommand({ Bucket, Key: 'parts' }));
  await clients[0]!.send(new DeleteObjectCommand({ Bucket, Key: 'unread' }));
  // What is not being read goes; by then the others would have gone, too.
  await until(async () => (await blobCount()) <= before + 2);
  assert.equal(await blobCount(), before + 2);
  for (const answer of answers) assert.ok((await bytesOf(answer)).equals(Buffer.concat(parts)));
  await until(async () => (await blobCount()) === before);
  // Each process had a reader.
  const isReading = ({ eventName, resources }: AuditEvent) =>
    eventName === 'GetObject' && (resources?.[0]?.ARN?.endsWith('/parts') ?? false);
  await until(async () => (await processesThat(isReading)) === WORKERS);
});

test('a worker that is killed is replaced, and nothing is lost', async () => {
  await clients[0]!.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'kept' }));
  const former = new Set((await eventsByProcess()).keys());
  const [victim] = await childrenOf(server.pid);
  process.kill(victim!, 'SIGKILL');
  // Until another has taken its place, and answers.
  await until(async () => {
    const client = connect();
    // A connection that was being handed to the worker when it died is lost: there is no answer.
    const abortSignal = AbortSignal.timeout(5000);
    const get = new GetObjectCommand({ Bucket, Key: 'kept' });
    const read = await client.send(get, { abortSignal }).catch(() => undefined);
    if (read) assert.equal(await read.Body!.transformToString(), 'kept');
    client.destroy();
    return [...(await eventsByProcess()).keys()].some(id => !former.has(id));
  });
});

test('while the first process stands still, reads go on, and writes are answered after it', async () => {
  await clients[0]!.send(new PutObjectCommand({ Bucket, Key: 'still', Body: 'before' }));
  const first = await clients[1]!.send(new GetObjectCommand({ Bucket, Key: 'still' }));
  await first.Body!.transformToString();
  process.kill(server.pid, 'SIGSTOP');
  try {
    const written = clients[0]!.send(new PutObjectCommand({ Bucket, Key: 'still', Body: 'after' }));
    const read = await clients[1]!.send(new GetObjectCommand({ Bucket, Key: 'still' }));
    assert.equal(await read.Body!.transformToString(), 'before');
    process.kill(server.pid, 'SIGCONT');
    await written;
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
  const read = await clients[1]!.send(new GetObjectCommand({ Bucket, Key: 'still' }));
  assert.equal(await read.Body!.transformToString(), 'after');
});

test('workers whose first process is killed end their requests and go, and leave the data to the next', async () => {
  const workers = await childrenOf(server.pid);
  assert.equal(workers.length, WORKERS);
  const Body = 'a body that comes in two pieces';
  // What is signed has no body yet.
  const signer = connect({ requestChecksumCalculation: 'WHEN_REQUIRED' });
  const url = await getSignedUrl(signer, new PutObjectCommand({ Bucket, Key: 'left' }));
  const headers = { expect: '100-continue', 'content-length': Body.length, connection: 'close' };
  const put = request(url, { method: 'PUT', headers });
  const answered = once(put, 'response');
  put.flushHeaders();
  await once(put, 'continue');
  await server.kill();
  put.end(Body);
  const [{ statusCode }] = await answered;
  assert.equal(statusCode, 200);
  await until(() => !workers.some(isThere));
  for (const client of clients) client.destroy();
  server = await startServerProcess(data, ['--workers', String(WORKERS)]);
  clients = Array.from({ length: 4 }, () => connect());
  const read = await clients[0]!.send(new GetObjectCommand({ Bucket, Key: 'left' }));
  assert.equal(await read.Body!.transformToString(), Body);
});

test('SIGTERM ends them all with status 0, and the next start finds everything', async () => {
  assert.equal(await server.stop(), 0);
  for (const client of clients) client.destroy();
  server = await startServerProcess(data, ['--workers', String(WORKERS)]);
  clients = [connect()];
  const read = await clients[0]!.send(new GetObjectCommand({ Bucket, Key: 'kept' }));
  assert.equal(await read.Body!.transformToString(), 'kept');
});

test('a worker that is stopped, and may hold a lock, is ended and replaced', {
  timeout: 240_000,
}, async () => {
  const before = await childrenOf(server.pid);
  assert.equal(before.length, WORKERS);
  process.kill(before[0]!, 'SIGSTOP');
  await until(async () => {
    const now = await childrenOf(server.pid);
    assert.ok(now.includes(before[1]!), 'the other goes on');
    return now.length === WORKERS && !now.includes(before[0]!);
  });
  // The new one takes its share of connections, and writes.
  const fresh = Array.from({ length: 6 }, () => connect({ maxAttempts: 5 }));
  for (const [index, client] of fresh.entries()) {
    await client.send(new PutObjectCommand({ Bucket, Key: `after-${index}`, Body: 'x' }));
    client.destroy();
  }
});
