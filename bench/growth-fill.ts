/**
 * Fills the data directory of a server that does not run, through the engines: signed requests would take a hundred
 * times as long. `node dist/bench/growth-fill.js DIRECTORY` with a `Fill` as JSON on standard input; prints what each
 * took, seconds.
 */
import { json } from 'node:stream/consumers';
import { createAuthoriser } from '../src/auth/authorise.js';
import { systemClock } from '../src/core/clock.js';
import { bodyOf } from '../src/core/http-message.js';
import { loadRootKeys } from '../src/crypto/root-key.js';
import { type Account, type Identity, openIdentity } from '../src/identity/index.js';
import { openObjects } from '../src/objects/index.js';
import { holdsRecords } from '../src/store/data-directory.js';
import { openStores } from '../src/store/open.js';
import { issueSession, microseconds } from './directory.js';

export interface Fill {
  /** Of the bucket that gets the keys, `k00000000` and so on. */
  readonly bucket: string;
  readonly keys: number;
  readonly buckets: number;
  readonly sessions: number;
  /** The sessions are spread over them. */
  readonly roles: number;
  /** Of each role. */
  readonly policies: number;
}

export interface Filled {
  readonly seconds: Readonly<Record<string, number>>;
  /** Microseconds from a role session's access key to a decision: always the same role's, and all of them in turn. */
  readonly decisions: { readonly one: number; readonly all: number };
}

/** Roles of which a session asks, and decisions that are timed. */
const ASKING = 2000;
const DECISIONS = 20_000;
/** AWS's quota of an account. */
const ROLES = 1000;
/** Changes under way at a time: they share commits. */
const TOGETHER = 1000;

const data = process.argv[2]!;
const fill = (await json(process.stdin)) as Fill;
const { current: rootKey } = await loadRootKeys({ data, rootKeyFile: undefined }, holdsRecords);
const stores = await openStores({ data }, () => systemClock.now());
const seconds: Record<string, number> = {};
try {
  await fillObjects();
  const decisions = await fillIdentity();
  process.stdout.write(JSON.stringify({ seconds, decisions } satisfies Filled));
} finally {
  await stores.close();
}

async function fillObjects(): Promise<void> {
  const { kv, blobs } = stores;
  const objects = await openObjects({ kv, blobs, clock: systemClock, rootKey });
  const bucket = await objects.buckets.get(fill.bucket);
  const { owner, partition, region } = bucket;
  const attributes = { headers: {}, metadata: [] };
  const body = Buffer.from('x');
  await repeat('keys', fill.keys, async number => {
    const received = await objects.contents.receive(bodyOf(body), body.length, {});
    await objects.versions.put(bucket, `k${String(number).padStart(8, '0')}`, attributes, received);
  });
  await repeat('buckets', fill.buckets, async number => {
    await objects.buckets.create({ name: `bucket-${number}`, owner, partition, region });
  });
}

async function fillIdentity(): Promise<Filled['decisions']> {
  const identity = await openIdentity({ kv: stores.kv, rootKey, clock: systemClock });
  const policy = (Statement: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
  const accounts = await Promise.all(
    Array.from({ length: Math.ceil(fill.roles / ROLES) }, async () => {
      const { account } = await identity.createAccount({ name: 'growth', partition: 'aws' });
      return account;
    }),
  );
  const accountOf = (role: number) => accounts[Math.floor(role / ROLES)]!;
  await repeat('roles with their policies', fill.roles, async number => {
    const account = accountOf(number);
    const Principal = { AWS: `arn:aws:iam::${account.id}:root` };
    const trust = policy([{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }]);
    await identity.roles.create(account, { name: `role-${number}`, trust });
    for (let index = 0; index < fill.policies; index++) {
      const Resource = `arn:aws:s3:::bucket-${number}/${index}/*`;
      const document = policy([{ Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource }]);
      const name = `policy-${index}`;
      await identity.entityPolicies.putInline(account, 'role', `role-${number}`, { name, document });
    }
  });
  await repeat('sessions', fill.sessions, async number => {
    const role = number % fill.roles;
    await issueSession(identity, accountOf(role), `role-${role}`);
  });
  const decisions = await timeDecisions(identity, accountOf);
  await identity.close();
  return decisions;
}

async function timeDecisions(
  identity: Identity,
  accountOf: (role: number) => Account,
): Promise<Filled['decisions']> {
  const authorise = createAuthoriser({ credentials: identity });
  const count = Math.min(ASKING, fill.roles);
  const roles = Array.from({ length: count }, (_, index) => Math.floor((index * fill.roles) / count));
  const sessions = await Promise.all(
    roles.map(role => issueSession(identity, accountOf(role), `role-${role}`)),
  );
  const over = (asking: number) =>
    microseconds(DECISIONS, async number => {
      const { accessKeyId, sessionToken } = sessions[number % asking]!;
      const found = await identity.lookup(accessKeyId, sessionToken, systemClock.now());
      if (found.found !== 'valid') throw new Error(`the session is ${found.found}`);
      const bucket = `arn:aws:s3:::bucket-${roles[number % asking]}`;
      const requirement = { action: 's3:GetObject', resource: `${bucket}/${fill.policies - 1}/report.csv` };
      const { decision } = await authorise(found.caller, requirement, () => ({}));
      if (!decision.allowed) throw new Error('what a policy allows was refused');
    });
  return { one: await over(1), all: await over(count) };
}

async function repeat(
  name: string,
  count: number,
  action: (number: number) => Promise<unknown>,
): Promise<void> {
  const begun = performance.now();
  let next = 0;
  const work = async () => {
    while (next < count) await action(next++);
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
  seconds[name] = (performance.now() - begun) / 1000;
}
