/**
 * Random work of several clients at the same time against a model of S3, over HTTP, with `kill -9` and restarts between.
 * Each client has keys of its own, so that what must be there is known without knowing the order in which the server
 * took the requests; keys that all of them want to make show that order is one for all. A failure prints the seed, the
 * path, and the shortest sequence that still fails.
 *
 * KARIKAGI_MODEL_RUNS: how many sequences (default 12). KARIKAGI_MODEL_SEED, KARIKAGI_MODEL_PATH: which.
 * KARIKAGI_MODEL_WORKERS: in how many processes the server runs (default 1).
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
  S3Client,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { type Command, type Contest, command, NoAnswer, Worker } from './s3-commands.js';
import { contentOf, type Versioning } from './s3-model.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

const { env } = process;
const RUNS = Number(env['KARIKAGI_MODEL_RUNS'] ?? 12);
const WORKERS = env['KARIKAGI_MODEL_WORKERS'] ?? '1';
const CLIENTS = 3;
const cli = resolve(import.meta.dirname, '../../src/bundle/karikagi.js');

/** What the clients do at the same time, and whether the server is killed after so many of their requests. */
interface Phase {
  readonly versioning: Exclude<Versioning, undefined> | 'as it is';
  readonly work: readonly (readonly Command[])[];
  readonly killAfter: number | undefined;
}

const phase: fc.Arbitrary<Phase> = fc.record({
  versioning: fc.constantFrom('as it is' as const, 'Enabled' as const, 'Suspended' as const),
  work: fc.array(fc.array(command, { maxLength: 10 }), { minLength: CLIENTS, maxLength: CLIENTS }),
  killAfter: fc.option(fc.nat(20), { nil: undefined, freq: 1 }),
});

/** A server that is started again where it was killed. */
class Restarted {
  #server!: ServerProcess;
  s3!: S3Client;

  constructor(readonly data: string) {}

  async start(): Promise<void> {
    this.#server = await startServerProcess(this.data, ['--workers', WORKERS]);
    const { endpoint, credentials } = this.#server;
    this.s3 = new S3Client({
      endpoint,
      credentials,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
    });
  }

  async kill(): Promise<void> {
    await this.#server.kill();
    this.s3.destroy();
  }
}

async function runPhase(
  server: Restarted,
  workers: readonly Worker[],
  { work, killAfter }: Phase,
  versioning: Versioning,
  contest: Contest,
): Promise<void> {
  const { s3 } = server;
  let done = 0;
  let killed: Promise<void> | undefined;
  const count = () => {
    if (killAfter !== undefined && done++ >= killAfter) killed ??= server.kill();
  };
  // Every request counts once it was answered, so that a kill meets the others' requests wherever they are.
  s3.middlewareStack.add(
    next => async args => {
      const answer = await next(args);
      count();
      return answer;
    },
    { step: 'deserialize', name: 'count', override: true, priority: 'low' },
  );
  const results = await Promise.allSettled(
    workers.map(async (worker, index) => {
      for (const step of work[index]!) await worker.run(s3, versioning, contest, step);
    }),
  );
  if (killAfter !== undefined) {
    await (killed ?? server.kill());
    await server.start();
  }
  for (const result of results) {
    if (result.status === 'rejected' && !(killed && result.reason instanceof NoAnswer)) throw result.reason;
  }
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
  const property = fc.asyncProperty(fc.array(phase, { minLength: 1, maxLength: 5 }), async phases => {
    const Bucket = `model-${++buckets}`;
    await server.s3.send(new CreateBucketCommand({ Bucket }));
    const workers = Array.from({ length: CLIENTS }, (_, number) => new Worker(number, Bucket));
    const contest: Contest = { tried: new Map(), won: new Map() };
    let versioning: Versioning;
    for (const each of phases) {
      if (each.versioning !== 'as it is') {
        const VersioningConfiguration = { Status: each.versioning };
        await server.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
        versioning = each.versioning;
      }
      await runPhase(server, workers, each, versioning, contest);
      for (const worker of workers) await worker.compare(server.s3);
      await compareContest(server, Bucket, contest);
    }
  });
  const { KARIKAGI_MODEL_SEED: seed, KARIKAGI_MODEL_PATH: path } = env;
  try {
    await fc.assert(property, {
      numRuns: RUNS,
      ...(seed !== undefined && { seed: Number(seed) }),
      ...(path !== undefined && { path }),
    });
    await server.kill();
    const scrub = spawnSync(process.execPath, [cli, 'scrub', '--data', data, '--json'], { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(scrub.stdout).damaged, []);
  } finally {
    await server.kill();
    await rm(data, { recursive: true });
  }
});
