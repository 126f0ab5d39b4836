/**
 * Objects of all sizes, written, read, listed and deleted with temporary credentials, a policy in force and durable
 * writes; against what the machine can do at most.
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.js';
import { type ServerProcess, startServerProcess } from '../test/faults/server-process.js';
import type { Figure } from './figures.js';
import { cipherBytesPerSecond, md5BytesPerSecond } from './limits.js';
import type { LoadResult } from './load.js';
import { type Load, load, loadBareServer, residentMegabytes, runScript } from './processes.js';
import { processorMilliseconds } from './processor-time.js';
import { BUCKET, prepareRole } from './role-session.js';
import { type Credentials, signedRequest } from './signed-request.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** How long each figure is measured, seconds; before that, long enough for V8 to compile what is hot. */
const WARM_UP = 2;
const SECONDS = 1.8;

interface Size {
  readonly name: string;
  readonly bytes: number;
  /** That are written and read in turn. */
  readonly objects: number;
  readonly connections: number;
}

const SIZES: readonly Size[] = [
  { name: '1 KiB', bytes: KIB, objects: 256, connections: 32 },
  { name: '4 KiB', bytes: 4 * KIB, objects: 256, connections: 32 },
  { name: '64 KiB', bytes: 64 * KIB, objects: 64, connections: 32 },
  { name: '1 MiB', bytes: MIB, objects: 16, connections: 8 },
  { name: '64 MiB', bytes: 64 * MIB, objects: 2, connections: 2 },
];
const FOUR_KIB = SIZES[1]!;
const LARGEST = SIZES.at(-1)!;
/** Objects that are there to be deleted. */
const DELETED = 6000;

/** A server, and who sends the requests: a session of a role. */
interface Served {
  readonly server: ServerProcess;
  readonly session: Credentials;
}

/** In a directory for temporary files. */
export async function measureObjects(directory: string): Promise<readonly Figure[]> {
  const limits = await measureLimits(directory);
  const alone = await measureAlone(directory, limits);
  const two = await measureWorkers(directory, alone.rates, 2);
  const four = await measureWorkers(directory, alone.rates, 4);
  return [...alone.figures, ...two, ...four];
}

async function measureAlone(directory: string, limits: Limits) {
  const server = await startServerProcess(join(directory, 'data'));
  try {
    const served = { server, session: (await prepareRole(server)).session };
    const figures: Figure[] = [];
    const rates = new Map<string, number>();
    const add = async (name: string, requests: readonly Buffer[], how: Load, ...bounds: Bound[]) => {
      const measured = await measure(served, requests, how);
      rates.set(name, measured.perSecond);
      figures.push(figureOf(name, measured, bounds));
    };
    for (const size of SIZES) {
      const [put, get] = [requestsOf(served, 'PUT', size), requestsOf(served, 'GET', size)];
      await add(`PUT ${size.name}`, put, howOf(size), ...boundsOf('PUT', size, limits));
      await add(`GET ${size.name}`, get, howOf(size), ...boundsOf('GET', size, limits));
    }
    const small = howOf(FOUR_KIB);
    const bare: Bound = { name: 'bare node:http', perSecond: limits.bare };
    await add('HEAD 4 KiB', requestsOf(served, 'HEAD', FOUR_KIB), small, bare);
    await add('LIST, a page of 256', [listRequest(served)], small, bare);
    for (const connections of [1, 8, 128]) {
      const how = { ...small, connections };
      const clients = connections === 1 ? '1 client' : `${connections} clients`;
      await add(`PUT 4 KiB, ${clients}`, requestsOf(served, 'PUT', FOUR_KIB), how);
      await add(`GET 4 KiB, ${clients}`, requestsOf(served, 'GET', FOUR_KIB), how);
    }
    const doomed = { ...FOUR_KIB, name: 'doomed', objects: DELETED };
    const all = { ...small, warmUp: 0, once: true };
    await load(new URL(server.endpoint), requestsOf(served, 'PUT', doomed), all);
    const commits: Bound = { name: 'raw commits', perSecond: limits.commits };
    await add('DELETE 4 KiB', requestsOf(served, 'DELETE', doomed), all, commits);
    figures.push(await measureSmallBesideLarge(served));
    return { figures, rates };
  } finally {
    await server.kill();
  }
}

