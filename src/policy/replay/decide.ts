/** Decides recorded calls again, by the policies of a world. */

import { parseArn } from '../evaluate/arn.js';
import { compilePolicy } from '../evaluate/compile.js';
import { isProvenAbsent, needsNothing, type RecordedCall, type RecordedCheck } from '../recorded/index.js';
import type { ContextValue, Principal } from '../request.js';
import type { NamedPolicy, PolicySet } from '../types.js';
import { decideWithUnknown, RecordedRequest, type Verdict, type Views, viewsOf } from './unknown-keys.js';
import type { EntityPolicies, World } from './world.js';

/** What comes of a recorded call. */
export interface CallVerdict {
  readonly effect: 'allowed' | 'denied' | 'unknown';
  /** The check that decided: the first that is denied or not known, or the first of all. */
  readonly check: RecordedCheck;
  readonly verdict: Verdict;
  /** What would have to be known: condition keys, policies of others. */
  readonly missing: readonly string[];
}

const EVERYTHING = { Effect: 'Allow', Action: '*', Resource: '*' };

const ALL: NamedPolicy = {
  name: 'policies that are not given',
  policy: compilePolicy(JSON.stringify({ Version: '2012-10-17', Statement: EVERYTHING }), 'identity'),
};

const NONE: ReadonlySet<string> = new Set();

/**
 * Policies that are not given (of an account, a role, a key that is not in the world) count as they did when the call
 * was recorded: what they allowed they allow. Of a call that was denied it is not known whether they deny it.
 */
export function decideAgain(call: RecordedCall, world: World): CallVerdict {
  const [first] = call.checks as [RecordedCheck];
  if (needsNothing(call.operation)) {
    const verdict: Verdict = {
      effect: 'allowed',
      decision: { allowed: true, effect: 'Allow', layer: 'root' },
      missing: [],
    };
    return { effect: 'allowed', check: first, verdict, missing: [] };
  }
  let unsure: CallVerdict | undefined;
  let allowed: CallVerdict | undefined;
  for (const check of call.checks) {
    const one = decideCheck(call, check, world);
    if (one.effect === 'denied') return one;
    if (one.effect === 'unknown') unsure ??= one;
    else allowed ??= one;
  }
  return unsure ?? (allowed as CallVerdict);
}

/** What comes of one check of a call. */
export function decideCheck(call: RecordedCall, check: RecordedCheck, world: World): CallVerdict {
  const owner = ownerOf(call, check, world);
  const { views, assumed, context } = sideOf(call, check, owner, world);
  const request = new RecordedRequest(
    {
      principal: call.principal,
      action: check.action,
      resource: check.resource,
      resourceAccount: owner,
      context: { ...call.context, ...check.context, ...context },
    },
    key => isProvenAbsent(key, call, check) || isOutside(key, call, owner, world),
  );
  const verdict = decideWithUnknown(request, views);
  const hangs = verdict.effect === 'allowed' && call.outcome === 'denied' && assumed.size > 0;
  return {
    effect: hangs ? 'unknown' : verdict.effect,
    check,
    verdict,
    missing: hangs ? [...assumed] : verdict.missing,
  };
}

function ownerOf(call: RecordedCall, check: RecordedCheck, world: World): string | undefined {
  const bucket = bucketOf(check.resource);
  const named = bucket === undefined ? undefined : world.buckets.get(bucket)?.owner;
  return named ?? check.account ?? (parseArn(check.resource)?.account || call.principal.account);
}

