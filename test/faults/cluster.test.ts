/**
 * Servers on several machines under load, while what they stand on fails: servers are killed, or taken away and others
 * added, their connections to PostgreSQL cut, held up or swallowed, PostgreSQL crashes, and at the end its standby takes its place. Nothing that
 * was acknowledged is lost, what one server acknowledged every other one reads, and of several who make the same key
 * one has made it.
 *
 * KARIKAGI_CLUSTER_ROUNDS: how many faults (default 6). KARIKAGI_KILL_MINUTES: no further one begins after so many
 * (default 10). `npm run test:faults` sets both.
 */
import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { without } from '../clients/run.js';
import { s3Of } from '../support/all-kinds.js';
import { type PostgresServer, type Standby, startPostgres } from '../support/postgres-server.js';
import { startProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { Ledger } from './ledger.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

const ROUNDS = Number(process.env['KARIKAGI_CLUSTER_ROUNDS'] ?? 6);
const MINUTES = Number(process.env['KARIKAGI_KILL_MINUTES'] ?? 10);
const NODES = 3;
const WRITERS = 9;
const Bucket = 'kept';
const ABSENT = 'absent';
/** Acknowledged changes between two faults, at least. */
const BETWEEN = 40;

/** A server, and its own way to each of the two databases. */
interface Node {
  data: string;
  readonly ways: readonly TcpProxy[];
  server: ServerProcess;
  s3: S3Client;
}

suite('servers on several machines, under load', { skip: without('postgresql') }, () => {
  let directory: string;
  let primary: PostgresServer;
  let standby: Standby;
  const nodes: Node[] = [];
  let made = 0;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'karikagi-nodes-'));
    primary = await startPostgres();
    primary.createDatabase('nodes');
    standby = await primary.standby();
    await mkdir(join(directory, 'bodies'));
    for (let number = 0; number < NODES; number++) {
      const data = await newData();
      const ways = [await startProxy(primary.port), await startProxy(standby.port)];
      const server = await start(data, ways);
      nodes.push({ data, ways, server, s3: s3Of(server) });
    }
    await nodes[0]!.s3.send(new CreateBucketCommand({ Bucket }));
  });
  after(async () => {
    for (const { server, s3, ways } of nodes) {
      s3.destroy();
      await server.kill();
      for (const way of ways) await way.close();
    }
    standby?.remove();
    primary?.remove();
    await rm(directory, { recursive: true });
  });

  /** A directory for another server. */
  async function newData(): Promise<string> {
    const data = join(directory, `node-${made}`);
    await mkdir(data, { mode: 0o700 });
    if (made++ > 0) await copyFile(join(directory, 'node-0', 'root.key'), join(data, 'root.key'));
    return data;
  }

  function start(data: string, ways: readonly TcpProxy[]): Promise<ServerProcess> {
    const hosts = ways.map(({ port }) => `127.0.0.1:${port}`).join(',');
    const bodies = pathToFileURL(join(directory, 'bodies')).href;
    return startServerProcess(data, ['--kv', `postgres://postgres@${hosts}/nodes`, '--blobs', bodies]);
  }

  const faults: readonly (readonly [name: string, run: () => Promise<void>])[] = [
    [
      'a server is killed, and another started',
      async () => {
        const node = nodes[randomInt(NODES)]!;
        await node.server.kill();
        node.server = await start(node.data, node.ways);
        node.s3.destroy();
        node.s3 = s3Of(node.server);
      },
    ],
    [
      'a server is taken away, and one that is new is added',
      async () => {
        const node = nodes[randomInt(NODES)]!;
        assert.equal(await node.server.stop(), 0);
        node.data = await newData();
        node.server = await start(node.data, node.ways);
        node.s3.destroy();
        node.s3 = s3Of(node.server);
      },
    ],
    [
      'the connections of a server are cut, again and again',
      async () => {
        const [way] = nodes[randomInt(NODES)]!.ways;
        for (let times = 0; times < 10; times++) {
          way!.cut();
          await pause(randomInt(100));
        }
      },
    ],
    [
      'what a server sends and is sent is swallowed, then its connections end',
      async () => {
        const [way] = nodes[randomInt(NODES)]!.ways;
        way!.mode = 'silent';
        await pause(500);
        way!.mode = 'open';
        way!.cut();
      },
    ],
    [
      'answers come late',
      async () => {
        const [way] = nodes[randomInt(NODES)]!.ways;
        way!.delay = 50;
        await pause(1000);
        way!.delay = 0;
      },
    ],
    [
      'PostgreSQL crashes, and is started again',
      async () => {
        primary.stop('immediate');
        primary.start();
      },
    ],
  ];

  test('nothing acknowledged is lost, and all read the same', {
    timeout: (MINUTES + 10) * 60_000,
  }, async t => {
    const load = new Load(nodes);
    // Also where a fault has failed: what the writers write would fill the memory.
    t.after(() => load.end().catch(() => undefined));
    const ends = performance.now() + MINUTES * 60_000;
    for (let round = 0; round < ROUNDS && performance.now() < ends; round++) {
      const [name, fault] = faults[round % faults.length]!;
      await load.more(BETWEEN);
      await fault();
      await load.more(BETWEEN);
      t.diagnostic(`${name}: ${load.acknowledged} changes acknowledged`);
    }
    await failOver(t, load);
    await load.end();
    await load.compare();
    assert.ok(load.refused > 0, 'the faults were felt');
    t.diagnostic(
      `${load.acknowledged} changes acknowledged, ${load.read} read elsewhere, ${load.refused} in doubt`,
    );
  });

  async function failOver(t: TestContext, load: Load): Promise<void> {
    primary.stop('immediate');
    standby.promote();
    await load.more(BETWEEN);
    t.diagnostic(`the standby took over: ${load.acknowledged} changes acknowledged`);
  }
});

