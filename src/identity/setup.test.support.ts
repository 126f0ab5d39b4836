/** An identity in memory with one account, for the tests beside. */
import assert from 'node:assert/strict';
import type { Account, CredentialLookup } from '../core/caller.js';
import { ManualClock } from '../core/clock.js';
import type { Entry, Key, Kv } from '../store/kv.js';
import { openMemoryKv } from '../store/memory/memory.js';
import { type Identity, openIdentity } from './index.js';
import type { Role } from './model.js';
import type { SessionClaims } from './sessions/session-claims.js';

export const TRUST = (account: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' }],
  });

export const READ =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}';

export interface Setup {
  readonly identity: Identity;
  readonly account: Account;
  readonly clock: ManualClock;
  readonly kv: Kv;
}

export async function open(kv: Kv = openMemoryKv()): Promise<Setup> {
  const clock = new ManualClock(1_795_000_000_500);
  const identity = await openIdentity({ kv, rootKey: new Uint8Array(32), clock });
  const { account } = await identity.createAccount({ id: '111122223333', name: 'a', partition: 'aws' });
  return { identity, account, clock, kv };
}

export async function sessionOf({ identity, account }: Setup, role: Role, more: Partial<SessionClaims> = {}) {
  const { credentials } = await identity.sessions.issue({
    arn: 'arn:aws:sts::111122223333:assumed-role/App/s1',
    duration: 900,
    issuer: {
      arn: 'arn:aws:iam::111122223333:user/Bob',
      accessKeyId: 'AKIA',
      sourceIp: '192.0.2.1',
      region: 'us-east-1',
    },
    claims: {
      kind: 'assume-role',
      account: account.id,
      entityId: role.id,
      entity: role.name.toLowerCase(),
      name: 's1',
      policyArns: [],
      tags: [],
      transitiveKeys: [],
      mfa: false,
      chained: false,
      ...more,
    },
  });
  return credentials;
}

export function demandValid(found: CredentialLookup): CredentialLookup & { found: 'valid' } {
  assert.equal(found.found, 'valid');
  return found as CredentialLookup & { found: 'valid' };
}

export function refusedWhy(found: CredentialLookup): string {
  return found.found === 'none' ? found.why : found.found;
}

/** A store that notes which tables are read, over `memory`. */
export function countingKv(memory: Kv, reads: string[]): Kv {
  return {
    get: async (key: Key): Promise<Entry | undefined> => {
      reads.push(String(key[1]));
      return await memory.get(key);
    },
    getMany: async keys => {
      reads.push(...keys.map(key => String(key[1])));
      return await memory.getMany(keys);
    },
    list: range => memory.list(range),
    commit: (checks, writes) => memory.commit(checks, writes),
    close: () => memory.close(),
  };
}
