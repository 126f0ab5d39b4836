import type { Caller, CallerPolicies, CredentialSource } from '../identity/caller.js';
import type { Requirement } from '../operation.js';
import { evaluate } from '../policy/index.js';
import type { AuthorizationRequest, Context, Decision, PolicySet } from '../policy/types.js';

/** An answer and what it was made of: enough to explain it later. */
export interface Authorisation {
  readonly decision: Decision;
  readonly request: AuthorizationRequest;
  readonly policies: PolicySet;
}

/**
 * Decides whether a caller may do something. `global`: condition keys that every requirement of the request shares.
 * `policies`: the caller's, where they were loaded before in this request.
 */
export type Authoriser = (
  caller: Caller,
  requirement: Requirement,
  global: Context,
  policies?: Promise<CallerPolicies>,
) => Promise<Authorisation>;

const NO_POLICIES: CallerPolicies = { identity: [] };

export function createAuthoriser({ credentials }: { readonly credentials: CredentialSource }): Authoriser {
  return async (caller, requirement, global, policies) => {
    const own =
      caller.principal.type === 'anonymous'
        ? NO_POLICIES
        : await (policies ?? credentials.policiesOf(caller));
    const request = authorizationRequest(caller, requirement, global);
    const set = policySet(own, requirement);
    return { decision: evaluate(request, set), request, policies: set };
  };
}

/** What the credentials say of the caller stands above what the request says. */
function authorizationRequest(
  caller: Caller,
  requirement: Requirement,
  global: Context,
): AuthorizationRequest {
  const account = requirement.resourceAccount ?? caller.account?.id;
  return {
    principal: caller.principal,
    action: requirement.action,
    resource: requirement.resource,
    ...(account !== undefined && { resourceAccount: account }),
    context: {
      ...requirement.context,
      ...global,
      ...caller.context,
      ...(account !== undefined && { 'aws:ResourceAccount': account }),
    },
  };
}

function policySet(own: CallerPolicies, requirement: Requirement): PolicySet {
  return {
    identity: own.identity,
    ...(own.boundary !== undefined && { boundary: own.boundary }),
    ...(own.session !== undefined && { session: own.session }),
    ...(requirement.resourcePolicy !== undefined && { resource: requirement.resourcePolicy }),
    ...(requirement.resourceKind !== undefined && { resourceKind: requirement.resourceKind }),
  };
}
