/** What identity costs: assuming a role that is guarded as real ones are, session tokens, many sessions, many users. */
import { join } from 'node:path';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { systemClock } from '../src/clock.js';
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

/** Of the operations whose cost is to depend on nothing. */
interface Flat {
  readonly listUsers: Rate;
  readonly getUser: Rate;
  readonly assumeRole: Rate;
  readonly decision: Rate;
}

/** In a directory for temporary files. */
export async function measureIdentity(directory: string): Promise<readonly Figure[]> {
  const few = await fillDirectory(join(directory, 'few'), FEW);
  const [small, ...figures] = await atServer(join(directory, 'few'), async endpoint => [
    await loadFlat(endpoint, few, FEW[0]!),
    await measureAssumeRole(endpoint, few),
    await measureSessionToken(endpoint, few),
  ]);
  const many = await fillDirectory(join(directory, 'many'), MANY);
  const large = await atServer(join(directory, 'many'), endpoint => loadFlat(endpoint, many, MANY[0]!));
  const sessions = await runScript<SessionsResult>(
    'sessions.js',
    [join(directory, 'sessions'), String(SESSIONS)],
    { flags: ['--expose-gc'] },
  );
  return [...figures, ...lookupFigures(sessions), ...memoryFigures(sessions), ...flatFigures(small, large)];
}

async function atServer<T>(data: string, measure: (endpoint: string) => Promise<T>): Promise<T> {
  const server = await startServerProcess(data);
  try {
    return await measure(server.endpoint);
  } finally {
    await server.kill();
  }
}

const iam = (endpoint: string, credentials: Credentials, parameters: Record<string, string>): Buffer =>
  formRequest('iam', endpoint, credentials, parameters, systemClock.now());

const sts = (endpoint: string, credentials: Credentials, parameters: Record<string, string>): Buffer =>
  formRequest('sts', endpoint, credentials, parameters, systemClock.now());

function assumeRole(endpoint: string, { accountId, credentials }: Directory, role: string): Buffer {
  return sts(endpoint, credentials, {
    Action: 'AssumeRole',
    RoleArn: `arn:aws:iam::${accountId}:role/${role}`,
    RoleSessionName: 'bench',
    ExternalId: EXTERNAL_ID,
  });
}

async function measureAssumeRole(endpoint: string, directory: Directory): Promise<Figure> {
  const requests = [assumeRole(endpoint, directory, RICH_ROLE)];
  const bare = await loadBareServer(requests, HOW);
  const name = 'AssumeRole, conditions, ten policies';
  return ratio(name, await load(new URL(endpoint), requests, HOW), bare, 'bare node:http', 0.1);
}

async function measureSessionToken(endpoint: string, { accountId, credentials }: Directory): Promise<Figure> {
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

async function loadFlat(endpoint: string, directory: Directory, { users, roles }: Population): Promise<Flat> {
  const { credentials } = directory;
  const spread = (of: number, request: (number: number) => Buffer) =>
    load(
      new URL(endpoint),
      Array.from({ length: Math.min(of, SPREAD) }, (_, index) =>
        request(Math.floor((index * of) / Math.min(of, SPREAD))),
      ),
      HOW,
    );
  return {
    listUsers: await load(
      new URL(endpoint),
      [iam(endpoint, credentials, { Action: 'ListUsers', MaxItems: '50' })],
      HOW,
    ),
    getUser: await spread(users, number =>
      iam(endpoint, credentials, { Action: 'GetUser', UserName: `user-${number}` }),
    ),
    assumeRole: await spread(roles, number => assumeRole(endpoint, directory, `role-${number}`)),
    decision: { perSecond: 1e6 / directory.decision },
  };
}

function flatFigures(few: Flat, many: Flat): Figure[] {
  const names = {
    listUsers: 'page of ListUsers among 10,000',
    getUser: 'GetUser among 10,000',
    assumeRole: 'AssumeRole among 5,000 roles',
    decision: 'decision among 5,000 roles',
  } as const;
  const operations = Object.keys(names) as (keyof Flat)[];
  return operations.map(operation =>
    ratio(names[operation], many[operation], few[operation], 'the same with a hundredth', FLAT),
  );
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
