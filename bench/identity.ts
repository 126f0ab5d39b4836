/** What identity costs: assuming a role that is guarded as real ones are, session tokens, many sessions, many users. */
import { join } from 'node:path';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { systemClock } from '../src/core/clock.js';
import { startServerProcess } from '../test/faults/server-process.js';
import { type Directory, EXTERNAL_ID, fillDirectory, type Population, RICH_ROLE } from './directory.js';
import { type Figure, type Rate, ratio } from './figures.js';
import { type Load, load, loadBareServer, runScript } from './processes.js';
import type { SessionsResult } from './sessions.js';
import { type Credentials, formRequest } from './signed-request.js';

const HOW: Load = { connections: 32, warmUp: 1, seconds: 2 };
const SESSIONS = 200_000;
const FEW: readonly Population[] = [{ users: 100, roles: 50 }];
/** 10,000 users and 5,000 roles; the account that is asked is full. */
const MANY: readonly Population[] = [
  { users: 5000, roles: 1000 },
  { users: 2000, roles: 1000 },
  { users: 1000, roles: 1000 },
  { users: 1000, roles: 1000 },
  { users: 1000, roles: 1000 },
];
/** Different requests of one load: spread over all users and roles. */
const SPREAD = 500;
/** The aims: what is kept of the rate when there are a hundred times as many, and how far memory may grow. */
const FLAT = 0.8;
const GROWTH = 1.2;

/** A server and what its directory holds. */
interface Filled extends Directory {
  readonly endpoint: string;
  readonly population: Population;
}

/** In a directory for temporary files. */
export async function measureIdentity(directory: string): Promise<readonly Figure[]> {
  const figures = await atServer(join(directory, 'few'), FEW, few =>
    atServer(join(directory, 'many'), MANY, async many => [
      await measureAssumeRole(few),
      await measureSessionToken(few),
      ...(await measureFlat(few, many)),
    ]),
  );
  const sessions = await runScript<SessionsResult>(
    'sessions.js',
    [join(directory, 'sessions'), String(SESSIONS)],
    { flags: ['--expose-gc'] },
  );
  return [...figures, ...lookupFigures(sessions), ...memoryFigures(sessions)];
}

async function atServer<T>(
  data: string,
  populations: readonly Population[],
  measure: (filled: Filled) => Promise<T>,
): Promise<T> {
  const directory = await fillDirectory(data, populations);
  const server = await startServerProcess(data);
  try {
    return await measure({ ...directory, endpoint: server.endpoint, population: populations[0]! });
  } finally {
    await server.kill();
  }
}

const iam = (endpoint: string, credentials: Credentials, parameters: Record<string, string>): Buffer =>
  formRequest('iam', endpoint, credentials, parameters, systemClock.now());

const sts = (endpoint: string, credentials: Credentials, parameters: Record<string, string>): Buffer =>
  formRequest('sts', endpoint, credentials, parameters, systemClock.now());

function assumeRole({ endpoint, accountId, credentials }: Filled, role: string): Buffer {
  return sts(endpoint, credentials, {
    Action: 'AssumeRole',
    RoleArn: `arn:aws:iam::${accountId}:role/${role}`,
    RoleSessionName: 'bench',
    ExternalId: EXTERNAL_ID,
  });
}

async function measureAssumeRole(filled: Filled): Promise<Figure> {
  const requests = [assumeRole(filled, RICH_ROLE)];
  const bare = await loadBareServer(requests, HOW);
  const assumed = await load(new URL(filled.endpoint), requests, HOW);
  return ratio('AssumeRole, conditions, ten policies', assumed, bare, 'bare node:http', 0.1);
}

async function measureSessionToken({ endpoint, accountId, credentials }: Filled): Promise<Figure> {
  const client = new STSClient({ endpoint, credentials, region: 'us-east-1' });
  const RoleArn = `arn:aws:iam::${accountId}:role/${RICH_ROLE}`;
  const { Credentials: made } = await client.send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'bench', ExternalId: EXTERNAL_ID }),
  );
  client.destroy();
  const temporary: Credentials = {
    accessKeyId: made!.AccessKeyId!,
    secretAccessKey: made!.SecretAccessKey!,
    sessionToken: made!.SessionToken!,
  };
  const ask = (who: Credentials) =>
    load(new URL(endpoint), [sts(endpoint, who, { Action: 'GetCallerIdentity' })], HOW);
  const long = await ask(credentials);
  return ratio(
    'GetCallerIdentity of a session',
    await ask(temporary),
    long,
    'the same with a user’s key',
    FLAT,
  );
}

/** What is to cost the same among many. Each is measured on both servers in turn; the one that waits costs nothing. */
async function measureFlat(few: Filled, many: Filled): Promise<Figure[]> {
  const listUsers = ({ endpoint, credentials }: Filled): Buffer[] => [
    iam(endpoint, credentials, { Action: 'ListUsers', MaxItems: '50' }),
  ];
  const getUser = ({ endpoint, credentials, population }: Filled): Buffer[] =>
    spread(population.users, number =>
      iam(endpoint, credentials, { Action: 'GetUser', UserName: `user-${number}` }),
    );
  const assumeRoles = (filled: Filled): Buffer[] =>
    spread(filled.population.roles, number => assumeRole(filled, `role-${number}`));
  const of = 'the same with a hundredth';
  const figures: Figure[] = [];
  for (const [name, requests] of [
    ['page of ListUsers among 10,000', listUsers],
    ['GetUser among 10,000', getUser],
    ['AssumeRole among 5,000 roles', assumeRoles],
  ] as const) {
    const among = (filled: Filled) => load(new URL(filled.endpoint), requests(filled), HOW);
    const whole = await among(few);
    figures.push(ratio(name, await among(many), whole, of, FLAT));
  }
  const decisions = ({ decision }: Directory): Rate => ({ perSecond: 1e6 / decision });
  return [...figures, ratio('decision among 5,000 roles', decisions(many), decisions(few), of, FLAT)];
}

/** At most `SPREAD` requests for numbers below `among`, evenly. */
function spread(among: number, request: (number: number) => Buffer): Buffer[] {
  const count = Math.min(among, SPREAD);
  return Array.from({ length: count }, (_, index) => request(Math.floor((index * among) / count)));
}

function lookupFigures({ lookup: { longTerm, known, opened }, perSecond }: SessionsResult): Figure[] {
  const figure = (name: string, value: number, limit: number): Figure => ({
    name,
    value: `${value.toFixed(1)} µs`,
    against: `aim under ${limit} µs`,
    met: value < limit,
  });
  return [
    figure('look-up of an access key', longTerm, 20),
    figure('look-up of a session in use', known, 20),
    figure('look-up of a session to be opened', opened, 100),
    figure('session issued and used, durably', 1e6 / perSecond, 1000),
  ];
}

function memoryFigures({ memory }: SessionsResult): Figure[] {
  const [tenth, half, all] = memory as readonly [(typeof memory)[0], (typeof memory)[0], (typeof memory)[0]];
  return (['heap', 'resident'] as const).map(kind => ({
    name: `${kind}, ${all.sessions.toLocaleString('en')} live sessions`,
    value: `${Math.round(all[kind])} MB`,
    against: `${Math.round(tenth[kind])} MB at 10 %, ${Math.round(half[kind])} MB at 50 %; aim at most ${GROWTH} times as at 10 %`,
    met: all[kind] <= tenth[kind] * GROWTH,
  }));
}
