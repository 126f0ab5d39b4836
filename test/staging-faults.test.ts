/** Staging jobs while S3, STS, IAM, the disk and the warehouse fail: nothing is lost, nothing comes twice, and the message says what to do. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, beforeEach, suite, test } from 'node:test';
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { callKarikagi } from '../src/clients/karikagi-api.js';
import {
  type Job,
  type JobFile,
  jobStatus,
  openJob,
  resumeJob,
  runJob,
  type StagingEvent,
  stagingPolicies,
} from '../src/staging/index.js';
import { without } from './clients/run.js';
import { startServerProcess } from './faults/server-process.js';
import { s3Of } from './support/all-kinds.js';
import { type FaultyEndpoint, startFaultyEndpoint } from './support/faulty-endpoint.js';
import { scrape } from './support/metrics.js';
import { type PostgresServer, startPostgres } from './support/postgres-server.js';
import { ROLE, type StagingWorld, startStagingWorld } from './support/staging-world.js';
import { until } from './support/until.js';

const ROWS = 60_000;
const CHILD = resolve(import.meta.dirname, 'support/staging-child.js');

suite('staging while something fails', { skip: without('postgresql') }, () => {
  let world: StagingWorld;
  let postgres: PostgresServer;
  let faulty: FaultyEndpoint;
  let content: string;

  before(async () => {
    world = await startStagingWorld();
    faulty = await startFaultyEndpoint(world.server.endpoint);
    postgres = await startPostgres();
    process.env['STAGING_FAULTS'] = postgres.createDatabase('warehouse');
    sql('CREATE TABLE orders (id bigint PRIMARY KEY, note text)');
    const lines = Array.from({ length: ROWS }, (_, n) => `${n},"note ${n}, ${'x'.repeat(n % 60)}"\n`);
    content = `id,note\n${lines.join('')}`;
    await writeFile(join(world.directory, 'orders.csv'), content);
  });
  after(async () => {
    postgres?.remove();
    await faulty?.close();
    await world?.close();
  });
  beforeEach(() => {
    faulty.fault = () => undefined;
    sql('TRUNCATE orders');
  });

  const sql = (statement: string) => postgres.run(statement, 'warehouse').trim();
  const loaded = () => assert.equal(sql('SELECT count(*), sum(id), sum(length(note)) FROM orders'), sums());
  const sums = () => {
    const notes = content
      .split('\n')
      .slice(1, -1)
      .map(line => line.length - line.indexOf(',') - 3);
    return `${ROWS}|${(ROWS * (ROWS - 1)) / 2}|${notes.reduce((all, length) => all + length, 0)}`;
  };

  const WAREHOUSE = 'warehouse: {type: postgres, url: {env: STAGING_FAULTS}}';
  const MORE = `${WAREHOUSE}\nload: {files: [orders.csv], table: orders}\nstaging: {partSize: 1, parallel: 1}`;
  async function load(name: string): Promise<Job> {
    return through(await world.job(name, MORE), faulty.endpoint);
  }
  const through = (job: Job, endpoint: string): Job => ({
    ...job,
    connection: { ...job.connection, endpoint },
  });

  /** The rows of the file in a warehouse of its own. */
  async function fromDuckDb(): Promise<NonNullable<Job['load']>> {
    const preSql = ['CREATE TABLE orders (id BIGINT, note VARCHAR)'];
    const warehouse = { type: 'duckdb', path: 'source.duckdb' } as const;
    const make = await load('source');
    await runJob({ ...make, warehouse, load: { ...make.load!, preSql } }, { clock: world.clock });
    return { from: { warehouse, table: 'orders' }, table: 'orders' };
  }

  /** Runs until it fails; `at` is called at each event of its name, with how many there were. */
  async function failing(
    job: Job,
    event: StagingEvent['event'],
    at: (times: number) => unknown,
  ): Promise<string> {
    let times = 0;
    const asked: unknown[] = [];
    const error = await runJob(job, {
      clock: world.clock,
      hear: heard => {
        if (heard.event === event) asked.push(at(++times));
      },
    }).then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    await Promise.all(asked);
    return error?.message ?? 'it did not fail';
  }

  test('S3 answers 503, cuts connections and breaks answers off now and then: the run ends well', async () => {
    const faults = ['busy', 'cut', 'half'] as const;
    faulty.fault = number => (number % 4 === 0 ? faults[(number / 4) % 3] : undefined);
    const job = await load('flaky');
    await runJob(job, { clock: world.clock });
    loaded();
    sql('TRUNCATE orders');
    await runJob({ ...job, staging: { ...job.staging, overlap: false } }, { clock: world.clock });
    loaded();
    assert.ok(faulty.faults >= 6, `${faulty.faults} faults`);
  });

  test('S3 stays away: the message says so, and the run goes on later', async () => {
    const job = await load('away');
    const message = await failing(job, 'part-staged', () => {
      faulty.fault = () => 'cut';
    });
    assert.match(message, /S3 or STS does not answer as it should: .* goes on later, where it stopped/);
    faulty.fault = () => undefined;
    await resumeJob(job, { clock: world.clock });
    loaded();
  });

  test('S3 goes away while parts land: the transaction is undone at once, and the run goes on later', async () => {
    const job = await load('halfway');
    const message = await failing(job, 'part-landed', () => {
      faulty.fault = () => 'cut';
    });
    assert.match(message, /S3 or STS does not answer as it should/);
    assert.equal((await jobStatus(await world.job('halfway', MORE)))?.step, 'staging');
    const sessions = `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'karikagi staging halfway'`;
    await until(() => sql(sessions) === '0');
    assert.equal(sql('SELECT count(*) FROM orders'), '0');
    faulty.fault = () => undefined;
    await resumeJob(job, { clock: world.clock });
    loaded();
  });

  test('the table refuses a record of the last part: nothing is loaded, and the run goes on with a table that takes it', async () => {
    sql(`ALTER TABLE orders ADD CONSTRAINT few CHECK (id < ${ROWS - 1})`);
    const job = await load('refusing');
    await assert.rejects(
      runJob(job, { clock: world.clock }),
      /loaded nothing: .*violates check constraint "few"/,
    );
    assert.equal(sql('SELECT count(*) FROM orders'), '0');
    sql('ALTER TABLE orders DROP CONSTRAINT few');
    await resumeJob(job, { clock: world.clock });
    loaded();
  });

  test('the role’s policy is taken away in mid-job, and given back', async () => {
    const job = await load('denied');
    const message = await failing(job, 'part-staged', () =>
      world.iam.send(new DeleteRolePolicyCommand({ RoleName: ROLE, PolicyName: 'stage' })),
    );
    assert.match(message, /AccessDenied.*Compare the policies .* with what "policies" prints/s);
    await world.permit(stagingPolicies({ ...job, prefix: 'staging/' }).permissions);
    await resumeJob(job, { clock: world.clock });
    loaded();
  });

  test('a session that is revoked in mid-job, by Karikagi’s API or by a policy as AWS does it, is replaced', async () => {
    const { endpoint, root } = world.server;
    const target = { endpoint, region: 'us-east-1', credentials: root!, clock: world.clock };
    const sessions = async () => {
      const { Sessions } = (await callKarikagi(target, 'ListSessions', {})) as {
        Sessions: { AccessKeyId: string }[];
      };
      return Sessions.map(({ AccessKeyId }) => AccessKeyId);
    };
    const revoke = async () => {
      for (const AccessKeyId of await sessions())
        await callKarikagi(target, 'RevokeSession', { AccessKeyId });
    };
    let revoked: Promise<void> | undefined;
    await runJob(await load('revoked'), {
      clock: world.clock,
      hear: ({ event }) => {
        if (event === 'part-staged') revoked ??= revoke();
      },
    });
    await revoked;
    loaded();

    sql('TRUNCATE orders');
    const before = new Date(world.clock.now()).toISOString();
    world.clock.advance(2);
    const older = { Effect: 'Deny', Action: '*', Resource: '*' };
    let denied: Promise<unknown> | undefined;
    await runJob(await load('older'), {
      clock: world.clock,
      hear: ({ event }) => {
        if (event !== 'part-staged' || denied) return;
        world.clock.advance(2);
        const now = new Date(world.clock.now() - 1000).toISOString();
        assert.ok(now > before);
        const Statement = [{ ...older, Condition: { DateLessThan: { 'aws:TokenIssueTime': now } } }];
        const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
        denied = world.iam.send(
          new PutRolePolicyCommand({ RoleName: ROLE, PolicyName: 'older', PolicyDocument }),
        );
      },
    });
    await denied;
    await world.iam.send(new DeleteRolePolicyCommand({ RoleName: ROLE, PolicyName: 'older' }));
    loaded();
  });

  test('the external ID is changed in mid-job: the message names it, and a job with the new one goes on', async () => {
    const job = await load('external');
    const message = await failing(job, 'part-staged', async () => {
      await world.trust('another-1234');
      world.clock.advance(1000);
    });
    assert.match(message, /sts:AssumeRole.*Look at the role's trust policy, the external ID/s);
    const connection: JobFile['connection'] = { ...job.connection, externalId: 'another-1234' };
    await resumeJob({ ...job, connection }, { clock: world.clock });
    await world.trust('partner-4711');
    loaded();
  });

  for (const [at, from] of [
    ['part-landed', 'files'],
    ['part-landed', 'a warehouse that stays'],
    ['staged', 'files'],
  ] as const) {
    test(`the warehouse restarts at "${at}" of a load from ${from}: its transaction begins again`, async () => {
      const waits: string[] = [];
      let restarted = false;
      let job = await load(`restarted-${at}-${from.length}`);
      if (from !== 'files') {
        job = { ...job, load: await fromDuckDb() };
      }
      await runJob(job, {
        clock: world.clock,
        hear: event => {
          if (event.event === 'waiting' && waits.push(event.reason) === 1) postgres.start();
          if (event.event !== at || restarted) return;
          restarted = true;
          postgres.stop('immediate');
        },
      });
      assert.ok(restarted && waits.length > 0, 'it waited');
      loaded();
    });
  }

  suite('a disk is full', { skip: without('cc') }, () => {
    let library: string;
    let faults: string;
    before(async () => {
      library = join(world.directory, 'disk-faults.so');
      faults = join(world.directory, 'faults');
      await mkdir(faults);
      const source = resolve(import.meta.dirname, '../../test/faults/disk-faults.c');
      execFileSync('cc', ['-shared', '-fPIC', '-Wall', '-Werror', '-o', library, source, '-ldl']);
    });

    test('the machine’s, under the file of an unload: no half of it is left, and the run goes on', async () => {
      sql("INSERT INTO orders SELECT n, 'note ' || n FROM generate_series(1, 20000) AS n");
      const what = `${WAREHOUSE}\nunload: {query: SELECT * FROM orders ORDER BY id, file: back.csv}\nstaging: {partSize: 1}`;
      const job = await world.job('full', what);
      await writeFile(join(faults, 'full'), 'back.csv');
      const child = spawn(process.execPath, [CHILD, join(world.directory, 'full.yaml'), 'never'], {
        env: { ...process.env, LD_PRELOAD: library, DISK_FAULTS: faults },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      child.stderr.on('data', (bytes: Buffer) => {
        said += bytes.toString();
      });
      const [status] = await once(child, 'close');
      assert.equal(status, 1, said);
      assert.match(said, /The disk is full: make room for the file/);
      assert.deepEqual(
        (await readdir(world.directory)).filter(name => name.startsWith('back.csv')),
        [],
      );
      await rm(join(faults, 'full'));
      await resumeJob(job);
      const back = await readFile(join(world.directory, 'back.csv'), 'utf8');
      assert.equal(back.split('\n').length, 20_002);
    });

    test('that of the S3 server, in mid-load: the message says so, and the run goes on once there is room', async t => {
      const data = join(world.directory, 'data');
      const environment = { LD_PRELOAD: library, DISK_FAULTS: faults };
      const server = await startServerProcess(data, ['--metrics-listen', '0'], environment);
      t.after(() => server.kill());
      const s3 = s3Of(server);
      await s3.send(new CreateBucketCommand({ Bucket: 'staging-elsewhere' }));
      s3.destroy();
      process.env['STAGING_ELSEWHERE_KEY'] = server.credentials.accessKeyId;
      process.env['STAGING_ELSEWHERE_SECRET'] = server.credentials.secretAccessKey;
      const file = join(world.directory, 'elsewhere.yaml');
      const connection = `{accessKey: {env: STAGING_ELSEWHERE_KEY}, secretKey: {env: STAGING_ELSEWHERE_SECRET}, bucket: staging-elsewhere, region: us-east-1, endpoint: "${server.endpoint}"}`;
      await writeFile(
        file,
        `job: elsewhere\nconnection: ${connection}\n${WAREHOUSE}\nload: {files: [orders.csv], table: orders}\nstaging: {partSize: 1, parallel: 1}\n`,
      );
      const job = await openJob(file);
      const isFull = async () => (await scrape(server.metrics!)).sum('karikagi_disk_free_bytes') === 0;
      const message = await failing(job, 'part-staged', () => writeFileSync(join(faults, 'full'), data));
      assert.match(
        message,
        /The storage behind the bucket staging-elsewhere is full: .* goes on where it stopped/,
      );
      await rm(join(faults, 'full'));
      await until(async () => !(await isFull()));
      await resumeJob(job);
      loaded();
    });
  });
});
