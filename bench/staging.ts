/**
 * A million rows by way of a bucket into PostgreSQL and back, beside `aws s3 cp` of the same file and psql's `\copy` of the
 * same rows: a load cannot be faster than the slower of the two. Every row is compared.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { startServer } from '../src/index.js';
import { type PostgresServer, startPostgres } from '../test/support/postgres-server.js';
import { bound, type Figure, type Rate, ratio } from './figures.js';

const ROWS = 1_000_000;
const CLI = resolve(import.meta.dirname, '../src/bundle/karikagi.js');
const CONTENT = `SELECT n AS id, 'customer ' || md5(n::text) AS customer, CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE E'a "note",\\nof two lines' END AS note, n / 7.0 AS amount FROM generate_series(1, ${ROWS}) AS n`;
const COLUMNS = 'id bigint, customer text, note text, amount numeric';
/** MB that a job may take, whatever it moves. */
const MEMORY = 250;

/** Needs PostgreSQL and AWS CLI. Throws where a row differs. */
export async function measureStaging(directory: string): Promise<readonly Figure[]> {
  const postgres = await startPostgres(['synchronous_commit=on']);
  const server = await startServer({ data: join(directory, 'data'), port: 0, log: 'none' });
  try {
    const url = postgres.createDatabase('warehouse');
    const { endpoint, root } = server;
    const s3 = new S3Client({ endpoint, region: 'us-east-1', credentials: root!, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'bench' }));
    s3.destroy();
    const env = {
      PATH: process.env['PATH'],
      HOME: directory,
      AWS_ENDPOINT_URL: endpoint,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: root!.accessKeyId,
      AWS_SECRET_ACCESS_KEY: root!.secretAccessKey,
      WAREHOUSE: url,
    };
    return await measure({ directory, postgres, endpoint, env });
  } finally {
    postgres.remove();
    await server.close();
  }
}

interface Bench {
  readonly directory: string;
  readonly postgres: PostgresServer;
  readonly endpoint: string;
  readonly env: NodeJS.ProcessEnv;
}

async function measure(bench: Bench): Promise<readonly Figure[]> {
  const { directory, postgres, env } = bench;
  const sql = (statement: string) => postgres.run(statement, 'warehouse').trim();
  sql(`CREATE TABLE content AS ${CONTENT}`);
  for (const table of ['copied', 'loaded']) sql(`CREATE TABLE ${table} (${COLUMNS})`);
  const file = join(postgres.directory, 'rows.csv');
  const unload = seconds(() => sql(`\\copy (SELECT * FROM content) TO '${file}' (FORMAT csv, HEADER)`));
  const { size } = await stat(file);
  const rate = (took: number): Rate => ({ perSecond: size / took });
  const copy = seconds(() => sql(`\\copy copied FROM '${file}' (FORMAT csv, HEADER)`));
  const upload = (await timed('aws', ['s3', 'cp', '--quiet', file, 's3://bench/cp/rows.csv'], env)).took;
  const download = (
    await timed('aws', ['s3', 'cp', '--quiet', 's3://bench/cp/rows.csv', join(directory, 'cp.csv')], env)
  ).took;

  const load = await job(bench, 'load', `load: {files: ["${file}"], table: loaded}`);
  const loaded = await timed(process.execPath, [CLI, 'staging', 'run', load, '--json'], env);
  const same = sql(
    `SELECT (SELECT count(*) FROM loaded), (SELECT count(*) FROM (SELECT * FROM content EXCEPT ALL SELECT * FROM loaded) AS missing)`,
  );
  if (same !== `${ROWS}|0`) throw new Error(`the loaded rows differ: ${same}`);
  const postgresFile = join(postgres.directory, 'back.csv');
  const back = await job(bench, 'unload', `unload: {table: loaded, file: "${postgresFile}"}`);
  const unloaded = await timed(process.execPath, [CLI, 'staging', 'run', back, '--json'], env);
  sql('TRUNCATE copied');
  sql(`\\copy copied FROM '${postgresFile}' (FORMAT csv, HEADER)`);
  const again = sql(
    `SELECT (SELECT count(*) FROM copied), (SELECT count(*) FROM (SELECT * FROM content EXCEPT ALL SELECT * FROM copied) AS missing)`,
  );
  if (again !== `${ROWS}|0`) throw new Error(`the unloaded rows differ: ${again}`);

  const beside = (name: string, took: number, cp: number, psql: number) => {
    const slower = cp > psql ? 'aws s3 cp' : 'psql \\copy';
    return ratio(name, rate(took), rate(Math.max(cp, psql)), slower, 0.8, perSecondText);
  };
  return [
    beside('load of 1,000,000 rows', loaded.took, upload, copy),
    beside('unload of 1,000,000 rows', unloaded.took, download, unload),
    bound('peak memory of the load', loaded.megabytes, 'MB', MEMORY),
    bound('peak memory of the unload', unloaded.megabytes, 'MB', MEMORY),
  ];
}

const perSecondText = ({ perSecond }: Rate): string => `${(perSecond / 1e6).toFixed(1)} MB/s`;

function seconds(work: () => unknown): number {
  const began = performance.now();
  work();
  return (performance.now() - began) / 1000;
}

async function job({ directory, endpoint }: Bench, name: string, what: string): Promise<string> {
  const path = join(directory, `${name}.yaml`);
  const connection = `connection: {bucket: bench, region: us-east-1, endpoint: "${endpoint}"}`;
  await writeFile(
    path,
    `job: ${name}\n${connection}\nwarehouse: {type: postgres, url: {env: WAREHOUSE}}\n${what}\n`,
  );
  return path;
}

/** How often a process's memory is looked at, milliseconds: the kernel keeps the peak. */
const LOOK = 50;

/** Runs a program. Throws where it fails. */
async function timed(command: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const began = performance.now();
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  let kilobytes = 0;
  const look = setInterval(() => {
    kilobytes = Math.max(kilobytes, peakOf(child.pid!));
  }, LOOK);
  const [status] = await once(child, 'close');
  clearInterval(look);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
  return { took: (performance.now() - began) / 1000, megabytes: kilobytes / 1000 };
}

/** Kilobytes that a process has had at most (proc(5), `VmHWM`); 0 where it is gone. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
