/**
 * Nothing acknowledged is lost by `kill -9`: a server is killed under concurrent writes, at random moments, again
 * and again; after each restart, everything that was acknowledged is there, and what was under way has happened
 * whole or not at all.
 *
 * KARIKAGI_KILL_ROUNDS: how often (default 10). KARIKAGI_KILL_MINUTES: no further round begins after so many (default
 * 10). `npm run test:faults` sets both.
 */
import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListUsersCommand,
} from '@aws-sdk/client-iam';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { childrenOf, isThere } from '../support/processes.js';
import { until } from '../support/until.js';
import { Ledger } from './ledger.js';
import { type ServerProcess, spawnServer, startServerProcess } from './server-process.js';

const ROUNDS = Number(process.env['KARIKAGI_KILL_ROUNDS'] ?? 10);
const MINUTES = Number(process.env['KARIKAGI_KILL_MINUTES'] ?? 10);
const BUCKET = 'kept';
const ABSENT = 'absent';
const PART = 5 * 1024 * 1024;

/** Stands for a body of that many bytes, all of them following from its number. */
type Body = `${number}:${number}`;

let bodies = 0;
const newBody = (size: number): Body => `${++bodies}:${size}`;

function contentOf(body: Body): Buffer {
  const [number, size] = body.split(':').map(Number);
  const pattern = createHash('sha512').update(String(number)).digest();
  return Buffer.alloc(size!, pattern);
}

interface Clients {
  readonly s3: S3Client;
  readonly iam: IAMClient;
  readonly sts: STSClient;
}

function connect({ endpoint, credentials }: ServerProcess): Clients {
  const settings = { endpoint, credentials, region: 'us-east-1', maxAttempts: 1 };
  return {
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    iam: new IAMClient(settings),
    sts: new STSClient(settings),
  };
}

function disconnect(clients: Clients): void {
  for (const client of Object.values(clients)) client.destroy();
}

/** One client's endless work. It ends when the server is gone, which it notices by an error of the connection. */
type Writer = (clients: Clients, ledgers: Ledgers, id: number) => Promise<void>;

interface Ledgers {
  /** What each key of the bucket holds: a body, or nothing. */
  readonly objects: Ledger<Body | typeof ABSENT>;
  readonly users: Ledger<boolean>;
  /** Access keys by the names of the users they were made for. */
  readonly keys: Ledger<boolean>;
  /** Key names for which several writers compete, and the bodies that were acknowledged to have won. */
  readonly won: Map<string, Set<Body>>;
  /** Credentials that were acknowledged. */
  readonly credentials: ServerProcess['credentials'][];
}

const put = ({ s3 }: Clients, key: string, body: Body, condition: { IfNoneMatch?: string } = {}) =>
  s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: contentOf(body), ...condition }));

/** Overwrites and deletes its few keys, with bodies of every size up to `largest`. */
const overwriter =
  (largest: number): Writer =>
  async (clients, { objects }, id) => {
    for (;;) {
      const key = `writer ${id}/${randomInt(5)}`;
      if (randomInt(4) === 0) {
        const command = new DeleteObjectCommand({ Bucket: BUCKET, Key: key });
        await objects.record(key, ABSENT, () => clients.s3.send(command));
      } else {
        const body = newBody(randomInt(largest));
        await objects.record(key, body, () => put(clients, key, body));
      }
    }
  };

/** Completes multipart uploads, each over the one before. */
const multipartUploader: Writer = async ({ s3 }, { objects }, id) => {
  for (;;) {
    const target = { Bucket: BUCKET, Key: `writer ${id}/parts` };
    const body = newBody(PART + 100_000);
    const content = contentOf(body);
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
    const parts = await Promise.all(
      [content.subarray(0, PART), content.subarray(PART)].map(async (Body, index) => {
        const part = { ...target, UploadId, PartNumber: index + 1, Body };
        return { PartNumber: index + 1, ETag: (await s3.send(new UploadPartCommand(part))).ETag };
      }),
    );
    const complete = { ...target, UploadId, MultipartUpload: { Parts: parts } };
    await objects.record(target.Key, body, () => s3.send(new CompleteMultipartUploadCommand(complete)));
  }
};

