/**
 * The model of S3 (model.test.ts) against several servers over one PostgreSQL and one S3 store of bodies, each request
 * at any of them, while servers are killed, connections cut and swallowed, PostgreSQL crashes, and the store of bodies
 * fails and hangs.
 *
 * KARIKAGI_MODEL_RUNS: how many sequences (default: one with two servers and one with three). KARIKAGI_MODEL_SEED,
 * KARIKAGI_MODEL_PATH: which. KARIKAGI_MODEL_MINUTES: end after so many.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, ListBucketsCommand, type S3Client } from '@aws-sdk/client-s3';
import { without } from '../clients/run.js';
import { s3Of } from '../support/all-kinds.js';
import { type Fault, type FaultyEndpoint, startFaultyEndpoint } from '../support/faulty-endpoint.js';
import { type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { KARIKAGI, output } from '../support/programs.js';
import { startProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { checkModel, type Subject } from './model-property.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

const { env } = process;
const RUNS = Number(env['KARIKAGI_MODEL_RUNS'] ?? 1);
const MINUTES = Number(env['KARIKAGI_MODEL_MINUTES'] ?? Number.POSITIVE_INFINITY);

/** A server, its way to PostgreSQL, and as whom it goes there. */
interface Node {
  readonly data: string;
  readonly way: TcpProxy;
  readonly user: string;
  process: ServerProcess;
  s3: S3Client;
  isUp: boolean;
}

/** Servers behind a balancer, which sends each request to any of them. */
class Servers implements Subject {
  readonly nodes: Node[] = [];
  /** How often each thing failed. */
  readonly failures = new Map<string, number>();
  server!: Subject['server'];
  #postgres!: PostgresServer;
  #store!: ServerProcess;
  /** Before the store of bodies. */
  #bodies!: FaultyEndpoint;
  #balancer!: FaultyEndpoint;

  constructor(readonly directory: string) {}

