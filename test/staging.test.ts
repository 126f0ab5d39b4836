/** `karikagi staging` with a real server and Debian's PostgreSQL. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, beforeEach, suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, DeleteObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { ManualClock, type RunningServer, startServer } from '../src/index.js';
import {
  cleanJob,
  type Job,
  jobEvents,
  jobStatus,
  openJob,
  type PolicyDocument,
  resumeJob,
  runJob,
  stagingPolicies,
  validateJob,
} from '../src/staging/index.js';
import { without } from './clients/run.js';
import { type PostgresServer, startPostgres } from './support/postgres-server.js';

const ACCOUNT = '111122223333';
const BUCKET = 'staging-bucket';
const ROLE = 'stager';
const CHILD = resolve(import.meta.dirname, 'support/staging-child.js');
const USER_ARN = `arn:aws:iam::${ACCOUNT}:user/loader`;

suite('the staging connection', { skip: without('postgresql') }, () => {
  let server: RunningServer;
  let postgres: PostgresServer;
  let directory: string;
  let iam: IAMClient;
  let s3: S3Client;
  let keyArn: string;
  const clock = new ManualClock();

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'karikagi-staging-'));
    server = await startServer({
      data: 'memory',
      port: 0,
      account: ACCOUNT,
      log: 'none',
      region: 'us-east-1',
      clock,
    });
    postgres = await startPostgres();
    process.env['STAGING_TEST_WAREHOUSE'] = postgres.createDatabase('warehouse');
    const { endpoint } = server;
    const config = { endpoint, region: 'us-east-1', credentials: server.root!, forcePathStyle: true };
    iam = new IAMClient(config);
    s3 = new S3Client(config);
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    keyArn = (await new KMSClient(config).send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
    await iam.send(new CreateUserCommand({ UserName: 'loader' }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'loader' }));
    process.env['STAGING_TEST_KEY'] = AccessKey!.AccessKeyId;
    process.env['STAGING_TEST_SECRET'] = AccessKey!.SecretAccessKey;
    await setUp(await job('setup'));
  });
  after(async () => {
    postgres?.remove();
    await server?.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** A job on the encrypted prefix of the bucket. `more`: its load or unload, in YAML. */
  async function job(name: string, more = 'load: {files: [orders.csv], table: orders}'): Promise<Job> {
    const file = join(directory, `${name}.yaml`);
    const connection = [
      'accessKey: {env: STAGING_TEST_KEY}',
      'secretKey: {env: STAGING_TEST_SECRET}',
      `s3IamRoleArn: arn:aws:iam::${ACCOUNT}:role/${ROLE}`,
      'externalId: partner-4711',
      `bucket: ${BUCKET}`,
      'region: us-east-1',
      `endpoint: ${server.endpoint}`,
      `encryption: {type: sse-kms, key: "${keyArn}"}`,
    ];
    const warehouse = 'warehouse: {type: postgres, url: {env: STAGING_TEST_WAREHOUSE}}';
    await writeFile(
      file,
      [`job: ${name}`, 'connection:', ...connection.map(l => `  ${l}`), warehouse, more].join('\n'),
    );
    return openJob(file);
  }

  /** The policies that `karikagi staging policies` gives, and no others. They are of all jobs of this test. */
  async function setUp(of: Job): Promise<void> {
    const { caller, trust, permissions } = stagingPolicies({ ...of, prefix: 'staging/' }, USER_ARN);
    const text = JSON.stringify;
    await iam.send(
      new PutUserPolicyCommand({ UserName: 'loader', PolicyName: 'assume', PolicyDocument: text(caller) }),
    );
    await iam.send(new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument: text(trust) }));
    await permit(permissions);
    postgres.run('CREATE TABLE orders (id bigint PRIMARY KEY, customer text, amount numeric)', 'warehouse');
  }

  const permit = (document: PolicyDocument) =>
    iam.send(
      new PutRolePolicyCommand({
        RoleName: ROLE,
        PolicyName: 'stage',
        PolicyDocument: JSON.stringify(document),
      }),
    );

  async function checked(of: Job) {
    const found: Record<string, string> = {};
    const messages: Record<string, string> = {};
    for await (const { name, result, message } of validateJob(of)) {
      found[name] = result;
      messages[name] = message;
    }
    return { found, messages };
  }

  const objects = async () =>
    ((await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }))).Contents ?? []).map(({ Key }) => Key);

  suite('validate', () => {
    test('the least policies are enough, and nothing is left behind', async () => {
      const { found, messages } = await checked(await job('validated'));
      assert.deepEqual([...new Set(Object.values(found))], ['passed'], JSON.stringify(messages));
      assert.match(messages['external ID']!, /refused without it/);
      assert.deepEqual(await objects(), []);
    });

    const actions = [
      's3:ListBucket',
      's3:PutObject',
      's3:GetObject',
      's3:DeleteObject',
      'kms:GenerateDataKey',
      'kms:Decrypt',
    ];
    for (const action of actions) {
      test(`without ${action} the check of its name fails, and says so`, async t => {
        const of = await job('validated');
        const { permissions } = stagingPolicies({ ...of, prefix: 'staging/' });
        t.after(async () => {
          await permit(permissions);
          for (const Key of await objects()) await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
        });
        const left = JSON.stringify(permissions, (name, value) =>
          name === 'Action' ? [value].flat().filter(each => each !== action) : value,
        );
        const Statement = (JSON.parse(left) as PolicyDocument).Statement.filter(
          statement => (statement as { Action: string[] }).Action.length > 0,
        );
        await permit({ Version: '2012-10-17', Statement });
        const { found, messages } = await checked(of);
        const failed = Object.keys(found).filter(name => found[name] === 'failed');
        assert.equal(failed.length, 1, JSON.stringify(messages));
        assert.ok(failed[0]!.split(', ').includes(action), failed[0]);
        assert.match(messages[failed[0]!]!, /AccessDenied|Access Denied/);
      });
    }

    test('without sts:AssumeRole in the trust policy the check of its name fails, and says so', async t => {
      const { trust } = stagingPolicies(await job('validated'), USER_ARN);
      const text = JSON.stringify(trust);
      const update = (PolicyDocument: string) =>
        iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: ROLE, PolicyDocument }));
      t.after(() => update(text));
      await update(text.replace('sts:AssumeRole', 'sts:TagSession'));
      const { found, messages } = await checked(await job('validated'));
      assert.equal(found['sts:AssumeRole'], 'failed');
      assert.match(messages['sts:AssumeRole']!, /AccessDenied/);
    });

    test('a trust policy that does not ask for the external ID is warned of', async t => {
      const { trust } = stagingPolicies(await job('validated'), USER_ARN);
      const update = (PolicyDocument: string) =>
        iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: ROLE, PolicyDocument }));
      t.after(() => update(JSON.stringify(trust)));
      await update(JSON.stringify(trust, (name, value) => (name === 'Condition' ? undefined : value)));
      assert.equal((await checked(await job('validated'))).found['external ID'], 'warning');
    });

    test('the wrong external ID, a longer session than the role allows, a missing table', async () => {
      const of = await job('validated');
      const wrong = await checked({ ...of, connection: { ...of.connection, externalId: 'another' } });
      assert.equal(wrong.found['sts:AssumeRole'], 'failed');
      assert.equal(wrong.found['the bucket'], 'skipped');
      const long = await checked({ ...of, duration: 7200 });
      assert.equal(long.found['sts:AssumeRole'], 'failed');
      const { messages } = await checked(await job('missing', 'load: {files: [a.csv], table: nowhere}'));
      assert.match(messages['warehouse']!, /"nowhere" does not exist/);
    });

    test('a warehouse that is away is said without its URL', async () => {
      process.env['STAGING_TEST_AWAY'] = 'postgres://me:pass4711@127.0.0.1:1/db';
      const of = await job('validated');
      const { messages } = await checked({
        ...of,
        warehouse: { type: 'postgres', url: { env: 'STAGING_TEST_AWAY' } },
      });
      assert.match(messages['warehouse']!, /does not let us in/);
      assert.doesNotMatch(JSON.stringify(messages), /pass4711/);
    });
  });

  suite('run and resume', () => {
    const ROWS = 45_000;
    /** Quotes, line breaks, delimiters, NULL beside the empty text, and letters of several bytes. */
    const CONTENT = `SELECT n AS id, CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'a "b"\\nc, d' ELSE 'käfer ' || md5(n::text) END AS customer, n / 7.0 AS amount FROM generate_series(1, ${ROWS}) AS n`;
    const source = () => join(postgres.directory, 'orders.csv');
    const target = () => join(directory, 'back.csv');
    const LOAD = (parallel = 3) => `load: {files: ["${source()}"], table: orders}
staging: {partSize: 1, parallel: ${parallel}}`;
    const UNLOAD =
      'unload: {query: "SELECT * FROM content ORDER BY id", file: back.csv}\nstaging: {partSize: 1}';

    before(() => {
      postgres.run(`CREATE TABLE content AS ${CONTENT}`, 'warehouse');
      postgres.run(
        `\\copy (SELECT * FROM content ORDER BY id) TO '${source()}' (FORMAT csv, HEADER)`,
        'warehouse',
      );
    });
    beforeEach(() => postgres.run('TRUNCATE orders', 'warehouse'));

    /** Every row of the table is one of the source's, once. */
    const loaded = () =>
      assert.equal(
        postgres
          .run(
            `SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM (SELECT * FROM orders INTERSECT SELECT * FROM content) AS same)`,
            'warehouse',
          )
          .trim(),
        `${ROWS}|${ROWS}`,
      );
    const left = async (of: Job) => (await objects()).filter(key => key!.startsWith(of.prefix));
    const onlyState = async (of: Job) => assert.deepEqual(await left(of), [`${of.prefix}state.json`]);

    test('files into a table and a query into a compressed file: every row and byte comes back', async () => {
      const load = await job('load', LOAD());
      const { rows, parts } = await runJob(load);
      assert.equal(rows, ROWS);
      assert.ok(parts >= 2, `${parts} parts`);
      loaded();
      await onlyState(load);
      const query = 'unload: {query: "SELECT * FROM orders ORDER BY id", file: back.csv.gz}';
      await runJob(await job('unload', query));
      const back = gunzipSync(await readFile(join(directory, 'back.csv.gz')));
      assert.ok(back.equals(await readFile(source())));
      assert.equal(await cleanJob(load), 1);
      assert.deepEqual(await left(load), []);
    });

    const killed = async (of: string, event: string, times = 1) => {
      const child = spawn(process.execPath, [CHILD, join(directory, `${of}.yaml`), event, String(times)], {
        stdio: 'inherit',
      });
      const [, signal] = await once(child, 'exit');
      assert.equal(signal, 'SIGKILL', `the event ${event} did not happen`);
    };

    /** An event, of its name so many, and the step that the state says then. */
    type Kill = readonly [event: string, times: number, step: string];
    const STAGED: readonly Kill[] = [
      ['started', 1, 'staging'],
      ['part-staged', 2, 'staging'],
    ];
    const LANDED: readonly Kill[] = [
      ['landed', 1, 'landed'],
      ['removed', 1, 'landed'],
    ];
    const FROM =
      'load: {from: {warehouse: {type: postgres, url: {env: STAGING_TEST_WAREHOUSE}}, table: content}, table: orders}';
    const small = (more = '') => `staging: {partSize: 1, parallel: 1${more}}`;
    const loads: Readonly<Record<string, readonly [what: () => string, kills: readonly Kill[]]>> = {
      'a load': [
        () => LOAD(1),
        [
          ...STAGED,
          ['part-landed', 1, 'staging'],
          ['part-landed', 2, 'staging'],
          ['staged', 1, 'staged'],
          ['committed', 1, 'staged'],
          ...LANDED,
        ],
      ],
      'a load that stages all first': [
        () => `${LOAD(1).split('\n')[0]}\n${small(', overlap: false, compression: none')}`,
        [
          ['staged', 1, 'staged'],
          ['part-landed', 2, 'staged'],
          ['committed', 1, 'staged'],
        ],
      ],
      'a load from another warehouse': [
        () => `${FROM}\n${small()}`,
        [
          ['part-landed', 2, 'staging'],
          ['committed', 1, 'staged'],
        ],
      ],
    };
    for (const [which, [what, kills]] of Object.entries(loads)) {
      for (const [event, times, step] of kills) {
        test(`${which} that is killed at "${event}" (${times}) goes on, and loads every row once`, async () => {
          const of = await job(`${which.replaceAll(' ', '-')}-${event}-${times}`, what());
          await killed(of.job, event, times);
          assert.equal((await jobStatus(of))?.step, step);
          await assert.rejects(runJob(of), /is not done: go on with "resume"/);
          await resumeJob(of);
          loaded();
          await onlyState(of);
          assert.equal((await jobStatus(of))?.step, 'done');
        });
      }
    }

    const unloads: Readonly<Record<string, readonly [more: string, kills: readonly Kill[]]>> = {
      'an unload': [
        '',
        [
          ...STAGED,
          ['part-landed', 2, 'staging'],
          ['staged', 1, 'staged'],
          ['written', 1, 'staged'],
          ...LANDED,
        ],
      ],
      'an unload that stages all first': [
        ', overlap: false, compression: none',
        [
          ['staged', 1, 'staged'],
          ['part-landed', 2, 'staged'],
        ],
      ],
    };
    for (const [which, [more, kills]] of Object.entries(unloads)) {
      for (const [event, times, step] of kills) {
        test(`${which} that is killed at "${event}" (${times}) goes on, and the file is whole`, async () => {
          await rm(target(), { force: true });
          const of = await job(
            `${which.replaceAll(' ', '-')}-${event}-${times}`,
            `${UNLOAD.split('\n')[0]}\n${small(more)}`,
          );
          await killed(of.job, event, times);
          assert.equal((await jobStatus(of))?.step, step);
          await resumeJob(of);
          assert.ok((await readFile(target())).equals(await readFile(source())));
          await onlyState(of);
        });
      }
    }

    test('a query that fails on its way, or says notices between long rows', async () => {
      const unload = (name: string, query: string) =>
        job(name, `unload: {query: "${query}", file: ${name}.csv}\nstaging: {partSize: 1, parallel: 1}`);
      const late = await unload(
        'divided',
        'SELECT n, repeat(md5(n::text), 9) AS text, 1 / (20000 - n) AS share FROM generate_series(1, 20000) AS n',
      );
      await assert.rejects(runJob(late), /the warehouse has handed out nothing: division by zero/);
      assert.deepEqual(
        (await readdir(directory)).filter(name => name.startsWith('divided.csv')),
        [],
      );
      postgres.run(
        "CREATE FUNCTION noisy(n integer) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'row %', n; RETURN repeat(n::text, 100000); END $$",
        'warehouse',
      );
      await runJob(await unload('noisy', 'SELECT n, noisy(n) AS text FROM generate_series(1, 40) AS n'));
      const rows = Array.from({ length: 40 }, (_, n) => `${n + 1},${String(n + 1).repeat(100_000)}\n`);
      assert.equal(await readFile(join(directory, 'noisy.csv'), 'utf8'), `n,text\n${rows.join('')}`);
    });

    test('a process whose run is taken over stops, and the rows are there once', async () => {
      const of = await job('taken', LOAD());
      let other: Promise<unknown> | undefined;
      const first = runJob(of, {
        hear({ event }) {
          if (event === 'part-staged') other ??= resumeJob(of);
        },
      });
      await assert.rejects(first, /another process has taken this job over/);
      await other;
      loaded();
      await onlyState(of);
    });

    test('upsert, truncate, and statements before and after, in one transaction', async () => {
      postgres.run("INSERT INTO orders VALUES (1, 'old', 0), (-1, 'stays', 0)", 'warehouse');
      const upsert = `load: {files: ["${source()}"], table: orders, mode: upsert, keys: [id], postSql: ["DELETE FROM orders WHERE id < 0"]}`;
      await runJob(await job('upsert', upsert));
      loaded();
      await runJob(await job('truncate', `load: {files: ["${source()}"], table: orders, mode: truncate}`));
      loaded();
      const commits = `load: {files: ["${source()}"], table: orders, mode: truncate, preSql: [COMMIT]}`;
      await assert.rejects(runJob(await job('commits', commits)), /preSql ends the transaction/);
      loaded();
    });

    test('a row that the table refuses: its line is said, and nothing is loaded', async () => {
      await writeFile(join(directory, 'bad.csv'), 'id,customer,amount\n1,a,1\n2,b,much\n');
      const of = await job('bad', 'load: {files: [bad.csv], table: orders}');
      await assert.rejects(runJob(of), /nothing: invalid input syntax for type numeric: "much".*line 2/);
      assert.equal(postgres.run('SELECT count(*) FROM orders', 'warehouse').trim(), '0');
      await assert.rejects(resumeJob(of), /much/);
      await cleanJob(of);
      assert.deepEqual(await left(of), []);
    });

    test('PostgreSQL’s rows in a Parquet file and back, every row', async () => {
      const file = 'content.parquet';
      await runJob(
        await job('parquet-out', `unload: {table: content, file: ${file}}\nstaging: {partSize: 1}`),
      );
      const load = `load: {files: [${file}], table: orders}\nstaging: {partSize: 1}`;
      assert.equal((await runJob(await job('parquet-in', load))).rows, ROWS);
      loaded();
    });

    test('refused rows are in the error file, whatever kills the load, and the others are in the table', async () => {
      postgres.run("INSERT INTO orders VALUES (5, 'there', 0)", 'warehouse');
      const lines = Array.from({ length: 40 }, (_, n) => `${n},"a ""b""\nc",${n === 17 ? 'much' : n}\n`);
      await writeFile(join(directory, 'some.csv'), `id,customer,amount\n${lines.join('')}`);
      const of = await job(
        'some',
        'load: {files: [some.csv], table: orders, errorFile: some-refused.csv, maxErrors: 2}',
      );
      await killed('some', 'committed');
      const { rows, refused } = await resumeJob(of);
      assert.deepEqual([rows, refused], [38, 2]);
      assert.equal(
        postgres.run('SELECT count(*), sum(id) FROM orders', 'warehouse').trim(),
        `39|${780 - 17}`,
      );
      const text = await readFile(join(directory, 'some-refused.csv'), 'utf8');
      assert.match(
        text,
        /^record,reason,text\n6,"duplicate key .*","5,""a """"b""""\nc"",5"\n18,"invalid input .*much.*","17,.*much"\n$/s,
      );
      const fewer = await job(
        'fewer',
        'load: {files: [some.csv], table: orders, errorFile: x.csv, maxErrors: 1}',
      );
      await assert.rejects(runJob(fewer), /more records are refused than load.maxErrors allows \(1\)/);
      assert.equal(postgres.run('SELECT count(*) FROM orders', 'warehouse').trim(), '39');
    });

    test('files that change before a resume are noticed', async () => {
      const file = join(directory, 'changing.csv');
      await copyFile(source(), file);
      const of = await job(
        'changing',
        'load: {files: [changing.csv], table: orders}\nstaging: {partSize: 1, parallel: 1}',
      );
      await killed('changing', 'part-staged', 2);
      await writeFile(file, (await readFile(file, 'utf8')).replace('käfer', 'hafer'));
      await assert.rejects(resumeJob(of), /source files have changed/);
    });

    test('sessions of 900 seconds are renewed through a job of hours', async () => {
      const of = await job('renewed', LOAD(1));
      let parts = 0;
      await runJob(of, {
        clock,
        hear({ event }) {
          if (!event.startsWith('part-')) return;
          parts++;
          clock.advance(1200);
        },
      });
      assert.ok(parts >= 4, `${parts} parts`);
      loaded();
    });

    test('a session that ends before its time, by a clock that is late: the part is tried again with new keys', async () => {
      const of = await job('late', LOAD(1));
      let moved = false;
      await runJob(of, {
        hear({ event }) {
          if (event !== 'part-staged' || moved) return;
          moved = true;
          clock.advance(1000);
        },
      });
      loaded();
    });

    test('events, one after the other, as an iterable', async () => {
      const seen: string[] = [];
      for await (const { event } of jobEvents(await job('events', LOAD()))) seen.push(event);
      // A part is staged and lands at the same time.
      assert.deepEqual(
        seen.filter(event => !event.startsWith('part-')),
        ['started', 'staged', 'committed', 'landed', 'removed', 'done'],
      );
      const parts = seen.filter(event => event === 'part-landed').length;
      assert.ok(parts > 1);
      assert.equal(
        seen.slice(0, seen.indexOf('committed')).filter(event => event === 'part-staged').length,
        parts,
      );
      postgres.run('TRUNCATE orders', 'warehouse');
      const first: string[] = [];
      for await (const { event } of jobEvents(await job('first', `${LOAD().slice(0, -1)}, overlap: false}`)))
        first.push(event);
      assert.deepEqual(
        [...new Set(first)],
        ['started', 'part-staged', 'staged', 'part-landed', 'committed', 'landed', 'removed', 'done'],
      );
    });
  });
});
