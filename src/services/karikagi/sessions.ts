/** The live sessions of an account, and their revocation. */

import type { Operation } from '../../core/operation.js';
import {
  type Account,
  accountOfId,
  entityArn,
  type Identity,
  type Role,
  type SessionView,
  tagContext,
} from '../../identity/index.js';
import { homeOf, invalid, type KarikagiPorts, notFound, onAccount } from './ports.js';

interface ListSessionsInput {
  /** Only sessions of that role. */
  readonly RoleName?: string;
  readonly MaxItems?: number;
  readonly NextToken?: string;
}

interface ListSessionsOutput {
  readonly Sessions: readonly object[];
  readonly NextToken?: string;
}

const DEFAULT_ITEMS = 100;
/** Sessions that one request looks at, so that a role with few among many never holds up the server. */
const LOOKED_AT = 5000;

/**
 * Who assumed what, through which chain, from where, until when; soonest to expire first. A page may hold fewer
 * than asked for, and still be followed by another.
 */
export const ListSessions: Operation<KarikagiPorts, ListSessionsInput, ListSessionsOutput, Account> = {
  resolve: (_input, call) => onAccount(call),
  async run(home, { RoleName, MaxItems = DEFAULT_ITEMS, NextToken }, _call, { identity }) {
    const ofRole = RoleName === undefined ? undefined : `:assumed-role/${RoleName.toLowerCase()}/`;
    const limit = ofRole === undefined ? MaxItems : LOOKED_AT;
    const looked = await identity.sessions.list(home.id, limit, readToken(NextToken));
    const found: SessionView[] = [];
    let last: SessionView | undefined;
    for (const session of looked) {
      if (found.length === MaxItems) break;
      last = session;
      if (ofRole === undefined || session.arn.toLowerCase().includes(ofRole)) found.push(session);
    }
    const more = looked.length === limit || last !== looked.at(-1);
    return {
      Sessions: await shapesOf(identity, home, found),
      ...(more && last && { NextToken: writeToken(last) }),
    };
  },
};

/**
 * The session that asks, with its chain. Open to every caller, as GetCallerIdentity is: it says nothing of anyone else.
 */
export const GetCallerSession: Operation<KarikagiPorts, object, { Session: object }, Account> = {
  resolve: (_input, call) => ({ requires: [], subject: homeOf(call) }),
  async run(home, _input, call, { identity }) {
    const { accessKeyId, expires } = call.caller;
    const session = accessKeyId && expires && (await identity.sessions.get(home.id, expires, accessKeyId));
    if (!session) throw notFound('These credentials are no session: they do not end.');
    return { Session: shapeOf(session, false) };
  },
};

/** Refused from the next request on, on every worker. Sessions chained from it are sessions of their own. */
export const RevokeSession: Operation<KarikagiPorts, { AccessKeyId: string }, object, Account> = {
  resolve({ AccessKeyId }, call) {
    const { partition, id } = homeOf(call);
    return onAccount(call, { resource: `arn:${partition}:karikagi::${id}:session/${AccessKeyId}` });
  },
  async run(home, { AccessKeyId }, _call, { identity }) {
    const own = accountOfId(AccessKeyId) === home.id;
    const session = own ? await identity.sessions.find(home.id, AccessKeyId) : undefined;
    if (session === undefined) throw notFound(`Account ${home.id} has no live session ${AccessKeyId}.`);
    await identity.sessions.revoke(AccessKeyId);
    return {};
  },
};

interface OnRole {
  readonly home: Account;
  readonly role: Role | undefined;
}

/** Every session of the role that was issued until now; new ones are not touched. */
export const RevokeRoleSessions: Operation<KarikagiPorts, { RoleName: string }, object, OnRole> = {
  async resolve({ RoleName }, call, { identity }) {
    const home = homeOf(call);
    const role = await identity.roles.find(home.id, RoleName);
    const resource = entityArn('role', home, role?.path ?? '/', role?.name ?? RoleName);
    const context = tagContext('aws:ResourceTag', role?.tags ?? []);
    return { requires: [{ action: call.action, resource, context }], subject: { home, role } };
  },
  async run({ home, role }, { RoleName }, _call, { identity }) {
    if (role === undefined) throw notFound(`Account ${home.id} has no role ${RoleName}.`);
    await identity.roles.revokeSessions(home, RoleName);
    return {};
  },
};

async function shapesOf(identity: Identity, home: Account, sessions: readonly SessionView[]) {
  return await Promise.all(
    sessions.map(async session => shapeOf(session, await isRevoked(identity, home, session))),
  );
}

async function isRevoked(identity: Identity, home: Account, session: SessionView): Promise<boolean> {
  if (await identity.sessions.isRevoked(session.accessKeyId)) return true;
  if (session.kind !== 'assume-role') return false;
  const role = await identity.roles.find(home.id, session.arn.split('/')[1]!);
  return role === undefined || session.issued < (role.revokedBefore ?? 0);
}

const KINDS = {
  'assume-role': 'AssumeRole',
  'session-token': 'GetSessionToken',
  'sign-in': 'SignIn',
  'federation-token': 'GetFederationToken',
  'assume-root': 'AssumeRoot',
} as const;

function shapeOf(session: SessionView, revoked: boolean): object {
  const { chain = [], lastUsed } = session;
  return {
    AccessKeyId: session.accessKeyId,
    SessionType: KINDS[session.kind],
    Arn: session.arn,
    Issuer: { Arn: session.issuer, AccessKeyId: session.issuerKey },
    Chain: chain.map(({ arn, accessKeyId }) => ({ Arn: arn, AccessKeyId: accessKeyId })),
    SourceIp: session.sourceIp,
    IssueTime: new Date(session.issued),
    Expiration: new Date(session.expires),
    ExternalId: session.externalId,
    SourceIdentity: session.sourceIdentity,
    Tags: session.tags.map(([Key, Value]) => ({ Key, Value })),
    PolicyArns: session.policyArns,
    HasInlinePolicy: session.hasPolicy,
    ...(lastUsed && {
      LastUsed: { Time: new Date(lastUsed.time), Service: lastUsed.service, Region: lastUsed.region },
    }),
    Status: revoked ? 'Revoked' : 'Active',
  };
}

function writeToken({ expires, accessKeyId }: SessionView): string {
  return Buffer.from(`${expires / 1000} ${accessKeyId}`).toString('base64url');
}

function readToken(token: string | undefined) {
  if (token === undefined) return undefined;
  const match = /^(\d{1,12}) (\w+)$/.exec(Buffer.from(token, 'base64url').toString('utf8'));
  if (match === null) throw invalid('NextToken is not one that this server gave out.');
  return { end: Number(match[1]), accessKeyId: match[2]! };
}
