/**
 * `npm run demo:staging`: a whole round trip of the staging connection, with a server of its own and DuckDB, in a directory
 * that is gone afterwards. The clock goes 20 minutes ahead at each part, so that sessions of 15 minutes end on the way.
 */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { ManualClock, type RootCredentials, type RunningServer, startServer } from '../src/index.js';
import { openJob, runJob, type StagingEvent, stagingPolicies, validateJob } from '../src/staging/index.js';

const ACCOUNT = '111122223333';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/stager`;
const USER = `arn:aws:iam::${ACCOUNT}:user/loader`;
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const EXTERNAL_ID = 'partner-4711';
const ROWS = 200_000;
const STEP_MINUTES = 20;

const say = (text = '') => process.stdout.write(`${text}\n`);
const heading = (text: string) => say(`\n\x1b[1m${text}\x1b[0m`);
const number = (value: number) => value.toLocaleString('en');
const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

const started = performance.now();
const directory = await mkdtemp(join(tmpdir(), 'karikagi-demo-'));
const clock = new ManualClock();
const server = await startServer({
  data: join(directory, 'data'),
  port: 0,
  account: ACCOUNT,
  log: 'none',
  clock,
});
try {
  await demonstrate(server);
} finally {
  await server.close();
  await rm(directory, { recursive: true, force: true });
}

async function demonstrate({ endpoint, root }: RunningServer): Promise<void> {
  heading(`1. Karikagi at ${endpoint}, and a warehouse of ${number(ROWS)} orders in DuckDB`);
  await sql(
    'shop',
    `CREATE TABLE orders AS SELECT n AS id, 'customer ' || md5(n::VARCHAR) AS customer, (n * 7 % 100000 / 100.0)::DECIMAL(10, 2) AS amount,
      DATE '2026-01-01' + (n % 365)::INTEGER AS day, CASE n % 3 WHEN 0 THEN NULL ELSE 'a "note",' || chr(10) || 'of two lines' END AS note
      FROM range(1, ${ROWS} + 1) AS numbers(n)`,
  );
  await sql(
    'copy',
    'CREATE TABLE orders (id BIGINT, customer VARCHAR, amount DECIMAL(10, 2), day DATE, note VARCHAR)',
  );
  const unload = await write('unload', 'shop', 'unload: {table: orders, file: orders.parquet}', endpoint);
  const load = await write('load', 'copy', 'load: {files: [orders.parquet], table: orders}', endpoint);

  heading(
    '2. A user who may only assume a role, and the role, with the policies that "karikagi staging policies" prints',
  );
  await setUp(unload, { endpoint, credentials: root!, region: 'us-east-1' });

  heading('3. "karikagi staging validate": every right is tried before it is needed');
  for await (const { name, result, message } of validateJob(await openJob(load))) {
    say(`   ${result.padEnd(8)} ${name.padEnd(18)} ${message}`);
    if (result === 'failed') throw new Error(`${name}: ${message}`);
  }

  heading('4. Unload: the table, by way of the bucket, into a Parquet file');
  await work(unload);
  say(`   orders.parquet has ${mebibytes((await stat(join(directory, 'orders.parquet'))).size)}`);

  heading('5. Load: the Parquet file, by way of the bucket, into the other warehouse');
  await work(load);

  heading('6. Every row compared');
  await compare({ endpoint, credentials: root!, region: 'us-east-1' });
}

interface Client {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: RootCredentials;
}

async function setUp(job: string, config: Client): Promise<void> {
  const iam = new IAMClient(config);
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'demo-staging' }));
  await iam.send(new CreateUserCommand({ UserName: 'loader' }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'loader' }));
  await secret('key', AccessKey!.AccessKeyId!);
  await secret('secret', AccessKey!.SecretAccessKey!);
  const { caller, trust, permissions } = stagingPolicies(
    { ...(await openJob(job)), prefix: 'staging/' },
    USER,
  );
  const PolicyDocument = JSON.stringify(caller);
  await iam.send(new PutUserPolicyCommand({ UserName: 'loader', PolicyName: 'assume', PolicyDocument }));
  const AssumeRolePolicyDocument = JSON.stringify(trust);
  await iam.send(new CreateRoleCommand({ RoleName: 'stager', AssumeRolePolicyDocument }));
  const stage = { RoleName: 'stager', PolicyName: 'stage', PolicyDocument: JSON.stringify(permissions) };
  await iam.send(new PutRolePolicyCommand(stage));
  for (const statement of [...caller!.Statement, ...trust!.Statement, ...permissions.Statement]) {
    const { Principal, Action, Resource, Condition } = statement as Record<string, unknown>;
    const on = Principal ? `by ${JSON.stringify(Principal)}` : `on ${JSON.stringify(Resource)}`;
    say(`   ${[Action].flat().join(', ')} ${on}${Condition ? ` if ${JSON.stringify(Condition)}` : ''}`);
  }
  iam.destroy();
  s3.destroy();
}

/** A secret of the job files, which only refer to it. */
function secret(name: string, value: string): Promise<void> {
  return writeFile(join(directory, name), value, { mode: 0o600 });
}

async function write(job: string, warehouse: string, what: string, endpoint: string): Promise<string> {
  const file = join(directory, `${job}.yaml`);
  await writeFile(
    file,
    `job: ${job}
connection:
  accessKey: {file: key}
  secretKey: {file: secret}
  s3IamRoleArn: ${ROLE}
  externalId: ${EXTERNAL_ID}
  temporaryCredentialDuration: 900
  bucket: demo-staging
  region: us-east-1
  endpoint: ${endpoint}
warehouse: {type: duckdb, path: ${warehouse}.duckdb}
${what}
staging: {partSize: 4, parallel: 1}
`,
  );
  return file;
}

/** Runs a job; at each part the clock goes ahead. */
async function work(file: string): Promise<void> {
  const began = performance.now();
  const parts = { staged: 0, landed: 0 };
  const { rows } = await runJob(await openJob(file), {
    clock,
    hear(event: StagingEvent) {
      if (event.event === 'part-staged') parts.staged++;
      if (event.event === 'part-landed') parts.landed++;
      if (event.event.startsWith('part-')) clock.advance(STEP_MINUTES * 60);
    },
  });
  const hours = ((parts.staged + parts.landed) * STEP_MINUTES) / 60;
  const seconds = (performance.now() - began) / 1000;
  say(`   ${number(rows)} rows in ${parts.staged} parts, in ${seconds.toFixed(1)} s;`);
  say(`   ${hours.toFixed(1)} hours by the clock, with sessions of 15 minutes that are renewed on the way`);
}

async function compare(config: Client): Promise<void> {
  const shop = join(directory, 'shop.duckdb');
  const [[rows, missing, more] = []] = await sql(
    'copy',
    `ATTACH '${shop}' AS shop (READ_ONLY); SELECT (SELECT count(*) FROM orders),
      (SELECT count(*) FROM (FROM shop.orders EXCEPT ALL FROM orders)), (SELECT count(*) FROM (FROM orders EXCEPT ALL FROM shop.orders))`,
  );
  say(`   ${number(Number(rows))} rows, ${missing} missing, ${more} that should not be there`);
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'demo-staging' }));
  s3.destroy();
  const left = (await readdir(directory)).filter(name => name.includes('.part'));
  say(
    `   left in the bucket: ${Contents.map(({ Key }) => Key).join(', ')}; left beside the file: ${left.length} files`,
  );
  if (Number(rows) !== ROWS || missing !== '0' || more !== '0') throw new Error('the rows differ');
  heading(`The whole took ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}

async function sql(database: string, statement: string) {
  const instance = await DuckDBInstance.create(join(directory, `${database}.duckdb`), {
    memory_limit: '256MB',
  });
  const connection = await instance.connect();
  try {
    return await (await connection.run(statement)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
