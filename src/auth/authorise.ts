import type { Caller, CallerPolicies, CredentialSource, ResourceOwner } from '../core/caller.js';
import type { Requirement } from '../core/operation.js';
import { turns } from '../core/slices.js';
import { organizationContext } from '../identity/callers/callers.js';
import { evaluate } from '../policy/index.js';
import type { AuthorizationRequest, Context, Decision, PolicySet, Principal } from '../policy/types.js';

/** An answer and what it was made of: enough to explain it later. */
export interface Authorisation {
  readonly decision: Decision;
  readonly request: AuthorizationRequest;
  readonly policies: PolicySet;
  /** Whether there is no such resource. */
  readonly absent?: boolean | undefined;
}

/**
 * Decides whether a caller may do something. `global`: condition keys that every requirement of the request shares,
 * asked for when a policy looks at one.
 * `policies`: the caller's, where they were loaded before in this request.
 */
export type Authoriser = (
  caller: Caller,
  requirement: Requirement,
  global: () => Context,
  policies?: Promise<CallerPolicies>,
) => Promise<Authorisation>;

const NO_POLICIES: CallerPolicies = { identity: [] };

/** What a decision needs of identity. */
export type PolicySource = Pick<CredentialSource, 'policiesOf' | 'owner'>;

export function createAuthoriser({ credentials }: { readonly credentials: PolicySource }): Authoriser {
  return async (caller, requirement, global, policies) => {
    const own = hasPolicies(caller) ? await (policies ?? credentials.policiesOf(caller)) : NO_POLICIES;
    const owner = await ownerOf(caller, own, requirement, credentials);
    const request = new RequestedAction(caller, requirement, global, owner);
    const set = policySet(caller, own, requirement, owner);
    const decision = await turns.run(laneOf(request), () => evaluate(request, set));
    return { decision, request, policies: set, absent: requirement.absent };
  };
}

/** Decisions about one bucket, or one other resource, wait behind each other where its policies make them long. */
function laneOf({ resource }: AuthorizationRequest): string {
  const slash = resource.indexOf('/');
  return slash < 0 ? resource : resource.slice(0, slash);
}

/** Anonymous callers, callers from outside and services of AWS have none of their own. */
function hasPolicies({ principal: { type } }: Caller): boolean {
  return type !== 'anonymous' && type !== 'service';
}

/** The account that owns the resource; the caller's own, whose controls are known, costs no look-up. */
function ownerOf(
  caller: Caller,
  { controls }: CallerPolicies,
  { resourceAccount }: Requirement,
  credentials: PolicySource,
): ResourceOwner | undefined | Promise<ResourceOwner | undefined> {
  const { account } = caller;
  const isOwn = resourceAccount === account?.id && hasPolicies(caller);
  if (resourceAccount !== undefined && !isOwn) {
    return credentials.owner(resourceAccount);
  }
  return account && { account, controls };
}

/** What is to be decided. Its condition keys are put together when a policy first looks at one. */
class RequestedAction implements AuthorizationRequest {
  readonly principal: Principal;
  readonly action: string;
  readonly resource: string;
  readonly resourceAccount: string | undefined;
  readonly objectOwner: string | undefined;
  readonly #gather: () => Context;
  #context: Context | undefined;

  constructor(
    caller: Caller,
    requirement: Requirement,
    global: () => Context,
    owner: ResourceOwner | undefined,
  ) {
    const account = requirement.resourceAccount ?? caller.account?.id;
    this.principal = caller.principal;
    this.action = requirement.action;
    this.resource = requirement.resource;
    this.resourceAccount = account;
    this.objectOwner = requirement.objectOwner;
    // What the credentials say of the caller stands above what the request says.
    this.#gather = () => ({
      // Unless the operation knows that it acts for another one.
      'aws:ViaAWSService': 'false',
      ...requirement.context,
      ...global(),
      ...caller.context,
      ...(account !== undefined && { 'aws:ResourceAccount': account }),
      ...(owner && organizationContext('Resource', owner.account)),
    });
  }

  get context(): Context {
    return (this.#context ??= this.#gather());
  }
}

/**
 * The services of ours whose resources are controlled. Source: Organizations User Guide, "Resource control policies".
 */
const CONTROLLED = /^(s3|sts|kms):/;

/** Whether resource control policies speak of what an action works on. */
export const isControlled = (action: string) => CONTROLLED.test(action);

function policySet(
  caller: Caller,
  own: CallerPolicies,
  requirement: Requirement,
  owner: ResourceOwner | undefined,
): PolicySet {
  // Organisations do not control what service-linked roles do (the same page, and "Service control policies").
  const uncontrolled =
    requirement.uncontrolled ?? caller.principal.roleArn?.includes(':role/aws-service-role/') ?? false;
  const serviceControl = uncontrolled ? undefined : own.controls?.serviceControl;
  const controlled = !uncontrolled && isControlled(requirement.action);
  const resourceControl = controlled ? owner?.controls?.resourceControl : undefined;
  return {
    identity: own.identity,
    boundary: own.boundary,
    session: own.session,
    resource: requirement.resourcePolicy,
    resourceKind: requirement.resourceKind,
    setAside: requirement.setAside,
    acl: requirement.acl,
    serviceControl,
    resourceControl,
  };
}
