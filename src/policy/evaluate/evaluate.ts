/** The decision ("Policy evaluation logic" and its pages, IAM User Guide). */

import type {
  AuthorizationRequest,
  Decision,
  Layer,
  NamedPolicy,
  PolicySet,
  Principal,
  SetAside,
} from '../types.js';
import { type CompiledStatement, conditionsHold } from './compile.js';
import { Facts } from './facts.js';
import {
  DELEGATED,
  NOT_NAMED,
  OVERCOMES_ALL,
  OVERCOMES_BOUNDARY,
  OVERCOMES_IDENTITY,
  OVERCOMES_SESSION,
} from './principals.js';
import { TooManySteps } from './steps.js';

/** A statement that applies to the request. */
interface Hit {
  readonly layer: Layer;
  readonly policy: NamedPolicy;
  readonly statement: CompiledStatement;
}

/** An Allow of the resource's policy or of its access control list, and what it overcomes. */
interface ResourceHit extends Hit {
  readonly overcomes: number;
}

const NONE: readonly NamedPolicy[] = [];

/**
 * Decides one request. Pure: the same request and policies always give the same decision, and the order of
 * policies and statements never changes whether it is allowed. What needs more than `DECISION_STEPS` is denied.
 */
export function evaluate(request: AuthorizationRequest, policies: PolicySet): Decision {
  try {
    return decide(new Facts(request), policies);
  } catch (error) {
    if (!(error instanceof TooManySteps)) throw error;
    return { ...implicitDeny('identity'), exceeded: true };
  }
}

function decide(facts: Facts, policies: PolicySet): Decision {
  const denied = explicitDeny(facts, policies);
  if (denied) return decided(false, 'ExplicitDeny', denied);
  const uncontrolled = organisationGap(facts, policies);
  if (uncontrolled) return implicitDeny(uncontrolled);
  return decideAccess(facts, policies);
}

/** Whether the request is allowed once a policy that is set aside counts beside the others. */
export function wouldAllow(
  request: AuthorizationRequest,
  { setAside: _, ...policies }: PolicySet,
  { as, policy }: SetAside,
): boolean {
  return evaluate(request, { ...policies, [as]: policy }).allowed;
}

/** The layer a resource policy speaks for. */
export function resourceLayer(policies: PolicySet): 'resource' | 'trust' | 'key' {
  return policies.resourceKind ?? 'resource';
}

/** Whether the caller's own account owns the resource. Callers without an account own nothing. */
export function isSameAccount({ principal, resourceAccount, objectOwner }: AuthorizationRequest): boolean {
  const owner = objectOwner ?? resourceAccount ?? principal.account;
  return principal.account !== undefined && owner === principal.account;
}

/** Whether an object belongs to another account than its bucket. */
export function isOwnedApart({ resourceAccount, objectOwner }: AuthorizationRequest): boolean {
  return objectOwner !== undefined && objectOwner !== resourceAccount;
}

/**
 * The session policies in force. A federated session issued without one may do nothing by itself
 * ("Permissions for GetFederationToken").
 */
export function sessionPolicies(
  { type }: Principal,
  policies: PolicySet,
): readonly NamedPolicy[] | undefined {
  return policies.session ?? (type === 'federated-user' ? NONE : undefined);
}

/** Service control policies bind identities of an organization's accounts: no services, no anonymous callers. */
export function boundByServiceControl({ type }: Principal): boolean {
  return type !== 'service' && type !== 'anonymous';
}

/** What a request needs beside the absence of a Deny and the organisation's consent. */
export interface Standing {
  /** The Allow of the resource's policy or access control list, if there is one. */
  readonly resource: ResourceHit | undefined;
  /** Whether there must be one. */
  readonly resourceRequired: boolean;
  /** The layers on the caller's side that need not allow: a set of `OVERCOMES_…`. */
  readonly exempt: number;
}

export function standing(facts: Facts, policies: PolicySet): Standing {
  const { request } = facts;
  const { principal } = request;
  const layer = resourceLayer(policies);
  const resource = resourceAllow(facts, policies);
  const sameAccount = isSameAccount(request);
  // A role's trust policy and a key's policy must always allow; so must any policy of another account's resource,
  // and there is nothing else that could allow a service or an anonymous caller.
  const resourceRequired = layer !== 'resource' || !sameAccount;
  if (principal.account === undefined || principal.type === 'root') {
    return { resource, resourceRequired, exempt: OVERCOMES_ALL };
  }
  // Across accounts each side decides alone: what the resource's policy says overcomes nothing on the caller's side.
  const overcome = sameAccount && resource ? resource.overcomes : DELEGATED;
  // Trust policies are an exception: a boundary limits even a user whom they name ("Permissions boundaries for IAM
  // entities").
  return {
    resource,
    resourceRequired,
    exempt: layer === 'trust' ? overcome & ~OVERCOMES_BOUNDARY : overcome,
  };
}

