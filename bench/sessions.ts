/**
 * Many live sessions: what their records take of memory, and what it costs to find out whose a session is. Each is
 * recorded durably and used once. `node --expose-gc dist/bench/sessions.js DIRECTORY COUNT` prints JSON.
 */
import { systemClock } from '../src/core/clock.js';
import { type Account, type Identity, openIdentity, rootArn } from '../src/identity/index.js';
import { openLmdb } from '../src/store/lmdb/lmdb.js';
import { issueSession, microseconds } from './directory.js';
import { residentMegabytes } from './processes.js';

/** Megabytes while `sessions` live. */
export interface Memory {
  readonly sessions: number;
  /** After a collection. */
  readonly heap: number;
  /** Resident, without the store's file, which the system may drop whenever it needs the room. */
  readonly resident: number;
}

export interface SessionsResult {
  /** At 10 %, 50 % and 100 % of the sessions. */
  readonly memory: readonly Memory[];
  /** Sessions issued per second. */
  readonly perSecond: number;
  /** Microseconds of `identity.lookup`. */
  readonly lookup: {
    readonly longTerm: number;
    /** A session that was used lately. */
    readonly known: number;
    /** One that has to be opened. */
    readonly opened: number;
  };
}

const ROLE = 'bench';
/** Sessions that are issued at the same time. */
const BATCH = 1000;
/** More than the server keeps open, so that each is opened anew as its turn comes. */
const UNKNOWN = 20_000;
const KNOWN = 1000;

const [path, count] = [process.argv[2]!, Number(process.argv[3])];
const kv = await openLmdb(path);
const identity = await openIdentity({ kv, rootKey: new Uint8Array(32), clock: systemClock });
const { account, rootKey } = await identity.createAccount({ name: 'bench', partition: 'aws' });
const trust = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { AWS: rootArn(account) }, Action: 'sts:AssumeRole' },
};
await identity.roles.create(account, { name: ROLE, trust: JSON.stringify(trust) });
const issued = await issueAll(identity, account);
const lookup = await timeLookups(identity, account);
await identity.close();
await kv.close();
const result: SessionsResult = { ...issued, lookup };
process.stdout.write(JSON.stringify(result));

async function issueAll(identity: Identity, account: Account) {
  const memory: Memory[] = [];
  const begun = performance.now();
  for (let sessions = 0; sessions < count; ) {
    await Promise.all(Array.from({ length: BATCH }, () => issueAndUse(identity, account)));
    sessions += BATCH;
    if ([0.1, 0.5, 1].includes(sessions / count)) memory.push(await measureMemory(sessions));
  }
  return { memory, perSecond: (count * 1000) / (performance.now() - begun) };
}

async function issueAndUse(identity: Identity, account: Account) {
  const credentials = await issueSession(identity, account, ROLE);
  await lookUp(identity, credentials.accessKeyId, credentials.sessionToken);
  return credentials;
}

async function lookUp(identity: Identity, accessKeyId: string, sessionToken?: string): Promise<void> {
  const { found } = await identity.lookup(accessKeyId, sessionToken, systemClock.now());
  if (found !== 'valid') throw new Error(`the credentials are ${found}`);
}

async function measureMemory(sessions: number): Promise<Memory> {
  if (globalThis.gc === undefined) throw new Error('run it with --expose-gc');
  globalThis.gc();
  return {
    sessions,
    heap: process.memoryUsage().heapUsed / 1e6,
    resident: await residentMegabytes(process.pid, 'RssAnon'),
  };
}

async function timeLookups(identity: Identity, account: Account): Promise<SessionsResult['lookup']> {
  const sessions: Awaited<ReturnType<typeof issueSession>>[] = [];
  while (sessions.length < UNKNOWN) {
    sessions.push(
      ...(await Promise.all(Array.from({ length: BATCH }, () => issueSession(identity, account, ROLE)))),
    );
  }
  const inTurn = (several: number) => (number: number) => {
    const { accessKeyId, sessionToken } = sessions[number % several]!;
    return lookUp(identity, accessKeyId, sessionToken);
  };
  return {
    longTerm: await microseconds(100_000, () => lookUp(identity, rootKey.id)),
    known: await microseconds(100_000, inTurn(KNOWN)),
    opened: await microseconds(UNKNOWN, inTurn(UNKNOWN)),
  };
}