/** Copies an object that it wrote before, and deletes the source: the copy must not go with it. */
const copier: Writer = async (clients, { objects }, id) => {
  for (;;) {
    const [source, copy] = [`writer ${id}/source`, `writer ${id}/copy`];
    const body = newBody(randomInt(300_000));
    await objects.record(source, body, () => put(clients, source, body));
    const command = new CopyObjectCommand({
      Bucket: BUCKET,
      Key: copy,
      CopySource: encodeURIComponent(`${BUCKET}/${source}`),
    });
    await objects.record(copy, body, () => clients.s3.send(command));
    const removal = new DeleteObjectCommand({ Bucket: BUCKET, Key: source });
    await objects.record(source, ABSENT, () => clients.s3.send(removal));
  }
};

/** Several of these want to be the one who makes a key: at most one may be told that it is. */
const competitor =
  (round: number): Writer =>
  async (clients, { won }) => {
    for (let number = 0; ; number++) {
      const key = `contested/${round}/${number}`;
      const body = newBody(10 + randomInt(1000));
      const made = await put(clients, key, body, { IfNoneMatch: '*' }).then(
        () => true,
        (error: Error) => {
          if (error.name === 'PreconditionFailed' || error.name === 'ConditionalRequestConflict')
            return false;
          throw error;
        },
      );
      if (made) won.set(key, (won.get(key) ?? new Set()).add(body));
    }
  };

/** Creates users, and an access key for each. */
const administrator =
  (round: number): Writer =>
  async ({ iam }, { users, keys, credentials }, id) => {
    for (let number = 0; ; number++) {
      const UserName = `user-${round}-${id}-${number}`;
      await users.record(UserName, true, () => iam.send(new CreateUserCommand({ UserName })));
      await keys.record(UserName, true, async () => {
        const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
        credentials.push({
          accessKeyId: AccessKey!.AccessKeyId!,
          secretAccessKey: AccessKey!.SecretAccessKey!,
        });
      });
    }
  };

/** Lets all writers loose, kills the server after so many acknowledgements, and waits until all noticed. */
async function killUnderLoad(server: ServerProcess, ledgers: Ledgers, round: number): Promise<void> {
  const clients = connect(server);
  const { objects, users, keys } = ledgers;
  const done = () => objects.acknowledged + users.acknowledged + keys.acknowledged;
  const target = done() + 1 + randomInt(150);
  const writers: Writer[] = [
    ...Array.from({ length: 6 }, () => overwriter(20_000)),
    ...Array.from({ length: 3 }, () => overwriter(2_000_000)),
    multipartUploader,
    copier,
    ...Array.from({ length: 2 }, () => competitor(round)),
    ...Array.from({ length: 2 }, () => administrator(round)),
  ];
  let killed: Promise<void> | undefined;
  const watch = setInterval(() => {
    if (done() >= target) killed ??= server.kill();
  }, 1);
  const refusals: unknown[] = [];
  await Promise.all(
    writers.map(async (write, id) => {
      try {
        await write(clients, ledgers, id);
      } catch (error) {
        if (killed === undefined || isAnswer(error)) refusals.push(error);
        killed ??= server.kill();
      }
    }),
  );
  clearInterval(watch);
  await killed;
  disconnect(clients);
  assert.deepEqual(refusals, [], 'nothing is refused or broken off before the kill');
}

/** Whether the server itself answered with an error, rather than the connection breaking. */
function isAnswer(error: unknown): boolean {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode !== undefined && $metadata.httpStatusCode >= 400;
}