  async start(count: number): Promise<void> {
    this.#postgres = await startPostgres();
    this.#postgres.createDatabase('model');
    this.#store = await startServerProcess(join(this.directory, 'bodies'), ['--console-port', 'off']);
    await s3Of(this.#store).send(new CreateBucketCommand({ Bucket: 'bodies' }));
    this.#bodies = await startFaultyEndpoint(this.#store.endpoint);
    for (let number = 0; number < count; number++) {
      const data = join(this.directory, `node-${number}`);
      await mkdir(data, { mode: 0o700 });
      if (number > 0) await copyFile(join(this.directory, 'node-0', 'root.key'), join(data, 'root.key'));
      const user = `node_${number}`;
      this.#postgres.run(`CREATE ROLE ${user} LOGIN SUPERUSER`);
      const way = await startProxy(this.#postgres.port);
      const process = await this.#serve(data, way, user);
      this.nodes.push({ data, way, user, process, s3: s3Of(process), isUp: true });
    }
    const [first] = this.nodes;
    this.#balancer = await startFaultyEndpoint(() => {
      const up = this.nodes.filter(({ isUp }) => isUp);
      return up[randomInt(up.length)]!.process.endpoint;
    });
    this.server = { endpoint: this.#balancer.endpoint, credentials: first!.process.credentials };
  }

  async fail(kind: number): Promise<void> {
    const [name, run] = this.#faults[kind % this.#faults.length]!;
    this.failures.set(name, (this.failures.get(name) ?? 0) + 1);
    await run();
  }

  /** Each server answers again. */
  async recover(): Promise<void> {
    for (const { s3 } of this.nodes)
      await until(() =>
        s3.send(new ListBucketsCommand({})).then(
          () => true,
          ({ $metadata }) => {
            assert.equal($metadata?.httpStatusCode ?? 503, 503);
            return false;
          },
        ),
      );
  }

  /** What `karikagi scrub` says of both stores. */
  async scrub(): Promise<{ damaged: unknown[]; versions: number }> {
    const { data, user } = this.nodes[0]!;
    const kv = `postgres://${user}@127.0.0.1:${this.#postgres.port}/model`;
    const flags = ['--data', data, '--kv', kv, '--blobs', this.#blobs, '--json'];
    const program = [KARIKAGI, 'scrub', ...flags];
    const { PATH = '' } = process.env;
    return JSON.parse(await output(process.execPath, program, { PATH, ...this.#keys }));
  }

  async close(): Promise<void> {
    await this.#balancer?.close();
    for (const { process, s3, way } of this.nodes) {
      s3.destroy();
      await process.kill();
      await way.close();
    }
    await this.#bodies?.close();
    await this.#store?.kill();
    this.#postgres?.remove();
  }

  get #blobs(): string {
    return `s3://bodies/of/the/model?endpoint=${this.#bodies.endpoint}&region=us-east-1`;
  }

  get #keys() {
    const { accessKeyId, secretAccessKey } = this.#store.credentials;
    return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  }

  #serve(data: string, { port }: TcpProxy, user: string): Promise<ServerProcess> {
    const kv = `postgres://${user}@127.0.0.1:${port}/model`;
    const flags = ['--kv', kv, '--blobs', this.#blobs, '--console-port', 'off'];
    return startServerProcess(data, flags, this.#keys);
  }

  get #anyNode(): Node {
    return this.nodes[randomInt(this.nodes.length)]!;
  }

  readonly #faults: readonly (readonly [name: string, run: () => Promise<void>])[] = [
    [
      'a server is killed',
      async () => {
        const node = this.#anyNode;
        node.isUp = false;
        await node.process.kill();
        // What it had sent may yet be done: until then, nothing is compared.
        const sessions = `SELECT count(*) FROM pg_stat_activity WHERE usename = '${node.user}'`;
        await until(() => this.#postgres.run(sessions).trim() === '0');
        node.process = await this.#serve(node.data, node.way, node.user);
        node.s3.destroy();
        node.s3 = s3Of(node.process);
        node.isUp = true;
      },
    ],
    [
      'connections to PostgreSQL are cut',
      async () => {
        const { way } = this.#anyNode;
        for (let times = 0; times < 5; times++) {
          way.cut();
          await pause(randomInt(50));
        }
      },
    ],
    [
      'what is sent to PostgreSQL and comes from it is swallowed',
      async () => {
        const { way } = this.#anyNode;
        way.mode = 'silent';
        await pause(300);
        way.mode = 'open';
        way.cut();
      },
    ],
    [
      'answers of PostgreSQL come late',
      async () => {
        const { way } = this.#anyNode;
        way.delay = 30;
        await pause(500);
        way.delay = 0;
      },
    ],
    [
      'PostgreSQL crashes',
      async () => {
        this.#postgres.stop('immediate');
        this.#postgres.start();
      },
    ],
    ['the store of bodies says that it cannot', () => this.#failBodies('busy', 300)],
    ['the store of bodies cuts connections off', () => this.#failBodies('cut', 300)],
    ['answers of the store of bodies break off', () => this.#failBodies('half', 300)],
    ['the store of bodies hangs', () => this.#failBodies('silent', 300)],
  ];

  async #failBodies(fault: Fault, milliseconds: number): Promise<void> {
    this.#bodies.fault = () => fault;
    await pause(milliseconds);
    this.#bodies.fault = () => undefined;
    // What it was asked meanwhile is answered no more.
    this.#bodies.cut();
  }
}

for (const count of [2, 3]) {
  test(`${count} servers on PostgreSQL are as one S3, whatever fails`, {
    skip: without('postgresql'),
  }, async t => {
    const directory = await mkdtemp(join(tmpdir(), 'karikagi-model-'));
    const servers = new Servers(directory);
    const { KARIKAGI_MODEL_SEED: seed, KARIKAGI_MODEL_PATH: path } = env;
    try {
      await servers.start(count);
      await checkModel(servers, { runs: RUNS, minutes: MINUTES, failing: 5, seed, path });
      const { damaged, versions } = await servers.scrub();
      assert.deepEqual(damaged, []);
      t.diagnostic(`${versions} versions were scrubbed`);
      for (const [name, times] of servers.failures) t.diagnostic(`${name}: ${times} times`);
    } finally {
      await servers.close();
      await rm(directory, { recursive: true });
    }
  });
}
