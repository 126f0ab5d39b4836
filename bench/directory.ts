/** A data directory full of users and roles, made through the identity engine: signed requests would take longer. */
import { createAuthoriser } from '../src/auth/authorise.js';
import { systemClock } from '../src/core/clock.js';
import { loadRootKeys } from '../src/crypto/root-key.js';
import { type Account, entityArn, type Identity, openIdentity, rootArn } from '../src/identity/index.js';
import { holdsRecords } from '../src/store/data-directory.js';
import { openKv } from '../src/store/open.js';
import type { Credentials } from './signed-request.js';

/** What one account holds. AWS's quotas let it hold 5,000 users and 1,000 roles. */
export interface Population {
  readonly users: number;
  readonly roles: number;
}

/** The account that is asked, and what is known of it. */
export interface Directory {
  readonly accountId: string;
  /** Of a user who may do anything, and whom every role trusts. */
  readonly credentials: Credentials;
  /** Microseconds from a role session's access key to a decision on what it asks for, over many roles. */
  readonly decision: number;
}

export const EXTERNAL_ID = 'bench-external-id';
/** The role that has ten policies. */
export const RICH_ROLE = 'role-0';
const DECIDED_ROLES = 50;
const DECISIONS = 20_000;

/** Fills the data directory of a server that does not run: an account for each population; the first is asked. */
export async function fillDirectory(data: string, populations: readonly Population[]): Promise<Directory> {
  const { current: rootKey } = await loadRootKeys({ data, rootKeyFile: undefined }, holdsRecords);
  const { kv } = await openKv({ data });
  const identity = await openIdentity({ kv, rootKey, clock: systemClock });
  try {
    const accounts = await Promise.all(populations.map(population => fillAccount(identity, population)));
    const [{ account, user }] = accounts as [(typeof accounts)[0]];
    const decision = await timeDecisions(identity, account, populations[0]!.roles);
    return { accountId: account.id, credentials: user, decision };
  } finally {
    await identity.close();
    await kv.close();
  }
}

async function fillAccount(identity: Identity, { users, roles }: Population) {
  const { account } = await identity.createAccount({ name: 'bench', partition: 'aws' });
  const user = await createCaller(identity, account);
  await identity.users.create(account, { name: 'user-1' });
  for (let number = 2; number < users; number++) {
    await identity.users.create(account, { name: `user-${number}` });
  }
  const trust = trustPolicy(account);
  for (let number = 0; number < roles; number++) {
    await identity.roles.create(account, { name: `role-${number}`, trust });
  }
  for (let number = 0; number < 10; number++) await addPolicy(identity, account, number);
  return { account, user };
}

async function createCaller(identity: Identity, account: Account): Promise<Credentials> {
  await identity.users.create(account, { name: 'user-0' });
  const document = policy([{ Effect: 'Allow', Action: '*', Resource: '*' }]);
  await identity.entityPolicies.putInline(account, 'user', 'user-0', { name: 'all', document });
  const { id, secretAccessKey } = await identity.accessKeys.create(account, 'user-0');
  return { accessKeyId: id, secretAccessKey };
}

const policy = (Statement: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement });

/** As people write them for a partner: three principals, an external ID, addresses to come from. */
function trustPolicy(account: Account): string {
  const condition = {
    StringEquals: { 'sts:ExternalId': EXTERNAL_ID },
    IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '127.0.0.0/8', '192.168.0.0/16'] },
  };
  const users = ['user-0', 'user-1'].map(name => entityArn('user', account, '/', name));
  return policy([
    {
      Effect: 'Allow',
      Principal: { AWS: [...users, rootArn(account)] },
      Action: 'sts:AssumeRole',
      Condition: condition,
    },
  ]);
}

/** One of the ten policies of `RICH_ROLE`: every other is managed. */
async function addPolicy(identity: Identity, account: Account, number: number): Promise<void> {
  const name = `policy-${number}`;
  const bucket = `arn:aws:s3:::data-${number}`;
  const document = policy([
    { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: `${bucket}/*` },
    {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: bucket,
      Condition: { StringLike: { 's3:prefix': 'in/*' } },
    },
  ]);
  if (number % 2 === 0) {
    await identity.entityPolicies.putInline(account, 'role', RICH_ROLE, { name, document });
    return;
  }
  const { arn } = await identity.policies.create(account, { name, document });
  await identity.entityPolicies.attach(account, 'role', RICH_ROLE, arn);
}

async function timeDecisions(identity: Identity, account: Account, roles: number): Promise<number> {
  const authorise = createAuthoriser({ credentials: identity });
  const sessions = await Promise.all(
    Array.from({ length: DECIDED_ROLES }, (_, index) =>
      issueSession(identity, account, `role-${Math.floor((index * roles) / DECIDED_ROLES)}`),
    ),
  );
  const decide = async (number: number): Promise<void> => {
    const { accessKeyId, sessionToken } = sessions[number % sessions.length]!;
    const found = await identity.lookup(accessKeyId, sessionToken, systemClock.now());
    if (found.found !== 'valid') throw new Error(`the session is ${found.found}`);
    const requirement = { action: 's3:GetObject', resource: 'arn:aws:s3:::data-8/report.csv' };
    await authorise(found.caller, requirement, () => ({}));
  };
  return await microseconds(DECISIONS, decide);
}

/** A session of one of the account's roles, recorded durably. */
export async function issueSession(identity: Identity, account: Account, roleName: string) {
  const role = await identity.roles.get(account.id, roleName);
  const { credentials } = await identity.sessions.issue({
    arn: `arn:aws:sts::${account.id}:assumed-role/${role.name}/bench`,
    duration: 3600,
    issuer: {
      arn: entityArn('user', account, '/', 'user-0'),
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      sourceIp: '127.0.0.1',
      region: 'us-east-1',
    },
    claims: {
      kind: 'assume-role',
      account: account.id,
      entityId: role.id,
      entity: role.name,
      name: 'bench',
      policyArns: [],
      tags: [],
      transitiveKeys: [],
      externalId: EXTERNAL_ID,
      mfa: false,
      chained: false,
    },
  });
  return credentials;
}

/** Microseconds that `action` takes, on average over `count` calls in turn, after a fifth as many to warm up. */
export async function microseconds(
  count: number,
  action: (number: number) => Promise<unknown>,
): Promise<number> {
  for (let number = 0; number < count / 5; number++) await action(number);
  const begun = performance.now();
  for (let number = 0; number < count; number++) await action(number);
  return ((performance.now() - begun) * 1000) / count;
}