/** Compares everything in the server with the ledgers. */
async function compare({ s3, iam }: Clients, ledgers: Ledgers): Promise<void> {
  const { objects, users, keys, won } = ledgers;
  const listed = new Map<string, number>();
  for (let ContinuationToken: string | undefined; ; ) {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, ContinuationToken }));
    for (const { Key, Size } of page.Contents ?? []) listed.set(Key!, Size!);
    if (!page.NextContinuationToken) break;
    ContinuationToken = page.NextContinuationToken;
  }
  const bodyOf = async (key: string): Promise<Buffer> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    return Buffer.from(await Body!.transformToByteArray());
  };
  for (const name of objects.names()) {
    if (!listed.has(name)) objects.settle(name, ABSENT);
    else {
      const content = await bodyOf(name);
      assert.equal(content.length, listed.get(name));
      const known = objects.possible(name).find(body => body !== ABSENT && contentOf(body).equals(content));
      assert.ok(known, `${name} holds ${content.length} bytes that no client wrote`);
      objects.settle(name, known);
    }
  }
  for (const [name, bodies] of won) {
    assert.equal(bodies.size, 1, `${bodies.size} writers were answered that they made ${name}`);
    const [winner] = bodies;
    assert.ok(contentOf(winner!).equals(await bodyOf(name)), `${name} is not its winner's`);
  }
  const found = new Set<string>();
  for (let Marker: string | undefined; ; ) {
    const page = await iam.send(new ListUsersCommand({ Marker }));
    for (const { UserName } of page.Users!) found.add(UserName!);
    if (!page.IsTruncated) break;
    Marker = page.Marker;
  }
  for (const name of users.names()) users.settle(name, found.has(name));
  for (const UserName of keys.names()) {
    const { AccessKeyMetadata } = await iam.send(new ListAccessKeysCommand({ UserName }));
    keys.settle(UserName, AccessKeyMetadata!.length > 0);
  }
}

/** Each acknowledged access key signs. */
async function tryCredentials(server: ServerProcess, ledgers: Ledgers): Promise<void> {
  for (const credentials of ledgers.credentials.splice(0)) {
    const clients = connect({ ...server, credentials });
    await clients.sts.send(new GetCallerIdentityCommand({}));
    disconnect(clients);
  }
}

const inDirectory = (title: string, body: (directory: string, t: TestContext) => Promise<void>) =>
  test(title, async t => {
    const directory = await mkdtemp(join(tmpdir(), 'karikagi-kill-'));
    try {
      await body(directory, t);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

/** Workers are killed before the process that commits for them: else they would say that it went away. */
async function startWorkers(directory: string): Promise<ServerProcess> {
  const server = await startServerProcess(directory, ['--workers', '3', '--commits', 'together']);
  const kill = async () => {
    const workers = await childrenOf(server.pid).catch(() => []);
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    await server.kill();
    // What they were writing is left to them as long as one is there.
    await until(() => !workers.some(isThere));
  };
  return { ...server, kill };
}

inDirectory('nothing acknowledged is lost by kill -9', (directory, t) =>
  killAgainAndAgain(t, ROUNDS, () => startServerProcess(directory), directory),
);

inDirectory(
  'nothing acknowledged is lost by kill -9 of workers and of the process that commits for them',
  (directory, t) => killAgainAndAgain(t, Math.ceil(ROUNDS / 4), () => startWorkers(directory), directory),
);

async function killAgainAndAgain(
  t: TestContext,
  most: number,
  start: () => Promise<ServerProcess>,
  directory: string,
): Promise<void> {
  const ledgers: Ledgers = {
    objects: new Ledger<Body | typeof ABSENT>(ABSENT),
    users: new Ledger(false),
    keys: new Ledger(false),
    won: new Map(),
    credentials: [],
  };
  let server = await start();
  let rounds = 0;
  try {
    const first = connect(server);
    await first.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    disconnect(first);
    const end = performance.now() + MINUTES * 60_000;
    for (; rounds < most && performance.now() < end; rounds++) {
      await killUnderLoad(server, ledgers, rounds);
      server = await start();
      const clients = connect(server);
      await compare(clients, ledgers);
      await tryCredentials(server, ledgers);
      disconnect(clients);
      assert.deepEqual(await readdir(join(directory, 'blobs', 'tmp')), []);
    }
  } finally {
    await server.kill();
  }
  assert.ok(ledgers.objects.acknowledged > rounds);
  t.diagnostic(
    `killed ${rounds} times; ${ledgers.objects.acknowledged} changes of objects were acknowledged`,
  );
}

inDirectory('a server that is killed at any moment of its first start starts again', async directory => {
  for (let round = 0; round < Math.min(ROUNDS, 8); round++) {
    const data = join(directory, String(round));
    const child = spawnServer(data);
    await new Promise(resolve => setTimeout(resolve, randomInt(600)));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const server = await startServerProcess(data);
    const clients = connect(server);
    assert.ok((await clients.sts.send(new GetCallerIdentityCommand({}))).Account);
    disconnect(clients);
    await server.kill();
  }
});
