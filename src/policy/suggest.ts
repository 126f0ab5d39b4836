/** Says what to change so that a denied request is allowed, and nothing else with it. */

import { explain } from './explain/explain.js';
import type { LayerTrace, StatementTrace } from './explain/types.js';
import type { AuthorizationRequest, Layer, NamedPolicy, PolicySet, Principal } from './types.js';

/** One step of a JSON Patch (RFC 6902) on the policy's document. */
export interface PatchStep {
  readonly op: 'add' | 'replace';
  readonly path: string;
  readonly value: unknown;
}

/** A change in one layer. All layers that block need theirs. */
export interface Suggestion {
  readonly layer: Layer;
  readonly level?: number;
  readonly message: string;
  /** The policy to change; absent where there is none yet, or none can help. */
  readonly policy?: NamedPolicy;
  /** What to change in it. */
  readonly patch?: readonly PatchStep[];
  /** The statement as it will stand. */
  readonly statement?: Readonly<Record<string, unknown>>;
  /** A whole new policy, where none is there to be changed. */
  readonly document?: Readonly<Record<string, unknown>>;
}

/**
 * For a denied request the smallest change in each layer that blocks it; empty where it is allowed. Actions, resources
 * and principals are named in full, never by wildcard (`*` stands only where an action has no resource). An explicit
 * Deny is never weakened: the suggestion names it and leaves it to its author.
 */
export function suggest(request: AuthorizationRequest, policies: PolicySet): Suggestion[] {
  const { layers, policies: traces } = explain(request, policies);
  return (
    layers
      // What a list could grant, a policy beside it is suggested for.
      .filter(({ blocks, layer }) => blocks && layer !== 'acl')
      .map(layer => {
        const own = traces.filter(trace => trace.layer === layer.layer && trace.level === layer.level);
        const sources = policiesOf(policies, layer);
        if (layer.evaluatedEffect === 'EXPLICIT_DENY')
          return denied(
            layer,
            sources,
            own.map(one => one.statements),
          );
        return missing(
          request,
          layer,
          sources,
          own.map(one => one.statements),
        );
      })
  );
}

function policiesOf(policies: PolicySet, { layer, level }: LayerTrace): readonly NamedPolicy[] {
  switch (layer) {
    case 'identity':
      return policies.identity;
    case 'session':
      return policies.session ?? [];
    case 'boundary':
      return policies.boundary ? [policies.boundary] : [];
    case 'service-control':
      return policies.serviceControl?.[level ?? 0] ?? [];
    case 'resource-control':
      return policies.resourceControl?.[level ?? 0] ?? [];
    default:
      return policies.resource ? [policies.resource] : [];
  }
}

const where = ({ layer, level }: LayerTrace) => ({ layer, ...(level !== undefined && { level }) });

function denied(
  layer: LayerTrace,
  sources: readonly NamedPolicy[],
  traces: readonly (readonly StatementTrace[])[],
): Suggestion {
  const found = traces.findIndex(statements => statements.some(isDeny));
  const policy = sources[found] as NamedPolicy;
  const statement = traces[found]?.find(isDeny);
  const message = `Statement ${(statement?.index ?? 0) + 1} of ${policy.name} denies the request. No Allow outweighs it: limit that statement, if its author agrees.`;
  return { ...where(layer), policy, message };
}

const isDeny = ({ effect, matched }: StatementTrace) => matched && effect === 'DENY';

