/**
 * `npm run bench -- peers --minio PATH --weed PATH --versitygw PATH`: the same load on this server and on others, one
 * after the other. The server has one core, the load another. It builds and fetches nothing.
 */
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.js';
import { type OtherName, otherNames, type Peer, startOther, startOwn } from './peer-servers.js';
import { type Load, load } from './processes.js';
import { BUCKET } from './role-session.js';
import { type Credentials, formRequest, presigned } from './signed-request.js';

const [SERVER_CORE, LOAD_CORE] = [0, 1];
const KIB = 1024;
const MIB = 1024 * KIB;
/** As many as a page of a listing has. */
const OBJECTS = 1000;
const LARGE = 64 * MIB;
/** Bodies of 64 MiB: together 1 GiB, so that seconds of processor time are seconds per GiB. */
const LARGE_REQUESTS = 16;
const CONNECTIONS = 32;
const LARGE_CONNECTIONS = 4;
/** Seconds; of a listing and AssumeRole, too. */
const [WARM_UP, SECONDS] = [2, 5];

/** What one server took for one kind of request. */
interface Taken {
  /** Of the server and its children, microseconds per request. */
  readonly processor: number;
  readonly perSecond: number;
}

interface Measurement {
  readonly name: string;
  readonly shown: (taken: Taken) => string;
  /** Absent where the server does not have the operation. */
  readonly requests: (peer: Peer) => readonly Buffer[] | undefined;
  readonly how: Load;
}

/** A server with its version, and what it took, in the order of the table's rows. */
export interface Measured {
  readonly name: string;
  readonly version: string;
  readonly settings: string;
  readonly taken: readonly (Taken | undefined)[];
}

const perSecond = (rate: number) => Math.round(rate).toLocaleString('en');
const micros = ({ processor, perSecond: rate }: Taken) => `${Math.round(processor)} · ${perSecond(rate)}`;
const millis = ({ processor, perSecond: rate }: Taken) =>
  `${(processor / 1000).toFixed(1)} · ${perSecond(rate)}`;
const perGib = ({ processor, perSecond: rate }: Taken) =>
  `${((processor * LARGE_REQUESTS) / 1e6).toFixed(2)} · ${perSecond((rate * LARGE) / MIB)}`;

const small: Load = { connections: CONNECTIONS, warmUp: WARM_UP, seconds: SECONDS };
const large: Load = { connections: LARGE_CONNECTIONS, warmUp: 0, seconds: 0, once: true };

const MEASUREMENTS: readonly Measurement[] = [
  {
    name: 'GET 4 KiB, µs · requests/s',
    shown: micros,
    requests: peer => smallRequests(peer, 'GET'),
    how: small,
  },
  {
    name: 'PUT 4 KiB, µs · requests/s',
    shown: micros,
    requests: peer => smallRequests(peer, 'PUT'),
    how: { ...small, body: 4 * KIB },
  },
  {
    name: 'LIST of 1,000, ms · requests/s',
    shown: millis,
    requests: peer => [presignedFor(peer, 'GET', `/${BUCKET}?list-type=2&prefix=small-`)],
    how: small,
  },
  { name: 'AssumeRole, µs · requests/s', shown: micros, requests: assumeRole, how: small },
  {
    name: 'PUT 64 MiB, s per GiB · MiB/s',
    shown: perGib,
    requests: peer => largeRequests(peer, 'PUT'),
    how: { ...large, body: LARGE },
  },
  {
    name: 'GET 64 MiB, s per GiB · MiB/s',
    shown: perGib,
    requests: peer => largeRequests(peer, 'GET'),
    how: large,
  },
];

