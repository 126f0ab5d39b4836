/** Who called, as CloudTrail's `userIdentity` has it: "CloudTrail userIdentity element", CloudTrail User Guide. */
import type { Caller } from '../core/caller.js';
import type { CloudTrailIdentity, CloudTrailSession } from '../core/cloudtrail.js';
import type { Context } from '../policy/types.js';

/** Of callers, each of whom sends many requests. */
const identities = new WeakMap<Caller, CloudTrailIdentity>();

/** `undefined`: of a request whose credentials did not hold. */
export function identityOf(caller: Caller | undefined, invokedBy?: string): CloudTrailIdentity {
  if (caller === undefined) return { type: 'Unknown' };
  // What is found of a caller who is like no other would only be in the way.
  if (invokedBy !== undefined || caller.principal.type === 'anonymous')
    return madeIdentity(caller, invokedBy);
  let identity = identities.get(caller);
  if (identity === undefined) {
    identity = madeIdentity(caller);
    identities.set(caller, identity);
  }
  return identity;
}

function madeIdentity(caller: Caller, invokedBy?: string): CloudTrailIdentity {
  const { principal, account } = caller;
  switch (principal.type) {
    case 'anonymous':
      return principal.federatedProvider === undefined
        ? { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL' }
        : federatedIdentity(principal.federatedProvider, caller.userId);
    case 'service':
      return { type: 'AWSService', invokedBy: principal.arn };
    default:
      return {
        type: TYPES[principal.type],
        principalId: caller.userId,
        arn: principal.arn,
        accountId: account?.id,
        accessKeyId: caller.accessKeyId,
        userName: userNameOf(caller),
        sessionContext: sessionOf(caller),
        invokedBy,
      };
  }
}

/**
 * The caller as the other account sees it in a call across accounts: which account it is of, and its unique id
 * ("Shared event IDs": the record of the role's account).
 */
export function foreignIdentityOf(caller: Caller): CloudTrailIdentity {
  if (caller.account === undefined) return identityOf(caller);
  return { type: 'AWSAccount', principalId: caller.userId, accountId: caller.account.id };
}

const TYPES = {
  root: 'Root',
  user: 'IAMUser',
  'assumed-role': 'AssumedRole',
  'federated-user': 'FederatedUser',
} as const;

/** Of AssumeRoleWithWebIdentity and AssumeRoleWithSAML: somebody whom a provider vouches for. */
function federatedIdentity(provider: string, label: string): CloudTrailIdentity {
  const isSaml = provider.includes(':saml-provider/');
  return {
    type: isSaml ? 'SAMLUser' : 'WebIdentityUser',
    principalId: label,
    userName: label.slice(label.lastIndexOf(':') + 1),
    identityProvider: provider,
  };
}

function userNameOf({ principal, context }: Caller): string | undefined {
  const name = principal.type === 'user' ? context['aws:username'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

function sessionOf(caller: Caller): CloudTrailSession | undefined {
  const { context, credentials } = caller;
  if (credentials === 'long-term' || credentials === 'none') return undefined;
  return {
    sessionIssuer: issuerOf(caller) ?? {},
    webIdFederationData: federationOf(context),
    attributes: {
      creationDate: wholeSeconds(text(context['aws:TokenIssueTime'])),
      mfaAuthenticated: text(context['aws:MultiFactorAuthPresent']) ?? 'false',
    },
    sourceIdentity: text(context['aws:SourceIdentity']),
    ec2RoleDelivery: text(context['ec2:RoleDelivery']),
    assumedRoot: text(context['aws:AssumedRoot']),
  };
}

function issuerOf({ principal, account }: Caller): CloudTrailSession['sessionIssuer'] {
  const { roleArn, federatingArn, federatingId, uniqueId } = principal;
  const accountId = account?.id;
  if (roleArn !== undefined) {
    return { type: 'Role', principalId: uniqueId, arn: roleArn, accountId, userName: lastOf(roleArn) };
  }
  if (federatingArn === undefined) return undefined;
  return federatingArn.endsWith(':root')
    ? { type: 'Root', principalId: accountId, arn: federatingArn, accountId }
    : {
        type: 'IAMUser',
        principalId: federatingId,
        arn: federatingArn,
        accountId,
        userName: lastOf(federatingArn),
      };
}

/** Of a session that began with a token of an OpenID Connect provider: the claims that it carries. */
function federationOf(context: Context): CloudTrailSession['webIdFederationData'] {
  const provider = text(context['aws:FederatedProvider']);
  if (provider === undefined || provider.includes(':saml-provider/')) return undefined;
  const host = provider.replace(/^arn:[^/]*:oidc-provider\//, '');
  const claims = Object.entries(context).flatMap(([key, value]) =>
    key.startsWith(`${host}:`) ? [[key, typeof value === 'string' ? value : value.join(',')] as const] : [],
  );
  return { federatedProvider: provider, attributes: Object.fromEntries(claims) };
}

function lastOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

function text(value: Context[string] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

/** `2026-01-31T12:00:00.123Z` → `2026-01-31T12:00:00Z` */
function wholeSeconds<T extends string | undefined>(time: T): T {
  return time?.replace(/\.\d+Z$/, 'Z') as T;
}
