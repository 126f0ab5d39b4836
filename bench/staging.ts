/**
 * A million rows by way of a bucket into PostgreSQL and back, beside `aws s3 cp` of the same file and psql's `\copy` of
 * the same rows, once each way: a load does the work of both, and is compared with the slower one. Every row is compared.
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
/** How staged objects are compressed: as jobs do where they say nothing, and not at all, as the other two. */
const COMPRESSIONS = ['gzip', 'none'] as const;
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

  const figures: Figure[] = [];
  for (const compression of COMPRESSIONS) {
    const { loaded, unloaded } = await roundTrip(bench, file, compression);
    const beside = (name: string, took: number, cp: number, psql: number) => {
      const slower = cp > psql ? 'aws s3 cp' : 'psql \\copy';
      return ratio(name, rate(took), rate(Math.max(cp, psql)), slower, 0.8, perSecondText);
    };
    figures.push(
      beside(`load, compression ${compression}`, loaded.took, upload, copy),
      beside(`unload, compression ${compression}`, unloaded.took, download, unload),
      bound('peak memory of the load', loaded.megabytes, 'MB', MEMORY),
      bound('peak memory of the unload', unloaded.megabytes, 'MB', MEMORY),
    );
  }
  return figures;
}

/** A load of the file and an unload of the same rows. Throws where a row differs. */
async function roundTrip(bench: Bench, file: string, compression: string) {
  const { postgres, env } = bench;
  const sql = (statement: string) => postgres.run(statement, 'warehouse').trim();
  const run = async (name: string, what: string) => {
    const path = await job(bench, name, `${what}\nstaging: {compression: ${compression}}`);
    return timed(process.execPath, [CLI, 'staging', 'run', path, '--json'], env);
  };
  const same = (table: string) => {
    const missing = `SELECT * FROM content EXCEPT ALL SELECT * FROM ${table}`;
    const found = sql(
      `SELECT (SELECT count(*) FROM ${table}), (SELECT count(*) FROM (${missing}) AS missing)`,
    );
    if (found !== `${ROWS}|0`) throw new Error(`the rows of ${table} differ: ${found}`);
  };
  sql('TRUNCATE loaded');
  const loaded = await run('load', `load: {files: ["${file}"], table: loaded}`);
  same('loaded');
  const back = join(postgres.directory, 'back.csv');
  const unloaded = await run('unload', `unload: {table: loaded, file: "${back}"}`);
  sql('TRUNCATE copied');
  sql(`\\copy copied FROM '${back}' (FORMAT csv, HEADER)`);
  same('copied');
  return { loaded, unloaded };
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
