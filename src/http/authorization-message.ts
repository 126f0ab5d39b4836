/**
 * What a denial says to callers who may decode it (STS API Reference, DecodeAuthorizationMessage: the shape of
 * `DecodedMessage`).
 */
import type { Authorisation } from '../auth/index.js';
import type { ContextValue } from '../policy/types.js';

/**
 * The reply header that carries it. AWS puts encoded messages into the texts of some services' errors, none of which is
 * served here; the texts of these services stay as AWS has them.
 */
export const MESSAGE_HEADER = 'x-karikagi-authorization-message';

/** Characters: beyond that a header would be more than clients read. */
export const LONGEST_MESSAGE = 8000;

/** Whose principals may decode it: the account that owns what was asked for. */
export function messageOwner({ request }: Authorisation): string | undefined {
  return request.resourceAccount ?? request.principal.account;
}

export function authorizationMessage({ decision, request }: Authorisation): object {
  const { principal, action, resource, context } = request;
  const explicitDeny = decision.effect === 'ExplicitDeny';
  const matched = explicitDeny && decision.statement !== undefined;
  return {
    allowed: decision.allowed,
    explicitDeny,
    matchedStatements: items(
      matched
        ? [{ statementId: decision.statement?.sid ?? '', effect: 'DENY', policy: decision.policy?.name }]
        : [],
    ),
    failures: items([]),
    context: {
      principal: {
        id: context['aws:userid'],
        name: principal.arn.slice(principal.arn.lastIndexOf('/') + 1),
        arn: principal.arn,
      },
      action,
      resource,
      conditions: items(
        Object.entries(context).map(([key, value]) => ({ key, values: items(valuesOf(value)) })),
      ),
    },
  };
}

function valuesOf(value: ContextValue): object[] {
  return (typeof value === 'string' ? [value] : value).map(one => ({ value: one }));
}

function items(list: readonly object[]) {
  return { items: list };
}
