/**
 * `karikagi staging` with a server that takes Redshift's COPY and UNLOAD by the grammar of its documentation, and executes
 * them on Debian's PostgreSQL with the keys or roles that it is given. Redshift itself is not tried.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, beforeEach, suite, test } from 'node:test';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import pg from 'pg';
import {
  cleanJob,
  type Job,
  planJob,
  resumeJob,
  runJob,
  stagingPolicies,
  validateJob,
} from '../src/staging/index.js';
import { without } from './clients/run.js';
import { type PostgresServer, startPostgres } from './support/postgres-server.js';
import { REDSHIFT_FUNCTIONS, type RedshiftServer, startRedshift } from './support/redshift/server.js';
import type { Cluster } from './support/redshift/storage.js';
import { ACCOUNT, BUCKET, type StagingWorld, startStagingWorld } from './support/staging-world.js';

const ROWS = 12_000;
const CHILD = resolve(import.meta.dirname, 'support/staging-child.js');
const CONTENT = `SELECT n AS id, CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN E'a "b"\\nc, d' ELSE 'käfer ' || md5(n::text) || md5((n + 1)::text) END AS customer, n / 7.0 AS amount FROM generate_series(1, ${ROWS}) AS n`;
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;

suite('the staging connection with Redshift’s COPY and UNLOAD', { skip: without('postgresql') }, () => {
  let world: StagingWorld;
  let postgres: PostgresServer;
  let redshift: RedshiftServer;
  let cluster: Cluster;
  let keyArn: string;
  let beforeFile: () => void = () => undefined;

  before(async () => {
    world = await startStagingWorld();
    postgres = await startPostgres();
    postgres.createDatabase('warehouse');
    sql(REDSHIFT_FUNCTIONS);
    sql(`CREATE TABLE content AS ${CONTENT}`);
    // Redshift enforces no keys: neither does this table have one.
    sql('CREATE TABLE orders (id bigint, customer varchar(100), amount numeric)');
    postgres.run(
      `\\copy (SELECT * FROM content ORDER BY id) TO '${source()}' (FORMAT csv, HEADER)`,
      'warehouse',
    );
    const { endpoint, root } = world.server;
    const kms = new KMSClient({ endpoint, credentials: root!, region: 'us-east-1' });
    keyArn = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
    kms.destroy();
    cluster = {
      endpoint,
      region: 'us-east-1',
      identity: await clusterIdentity(),
      roles: [role('attached'), role('first')],
      beforeFile: () => beforeFile(),
    };
    redshift = await startRedshift(postgres.port, cluster);
    process.env['STAGING_REDSHIFT'] = `postgres://postgres@127.0.0.1:${redshift.port}/warehouse`;
  });
  after(async () => {
    await redshift?.close();
    postgres?.remove();
    await world?.close();
  });
  beforeEach(() => {
    beforeFile = () => undefined;
    redshift.statements.length = 0;
    sql('DELETE FROM orders');
  });

  const sql = (statement: string) => postgres.run(statement, 'warehouse').trim();
  const source = () => join(postgres.directory, 'orders.csv');

  /** Keys of what the cluster is, and its roles: one that works on the bucket, and one that may only assume it. */
  async function clusterIdentity() {
    const { iam, user } = world;
    await iam.send(new CreateUserCommand({ UserName: 'cluster' }));
    const assume = { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [assume] });
    await iam.send(new PutUserPolicyCommand({ UserName: 'cluster', PolicyName: 'assume', PolicyDocument }));
    const trusted = async (RoleName: string, AWS: string) => {
      const statement = { Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' };
      const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    };
    await trusted('attached', user.replace('loader', 'cluster'));
    await trusted('first', user.replace('loader', 'cluster'));
    await iam.send(new PutRolePolicyCommand({ RoleName: 'first', PolicyName: 'assume', PolicyDocument }));
    await trusted('second', role('first'));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'cluster' }));
    return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  }

  const warehouse = (more: string) =>
    `warehouse: {type: redshift, url: {env: STAGING_REDSHIFT}${more === '' ? '' : `, ${more}`}}`;
  const encrypted = () => [`encryption: {type: sse-kms, key: "${keyArn}"}`];

  /** A job whose warehouse's role has the policy that `policies` prints, and whose connection's role the one beside it. */
  async function job(name: string, settings: string, what: string, connection = encrypted()): Promise<Job> {
    const of = await world.job(
      name,
      `${warehouse(settings)}\n${what}\nstaging: {partSize: 1, parallel: 2}`,
      connection,
    );
    await world.permit(stagingPolicies({ ...of, prefix: 'staging/' }).permissions);
    const last = /role\/(\w+)$/.exec(of.warehouse.iamRole ?? '')?.[1];
    if (last !== undefined) await permitWarehouse(last, of);
    return of;
  }
  async function permitWarehouse(RoleName: string, of: Job): Promise<void> {
    const PolicyDocument = JSON.stringify(stagingPolicies(of).warehouse);
    await world.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'stage', PolicyDocument }));
  }
  const LOAD = () => `load: {files: ["${source()}"], table: public.orders}`;
  const UNLOAD = 'unload: {query: "SELECT * FROM content ORDER BY id", file: back.csv}';
  const ATTACHED = `iamRole: "${role('attached')}"`;

  const loaded = () =>
    assert.equal(
      sql(
        'SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM (SELECT * FROM orders INTERSECT ALL SELECT * FROM content) AS same)',
      ),
      `${ROWS}|${ROWS}`,
    );
  const unloaded = async () => {
    const withoutHeader = (text: string) => text.slice(text.indexOf('\n') + 1);
    const [back, sent] = await Promise.all(
      [join(world.directory, 'back.csv'), source()].map(file => readFile(file, 'utf8')),
    );
    assert.equal(withoutHeader(back!), withoutHeader(sent!));
    assert.match(back!, /^"id","customer","amount"\n/);
  };
  const sent = (verb: string) => redshift.statements.filter(text => text.startsWith(verb));

  suite('with a role of the cluster', () => {
    test('a load goes by a manifest, whose files are all mandatory, and every row is there once', async () => {
      const of = await job('load', ATTACHED, `${LOAD()}\n`);
      const { rows, parts } = await runJob({ ...of, staging: { keep: true } });
      assert.equal(rows, ROWS);
      loaded();
      const [copy = ''] = sent('COPY');
      assert.match(
        copy,
        /^COPY "public"\."orders" \("id", "customer", "amount"\) FROM 's3:\/\/staging-bucket\/staging\/load\/\w+\/\w+\/manifest' IAM_ROLE 'arn:aws:iam::\d+:role\/attached' MANIFEST FORMAT AS CSV DELIMITER AS ',' NULL AS '' GZIP REGION AS 'us-east-1'$/,
      );
      const Key = (await world.keys(of.prefix)).find(key => key.endsWith('/manifest'));
      const { Body } = await world.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      const { entries } = JSON.parse(await Body!.transformToString()) as {
        entries: { mandatory: boolean }[];
      };
      assert.deepEqual(
        entries.map(({ mandatory }) => mandatory),
        Array(parts).fill(true),
      );
      await cleanJob(of);
      assert.deepEqual(await world.keys(of.prefix), []);
    });

    test('an unload with an order comes back in that order, its objects under the job’s KMS key', async () => {
      const of = await job('unload', ATTACHED, UNLOAD);
      const { rows } = await runJob({ ...of, staging: { keep: true } });
      assert.equal(rows, ROWS);
      await unloaded();
      const [unload = ''] = sent('UNLOAD');
      assert.match(
        unload,
        / MANIFEST VERBOSE .* PARALLEL OFF MAXFILESIZE AS 16 MB KMS_KEY_ID 'arn:aws:kms:[^']*' ENCRYPTED REGION AS 'us-east-1'$/,
      );
      const [Key] = (await world.keys(of.prefix)).filter(key => key.endsWith('.gz'));
      const head = await world.s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key }));
      assert.equal(head.SSEKMSKeyId, keyArn);
    });

    test('an unload without an order is written by all slices, into CSV or Parquet', async () => {
      const of = await job('slices', ATTACHED, 'unload: {table: content, file: back.parquet}');
      const { rows, parts } = await runJob(of);
      assert.deepEqual([rows, parts], [ROWS, 2]);
      assert.match(sent('UNLOAD')[0]!, /PARALLEL ON/);
      const back = await world.job(
        'slices-back',
        `${warehouse(ATTACHED)}\nload: {files: [back.parquet], table: orders}`,
        encrypted(),
      );
      await permitWarehouse('attached', back);
      await runJob(back);
      loaded();
    });

    test('a chain of roles: the cluster’s, and the one that this may assume', async () => {
      const of = await job('chain', `iamRole: "${role('first')},${role('second')}"`, LOAD());
      await runJob(of);
      loaded();
    });

    test('the bucket is in another region than the cluster: COPY says which, and needs it', async () => {
      const far = await startRedshift(postgres.port, { ...cluster, region: 'eu-west-1' });
      process.env['STAGING_REDSHIFT_FAR'] = `postgres://postgres@127.0.0.1:${far.port}/warehouse`;
      const text = `warehouse: {type: redshift, url: {env: STAGING_REDSHIFT_FAR}, clusterRegion: eu-west-1, ${ATTACHED}}`;
      const of = await world.job('far', `${text}\n${LOAD()}`, encrypted());
      await permitWarehouse('attached', of);
      await runJob({ ...of, staging: { keep: true } });
      loaded();
      const [copy = ''] = far.statements.filter(statement => statement.startsWith('COPY'));
      const client = new pg.Client(process.env['STAGING_REDSHIFT_FAR']);
      await client.connect();
      await assert.rejects(client.query(copy.replace(/ REGION AS '[^']*'/, '')), /S3ServiceException/);
      await client.end();
      await far.close();
    });
  });

  suite('with the keys of the connection', () => {
    const secrets = () =>
      redshift.statements.flatMap(text =>
        [...text.matchAll(/(?:SECRET_ACCESS_KEY|SESSION_TOKEN) '([^']+)'/g)].map(match => match[1]!),
      );

    test('a load and an unload; no secret is in events, the plan or an error', async () => {
      const said: string[] = [];
      const hear = (event: object) => void said.push(JSON.stringify(event));
      const load = await job('keys-load', '', LOAD());
      await runJob(load, { hear, clock: world.clock });
      loaded();
      await runJob(await job('keys-unload', '', UNLOAD), { hear, clock: world.clock });
      await unloaded();
      said.push(JSON.stringify(await planJob(load)));
      const failing = await job('keys-failing', '', LOAD().replace('public.orders', 'nowhere'));
      const error = await runJob(failing, { hear, clock: world.clock }).catch((thrown: Error) => thrown);
      said.push(String((error as Error).message), JSON.stringify(error), String((error as Error).stack));
      assert.match(
        String(error),
        /COPY "nowhere" .* SECRET_ACCESS_KEY '…' SESSION_TOKEN '…' .* does not exist/s,
      );
      assert.ok(secrets().length >= 6);
      for (const secret of secrets()) assert.ok(!said.join('\n').includes(secret), 'a secret is said');
    });

    test('a COPY that may outlive its keys does not begin, and says why', async () => {
      const of = await job('short', 'copyRate: 0.001', LOAD());
      await assert.rejects(
        runJob(of, { clock: world.clock }),
        /may need the keys for .* they live 1\d min: name a role of the cluster/,
      );
      assert.deepEqual(sent('COPY'), []);
      const withRole = await job('short', `${ATTACHED}, copyRate: 0.001`, LOAD());
      await resumeJob(withRole, { clock: world.clock });
      loaded();
    });

    test('keys that end in the middle: nothing is loaded, and the run goes on', async () => {
      const of = await job('ending', '', LOAD());
      beforeFile = () => world.clock.advance(1000);
      await assert.rejects(
        runJob(of, { clock: world.clock }),
        /ExpiredToken.*The keys have ended before it did/s,
      );
      assert.equal(sql('SELECT count(*) FROM orders'), '0');
      beforeFile = () => undefined;
      await resumeJob(of, { clock: world.clock });
      loaded();
    });
  });

  test('upsert and truncate without what Redshift lacks', async () => {
    sql("INSERT INTO orders VALUES (1, 'old', 0), (-1, 'stays', 0)");
    const upsert = LOAD().replace(
      '}',
      ', mode: upsert, keys: [id], postSql: ["DELETE FROM orders WHERE id < 0"]}',
    );
    await runJob(await job('upsert', ATTACHED, upsert));
    loaded();
    await runJob(await job('truncate', ATTACHED, LOAD().replace('}', ', mode: truncate}')));
    loaded();
    assert.deepEqual(
      redshift.statements.filter(text => /ON CONFLICT|^\s*TRUNCATE/i.test(text)),
      [],
    );
    await writeFile(join(world.directory, 'twice.csv'), 'id,customer,amount\n1,a,1\n1,b,2\n');
    const twice = 'load: {files: [twice.csv], table: orders, mode: upsert, keys: [id]}';
    await assert.rejects(
      runJob(await job('twice', ATTACHED, twice)),
      /two records of the files have the same keys/,
    );
    loaded();
  });

  // What does not depend on the warehouse is killed in the tests with PostgreSQL.
  for (const event of ['staged', 'committed']) {
    test(`a load that is killed at "${event}" goes on, and loads every row once`, async () => {
      const of = await job(`load-${event}`, ATTACHED, LOAD());
      await killed(of.job, event);
      await resumeJob(of);
      loaded();
      assert.deepEqual(await world.keys(of.prefix), [`${of.prefix}state.json`]);
    });
  }

  for (const event of ['started', 'staged']) {
    test(`an unload that is killed at "${event}" goes on, and the file is whole`, async () => {
      await rm(join(world.directory, 'back.csv'), { force: true });
      const of = await job(`unload-${event}`, ATTACHED, UNLOAD);
      await killed(of.job, event);
      await resumeJob(of);
      await unloaded();
      assert.deepEqual(await world.keys(of.prefix), [`${of.prefix}state.json`]);
    });
  }

  async function killed(name: string, event: string): Promise<void> {
    const child = spawn(process.execPath, [CHILD, join(world.directory, `${name}.yaml`), event], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [, signal] = await once(child, 'exit');
    assert.equal(signal, 'SIGKILL', `the event ${event} did not happen`);
  }

  suite('validate', () => {
    const checked = async (of: Job) => {
      const found: Record<string, string> = {};
      for await (const { name, result, message } of validateJob(of)) found[name] = `${result}: ${message}`;
      return found;
    };

    test('lets the warehouse itself read or write an object, and takes it away', async () => {
      for (const what of [LOAD(), UNLOAD]) {
        const of = await job('proved', ATTACHED, what);
        const found = await checked(of);
        assert.deepEqual(
          [...new Set(Object.values(found).map(text => text.split(':')[0]))],
          ['passed'],
          JSON.stringify(found),
        );
        assert.deepEqual(await world.keys(of.prefix), []);
      }
    });

    for (const [action, what] of [
      ['s3:GetObject', LOAD],
      ['kms:Decrypt', LOAD],
      ['s3:ListBucket', LOAD],
      ['s3:PutObject', () => UNLOAD],
      ['kms:GenerateDataKey', () => UNLOAD],
    ] as const) {
      test(`fails where the warehouse's role lacks ${action}`, async () => {
        const of = await job('lacking', ATTACHED, what());
        const { warehouse: document } = stagingPolicies(of);
        const left = JSON.stringify(document, (name, value) =>
          name === 'Action'
            ? [value].flat().map(each => (each === action ? 's3:GetBucketTagging' : each))
            : value,
        );
        await world.iam.send(
          new PutRolePolicyCommand({ RoleName: 'attached', PolicyName: 'stage', PolicyDocument: left }),
        );
        assert.match(
          (await checked(of))['bucket of the warehouse']!,
          /^failed: .*(AccessDenied|Access Denied)/s,
        );
      });
    }
  });

  suite('the server refuses what Redshift refuses', () => {
    const AUTH = `IAM_ROLE '${role('attached')}'`;
    const KEYS = "ACCESS_KEY_ID 'A' SECRET_ACCESS_KEY 'S'";
    const to = `s3://${BUCKET}/staging/full/part-`;
    const refusals: readonly (readonly [string, RegExp])[] = [
      [`COPY orders FROM 's3://b/k' ${AUTH} ${KEYS} CSV`, /exactly one of/],
      ["COPY orders FROM 's3://b/k' CSV", /exactly one of/],
      ["COPY orders FROM 's3://b/k' ACCESS_KEY_ID 'A' CSV", /go together/],
      [
        "COPY orders FROM 's3://b/k' CREDENTIALS 'aws_access_key_id=A; aws_secret_access_key=B' CSV",
        /Invalid credentials/,
      ],
      [`COPY orders FROM 's3://b/k' IAM_ROLE '${role('second')}' CSV`, /not authorized to assume IAM Role/],
      [`COPY orders FROM 's3://b/k' ${AUTH} CSV ENCRYPTED`, /no longer there/],
      [`COPY orders FROM 's3://b/k' ${AUTH} CSV CSV`, /redundant/],
      [`COPY orders FROM 's3://b/k' ${AUTH} HEADER`, /syntax error at or near "HEADER"/],
      [`COPY orders FROM 's3://${BUCKET}/staging/none' ${AUTH} CSV`, /does not exist/],
      [
        `COPY orders FROM 's3://${BUCKET}/staging/bad-manifest' ${AUTH} CSV MANIFEST`,
        /missing mandatory file/,
      ],
      [`UNLOAD ('SELECT 1 LIMIT 1') TO '${to}' ${AUTH} CSV`, /Limit clause is not supported/],
      [`UNLOAD ('SELECT 1') TO '${to}' ${AUTH} CSV KMS_KEY_ID 'k'`, /requires ENCRYPTED/],
      [
        `UNLOAD ('SELECT 1') TO '${to}' CREDENTIALS 'aws_access_key_id=A;aws_secret_access_key=B' CSV KMS_KEY_ID 'k' ENCRYPTED`,
        /CREDENTIALS is not allowed with KMS_KEY_ID/,
      ],
      [`UNLOAD ('SELECT 1') TO '${to}' ${AUTH} CSV MAXFILESIZE 1 MB`, /between 5MB and 6.2GB/],
      [`UNLOAD ('SELECT 1') TO '${to}' ${AUTH} CSV`, /destination on S3 is not empty/],
      [`UNLOAD ('SELECT * FROM nowhere') TO '${to}' ${AUTH} CSV ALLOWOVERWRITE`, /nowhere/],
      ['INSERT INTO orders (id) VALUES (1) ON CONFLICT DO NOTHING', /Redshift has no ON CONFLICT/],
    ];

    test('by its documentation', async () => {
      const whole = { Bucket: BUCKET, Body: '1\n' };
      await world.s3.send(new PutObjectCommand({ ...whole, Key: 'staging/full/part-0' }));
      const entries = [{ url: `s3://${BUCKET}/staging/gone`, mandatory: true }];
      const Body = JSON.stringify({ entries });
      await world.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'staging/bad-manifest', Body }));
      const of = await job('refusals', ATTACHED, UNLOAD, []);
      await permitWarehouse('attached', { ...of, prefix: 'staging/' });
      const client = new pg.Client(process.env['STAGING_REDSHIFT']);
      await client.connect();
      for (const [text, reason] of refusals) await assert.rejects(client.query(text), reason, text);
      await client.query('BEGIN');
      await client.query('INSERT INTO orders (id) VALUES (1)');
      await client.query('TRUNCATE content');
      await client.query('ROLLBACK');
      assert.equal(sql('SELECT count(*) FROM orders'), '1', 'TRUNCATE commits');
      await client.end();
    });
  });
});