/**
 * Clients that write, and read elsewhere what they have written. Each name has one writer, who leaves it once it is in
 * doubt what became of a change: what is under way may yet be done.
 */
class Load {
  acknowledged = 0;
  read = 0;
  refused = 0;
  readonly #nodes: readonly Node[];
  readonly #ledger = new Ledger<string>(ABSENT);
  /** Names that several want to make, and what those wrote who were answered that they have. */
  readonly #won = new Map<string, string[]>();
  readonly #writers: readonly Promise<void>[];
  #ended = false;
  #failure: unknown;

  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
    this.#writers = Array.from({ length: WRITERS }, async (_, id) => {
      await this.#write(id).catch(error => {
        this.#failure ??= error;
      });
    });
  }

  /** Resolves once so many more changes have been acknowledged. */
  async more(count: number): Promise<void> {
    const goal = this.acknowledged + count;
    await until(() => this.acknowledged >= goal || this.#failure !== undefined);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#writers);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Every server has of each name what was acknowledged last; of names in doubt one and the same of what may be. */
  async compare(): Promise<void> {
    for (const name of this.#ledger.names()) {
      const found = await Promise.all(this.#nodes.map(({ s3 }) => contentOf(s3, name)));
      for (const content of found) this.#ledger.settle(name, content);
    }
    for (const [name, winners] of this.#won) {
      assert.ok(winners.length <= 1, `${winners.length} made ${name}`);
      if (winners.length === 1) assert.equal(await contentOf(this.#nodes[0]!.s3, name), winners[0]);
    }
  }

  get #anyNode(): S3Client {
    return this.#nodes[randomInt(this.#nodes.length)]!.s3;
  }

  async #write(id: number): Promise<void> {
    for (let number = 0; !this.#ended; number++) {
      const name = `writer-${id}/${number}`;
      try {
        for (let changes = 0; changes < 8 && !this.#ended; changes++) await this.#change(name);
        await this.#compete(`contested/${number}`);
      } catch (error) {
        demandHonest(error);
        this.refused++;
        // As a client that tries again does.
        await pause(20);
      }
    }
  }

  async #change(name: string): Promise<void> {
    if (randomInt(4) === 0) {
      await this.#ledger.record(name, ABSENT, () =>
        this.#anyNode.send(new DeleteObjectCommand({ Bucket, Key: name })),
      );
    } else {
      // Some go into the database, some beside it.
      const content = randomBytes(randomInt(5) === 0 ? 150_000 : 200).toString('hex');
      await this.#ledger.record(name, content, () =>
        this.#anyNode.send(new PutObjectCommand({ Bucket, Key: name, Body: content })),
      );
    }
    this.acknowledged++;
    const found = await contentOf(this.#anyNode, name);
    this.#ledger.settle(name, found);
    this.read++;
  }

  async #compete(name: string): Promise<void> {
    const content = randomBytes(20).toString('hex');
    const won = await this.#anyNode
      .send(new PutObjectCommand({ Bucket, Key: name, Body: content, IfNoneMatch: '*' }))
      .then(
        () => true,
        (error: Error) => {
          if (/^(PreconditionFailed|ConditionalRequestConflict)$/.test(error.name)) return false;
          throw error;
        },
      );
    if (won) this.#won.set(name, [...(this.#won.get(name) ?? []), content]);
  }
}

async function contentOf(s3: S3Client, Key: string): Promise<string> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return await Body!.transformToString();
  } catch (error) {
    if ((error as Error).name === 'NoSuchKey') return ABSENT;
    throw error;
  }
}

/** Throws what is neither a connection that broke nor an answer that says that it cannot be done now. */
function demandHonest(error: unknown): void {
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: string };
  if (error instanceof assert.AssertionError) throw error;
  const status = $metadata?.httpStatusCode;
  if (status === 503 || status === 409 || (status === undefined && code !== undefined)) return;
  throw error;
}
