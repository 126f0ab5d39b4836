/** Who called, of the `userIdentity` of a record ("CloudTrail userIdentity element", CloudTrail user guide). */

import { parseArn } from '../evaluate/arn.js';
import { contextOfPrincipal } from '../parse/principal-of-arn.js';
import type { Context, Principal } from '../request.js';
import { type Fields, fields, present, text } from './fields.js';

export interface Recorded {
  readonly principal: Principal;
  readonly context: Context;
}

/** The caller and the condition keys that follow; `undefined` where the record does not say who it was. */
export function callerOf(identity: Fields): Recorded | undefined {
  const principal = principalOf(identity);
  if (!principal) return undefined;
  const session = fields(identity['sessionContext']);
  const attributes = fields(session['attributes']);
  const federation = fields(session['webIdFederationData']);
  const claims = fields(federation['attributes']);
  return {
    principal,
    context: {
      ...contextOfPrincipal(principal),
      ...present(
        Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, text(value)] as const)),
      ),
      ...present({
        'aws:userid': userIdOf(identity, principal),
        'aws:MultiFactorAuthPresent': text(attributes['mfaAuthenticated']),
        'aws:TokenIssueTime': text(attributes['creationDate']),
        'aws:SourceIdentity': text(session['sourceIdentity']),
        'aws:FederatedProvider': principal.federatedProvider ?? text(federation['federatedProvider']),
        'ec2:RoleDelivery': text(session['ec2RoleDelivery']),
      }),
      ...(principal.type === 'service' && {
        'aws:PrincipalIsAWSService': 'true',
        'aws:PrincipalServiceName': principal.arn,
      }),
      ...(principal.federatedProvider !== undefined && claimsOf(identity)),
    },
  };
}

function principalOf(identity: Fields): Principal | undefined {
  const arn = text(identity['arn']);
  const account = text(identity['accountId']) ?? (arn && parseArn(arn)?.account);
  const id = text(identity['principalId']);
  const issuer = fields(fields(identity['sessionContext'])['sessionIssuer']);
  switch (identity['type']) {
    case 'Root':
      return account === undefined ? undefined : root(arn, account);
    case 'IAMUser':
      return arn === undefined ? undefined : { type: 'user', arn, ...defined({ account, uniqueId: id }) };
    case 'AssumedRole':
      return arn === undefined ? undefined : session(arn, account, issuer, id);
    case 'FederatedUser':
      return arn === undefined
        ? undefined
        : {
            type: 'federated-user',
            arn,
            ...defined({
              account,
              federatingArn: text(issuer['arn']),
              federatingId: text(issuer['principalId']),
            }),
          };
    case 'AWSService': {
      const service = text(identity['invokedBy']);
      return service === undefined ? undefined : { type: 'service', arn: service };
    }
    case 'WebIdentityUser':
    case 'SAMLUser':
      return id === undefined
        ? undefined
        : {
            type: 'anonymous',
            arn: id,
            ...defined({ federatedProvider: text(identity['identityProvider']) }),
          };
    default:
      return otherwise(identity, arn, account, id);
  }
}

/** Callers of other accounts, anonymous ones among them, and those that an earlier form of the log wrote. */
function otherwise(
  identity: Fields,
  arn: string | undefined,
  account: string | undefined,
  id: string | undefined,
): Principal | undefined {
  if (/^anonymous/i.test(id ?? '') || /^anonymous$/i.test(account ?? ''))
    return { type: 'anonymous', arn: '*' };
  if (identity['type'] === 'Anonymous') return { type: 'anonymous', arn: '*' };
  if (arn === undefined) return undefined;
  const [, kind] = /:(root$|user\/|assumed-role\/|federated-user\/)/.exec(arn) ?? [];
  if (kind === 'root' && account !== undefined) return root(arn, account);
  if (kind === 'user/') return { type: 'user', arn, ...defined({ account, uniqueId: id }) };
  return kind === 'assumed-role/' ? session(arn, account, {}, id) : undefined;
}

function root(arn: string | undefined, account: string): Principal {
  const partition = (arn && parseArn(arn)?.partition) ?? 'aws';
  return { type: 'root', arn: `arn:${partition}:iam::${account}:root`, account };
}

function session(
  arn: string,
  account: string | undefined,
  issuer: Fields,
  id: string | undefined,
): Principal {
  const parsed = parseArn(arn);
  const roleName = parsed?.resource.split('/')[1];
  // Only the issuer has the role's path.
  const roleArn = text(issuer['arn']) ?? `arn:${parsed?.partition}:iam::${parsed?.account}:role/${roleName}`;
  const uniqueId = text(issuer['principalId']) ?? id?.split(':')[0];
  return { type: 'assumed-role', arn, roleArn, ...defined({ account, uniqueId }) };
}

function defined<T extends object>(parts: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

/** `aws:userid` ("Information available in all requests", IAM User Guide). */
function userIdOf(identity: Fields, { type, account }: Principal): string | undefined {
  if (type === 'root') return account;
  return type === 'anonymous' || type === 'service' ? undefined : text(identity['principalId']);
}

/**
 * `provider:aud` and `provider:sub` of who came with a token: the principal id is `provider:audience:subject`, and the
 * user's name the subject ("Example CloudTrail log files", IAM User Guide).
 */
function claimsOf(identity: Fields): Context {
  if (identity['type'] !== 'WebIdentityUser') return {};
  const provider = text(identity['identityProvider'])?.replace(/^arn:[^/]*oidc-provider\//, '');
  const subject = text(identity['userName']);
  const id = text(identity['principalId']) ?? '';
  if (provider === undefined || subject === undefined) return {};
  const end = id.endsWith(`:${subject}`) ? id.length - subject.length - 1 : -1;
  const start = id.indexOf(`${provider}:`);
  const audience = start >= 0 && end > start ? id.slice(start + provider.length + 1, end) : undefined;
  return present({ [`${provider}:sub`]: subject, [`${provider}:aud`]: audience });
}
