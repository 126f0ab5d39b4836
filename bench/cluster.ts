/**
 * One, two and three servers over one PostgreSQL, beside the embedded store: requests per second, round trips and
 * processor time per request, commits per second, and what grows. What docs/cluster.md says of sizing rests on it.
 */
import { readFileSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { systemClock } from '../src/core/clock.js';
import { type ServerProcess, startServerProcess } from '../test/faults/server-process.js';
import { type PostgresServer, startPostgres } from '../test/support/postgres-server.js';
import {
  figureOf,
  figureOfEmbedded,
  figureOfMix,
  figureOfSingle,
  figuresOfGrowth,
  type Growth,
  type Growths,
  type Measured,
  OPERATIONS,
  type Operation,
  rate,
} from './cluster-figures.js';
import { type Figure, median } from './figures.js';
import { type Load, load, runScript } from './processes.js';
import { processorMilliseconds } from './processor-time.js';
import { BUCKET, type PreparedRole, prepareRole } from './role-session.js';
import { formRequest, signedRequest } from './signed-request.js';

const DATABASE = 'bench';
const OBJECT = Buffer.alloc(4096, 'x');
/** Written over and read in turn; a page of a listing. */
const OBJECTS = 256;
/** That are put once, to see what grows. */
const NEW_OBJECTS = 3000;
const NODES = 3;

const FULL: Load = { connections: 32, warmUp: 1, seconds: 2 };
/** What each node has answered before anything is measured, long enough for V8 to compile what is hot. */
const WARMING: Load = { connections: 32, warmUp: 0, seconds: 2.5 };
const SINGLE: Load = { connections: 1, warmUp: 0.5, seconds: 1 };
/** Keys of a single client: few, so that each was read twice before what is counted. */
const FEW = 16;
/** Seconds, and how often each way takes its turn. */
const COMMITTING = 1.5;
const TURNS = 5;

const SETTINGS = ['shared_buffers=512MB', 'max_wal_size=4GB', 'shared_preload_libraries=pg_stat_statements'];

/** A PostgreSQL that counts. */
interface Database {
  readonly server: PostgresServer;
  readonly url: string;
}

/** Servers on the same data, and who sends the requests. */
interface Served {
  readonly nodes: readonly ServerProcess[];
  readonly role: PreparedRole;
  /** Absent where the store is embedded. */
  readonly database: Database | undefined;
}

/** In a directory for temporary files. */
export async function measureCluster(directory: string): Promise<readonly Figure[]> {
  const server = await startPostgres(SETTINGS);
  try {
    const database = { server, url: server.createDatabase(DATABASE) };
    server.run('CREATE EXTENSION pg_stat_statements');
    const embedded = await measureEmbedded(directory);
    const nodes = await measureNodes(directory, database, embedded);
    const commits = await measureCommits(database);
    return [machine(server), ...[...embedded].map(figureOfEmbedded), ...nodes, ...commits];
  } finally {
    server.remove();
  }
}

function machine(server: PostgresServer): Figure {
  const [cpu] = cpus();
  const postgres = server.run('SHOW server_version').trim();
  return {
    name: 'machine',
    value: `${cpus().length} cores`,
    against: `${cpu?.model ?? ''}; PostgreSQL ${postgres}, Node ${process.version}; the load, all servers and PostgreSQL share them`,
    met: true,
  };
}

/** Signed for the first of the nodes; the others take them, too. */
function requestsOf(operation: Operation, { nodes, role }: Served, objects = OBJECTS): readonly Buffer[] {
  const { endpoint } = nodes[0]!;
  const now = systemClock.now();
  if (operation === 'AssumeRole') {
    const parameters = { Action: 'AssumeRole', RoleArn: role.roleArn, RoleSessionName: 'bench' };
    return [formRequest('sts', endpoint, role.user, parameters, now)];
  }
  if (operation === 'LIST, a page of 256') {
    const url = new URL(`/${BUCKET}?list-type=2&prefix=object-`, endpoint);
    return [signedRequest({ method: 'GET', url, service: 's3' }, role.session, now)];
  }
  const method = operation === 'PUT 4 KiB' ? 'PUT' : 'GET';
  return Array.from({ length: objects }, (_, number) =>
    objectRequest(method, `object-${number}`, endpoint, role),
  );
}

function objectRequest(
  method: 'PUT' | 'GET',
  key: string,
  endpoint: string,
  { session }: PreparedRole,
): Buffer {
  const url = new URL(`/${BUCKET}/${key}`, endpoint);
  const body = method === 'PUT' ? OBJECT : Buffer.alloc(0);
  return signedRequest({ method, url, service: 's3', body }, session, systemClock.now());
}

async function measure(served: Served, requests: readonly Buffer[], how: Load): Promise<Measured> {
  const { nodes, database } = served;
  const [first, ...others] = nodes.map(({ endpoint }) => new URL(endpoint));
  const before = await takenBy(nodes, database);
  const result = await load(first!, requests, how, { others });
  const after = await takenBy(nodes, database);
  const per = (of: keyof typeof before) => (after[of] - before[of]) / result.answered;
  return {
    ...result,
    node: per('nodes') * 1000,
    database: per('database') * 1000,
    statements: per('statements'),
    logged: per('logged'),
  };
}

async function takenBy(nodes: readonly ServerProcess[], database: Database | undefined) {
  const each = nodes.map(({ pid }) => processorMilliseconds(pid));
  const counts = database ? countsOf(database) : { statements: 0, logged: 0 };
  return {
    nodes: each.reduce((sum, one) => sum + one, 0),
    database: database ? processorMilliseconds(pidOf(database)) : 0,
    ...counts,
  };
}

const pidOf = ({ server }: Database): number =>
  Number.parseInt(readFileSync(join(server.directory, 'data', 'postmaster.pid'), 'utf8'), 10);

/** Statements that servers sent, each a round trip, and bytes of the log. */
function countsOf({ server }: Database) {
  const [statements, logged] = server
    .run(
      `SELECT coalesce(sum(calls), 0), pg_current_wal_insert_lsn() - '0/0'
         FROM pg_stat_statements JOIN pg_database ON oid = dbid WHERE datname = '${DATABASE}'`,
    )
    .trim()
    .split('|');
  return { statements: Number(statements), logged: Number(logged) };
}

async function measureEmbedded(directory: string): Promise<Map<Operation, Measured>> {
  const server = await startServerProcess(join(directory, 'embedded'));
  try {
    const role = await prepareRole(server);
    const served = { nodes: [server], role, database: undefined };
    await measureOperations(served, WARMING);
    return await measureOperations(served, FULL);
  } finally {
    await server.kill();
  }
}

async function measureOperations(
  served: Served,
  how: Load,
  objects?: number,
): Promise<Map<Operation, Measured>> {
  const results = new Map<Operation, Measured>();
  for (const operation of OPERATIONS)
    results.set(operation, await measure(served, requestsOf(operation, served, objects), how));
  return results;
}

async function measureNodes(
  directory: string,
  database: Database,
  embedded: ReadonlyMap<Operation, Measured>,
): Promise<readonly Figure[]> {
  const nodes: ServerProcess[] = [];
  try {
    for (let number = 0; number < NODES; number++) nodes.push(await startNode(directory, database, number));
    const role = await prepareRole(nodes[0]!);
    const of = (count: number): Served => ({ nodes: nodes.slice(0, count), role, database });
    // Before anything is written over, while nothing of the table is free.
    const growth = await measureGrowth(of(1));
    for (let round = 0; round < 2; round++) await measureOperations(of(NODES), WARMING);
    const rows = new Map<number, ReadonlyMap<Operation, Measured>>();
    for (let count = 1; count <= NODES; count++) rows.set(count, await measureOperations(of(count), FULL));
    const alone = await measureOperations(of(1), SINGLE, FEW);
    return [
      ...OPERATIONS.flatMap(operation => [
        ...[...rows].map(([count, results]) =>
          figureOf(operation, count, results.get(operation)!, {
            embedded: embedded.get(operation)!,
            single: rows.get(1)!.get(operation)!,
          }),
        ),
        figureOfSingle(operation, alone.get(operation)!),
      ]),
      ...figuresOfGrowth(growth),
      figureOfMix(rows.get(1)!, alone, growth),
    ];
  } finally {
    await Promise.all(nodes.map(node => node.stop()));
  }
}

async function startNode(directory: string, { url }: Database, number: number): Promise<ServerProcess> {
  const bodies = join(directory, 'bodies');
  const data = join(directory, `node-${number}`);
  await mkdir(bodies, { recursive: true });
  await mkdir(data, { mode: 0o700 });
  if (number > 0) await copyFile(join(directory, 'node-0', 'root.key'), join(data, 'root.key'));
  return await startServerProcess(data, ['--kv', url, '--blobs', pathToFileURL(bodies).href]);
}

/** What the database grows by with each new object and session. */
async function measureGrowth(served: Served): Promise<Growths> {
  const { nodes, role, database } = served;
  const size = () => Number(database!.server.run("SELECT pg_total_relation_size('kv')", DATABASE));
  const once: Load = { connections: 32, warmUp: 0, seconds: 0, once: true };
  const grows = async (requests: readonly Buffer[]): Promise<Growth> => {
    const before = size();
    const { logged } = await measure(served, requests, once);
    return { bytes: (size() - before) / requests.length, logged };
  };
  const puts = Array.from({ length: NEW_OBJECTS }, (_, number) =>
    objectRequest('PUT', `new-${number}`, nodes[0]!.endpoint, role),
  );
  const [session] = requestsOf('AssumeRole', served);
  return {
    object: await grows(puts),
    session: await grows(Array.from({ length: NEW_OBJECTS }, () => session!)),
  };
}

/** How commits are made: by the store, or by plain clients over so many connections (postgres-commits.ts). */
const WAYS = ['store', '1', '2', '32'] as const;
type Way = (typeof WAYS)[number];

interface Committed {
  readonly perSecond: number;
  /** Of PostgreSQL, microseconds of each commit. */
  readonly processor: number;
}

/** The store's commits against the statement that they are made with. The ways take turns. */
async function measureCommits(database: Database): Promise<readonly Figure[]> {
  const turns: Record<Way, Committed[]> = { store: [], 1: [], 2: [], 32: [] };
  for (let turn = 0; turn < TURNS; turn++)
    for (const way of WAYS) turns[way].push(await commitsBy(way, database));
  const middle = (way: Way): Committed => ({
    perSecond: median(turns[way].map(({ perSecond }) => perSecond)),
    processor: median(turns[way].map(({ processor }) => processor)),
  });
  const store = middle('store');
  // In batches as large as there are commits, or in two that overlap: what is better on this disk.
  const [raw, connections] =
    middle('1').perSecond > middle('2').perSecond ? [middle('1'), 'one'] : [middle('2'), 'two'];
  const alone = middle('32');
  const share = store.perSecond / raw.perSecond;
  const each = ({ processor }: Committed): string => `${Math.round(processor)} µs of PostgreSQL each`;
  return [
    {
      name: 'commits of 4 KiB, the store',
      value: rate(store.perSecond),
      against: `${share.toFixed(2)} of the raw statement over ${connections} (${rate(raw.perSecond)}, ${each(raw)}), aim 0.70; ${each(store)}`,
      met: share >= 0.7,
    },
    {
      name: 'commits of 4 KiB, one a statement',
      value: rate(alone.perSecond),
      against: `32 connections; ${(store.perSecond / alone.perSecond).toFixed(1)} times as many by the store; ${each(alone)}`,
      met: true,
    },
  ];
}

async function commitsBy(way: Way, database: Database): Promise<Committed> {
  const before = processorMilliseconds(pidOf(database));
  const { perSecond, all } = await runScript<{ perSecond: number; all: number }>('postgres-commits.js', [
    database.url,
    String(COMMITTING),
    way,
  ]);
  const spent = processorMilliseconds(pidOf(database)) - before;
  return { perSecond, processor: (spent * 1000) / all };
}
