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
import { checkModel, type Subject } from './model-property.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

const { env } = process;
const RUNS = Number(env['KARIKAGI_MODEL_RUNS'] ?? 12);
const MINUTES = Number(env['KARIKAGI_MODEL_MINUTES'] ?? Number.POSITIVE_INFINITY);
const WORKERS = env['KARIKAGI_MODEL_WORKERS'] ?? '1';
const cli = resolve(import.meta.dirname, '../../src/bundle/karikagi.js');

/** A server that is started again where it was killed. */
class Restarted implements Subject {
  server!: ServerProcess;
  kills = 0;

  constructor(readonly data: string) {}

  async recover(): Promise<void> {
    this.server = await startServerProcess(this.data, ['--workers', WORKERS]);
  }

  async fail(): Promise<void> {
    this.kills++;
    await this.server.kill();
  }
}

test('several clients see S3 as the model has it, whenever the server is killed', async () => {
  const data = await mkdtemp(join(tmpdir(), 'karikagi-model-'));
  const subject = new Restarted(data);
  await subject.recover();
  const { KARIKAGI_MODEL_SEED: seed, KARIKAGI_MODEL_PATH: path } = env;
  try {
    await checkModel(subject, { runs: RUNS, minutes: MINUTES, failing: 1, seed, path });
    if (path === undefined && RUNS >= 12) assert.ok(subject.kills > 0, 'the server was never killed');
    await subject.server.kill();
    const scrub = spawnSync(process.execPath, [cli, 'scrub', '--data', data, '--json'], { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(scrub.stdout).damaged, []);
  } finally {
    await subject.server.kill();
    await rm(data, { recursive: true });
  }
});
