/**
 * Random work of several clients at the same time against a model of S3, over HTTP, with `kill -9` and restarts between.
 * Each client has keys of its own, so that what must be there is known without knowing the order in which the server
 * took the requests; keys that all of them want to make show that order is one for all. A failure prints the seed, the
 * path, and the shortest sequence that still fails.
 *
 * KARIKAGI_MODEL_RUNS: how many sequences (default 12). KARIKAGI_MODEL_SEED, KARIKAGI_MODEL_PATH: which.
 * KARIKAGI_MODEL_MINUTES: end after so many, however many sequences that was. KARIKAGI_MODEL_WORKERS: in how many
 * processes the server runs (default 1).
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { systemClock } from '../../src/core/clock.js';
import { type Contest, NoAnswer, Worker } from './s3-commands.js';
import { contentOf, type Versioning } from './s3-model.js';
import { type Command, command } from './s3-steps.js';
import { type ServerProcess, startServerProcess } from './server-process.js';
import { type Cast, clientOf, openCast, Session } from './session.js';

const { env } = process;
const RUNS = Number(env['KARIKAGI_MODEL_RUNS'] ?? 12);
const MINUTES = Number(env['KARIKAGI_MODEL_MINUTES'] ?? Number.POSITIVE_INFINITY);
const WORKERS = env['KARIKAGI_MODEL_WORKERS'] ?? '1';
const CLIENTS = 3;
const cli = resolve(import.meta.dirname, '../../src/bundle/karikagi.js');

interface Client {
  readonly worker: Worker;
  readonly session: Session;
}

/** What the clients do at the same time, and whether the server is killed after so many of their requests. */
interface Phase {
  readonly versioning: Exclude<Versioning, undefined> | 'as it is';
  readonly work: readonly (readonly Command[])[];
  readonly killAfter: number | undefined;
}

const phase: fc.Arbitrary<Phase> = fc.record({
  versioning: fc.constantFrom('as it is' as const, 'Enabled' as const, 'Suspended' as const),
  work: fc.array(fc.array(command, { maxLength: 25, size: '+1' }), {
    minLength: CLIENTS,
    maxLength: CLIENTS,
  }),
  killAfter: fc.oneof(fc.constant(undefined), fc.nat(50)),
});

/** A server that is started again where it was killed. */
class Restarted {
  #server!: ServerProcess;
  /** As the account's root. */
  s3!: S3Client;
  kills = 0;

  constructor(readonly data: string) {}

  async start(): Promise<void> {
    this.#server = await startServerProcess(this.data, ['--workers', WORKERS]);
    this.s3 = clientOf(this.#server, this.#server.credentials);
  }

  openCast(): Promise<Cast> {
    return openCast(this.#server);
  }

  /** Has clients work with the server as it is since it last started. */
  async serve(clients: readonly Client[]): Promise<void> {
    for (const { session } of clients) await session.connect(this.#server);
  }

  async kill(): Promise<void> {
    this.kills++;
    await this.#server.kill();
    this.s3.destroy();
  }
}

async function runPhase(
  server: Restarted,
  clients: readonly Client[],
  { work, killAfter }: Phase,
  versioning: Versioning,
  contest: Contest,
): Promise<void> {
  let done = 0;
  let killed: Promise<void> | undefined;
  // Every request counts once it was answered, so that a kill meets the others' requests wherever they are.
  const count = () => {
    if (killAfter !== undefined && done++ >= killAfter) killed ??= server.kill();
  };
  const results = await Promise.allSettled(
    clients.map(async ({ worker, session }, index) => {
      session.answered = count;
      for (const step of work[index]!) await worker.run(session, versioning, contest, step);
    }),
  );
  for (const { session } of clients) session.answered = () => undefined;
  if (killAfter !== undefined) {
    await (killed ?? server.kill());
    await server.start();
    await server.serve(clients);
  }
  for (const result of results) {
    if (result.status === 'rejected' && !(killed && result.reason instanceof NoAnswer)) throw result.reason;
  }
}

/** Sets a bucket's versioning where that may be done; answers what it is then. */
async function setVersioning(
  s3: S3Client,
  Bucket: string,
  locks: boolean,
  Status: 'Enabled' | 'Suspended',
): Promise<Versioning> {
  const refused = locks && Status === 'Suspended';
  const setting = new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } });
  if (refused) await assert.rejects(s3.send(setting), { name: 'InvalidBucketState' });
  else await s3.send(setting);
  return refused ? 'Enabled' : Status;
}

/** Each contested key is held by one who tried, and by the only one who was told so, if one was. */
async function compareContest({ s3 }: Restarted, bucket: string, { tried, won }: Contest): Promise<void> {
  for (const [Key, bodies] of tried) {
    const winners = won.get(Key) ?? [];
    assert.ok(winners.length <= 1, `${winners.length} clients were told that they made ${Key}`);
    const answer = await s3
      .send(new GetObjectCommand({ Bucket: bucket, Key }))
      .catch((error: Error) => assert.equal(error.name, 'NoSuchKey'));
    const bytes = answer && (await answer.Body!.transformToByteArray());
    const holder = bytes && [...bodies].find(body => contentOf(body).equals(bytes));
    assert.ok(bytes === undefined || holder, `${Key} holds what nobody wrote`);
    if (winners.length === 1) assert.equal(holder, winners[0]);
  }
}

test('several clients see S3 as the model has it, whenever the server is killed', async () => {
  const data = await mkdtemp(join(tmpdir(), 'karikagi-model-'));
  const server = new Restarted(data);
  await server.start();
  let buckets = 0;
  const cast = await server.openCast();
  const phases = fc.array(phase, { minLength: 1, maxLength: 5 });
  const end = systemClock.now() + MINUTES * 60_000;
  const property = fc.asyncProperty(fc.boolean(), phases, async (locks, all) => {
    if (systemClock.now() > end) return;
    const Bucket = `model-${++buckets}`;
    await server.s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: locks }));
    const clients = Array.from({ length: CLIENTS }, (_, number) => ({
      worker: new Worker(number, Bucket, locks),
      session: new Session(cast, Bucket),
    }));
    await server.serve(clients);
    const contest: Contest = { tried: new Map(), won: new Map() };
    let versioning: Versioning = locks ? 'Enabled' : undefined;
    for (const each of all) {
      if (each.versioning !== 'as it is')
        versioning = await setVersioning(server.s3, Bucket, locks, each.versioning);
      await runPhase(server, clients, each, versioning, contest);
      for (const { worker, session } of clients) {
        await worker.compare(session.s3);
        await session.compare();
      }
      await compareContest(server, Bucket, contest);
    }
    for (const { session } of clients) session.s3.destroy();
  });
  const { KARIKAGI_MODEL_SEED: seed, KARIKAGI_MODEL_PATH: path } = env;
  try {
    await fc.assert(property, {
      numRuns: RUNS,
      ...(seed !== undefined && { seed: Number(seed) }),
      ...(path !== undefined && { path }),
    });
    if (path === undefined && RUNS >= 12) assert.ok(server.kills > 0, 'the server was never killed');
    await server.kill();
    const scrub = spawnSync(process.execPath, [cli, 'scrub', '--data', data, '--json'], { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(scrub.stdout).damaged, []);
  } finally {
    await server.kill();
    await rm(data, { recursive: true });
  }
});
