/** `karikagi staging` with the embedded DuckDB, CSV and Parquet. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import {
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { staticCredentials } from '../src/credentials/index.js';
import { cleanJob, resumeJob, runJob, setLifecycle, validateJob } from '../src/staging/index.js';
import { BUCKET, type StagingWorld, startStagingWorld } from './support/staging-world.js';

const ROWS = 20_000;
const CHILD = resolve(import.meta.dirname, 'support/staging-child.js');
/** Quotes, line breaks, delimiters, NULL beside the empty text, numbers and times of several types, lists. */
const CONTENT = `SELECT n AS id,
  CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'a "b"\\nc, d' ELSE 'käfer ' || md5(n::VARCHAR) END AS customer,
  (n / 7)::DECIMAL(12, 4) AS amount, n / 3 AS share, n % 2 = 0 AS even,
  DATE '2026-01-01' + (n % 365)::INTEGER AS day, TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(n) AS at,
  [n, NULL, n + 1] AS pair
  FROM range(1, ${ROWS} + 1) AS numbers(n)`;

suite('the staging connection with DuckDB', () => {
  let world: StagingWorld;
  before(async () => {
    world = await startStagingWorld();
    await sql('source', `CREATE TABLE orders AS ${CONTENT}`);
  });
  after(() => world.close());

  /** The rows of one statement on a database of the test's directory, as text. */
  async function sql(database: string, statement: string): Promise<unknown[][]> {
    const instance = await DuckDBInstance.create(join(world.directory, `${database}.duckdb`));
    const connection = await instance.connect();
    try {
      return await (await connection.run(statement)).getRowsJson();
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  }

  const warehouse = (database: string) => `warehouse: {type: duckdb, path: ${database}.duckdb}`;
  const small = 'staging: {partSize: 1, parallel: 2}';

  /** Every row of the source is in the table, once, and no other. */
  async function same(database: string): Promise<void> {
    const file = join(world.directory, 'source.duckdb');
    const difference = await sql(
      database,
      `ATTACH '${file}' AS source (READ_ONLY); SELECT (SELECT count(*) FROM orders),
        (SELECT count(*) FROM (FROM orders EXCEPT ALL FROM source.orders)), (SELECT count(*) FROM (FROM source.orders EXCEPT ALL FROM orders))`,
    );
    assert.deepEqual(difference, [[String(ROWS), '0', '0']]);
  }

  const emptied = (database: string) =>
    sql(
      database,
      `CREATE OR REPLACE TABLE orders AS ${CONTENT.replace(/FROM range.*/s, 'FROM range(0) AS numbers(n)')}`,
    );

  for (const file of ['orders.parquet', 'orders.csv', 'orders.csv.gz']) {
    test(`a table goes to ${file} and back, and every row is there once`, async () => {
      const name = file.replaceAll('.', '-');
      const unload = await world.job(
        `out-${name}`,
        `${warehouse('source')}\nunload: {table: orders, file: ${file}}\n${small}`,
      );
      const result = await runJob(unload);
      assert.equal(result.rows, ROWS);
      assert.ok(result.parts >= 2, `${result.parts} parts`);
      await emptied(name);
      const load = await world.job(
        `in-${name}`,
        `${warehouse(name)}\nload: {files: [${file}], table: orders}\n${small}`,
      );
      assert.equal((await runJob(load)).rows, ROWS);
      await same(name);
      assert.deepEqual(await world.keys(load.prefix), [`${load.prefix}state.json`]);
      const beside = (await readdir(world.directory)).filter(each => /\.part|duckdb\..*csv/.test(each));
      assert.deepEqual(beside, []);
    });
  }

  test('a query of another warehouse goes into a table, without files', async () => {
    await emptied('direct');
    const from = 'from: {warehouse: {type: duckdb, path: source.duckdb}, query: SELECT * FROM orders}';
    await runJob(
      await world.job('direct', `${warehouse('direct')}\nload: {${from}, table: orders}\n${small}`),
    );
    await same('direct');
  });

  test('an answer without rows: its columns are in the file', async () => {
    const job = await world.job(
      'empty',
      `${warehouse('source')}\nunload: {query: "SELECT id, amount FROM orders WHERE id < 0", file: empty.parquet}`,
    );
    assert.equal((await runJob(job)).rows, 0);
    const file = join(world.directory, 'empty.parquet');
    assert.deepEqual(
      await sql('source', `SELECT name, type FROM parquet_schema('${file}') WHERE type IS NOT NULL`),
      [
        ['id', 'INT64'],
        ['amount', 'INT64'],
      ],
    );
  });

  test('without a warehouse the table is in a file of the job’s name', async () => {
    await sql('named', 'CREATE TABLE pairs (a INTEGER, b VARCHAR)');
    await writeFile(join(world.directory, 'pairs.csv'), 'a,b\n1,one\n2,two\n');
    const job = await world.job('named', 'load: {files: [pairs.csv], table: pairs}');
    await runJob(job);
    assert.deepEqual(await sql('named', 'FROM pairs ORDER BY a'), [
      [1, 'one'],
      [2, 'two'],
    ]);
  });

  test('validate opens the file and looks for the table, and makes neither', async () => {
    const checks = async (database: string, what: string) => {
      const job = await world.job('checked', `${warehouse(database)}\n${what}`);
      const found: Record<string, string> = {};
      for await (const { name, result, message } of validateJob(job)) found[name] = `${result}: ${message}`;
      return found;
    };
    const load = (table: string) => `load: {files: [a.csv], table: ${table}}`;
    assert.match((await checks('source', load('orders')))['warehouse']!, /^passed/);
    assert.match(
      (await checks('source', load('nowhere')))['warehouse']!,
      /^failed: .*nowhere does not exist/s,
    );
    const from = (table: string) =>
      `load: {from: {warehouse: {type: duckdb, path: source.duckdb}, table: ${table}}, table: new}`;
    const found = await checks('made', from('orders'));
    assert.match(found['source']!, /^passed/);
    assert.match(found['warehouse']!, /^warning: made\.duckdb is not there: the load makes it/);
    assert.match((await checks('made', from('nowhere')))['source']!, /^failed/);
    assert.match(
      (await checks('made', 'unload: {table: a, file: a.csv}'))['warehouse']!,
      /^failed: made\.duckdb is not there/,
    );
    assert.ok(!(await readdir(world.directory)).includes('made.duckdb'));
  });

  suite('what the table refuses', () => {
    before(async () => {
      await writeFile(
        join(world.directory, 'bad.csv'),
        'id,day\n1,2026-01-01\nsix,"never,\nnever"\n3,2026-01-03\n4,tomorrow\n',
      );
    });
    const load = (database: string, more = '') =>
      world.job(database, `${warehouse(database)}\nload: {files: [bad.csv], table: days${more}}`);
    const days = (database: string) => sql(database, 'CREATE TABLE days (id INTEGER, day DATE)');

    test('goes to the error file with its number and reason, and the others are loaded', async () => {
      await days('tolerant');
      const job = await load('tolerant', ', errorFile: refused.csv');
      const { rows, refused } = await runJob(job);
      assert.deepEqual([rows, refused], [2, 2]);
      assert.deepEqual(await sql('tolerant', 'SELECT id, day::VARCHAR FROM days ORDER BY id'), [
        [1, '2026-01-01'],
        [3, '2026-01-03'],
      ]);
      const text = await readFile(join(world.directory, 'refused.csv'), 'utf8');
      assert.match(
        text,
        /^record,reason,text\n2,".*""?six""?.*","six,""never,\nnever"""\n4,".*tomorrow.*","4,tomorrow"\n$/s,
      );
      assert.deepEqual(await sql('tolerant', 'SELECT rows FROM karikagi_staging_loads'), [['2']]);
    });

    test('ends the load where there is no file for it, or more than may be', async () => {
      await days('strict');
      await assert.rejects(runJob(await load('strict')), /loaded nothing: record 2: .*six/);
      await cleanJob(await load('strict'));
      const limited = await load('strict', ', errorFile: refused.csv, maxErrors: 1');
      await assert.rejects(runJob(limited), /more records are refused than load.maxErrors allows \(1\)/);
      assert.deepEqual(await sql('strict', 'FROM days'), []);
      await cleanJob(limited);
    });
  });

  test('upsert, truncate and statements are one transaction; what ends it is refused', async () => {
    await sql('modes', 'CREATE TABLE pairs (a INTEGER PRIMARY KEY, b VARCHAR)');
    await sql('modes', "INSERT INTO pairs VALUES (1, 'old'), (7, 'stays')");
    await writeFile(join(world.directory, 'modes.csv'), 'a,b\n1,new\n2,two\n');
    const job = (name: string, more: string) =>
      world.job(name, `${warehouse('modes')}\nload: {files: [modes.csv], table: pairs, ${more}}`);
    await runJob(await job('upsert', 'mode: upsert, keys: [a]'));
    const upserted = [
      [1, 'new'],
      [2, 'two'],
      [7, 'stays'],
    ];
    assert.deepEqual(await sql('modes', 'FROM pairs ORDER BY a'), upserted);
    const ends = await job('ends', 'mode: truncate, preSql: [COMMIT]');
    await assert.rejects(runJob(ends), /transaction/);
    assert.deepEqual(await sql('modes', 'FROM pairs ORDER BY a'), upserted);
    const after = 'postSql: ["INSERT INTO pairs SELECT 9, count(*) FROM pairs"]';
    await runJob(await job('emptied', `mode: truncate, ${after}`));
    assert.deepEqual(await sql('modes', 'FROM pairs ORDER BY a'), [
      [1, 'new'],
      [2, 'two'],
      [9, '2'],
    ]);
  });

  // What does not depend on the warehouse is killed in the tests with PostgreSQL.
  for (const event of ['part-landed', 'committed']) {
    test(`a load that is killed at "${event}" goes on, and loads every row once`, async () => {
      const name = `killed-${event}`;
      await emptied(name);
      const out = await world.job(
        'kill-source',
        `${warehouse('source')}\nunload: {table: orders, file: kill.parquet}`,
      );
      await runJob(out);
      const job = await world.job(
        name,
        `${warehouse(name)}\nload: {files: [kill.parquet], table: orders}\n${small}`,
      );
      const child = spawn(process.execPath, [CHILD, join(world.directory, `${name}.yaml`), event], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const [, signal] = await once(child, 'exit');
      assert.equal(signal, 'SIGKILL', `the event ${event} did not happen`);
      await resumeJob(job);
      await same(name);
    });
  }

  test('on the client’s own key S3 sees no row, and another key reads nothing', async () => {
    const key = 'c2l4dGVlbiBieXRlcyAxc2l4dGVlbiBieXRlcyAyMzQ=';
    process.env['STAGING_MASTER_KEY'] = Buffer.alloc(32, 7).toString('base64');
    const connection = ['encryption: {type: client-side, masterKey: {env: STAGING_MASTER_KEY}}'];
    await sql('sealed', 'CREATE TABLE pairs (a INTEGER, b VARCHAR)');
    await writeFile(join(world.directory, 'sealed.csv'), `a,b\n1,${'secret'.repeat(10)}\n`);
    const job = await world.job(
      'sealed',
      `${warehouse('sealed')}\nload: {files: [sealed.csv], table: pairs}\nstaging: {keep: true}`,
      connection,
    );
    await runJob(job);
    assert.equal((await sql('sealed', 'FROM pairs')).length, 1);
    const [part = ''] = (await world.keys(job.prefix)).filter(name => name.endsWith('.gz'));
    const { Body, Metadata } = await world.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: part }));
    const bytes = await Body!.transformToByteArray();
    assert.notEqual(bytes[0], 0x1f, 'no gzip');
    assert.equal(Metadata!['x-amz-cek-alg'], 'AES/GCM/NoPadding');
    process.env['STAGING_MASTER_KEY'] = key;
    await assert.rejects(resumeJob(job), /another master key/);
  });

  test('two jobs in each other’s prefix are refused', async () => {
    await sql('nested', 'CREATE TABLE pairs (a INTEGER, b VARCHAR)');
    const at = (name: string, prefix: string) =>
      world.job(name, `${warehouse('nested')}\nload: {files: [pairs.csv], table: pairs}`, [
        `prefix: ${prefix}`,
      ]);
    const outer = await at('outer', 'staging/');
    await runJob(outer);
    await assert.rejects(
      runJob(await at('inner', 'staging/outer/')),
      /lies inside of another job's, staging\/outer\//,
    );
    const Key = 'staging/outer/inner/state.json';
    await world.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: '{}' }));
    await assert.rejects(runJob(outer), /another job works inside of this one's prefix/);
    await cleanJob(outer);
    assert.deepEqual(await world.keys('staging/outer/'), [Key], 'what is another job’s stays');
  });

  test('the lifecycle rule goes beside those that are there', async () => {
    const other = {
      ID: 'other',
      Status: 'Enabled' as const,
      Filter: { Prefix: 'x/' },
      Expiration: { Days: 1 },
    };
    const LifecycleConfiguration = { Rules: [other] };
    await world.s3.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket: BUCKET, LifecycleConfiguration }),
    );
    const job = await world.job('ruled', 'load: {files: [pairs.csv], table: pairs}');
    const keys = staticCredentials(world.server.root!);
    await setLifecycle(job, keys, 3);
    await setLifecycle(job, keys);
    const { Rules = [] } = await world.s3.send(
      new GetBucketLifecycleConfigurationCommand({ Bucket: BUCKET }),
    );
    assert.deepEqual(
      Rules.map(({ ID, Filter, Expiration }) => [ID, Filter?.Prefix, Expiration?.Days]).sort(),
      [
        ['karikagi-staging-ruled', 'staging/ruled/', 7],
        ['other', 'x/', 1],
      ],
    );
  });
});
