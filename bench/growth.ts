/** What requests cost in a store that holds much, beside an empty one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PutBucketLifecycleConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { systemClock } from '../src/core/clock.js';
import { type ServerProcess, startServerProcess } from '../test/faults/server-process.js';
import { until } from '../test/support/until.js';
import { bound, type Figure, median } from './figures.js';
import type { Fill, Filled } from './growth-fill.js';
import { type Load, load, residentMegabytes, runScript } from './processes.js';
import { processorMilliseconds } from './processor-time.js';
import { BUCKET, type PreparedRole, prepareRole } from './role-session.js';
import { formRequest, signedRequest } from './signed-request.js';

const HOW: Load = { connections: 32, warmUp: 1, seconds: 1.5 };
/** Measured in turns, so often. */
const ROUNDS = 5;
const STARTS = 3;
/** Objects that are asked for: their keys lie evenly among all. */
const OBJECTS = 256;
const OBJECT = Buffer.alloc(4096, 'x');
/** With the one that has the keys, all that an account may have. */
const BUCKETS = 9999;
/** At least; one for every thousand keys. */
const ROLES = 1000;
const POLICIES = 10;
/** The aim: how much more a request may take. */
const MORE = 1.2;
/** Aims: microseconds of a decision of a role that was not asked for lately, milliseconds of a GET. */
const DECISION = 500;
const LATE = 20;

/** A listener for the metrics alone. */
const METRICS = ['--metrics-listen', '0'];

interface Place {
  readonly data: string;
  readonly role: PreparedRole;
}

/**
 * `keys`: that the bucket holds; a tenth as many sessions live, and a hundredth as many policies are in force (at least
 * ten thousand). In a directory for temporary files.
 */
export async function measureGrowth(directory: string, keys = 300_000): Promise<readonly Figure[]> {
  const small = await prepare(join(directory, 'small'), keys);
  const large = await prepare(join(directory, 'large'), keys);
  const roles = Math.max(ROLES, Math.floor(keys / 1000));
  const sessions = Math.floor(keys / 10);
  const fill: Fill = { bucket: BUCKET, keys, buckets: BUCKETS, sessions, roles, policies: POLICIES };
  const input = JSON.stringify(fill);
  const filled = await runScript<Filled>('growth-fill.js', [large.data], { input });
  return [
    filledFigure(fill, filled),
    ...(await measureStores(small, large, keys)),
    await besideLifecycle(large, keys),
    decisionFigure(fill, filled),
  ];
}

/** Ends within three minutes. */
async function measureStores(small: Place, large: Place, keys: number): Promise<readonly Figure[]> {
  const starts = [await startOf(small.data), await startOf(large.data)] as const;
  const servers = [
    await startServerProcess(small.data),
    await startServerProcess(large.data, METRICS),
  ] as const;
  for (const { data } of [small, large]) await lookedThrough(data);
  try {
    const figures = [startFigure(...starts)];
    for (const [name, requestsOf] of operations(keys)) {
      const [few, many] = [requestsOf(servers[0], small.role), requestsOf(servers[1], large.role)];
      figures.push(await compare(name, [servers[0], few], [servers[1], many]));
    }
    const [before, after] = await Promise.all(servers.map(({ pid }) => residentMegabytes(pid, 'RssAnon')));
    figures.push(figureOf('memory', before!, after!, 'MB'));
    figures.push(await besideHousekeeping(servers[1], objectRequests('GET', keys)(servers[1], large.role)));
    return figures;
  } finally {
    for (const server of servers) await server.kill();
  }
}

/** A server's directory with the objects that are asked for, and who may ask. */
async function prepare(data: string, keys: number): Promise<Place> {
  const server = await startServerProcess(data);
  try {
    const role = await prepareRole(server);
    const put = objectRequests('PUT', keys)(server, role);
    const listed = Array.from({ length: OBJECTS }, (_, number) => `list/${number}`);
    const more = listed.map(key => objectRequest('PUT', key, server, role));
    await load(new URL(server.endpoint), [...put, ...more], { ...HOW, warmUp: 0, once: true });
    return { data, role };
  } finally {
    await server.stop();
  }
}

function startFigure(empty: number, full: number): Figure {
  const { against, ...figure } = bound('start to first answer', full, 'ms', 500);
  return { ...figure, against: `${against}; the empty store ${Math.round(empty)} ms` };
}

function filledFigure({ keys, buckets, sessions, roles, policies }: Fill, { seconds }: Filled): Figure {
  const took = Object.entries(seconds).map(([what, time]) => `${what} in ${Math.round(time)} s`);
  const value = `${keys} keys, ${buckets} buckets, ${roles * policies} policies, ${sessions} sessions`;
  return { name: 'filled', value, against: took.join(', '), met: true };
}

/** Not held against one role's: what is asked for the first time in a while is read, and compiled, first. */
function decisionFigure({ roles, policies }: Fill, { decisions: { one, all } }: Filled): Figure {
  const value = `${Math.round(all)} µs`;
  const against = `${Math.round(one)} µs where one role asks; aim under ${DECISION} µs`;
  return {
    name: `decision, one of ${roles} roles with ${policies} policies`,
    value,
    against,
    met: all < DECISION,
  };
}

/**
 * How long a GET takes while live sessions are counted for a scrape of the metrics, the only work in the background that
 * reads all of something every few minutes.
 */