/** Measures this server and those whose programs are given, each in about a minute. Throws where a program fails. */
export async function measurePeers(
  directory: string,
  programs: Readonly<Partial<Record<OtherName, string>>>,
): Promise<readonly Measured[]> {
  if (process.platform !== 'linux' || availableParallelism() < 2) {
    throw new Error('peers are measured on Linux, with a core for the server and one for the load');
  }
  // What this process starts runs where it runs; it waits while the load goes on.
  execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', String(SERVER_CORE), String(process.pid)], {
    stdio: 'ignore',
  });
  const measured = [await measureServer(await startOwn(join(directory, 'karikagi')))];
  for (const name of otherNames) {
    const program = programs[name];
    if (program === undefined) continue;
    measured.push(await measureServer(await startOther(name, program, join(directory, name))));
  }
  return measured;
}

async function measureServer(peer: Peer): Promise<Measured> {
  const { title: name, version, settings } = peer;
  try {
    const put = smallRequests(peer, 'PUT');
    await load(
      peer.endpoint,
      put,
      { ...large, connections: CONNECTIONS, body: 4 * KIB },
      { core: LOAD_CORE },
    );
    const taken: (Taken | undefined)[] = [];
    for (const measurement of MEASUREMENTS) taken.push(await take(peer, measurement));
    return { name, version, settings, taken };
  } finally {
    await peer.stop();
  }
}

async function take(peer: Peer, { requests, how }: Measurement): Promise<Taken | undefined> {
  const { endpoint, pid } = peer;
  const given = requests(peer);
  if (given === undefined) return undefined;
  // What is first written is not counted, nor what is compiled for it.
  if (how.once) await load(endpoint, given.slice(0, LARGE_CONNECTIONS), how, { core: LOAD_CORE });
  const { processor, perSecond: rate } = await load(endpoint, given, { ...how, pid }, { core: LOAD_CORE });
  return { processor: processor!, perSecond: rate };
}

function smallRequests(peer: Peer, method: 'GET' | 'PUT'): Buffer[] {
  const length = method === 'PUT' ? { 'content-length': String(4 * KIB) } : {};
  return Array.from({ length: OBJECTS }, (_, number) =>
    presignedFor(peer, method, `/${BUCKET}/small-${number}`, length),
  );
}

function largeRequests(peer: Peer, method: 'GET' | 'PUT'): Buffer[] {
  const length = method === 'PUT' ? { 'content-length': String(LARGE) } : {};
  return Array.from({ length: LARGE_REQUESTS }, (_, number) =>
    presignedFor(peer, method, `/${BUCKET}/large-${number % LARGE_CONNECTIONS}`, length),
  );
}

function presignedFor(
  { endpoint, credentials }: Peer,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  return presigned(method, new URL(path, endpoint), credentials, systemClock.now(), headers);
}

function assumeRole({ endpoint, role }: Peer): Buffer[] | undefined {
  if (!role) return undefined;
  const parameters = { Action: 'AssumeRole', RoleArn: role.arn, RoleSessionName: 'bench' };
  const user: Credentials = role.user;
  return [formRequest('sts', endpoint.origin, user, parameters, systemClock.now())];
}

/** The table in Markdown, and below it what was measured, when, and how. `machine`: what it ran on. */
export function peersTable(measured: readonly Measured[], machine: string, now: number): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const rows = MEASUREMENTS.map(({ name, shown }, row) =>
    line([name, ...measured.map(({ taken }) => (taken[row] ? shown(taken[row]) : '–'))]),
  );
  const date = new Date(now).toISOString().slice(0, 10);
  return [
    line(['', ...measured.map(({ name }) => name)]),
    line(['---', ...measured.map(() => '---')]),
    ...rows,
    `\n${date}, ${machine}. Processor time of the server and what it starts, and the rate. `,
    `The server on core ${SERVER_CORE}, the load on core ${LOAD_CORE}; presigned requests on ${CONNECTIONS} connections, `,
    `bodies of 64 MiB on ${LARGE_CONNECTIONS}, 1 GiB each way; ${SECONDS} s each after ${WARM_UP} s.\n\n`,
    ...measured.map(({ name, version, settings }) => `- ${name} ${version}: ${settings}\n`),
  ].join('');
}
