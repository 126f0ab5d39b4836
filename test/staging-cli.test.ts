/** `karikagi staging` as people and scripts call it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { KARIKAGI } from './support/programs.js';
import { type StagingWorld, startStagingWorld } from './support/staging-world.js';

suite('karikagi staging', () => {
  let world: StagingWorld;
  const DUCKDB = 'warehouse: {type: duckdb, path: shop.duckdb}';

  before(async () => {
    world = await startStagingWorld();
    await writeFile(join(world.directory, 'orders.csv'), 'id,note\n1,one\n2,two\n');
    const make = 'preSql: ["CREATE TABLE IF NOT EXISTS orders (id INTEGER, note VARCHAR)"]';
    await world.job('load', `${DUCKDB}\nload: {files: [orders.csv], table: orders, ${make}}`);
  });
  after(() => world.close());

  /** Its exit status, and what it printed. */
  async function cli(...args: string[]) {
    const child = spawn(process.execPath, [KARIKAGI, 'staging', ...args], { cwd: world.directory });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (bytes: Buffer) => {
      said.stdout += bytes.toString();
    });
    child.stderr.on('data', (bytes: Buffer) => {
      said.stderr += bytes.toString();
    });
    const [status] = await once(child, 'close');
    return { status: Number(status), ...said };
  }

  test('init writes a job file that only needs its values, and never over another', async () => {
    assert.equal((await cli('init', 'new.yaml')).status, 0);
    const text = await readFile(join(world.directory, 'new.yaml'), 'utf8');
    assert.match(text, /^job: orders$/m);
    const again = await cli('init', 'new.yaml');
    assert.equal(again.status, 1);
    assert.match(again.stderr, /exists already: take it away/);
    assert.equal((await cli('plan', 'new.yaml')).stderr.includes('orders.csv.gz is not a file'), true);
  });

  test('schema and policies are JSON', async () => {
    const schema = JSON.parse((await cli('schema')).stdout) as { required: string[] };
    assert.deepEqual(schema.required, ['job', 'connection']);
    const policies = JSON.parse((await cli('policies', 'load.yaml')).stdout) as Record<string, unknown>;
    assert.deepEqual(Object.keys(policies).sort(), ['bucket', 'caller', 'permissions', 'trust']);
    assert.match(JSON.stringify(policies['trust']), /user\/loader/);
  });

  test('plan shows steps, files, the session and the policies', async () => {
    const { stdout, status } = await cli('plan', 'load.yaml');
    assert.equal(status, 0);
    for (const part of [
      /sts:AssumeRole/,
      /orders\.csv: 20 bytes/,
      /lasts 15 min/,
      /"s3:prefix": "staging\/load\/\*"/,
    ]) {
      assert.match(stdout, part);
    }
  });

  test('a finding has its place, and the status is 1', async () => {
    await writeFile(
      join(world.directory, 'bad.yaml'),
      'job: bad\nconnection: {bucket: abc, region: us-east-1}\nlaod: 1\n',
    );
    const { status, stderr } = await cli('plan', 'bad.yaml');
    assert.equal(status, 1);
    assert.match(stderr, /bad\.yaml:3:1: laod: there is no such property/);
  });

  test('run, status and clean; a line of JSON for each event', async () => {
    const { stdout, status } = await cli('run', 'load.yaml', '--json');
    assert.equal(status, 0);
    const events = stdout
      .trim()
      .split('\n')
      .map(line => (JSON.parse(line) as { event: string }).event);
    assert.deepEqual(events, [
      'started',
      'part-staged',
      'staged',
      'part-landed',
      'committed',
      'landed',
      'removed',
      'done',
    ]);
    assert.match((await cli('status', 'load.yaml')).stdout, /^run \w+: done, 1 part, 2 rows/);
    assert.equal((await cli('clean', 'load.yaml')).stdout, '1 objects are removed\n');
    assert.match((await cli('status', 'load.yaml')).stdout, /no run of this job/);
  });

  test('a run that fails says how to go on, and resume goes on', async () => {
    await world.job('broken', `${DUCKDB}\nload: {files: [orders.csv], table: later}`);
    const failed = await cli('run', 'broken.yaml');
    assert.equal(failed.status, 1);
    assert.match(failed.stderr, /later does not exist.*go on with "karikagi staging resume broken\.yaml"/s);
    assert.doesNotMatch(failed.stderr, /\n\s+at /, 'no stack');
    const again = await cli('run', 'broken.yaml');
    assert.match(again.stderr, /is not done: go on with "resume"/);
    await world.job(
      'makes',
      `${DUCKDB}\nload: {files: [orders.csv], table: orders, preSql: ["CREATE TABLE later (id INTEGER, note VARCHAR)"]}`,
    );
    assert.equal((await cli('run', 'makes.yaml')).status, 0);
    const resumed = await cli('resume', 'broken.yaml');
    assert.equal(resumed.status, 0, resumed.stderr);
    assert.match(resumed.stderr, /resumed: staging, 1 part, 2 rows/);
    assert.match(resumed.stdout, /^2 rows are in later$/m);
  });

  test('validate has a line for each check, and status 1 where one fails', async () => {
    const good = await cli('validate', 'load.yaml');
    assert.match(good.stdout, /^ok {7}s3:PutObject: /m);
    await world.trust('another-1234');
    const bad = await cli('validate', 'load.yaml', '--json');
    await world.trust('partner-4711');
    assert.equal(bad.status, 1);
    const checks = bad.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { name: string; result: string });
    assert.equal(checks.find(({ name }) => name === 'sts:AssumeRole')?.result, 'failed');
  });

  test('lifecycle prints the rule of the job’s prefix', async () => {
    const rule = JSON.parse((await cli('lifecycle', 'load.yaml', '--days', '3')).stdout) as {
      Filter: { Prefix: string };
      Expiration: { Days: number };
    };
    assert.deepEqual([rule.Filter.Prefix, rule.Expiration.Days], ['staging/load/', 3]);
    assert.equal((await cli('lifecycle', 'load.yaml', '--days', 'few')).status, 1);
  });
});