async function besideHousekeeping({ endpoint, metrics }: ServerProcess, requests: readonly Buffer[]) {
  const quiet = await load(new URL(endpoint), requests, { ...HOW, connections: 1 });
  const [busy] = await Promise.all([
    load(new URL(endpoint), requests, { ...HOW, connections: 1, warmUp: 0 }),
    fetch(metrics!),
  ]);
  const figure = bound('GET while sessions are counted, 99th percentile', busy.p99, 'ms', LATE);
  return { ...figure, against: `${figure.against}; ${quiet.p99.toFixed(1)} ms else` };
}

/** How long a GET takes while lifecycle rules go over all keys: a server does so when it starts, and every hour. */
async function besideLifecycle({ data, role }: Place, keys: number): Promise<Figure> {
  const before = await startServerProcess(data);
  await setLifecycleRule(before);
  await before.stop();
  const server = await startServerProcess(data, METRICS);
  try {
    await lookedThrough(data);
    const requests = objectRequests('GET', keys)(server, role);
    const busy = await load(new URL(server.endpoint), requests, { ...HOW, connections: 1 });
    const metrics = await fetch(server.metrics!).then(answer => answer.text());
    if (!metrics.includes('karikagi_chore_running{chore="lifecycle"} 1')) {
      throw new Error('lifecycle rules had ended before the end of the measurement: give it more keys');
    }
    return bound('GET while lifecycle rules go over all keys, 99th percentile', busy.p99, 'ms', LATE);
  } finally {
    await server.kill();
  }
}

/** One that every key must be looked at for, and none is due by. */
async function setLifecycleRule({ endpoint, credentials }: ServerProcess): Promise<void> {
  const s3 = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
  const rule = { ID: 'old', Status: 'Enabled', Filter: { Prefix: 'k' }, Expiration: { Days: 3650 } } as const;
  const LifecycleConfiguration = { Rules: [rule] };
  await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket: BUCKET, LifecycleConfiguration }));
  s3.destroy();
}

/** Resolves once the server on that directory has looked at every page of its store. */
function lookedThrough(data: string): Promise<void> {
  return until(() => existsSync(join(data, 'server.whole')));
}

/**
 * Milliseconds from the start of the process until it has answered, the median of several starts, each after the
 * process before was killed.
 */
async function startOf(data: string): Promise<number> {
  const times: number[] = [];
  const first = await startServerProcess(data);
  await lookedThrough(data);
  await first.kill();
  for (let round = 0; round < STARTS; round++) {
    const begun = performance.now();
    const server = await startServerProcess(data);
    await fetch(`${server.endpoint}/-/ready`);
    times.push(performance.now() - begun);
    await lookedThrough(data);
    await server.kill();
  }
  return median(times);
}

type RequestsOf = (server: ServerProcess, role: PreparedRole) => readonly Buffer[];

function operations(keys: number): readonly (readonly [string, RequestsOf])[] {
  return [
    ['GET 4 KiB', objectRequests('GET', keys)],
    ['PUT 4 KiB', objectRequests('PUT', keys)],
    ['LIST, a page of 256', listRequest],
    ['AssumeRole', assumeRoleRequest],
  ];
}

function objectRequests(method: 'GET' | 'PUT', keys: number): RequestsOf {
  return (server, role) =>
    Array.from({ length: OBJECTS }, (_, number) => {
      const among = String(Math.floor((number * keys) / OBJECTS)).padStart(8, '0');
      return objectRequest(method, `k${among}-asked`, server, role);
    });
}

function objectRequest(
  method: 'GET' | 'PUT',
  key: string,
  { endpoint }: ServerProcess,
  { session }: PreparedRole,
): Buffer {
  const url = new URL(`/${BUCKET}/${key}`, endpoint);
  const body = method === 'PUT' ? OBJECT : Buffer.alloc(0);
  return signedRequest({ method, url, service: 's3', body }, session, systemClock.now());
}

function listRequest({ endpoint }: ServerProcess, { session }: PreparedRole): readonly Buffer[] {
  const url = new URL(`/${BUCKET}?list-type=2&prefix=list%2F`, endpoint);
  return [signedRequest({ method: 'GET', url, service: 's3' }, session, systemClock.now())];
}

function assumeRoleRequest({ endpoint }: ServerProcess, { user, roleArn }: PreparedRole): readonly Buffer[] {
  const parameters = { Action: 'AssumeRole', RoleArn: roleArn, RoleSessionName: 'bench' };
  return [formRequest('sts', endpoint, user, parameters, systemClock.now())];
}

type Asked = readonly [server: ServerProcess, requests: readonly Buffer[]];

/** In turns; by the least figure of each. */
async function compare(name: string, few: Asked, many: Asked): Promise<Figure> {
  const [before, after]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    before.push(await processorOf(few));
    after.push(await processorOf(many));
  }
  return figureOf(name, Math.min(...before), Math.min(...after), 'µs');
}

/** Microseconds of the server's processor per request. */
async function processorOf([{ endpoint, pid }, requests]: Asked): Promise<number> {
  const before = processorMilliseconds(pid);
  const { answered } = await load(new URL(endpoint), requests, HOW);
  return ((processorMilliseconds(pid) - before) * 1000) / answered;
}

function figureOf(name: string, before: number, after: number, unit: string): Figure {
  const share = after / before;
  return {
    name,
    value: `${Math.round(after)} ${unit}`,
    against: `${share.toFixed(2)} of the empty store (${Math.round(before)} ${unit}); aim under ${MORE.toFixed(2)}`,
    met: share < MORE,
  };
}