function decideAccess(facts: Facts, policies: PolicySet): Decision {
  const { resource, resourceRequired, exempt } = standing(facts, policies);
  if (!resource && resourceRequired) {
    return implicitDeny(isOwnedApart(facts.request) ? 'acl' : resourceLayer(policies));
  }
  const identity = exempt & OVERCOMES_IDENTITY ? undefined : firstAllow(facts, 'identity', policies.identity);
  if (!identity && !(exempt & OVERCOMES_IDENTITY)) return implicitDeny('identity');
  const { boundary } = policies;
  if (boundary && !(exempt & OVERCOMES_BOUNDARY) && !firstAllow(facts, 'boundary', [boundary])) {
    return implicitDeny('boundary');
  }
  const session = sessionPolicies(facts.request.principal, policies);
  if (session && !(exempt & OVERCOMES_SESSION) && !firstAllow(facts, 'session', session)) {
    return implicitDeny('session');
  }
  const decisive = identity ?? resource;
  return decisive ? decided(true, 'Allow', decisive) : { allowed: true, effect: 'Allow', layer: 'root' };
}

/** Any explicit Deny, in the order in which AWS's page lists the layers. */
function explicitDeny(facts: Facts, policies: PolicySet): Hit | undefined {
  const { resourceControl, serviceControl, resource, boundary, session } = policies;
  if (resourceControl) {
    for (const level of resourceControl) {
      const hit = firstDeny(facts, 'resource-control', level);
      if (hit) return hit;
    }
  }
  if (serviceControl && boundByServiceControl(facts.request.principal)) {
    for (const level of serviceControl) {
      const hit = firstDeny(facts, 'service-control', level);
      if (hit) return hit;
    }
  }
  return (
    (resource && denyOfResource(facts, policies, resource)) ??
    firstDeny(facts, 'identity', policies.identity) ??
    (boundary && firstDeny(facts, 'boundary', [boundary])) ??
    (session && firstDeny(facts, 'session', session))
  );
}

/** The organisation's layer in which some level allows nothing of the request. */
function organisationGap(facts: Facts, policies: PolicySet): Layer | undefined {
  const { resourceControl, serviceControl } = policies;
  if (resourceControl?.some(level => !firstAllow(facts, 'resource-control', level)))
    return 'resource-control';
  if (!serviceControl || !boundByServiceControl(facts.request.principal)) return undefined;
  return serviceControl.some(level => !firstAllow(facts, 'service-control', level))
    ? 'service-control'
    : undefined;
}

function firstDeny(facts: Facts, layer: Layer, policies: readonly NamedPolicy[]): Hit | undefined {
  for (const policy of policies) {
    for (const statement of policy.policy.candidates(facts.request.action).deny) {
      if (applies(facts, statement)) return { layer, policy, statement };
    }
  }
  return undefined;
}

function firstAllow(facts: Facts, layer: Layer, policies: readonly NamedPolicy[]): Hit | undefined {
  for (const policy of policies) {
    for (const statement of policy.policy.candidates(facts.request.action).allow) {
      if (applies(facts, statement)) return { layer, policy, statement };
    }
  }
  return undefined;
}

/** Resource control policies name principals too (always everyone); the other layers have no such element. */
export function applies(facts: Facts, statement: CompiledStatement): boolean {
  return (
    statement.coversResource(facts) &&
    (statement.principal === undefined || statement.principal.names(facts.request.principal) !== NOT_NAMED) &&
    conditionsHold(statement, facts)
  );
}

function denyOfResource(facts: Facts, policies: PolicySet, policy: NamedPolicy): Hit | undefined {
  for (const statement of policy.policy.candidates(facts.request.action).deny) {
    if (
      statement.coversResource(facts) &&
      denyNames(facts, policies, statement) &&
      conditionsHold(statement, facts)
    )
      return { layer: resourceLayer(policies), policy, statement };
  }
  return undefined;
}

/**
 * `NotPrincipal` with Deny denies every user and role that has a permissions boundary, listed or not
 * ("AWS JSON policy elements: NotPrincipal").
 */
export function denyNames(facts: Facts, policies: PolicySet, { principal }: CompiledStatement): boolean {
  if (principal === undefined || (principal.not && policies.boundary)) return true;
  return principal.names(facts.request.principal) !== NOT_NAMED;
}

/** The Allow of the resource's policy or its access control list that overcomes most. */
function resourceAllow(facts: Facts, policies: PolicySet): ResourceHit | undefined {
  const { resource, acl } = policies;
  const counted = isOwnedApart(facts.request) ? undefined : resource;
  const allow = counted && bestAllow(facts, resourceLayer(policies), counted);
  const grant = acl && bestAllow(facts, 'acl', acl);
  return allow && grant && grant.overcomes > allow.overcomes ? grant : (allow ?? grant);
}

/** The Allow of a policy with principals that overcomes most. */
function bestAllow(facts: Facts, layer: Layer, policy: NamedPolicy): ResourceHit | undefined {
  let best: ResourceHit | undefined;
  for (const statement of policy.policy.candidates(facts.request.action).allow) {
    const named = statement.principal?.names(facts.request.principal) ?? NOT_NAMED;
    if (named === NOT_NAMED || (best && named <= best.overcomes)) continue;
    if (statement.coversResource(facts) && conditionsHold(statement, facts))
      best = { layer, policy, statement, overcomes: named };
  }
  return best;
}

function decided(allowed: boolean, effect: 'Allow' | 'ExplicitDeny', hit: Hit): Decision {
  return { allowed, effect, layer: hit.layer, policy: hit.policy, statement: hit.statement.ref };
}

function implicitDeny(layer: Layer): Decision {
  return { allowed: false, effect: 'ImplicitDeny', layer };
}
