/** Who a set of credentials is, in the words of policies. Source of the keys: "AWS global condition context keys". */

import type { Account, Caller } from '../../core/caller.js';
import type { Context, Principal, PrincipalType } from '../../policy/types.js';
import { assumedRoleArn, entityArn, federatedUserArn, rootArn } from '../arn.js';
import { tagContext } from '../entities/tags.js';
import type { BoundedEntity, Role, Tags, User } from '../model.js';
import type { SessionClaims } from '../sessions/session-claims.js';

/** A caller of ours: carries what its policies are found by. */
export interface IdentifiedCaller extends Caller {
  readonly account: Account;
  /** The user or role whose policies apply; absent for root users and their sessions. */
  readonly entity?: User | Role;
  readonly claims?: SessionClaims;
}

/** A user with a long-term key. */
export function userCaller(account: Account, user: User, accessKeyId: string): IdentifiedCaller {
  const arn = entityArn('user', account, user.path, user.name);
  return {
    principal: { ...principalOf('user', arn, account), uniqueId: user.id },
    account,
    accessKeyId,
    userId: user.id,
    credentials: 'long-term',
    context: {
      ...principalContext('User', arn, account, user.id, user.tags),
      'aws:username': user.name,
    },
    entity: user,
  };
}

/** An account's root user with a long-term key. */
export function rootCaller(account: Account, accessKeyId: string): IdentifiedCaller {
  const arn = rootArn(account);
  return {
    principal: principalOf('root', arn, account),
    account,
    accessKeyId,
    userId: account.id,
    credentials: 'long-term',
    context: principalContext('Account', arn, account, account.id, []),
  };
}

/** A role's session. */
export function roleCaller(
  account: Account,
  role: Role,
  accessKeyId: string,
  claims: SessionClaims,
): IdentifiedCaller {
  const roleArn = entityArn('role', account, role.path, role.name);
  const arn = assumedRoleArn(account, role.name, claims.name);
  const userId = `${role.id}:${claims.name}`;
  return {
    principal: { ...principalOf('assumed-role', arn, account), uniqueId: role.id, roleArn },
    account,
    accessKeyId,
    userId,
    credentials: 'assume-role',
    expires: claims.expires,
    context: {
      ...principalContext('AssumedRole', roleArn, account, userId, sessionTags(role, claims)),
      ...sessionContext(claims),
    },
    session: inheritance(claims),
    entity: role,
    claims,
  };
}

/**
 * A user or root user with credentials of GetSessionToken, or signed in to the console: the same caller, for a while.
 */
export function sessionTokenCaller(
  long: IdentifiedCaller,
  claims: SessionClaims,
  credentials: 'session-token' | 'sign-in',
): IdentifiedCaller {
  return {
    ...long,
    credentials,
    expires: claims.expires,
    context: { ...long.context, ...sessionContext(claims) },
    session: inheritance(claims),
    claims,
  };
}

/** The root user of a member account, for a task that the organization's administrators have (AssumeRoot). */
export function assumedRootCaller(
  account: Account,
  accessKeyId: string,
  claims: SessionClaims,
): IdentifiedCaller {
  const root = rootCaller(account, accessKeyId);
  return {
    ...root,
    credentials: 'assume-root',
    expires: claims.expires,
    // "aws:AssumedRoot": in the requests of such sessions alone ("AWS global condition context keys").
    context: { ...root.context, ...sessionContext(claims), 'aws:AssumedRoot': 'true' },
    session: inheritance(claims),
    claims,
  };
}

/** A federated user of GetFederationToken; `long` is who federated. */
export function federatedCaller(long: IdentifiedCaller, claims: SessionClaims): IdentifiedCaller {
  const { account, principal, entity } = long;
  const arn = federatedUserArn(account, claims.name);
  const userId = `${account.id}:${claims.name}`;
  return {
    principal: {
      ...principalOf('federated-user', arn, account),
      federatingArn: principal.arn,
      ...(principal.uniqueId !== undefined && { federatingId: principal.uniqueId }),
    },
    account,
    ...(long.accessKeyId !== undefined && { accessKeyId: long.accessKeyId }),
    userId,
    credentials: 'federation-token',
    expires: claims.expires,
    context: {
      ...principalContext('FederatedUser', arn, account, userId, sessionTags(entity, claims)),
      ...sessionContext(claims),
    },
    session: inheritance(claims),
    ...(entity !== undefined && { entity }),
    claims,
  };
}

function principalOf(type: PrincipalType, arn: string, { id, canonicalId }: Account): Principal {
  return { type, arn, account: id, canonicalId };
}

function principalContext(type: string, arn: string, account: Account, userId: string, tags: Tags): Context {
  return {
    'aws:PrincipalArn': arn,
    'aws:PrincipalAccount': account.id,
    'aws:PrincipalType': type,
    'aws:PrincipalIsAWSService': 'false',
    'aws:userid': userId,
    ...organizationContext('Principal', account),
    ...tagContext('aws:PrincipalTag', tags),
  };
}

/** `aws:PrincipalOrgID` and `aws:PrincipalOrgPaths`, or those of a resource's account; none outside organisations. */
export function organizationContext(whose: 'Principal' | 'Resource', { organization }: Account): Context {
  if (organization === undefined) return {};
  const { id, path } = organization;
  return { [`aws:${whose}OrgID`]: id, [`aws:${whose}OrgPaths`]: [`${[id, ...path].join('/')}/`] };
}

/** The keys that only temporary credentials carry. */
function sessionContext(claims: SessionClaims): Context {
  return {
    'aws:TokenIssueTime': new Date(claims.issued).toISOString(),
    'aws:MultiFactorAuthPresent': String(claims.mfa),
    ...(claims.mfa && { 'aws:MultiFactorAuthTime': new Date(claims.issued).toISOString() }),
    ...(claims.sourceIdentity !== undefined && { 'aws:SourceIdentity': claims.sourceIdentity }),
    ...(claims.federation && {
      'aws:FederatedProvider': claims.federation.provider,
      ...claims.federation.keys,
    }),
    ...claims.keys,
  };
}

/** Session tags stand above the tags of the user or role, whose keys they equal without case. */
function sessionTags(entity: BoundedEntity | undefined, { tags }: SessionClaims): Tags {
  const taken = new Set(tags.map(([key]) => key.toLowerCase()));
  return [...(entity?.tags ?? []).filter(([key]) => !taken.has(key.toLowerCase())), ...tags];
}

function inheritance({
  tags,
  transitiveKeys,
  sourceIdentity,
}: SessionClaims): NonNullable<Caller['session']> {
  const transitive = new Set(transitiveKeys);
  return { transitiveTags: Object.fromEntries(tags.filter(([key]) => transitive.has(key))), sourceIdentity };
}