function bucketOf(resource: string): string | undefined {
  return /^arn:[^:]+:s3:::([^/*]+)/.exec(resource)?.[1];
}

/** What is the same for all calls of a caller on a place. */
interface Side {
  readonly views: Views;
  /** Whose policies are not given. */
  readonly assumed: ReadonlySet<string>;
  /** Condition keys that the world knows. */
  readonly context: Readonly<Record<string, ContextValue>>;
}

const sides = new WeakMap<World, Map<string, Side>>();
const REMEMBERED_SIDES = 20_000;

function sideOf(call: RecordedCall, check: RecordedCheck, owner: string | undefined, world: World): Side {
  const { type, arn, roleArn, federatingArn } = call.principal;
  const place = check.kind === 'resource' ? bucketOf(check.resource) : check.resource;
  const service = check.action.slice(0, check.action.indexOf(':'));
  const key = [type, roleArn ?? federatingArn ?? arn, check.kind, place, owner, service].join('\n');
  let known = sides.get(world);
  if (!known || known.size >= REMEMBERED_SIDES) sides.set(world, (known = new Map()));
  let side = known.get(key);
  if (!side) {
    const { policies, assumed } = policiesFor(call, check, owner, world);
    side = { views: viewsOf(policies), assumed, context: contextIn(world, call, owner) };
    known.set(key, side);
  }
  return side;
}

/** The policies of a check, and whose are only assumed. */
function policiesFor(
  call: RecordedCall,
  check: RecordedCheck,
  owner: string | undefined,
  world: World,
): { policies: PolicySet; assumed: ReadonlySet<string> } {
  const assumed = new Set<string>();
  const caller = callerPolicies(call.principal, world);
  if (caller.assumed !== undefined) assumed.add(caller.assumed);
  const attached = attachedTo(call, check, owner, world);
  if (attached.assumed !== undefined) assumed.add(attached.assumed);
  const ownControls = controlsOf(call.principal.account, world);
  const theirs = controlsOf(owner, world);
  const linked = call.principal.roleArn?.includes(':role/aws-service-role/');
  return {
    policies: {
      ...caller.policies,
      ...attached.policies,
      serviceControl: linked ? undefined : ownControls?.serviceControl,
      resourceControl: linked || !/^(?:s3|sts|kms):/.test(check.action) ? undefined : theirs?.resourceControl,
    },
    assumed: assumed.size > 0 ? assumed : NONE,
  };
}

const controlsOf = (account: string | undefined, world: World) =>
  account === undefined ? undefined : world.accounts.get(account)?.controls;

type CallerSide = {
  readonly policies: Pick<PolicySet, 'identity' | 'boundary' | 'session'>;
  readonly assumed?: string;
};

function callerPolicies(principal: Principal, world: World): CallerSide {
  const { type, account } = principal;
  if (type === 'root' || type === 'anonymous' || type === 'service' || account === undefined)
    return { policies: { identity: [] } };
  const entity = entityOf(principal, world);
  // A session policy is not in later records. It allowed what was allowed.
  const session = type === 'federated-user' ? [ALL] : undefined;
  if (!entity?.identity) {
    const whose = principal.roleArn ?? principal.federatingArn ?? principal.arn;
    return { policies: { identity: [ALL], session }, assumed: `the policies of ${whose}` };
  }
  return { policies: { identity: entity.identity, boundary: entity.boundary, session } };
}

/** The user or role that a caller's permissions come from, where it is known. */
function entityOf(
  { type, arn, roleArn, federatingArn }: Principal,
  world: World,
): EntityPolicies | undefined {
  if (type === 'user') return world.entities.get(arn);
  if (type === 'federated-user') return world.entities.get(federatingArn ?? '');
  if (roleArn === undefined) return undefined;
  const direct = world.entities.get(roleArn);
  if (direct) return direct;
  // Some records lack the issuer, and with it the path of the role.
  const parsed = parseArn(roleArn);
  const name = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  const path = parsed && world.lookups.pathOf?.('role', parsed.account, name);
  return path === undefined
    ? undefined
    : world.entities.get(`arn:${parsed?.partition}:iam::${parsed?.account}:role${path}${name}`);
}

type ResourceSide = {
  readonly policies: Pick<PolicySet, 'resource' | 'resourceKind'>;
  readonly assumed?: string | undefined;
};

function attachedTo(
  call: RecordedCall,
  { kind, resource }: RecordedCheck,
  owner: string | undefined,
  world: World,
): ResourceSide {
  const { principal } = call;
  const isForeign = principal.account === undefined || owner !== principal.account;
  if (kind === 'trust') {
    const trust = world.entities.get(resource)?.trust;
    return trust
      ? { policies: { resource: trust, resourceKind: 'trust' } }
      : lent(principal, 'trust', `the trust policy of ${resource}`);
  }
  if (kind === 'key') {
    const policy = world.keys.get(resource);
    return policy
      ? { policies: { resource: policy, resourceKind: 'key' } }
      : lent(principal, 'key', `the key policy of ${resource}`);
  }
  const bucket = bucketOf(resource);
  const known = bucket === undefined ? undefined : world.buckets.get(bucket);
  if (known) {
    const aside = known.restricted && isForeign;
    return { policies: { resource: aside ? undefined : known.policy, resourceKind: 'resource' } };
  }
  // In the caller's own account a policy that is not given is taken as none: it need not allow.
  if (!isForeign) return { policies: {} };
  return lent(principal, 'resource', `the policy of ${bucket ? `arn:aws:s3:::${bucket}` : resource}`);
}

const lentPolicies = new Map<string, NamedPolicy>();

/** A policy that lets the caller's account decide, in the place of one that is not given. */
function lent(principal: Principal, kind: 'trust' | 'key' | 'resource', whose: string): ResourceSide {
  const { account } = principal;
  const key = account ?? '';
  let resource = lentPolicies.get(key);
  if (!resource) {
    const Principal = account === undefined ? '*' : { AWS: account };
    const text = JSON.stringify({ Version: '2012-10-17', Statement: { ...EVERYTHING, Principal } });
    resource = { name: 'policies that are not given', policy: compilePolicy(text, 'resource') };
    lentPolicies.set(key, resource);
  }
  return { policies: { resource, resourceKind: kind }, assumed: whose };
}

/** Condition keys that a copy of the accounts knows. */
function contextIn(
  world: World,
  { principal }: RecordedCall,
  owner: string | undefined,
): Record<string, ContextValue> {
  const context: Record<string, ContextValue> = { ...entityOf(principal, world)?.tags };
  for (const [side, account] of [
    ['Principal', principal.account],
    ['Resource', owner],
  ] as const) {
    for (const [name, value] of world.accounts.get(account ?? '')?.organization ?? []) {
      if (side === 'Principal' || name !== 'OrgMasterAccountId') context[`aws:${side}${name}`] = value;
    }
  }
  if (owner !== undefined) context['aws:ResourceAccount'] = owner;
  return context;
}

/** Keys of organizations, of accounts that are in none; tags of users, which sessions add nothing to. */
function isOutside(
  key: string,
  { principal }: RecordedCall,
  owner: string | undefined,
  world: World,
): boolean {
  if (key.startsWith('aws:principaltag/'))
    return principal.type === 'user' && entityOf(principal, world) !== undefined;
  if (/^aws:principalorg/.test(key)) return isAlone(principal.account, world);
  return /^aws:resourceorg/.test(key) && isAlone(owner, world);
}

function isAlone(account: string | undefined, world: World): boolean {
  if (account === undefined) return true;
  const own = world.accounts.get(account);
  return (
    own !== undefined &&
    own.organization === undefined &&
    [...world.accounts.values()].some(one => one.organization)
  );
}