/** So many workers against the one process that was measured before. */
async function measureWorkers(
  directory: string,
  before: ReadonlyMap<string, number>,
  workers: number,
): Promise<Figure[]> {
  const server = await startServerProcess(join(directory, `workers-${workers}`), ['--workers', `${workers}`]);
  try {
    const served = { server, session: (await prepareRole(server)).session };
    const figures: Figure[] = [];
    // Each of them compiles for itself, from its share of the requests.
    const warmUp = (1 + workers) * WARM_UP;
    for (const [name, method, connections] of [
      ['PUT 4 KiB', 'PUT', 32],
      ['PUT 4 KiB, 128 clients', 'PUT', 128],
      ['GET 4 KiB', 'GET', 32],
    ] as const) {
      const how = { ...howOf(FOUR_KIB), connections, warmUp };
      const measured = await measure(served, requestsOf(served, method, FOUR_KIB), how);
      const aim = method === 'PUT' ? 1.5 : 1.7;
      const bound = { name: 'one process', perSecond: before.get(name)!, aim };
      figures.push(figureOf(`${name}, ${workers} workers`, measured, [bound]));
    }
    return figures;
  } finally {
    await server.kill();
  }
}

/** How long small reads take while large bodies are being received. */
async function measureSmallBesideLarge(served: Served): Promise<Figure> {
  const endpoint = new URL(served.server.endpoint);
  const large = load(endpoint, requestsOf(served, 'PUT', LARGEST), { ...howOf(LARGEST), seconds: 3 });
  const small = await load(endpoint, requestsOf(served, 'GET', FOUR_KIB), {
    connections: 1,
    warmUp: 1,
    seconds: 1.5,
  });
  await large;
  return {
    name: 'GET 4 KiB beside PUTs of 64 MiB, median',
    value: `${small.median.toFixed(1)} ms`,
    against: `aim under 5.0 ms; 99 % within ${small.p99.toFixed(1)} ms`,
    met: small.median < 5,
  };
}

type Method = 'PUT' | 'GET' | 'HEAD' | 'DELETE';

function requestsOf(
  { server, session }: Served,
  method: Method,
  { name, bytes, objects }: Size,
): readonly Buffer[] {
  const now = systemClock.now();
  const body = method === 'PUT' ? Buffer.alloc(bytes, 'x') : Buffer.alloc(0);
  return Array.from({ length: objects }, (_, number) => {
    const url = new URL(`/${BUCKET}/${name.replace(' ', '-')}-${number}`, server.endpoint);
    return signedRequest({ method, url, service: 's3', body }, session, now);
  });
}

function listRequest({ server, session }: Served): Buffer {
  const url = new URL(`/${BUCKET}?list-type=2&prefix=4-KiB-`, server.endpoint);
  return signedRequest({ method: 'GET', url, service: 's3' }, session, systemClock.now());
}

const howOf = ({ connections, bytes }: Size): Load => {
  // Of the largest only a few are done in a second.
  return { connections, warmUp: WARM_UP, seconds: bytes === LARGEST.bytes ? 3 * SECONDS : SECONDS };
};

interface Measured extends LoadResult {
  /** Of the server's processes, microseconds per request; those of the warm-up count. */
  readonly processor: number;
  /** Of the process that was started, MB: with workers, of the one that starts them. */
  readonly resident: number;
}

async function measure({ server }: Served, requests: readonly Buffer[], how: Load): Promise<Measured> {
  const before = processorMilliseconds(server.pid);
  const result = await load(new URL(server.endpoint), requests, how);
  const spent = processorMilliseconds(server.pid) - before;
  return {
    ...result,
    processor: (spent * 1000) / result.answered,
    resident: await residentMegabytes(server.pid),
  };
}