function missing(
  request: AuthorizationRequest,
  layer: LayerTrace,
  sources: readonly NamedPolicy[],
  traces: readonly (readonly StatementTrace[])[],
): Suggestion {
  const attached = ['resource', 'trust', 'key', 'resource-control'].includes(layer.layer);
  const principal = attached ? principalElement(layer.layer, request.principal) : undefined;
  if (attached && !principal) {
    const message = 'An anonymous caller can be let in only by naming everyone: sign the request instead.';
    return { ...where(layer), message };
  }
  const widened = widen(request, layer, sources, traces);
  if (widened) return widened;
  const resource = escapeWildcards(request.resource);
  const statement = {
    Effect: 'Allow',
    ...(principal && { Principal: principal }),
    Action: request.action,
    ...(layer.layer !== 'trust' && { Resource: layer.layer === 'key' ? '*' : resource }),
  };
  // Only Version 2012-10-17 has escapes for wildcards in a name.
  const policy = sources.find(
    ({ policy: { document } }) => document.version === '2012-10-17' || resource === request.resource,
  );
  if (!policy) {
    const message = `Add a ${layer.layer} policy with one statement that allows ${request.action} on ${request.resource}.`;
    const document = { Version: '2012-10-17', Statement: [statement] };
    return { ...where(layer), message, statement, document };
  }
  const message = `Add a statement to ${policy.name} that allows ${request.action} on ${request.resource}.`;
  return { ...where(layer), message, policy, statement, patch: [addStatement(policy, statement)] };
}

/** The request's resource names one thing: its `*`, `?` and `$` are no pattern. */
function escapeWildcards(resource: string): string {
  return resource === '*' ? resource : resource.replace(/\$(?=\{)|[*?]/g, '${$&}');
}

/** A policy's JSON as it stands. */
function parsed(policy: NamedPolicy): { readonly Statement: unknown } {
  return JSON.parse(policy.policy.text) as { readonly Statement: unknown };
}

function addStatement(policy: NamedPolicy, statement: unknown): PatchStep {
  const { Statement } = parsed(policy);
  if (Array.isArray(Statement)) return { op: 'add', path: '/Statement/-', value: statement };
  return { op: 'replace', path: '/Statement', value: [Statement, statement] };
}

/**
 * A statement that allows this action alone and lacks only the resource gets it: smaller than a new statement, and its
 * conditions go on to hold.
 */
function widen(
  request: AuthorizationRequest,
  layer: LayerTrace,
  sources: readonly NamedPolicy[],
  traces: readonly (readonly StatementTrace[])[],
): Suggestion | undefined {
  for (const [at, policy] of sources.entries()) {
    const { document } = policy.policy;
    const value = escapeWildcards(request.resource);
    if (document.version !== '2012-10-17' && value !== request.resource) continue;
    const trace = traces[at]?.find(
      one => lacksOnlyResource(one) && document.statements[one.index]?.action.not === false,
    );
    const statement = document.statements[trace?.index ?? -1];
    const actions = statement?.action.values.map(word => word.value.toLowerCase());
    if (!statement || actions?.length !== 1 || actions[0] !== request.action.toLowerCase()) continue;
    if (statement.principal && statement.principal.entries.length !== 1) continue;
    const { Statement } = parsed(policy);
    const list = Array.isArray(Statement);
    const before = (list ? Statement[statement.index] : Statement) as Record<string, unknown>;
    const path = `${list ? `/Statement/${statement.index}` : '/Statement'}/Resource`;
    const patch: PatchStep = Array.isArray(before['Resource'])
      ? { op: 'add', path: `${path}/-`, value }
      : { op: 'replace', path, value: [before['Resource'], value] };
    const message = `Add ${request.resource} to the resources of statement ${statement.index + 1} of ${policy.name}, which allows ${request.action}.`;
    const after = { ...before, Resource: [...[before['Resource']].flat(), value] };
    return { ...where(layer), message, policy, statement: after, patch: [patch] };
  }
  return undefined;
}

function lacksOnlyResource({ effect, mismatches }: StatementTrace): boolean {
  return effect === 'ALLOW' && mismatches.length === 1 && mismatches[0]?.element === 'Resource';
}

/** The caller in full: a session is named by its role, as its own name changes from call to call. */
function principalElement(layer: Layer, principal: Principal): '*' | Record<string, string> | undefined {
  // The grammar knows no other principal here.
  if (layer === 'resource-control') return '*';
  if (principal.federatedProvider !== undefined) return { Federated: principal.federatedProvider };
  if (principal.type === 'anonymous') return undefined;
  if (principal.type === 'service') return { Service: principal.arn };
  return { AWS: principal.roleArn ?? principal.arn };
}