/** What a rate is held against. */
interface Bound {
  readonly name: string;
  readonly perSecond: number;
  readonly aim?: number;
}

function figureOf(name: string, measured: Measured, bounds: readonly Bound[]): Figure {
  const { perSecond, median, p99, processor, resident } = measured;
  const shares = bounds.map(({ name: of, perSecond: most, aim }) => {
    const share = (perSecond / most).toFixed(2);
    return `${share} of ${of} (${rounded(most)}/s)${aim === undefined ? '' : `, aim ${aim.toFixed(2)}`}`;
  });
  const own = `${median.toFixed(1)} ms, 99 % ${p99.toFixed(1)} ms; ${Math.round(processor)} µs processor, ${Math.round(resident)} MB`;
  const met = bounds.every(({ perSecond: most, aim = 0 }) => perSecond >= aim * most);
  return { name, value: `${rounded(perSecond)}/s`, against: [...shares, own].join('; '), met };
}

const rounded = (rate: number): string => (rate < 100 ? rate.toFixed(1) : String(Math.round(rate)));

/** What the machine can do at most; bytes per second but for the first two. */
interface Limits {
  readonly bare: number;
  readonly commits: number;
  readonly md5: number;
  readonly cipher: number;
  readonly written: number;
  readonly read: number;
}

async function measureLimits(directory: string): Promise<Limits> {
  const request = Buffer.from('GET / HTTP/1.1\r\nhost: bare\r\n\r\n');
  const bare = await loadBareServer([request], howOf(FOUR_KIB));
  const commits = await runScript<{ perSecond: number }>('commits.js', [join(directory, 'commits'), '2']);
  const disk = await diskBytesPerSecond(join(directory, 'disk'));
  return {
    bare: bare.perSecond,
    commits: commits.perSecond,
    md5: md5BytesPerSecond(),
    cipher: cipherBytesPerSecond(),
    ...disk,
  };
}

/** A file of 256 MiB, written and synced, and read again as a stream. */
async function diskBytesPerSecond(path: string): Promise<Pick<Limits, 'written' | 'read'>> {
  const block = Buffer.alloc(MIB, 'x');
  const bytes = 256 * MIB;
  const file = await open(path, 'w');
  const begun = performance.now();
  for (let at = 0; at < bytes; at += block.length) await file.write(block);
  await file.sync();
  const written = performance.now() - begun;
  await file.close();
  const again = performance.now();
  const stream = createReadStream(path, { highWaterMark: 256 * KIB }).resume();
  await once(stream, 'end');
  return { written: (bytes * 1000) / written, read: (bytes * 1000) / (performance.now() - again) };
}

function boundsOf(method: 'PUT' | 'GET', { name, bytes }: Size, limits: Limits): Bound[] {
  if (bytes < MIB) {
    const bare: Bound = { name: 'bare node:http', perSecond: limits.bare };
    const commits: Bound = { name: 'raw commits', perSecond: limits.commits };
    if (name !== FOUR_KIB.name) return [method === 'GET' ? bare : commits];
    return [method === 'GET' ? { ...bare, aim: 0.25 } : { ...commits, aim: 0.4 }];
  }
  const cipher: Bound = { name: 'AES-256-GCM on one core', perSecond: limits.cipher / bytes };
  const [aimOfPut, aimOfGet] = bytes === LARGEST.bytes ? [0.85, 0.7] : [];
  if (method === 'GET') {
    const stream: Bound = { name: 'a file stream', perSecond: limits.read / bytes };
    return [aimOfGet === undefined ? stream : { ...stream, aim: aimOfGet }, cipher];
  }
  const md5: Bound = { name: 'MD5 on one core', perSecond: limits.md5 / bytes };
  const disk: Bound = { name: 'a synced file', perSecond: limits.written / bytes };
  return [aimOfPut === undefined ? md5 : { ...md5, aim: aimOfPut }, disk, cipher];
}
