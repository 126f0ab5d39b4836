/** Says what to change so that a denied request is allowed, and nothing else with it. */

import { evaluate, wouldAllow } from '../evaluate/evaluate.js';
import { explain } from '../explain/explain.js';
import type { LayerTrace, StatementTrace } from '../explain/types.js';
import { PolicySyntaxError } from '../parse/document.js';
import type { AuthorizationRequest, Layer, NamedPolicy, PolicySet, Principal } from '../types.js';
import { type Blocked, escapeWildcards, isOfAws, where } from './blocked.js';
import { denied } from './denied.js';
import { addStatement, parsed, statementAt } from './patch.js';
import { withChange } from './policy-set.js';
import type { PatchStep, Suggestion } from './types.js';

/** More steps than policies need that people write: each explains the request once more. */
const MOST_STEPS = 12;

/** The resource's side first: what it allows to the caller by name may leave the caller's side nothing to do. */
const FIRST: readonly Layer[] = ['trust', 'key', 'resource', 'acl'];

/**
 * For a denied request the smallest changes that allow it; empty where it is allowed. Each is made on top of those
 * before it. Actions, resources and principals are named in full, never by wildcard (`*` stands only where an action
 * has no resource). Where a Deny cannot be limited to let through this request alone, `wider` says what else goes
 * through; where no policy should change, there is no patch.
 */
export function suggest(request: AuthorizationRequest, policies: PolicySet): Suggestion[] {
  return steps(request, policies).suggestions;
}

/** The suggestions, and the policies once all of them are followed. */
export function steps(
  request: AuthorizationRequest,
  policies: PolicySet,
): { readonly suggestions: Suggestion[]; readonly after: PolicySet } {
  const suggestions: Suggestion[] = [];
  const stuck = new Set<string>();
  let after = policies;
  while (suggestions.length < MOST_STEPS) {
    const blocked = nextBlocked(request, after, stuck);
    if (!blocked) break;
    const suggestion = suggestionFor(request, blocked, after);
    const changed = changedBy(suggestion, after);
    if (changed) {
      suggestions.push(suggestion);
      after = changed;
    } else {
      const { patch: _patch, document: _document, statement: _statement, ...words } = suggestion;
      suggestions.push(words);
      stuck.add(keyOf(blocked.layer));
    }
  }
  return { suggestions, after };
}

/** The set with the suggestion followed; `undefined` where it changes nothing, or the grammar does not let it. */
function changedBy(suggestion: Suggestion, policies: PolicySet): PolicySet | undefined {
  try {
    return withChange(policies, suggestion);
  } catch (error) {
    if (error instanceof PolicySyntaxError) return undefined;
    throw error;
  }
}

const keyOf = ({ layer, level }: LayerTrace) => `${layer} ${level}`;

function nextBlocked(
  request: AuthorizationRequest,
  policies: PolicySet,
  stuck: ReadonlySet<string>,
): Blocked | undefined {
  if (evaluate(request, policies).allowed) return undefined;
  const { layers, policies: traces, nearMisses } = explain(request, policies);
  const rank = ({ layer }: LayerTrace) => (FIRST.includes(layer) ? 0 : 1);
  const [layer] = layers
    // What a list could grant, a policy beside it is suggested for.
    .filter(one => one.blocks && one.layer !== 'acl' && !stuck.has(keyOf(one)))
    .toSorted((a, b) => rank(a) - rank(b));
  if (!layer) return undefined;
  const own = traces.filter(trace => trace.layer === layer.layer && trace.level === layer.level);
  const uris = new Set(own.map(({ uri }) => uri));
  return {
    layer,
    sources: policiesOf(policies, layer),
    traces: own.map(one => one.statements),
    never: nearMisses
      .filter(({ kind, uri = '' }) => kind === 'never' && uris.has(uri))
      .map(({ message }) => message),
  };
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

function suggestionFor(request: AuthorizationRequest, blocked: Blocked, policies: PolicySet): Suggestion {
  if (blocked.layer.evaluatedEffect === 'EXPLICIT_DENY') return denied(request, blocked, policies);
  const aside = policies.setAside?.find(one => wouldAllow(request, policies, one));
  if (aside && (blocked.layer.layer === 'resource' || blocked.layer.layer === 'acl'))
    return { ...where(blocked.layer), message: aside.advice };
  return missing(request, blocked);
}

/** What a policy of a layer is called, with its article. */
const A_POLICY: Readonly<Record<Layer, string>> = {
  identity: 'an identity policy of the caller',
  session: 'a session policy, passed where the session is asked for',
  boundary: 'a permissions boundary',
  resource: 'a policy of the resource',
  trust: 'a trust policy',
  key: 'a key policy',
  acl: 'an access control list',
  'service-control': 'a service control policy',
  'resource-control': 'a resource control policy',
};

const ATTACHED: readonly Layer[] = ['resource', 'trust', 'key', 'resource-control'];

function missing(request: AuthorizationRequest, blocked: Blocked): Suggestion {
  const { layer } = blocked;
  const at = where(layer);
  const attached = ATTACHED.includes(layer.layer);
  const principal = attached ? principalElement(layer.layer, request.principal) : undefined;
  if (attached && !principal) {
    const message = 'An anonymous caller can be let in only by naming everyone: sign the request instead.';
    return { ...at, message };
  }
  if (blocked.sources.some(({ place }) => place?.kind === 'key' && place.managed)) {
    const message =
      'AWS manages this key, and its policy cannot be changed: use a customer managed key, whose policy can name the caller.';
    return { ...at, message };
  }
  const sources = blocked.sources.filter(source => isOwn(source, layer.layer));
  const widened = widen(request, blocked, sources);
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
  const call = `${request.action} on ${request.resource}`;
  if (!policy) {
    const message = `Add ${A_POLICY[layer.layer]} that allows ${call}.${hint(layer, blocked)}`;
    const document = { Version: '2012-10-17', Statement: [statement] };
    return { ...at, message, statement, document };
  }
  const message = `Add a statement to ${policy.name} that allows ${call}.${hint(layer, blocked)}`;
  return { ...at, message, policy, statement, patch: [addStatement(policy, statement)] };
}

/** Why there, where people look elsewhere first. */
function hint({ layer }: LayerTrace, { sources, never: [never] }: Blocked): string {
  if (never !== undefined) return ` Or mend the statement that is there: ${never}.`;
  switch (layer) {
    case 'key':
      return ' Identity policies count for a key only where its policy allows the account.';
    case 'trust':
      return sources.length === 0 ? '' : ' Nothing but the role’s trust policy lets callers in.';
    case 'boundary':
      return ' A boundary grants nothing by itself: it cuts what identity policies allow.';
    case 'session':
      return ' A session keeps the policies that it began with: the change counts for the next one.';
    default:
      return '';
  }
}

/**
 * Whether a change of the policy concerns the caller alone, as far as can be: not what AWS manages, and of identity
 * policies neither a managed one nor a group's, which others have too.
 */
function isOwn(policy: NamedPolicy, layer: Layer): boolean {
  const { arn, place } = policy;
  if (isOfAws(policy)) return false;
  if (layer !== 'identity' && layer !== 'session') return true;
  return arn === undefined && !(place?.kind === 'inline' && place.of === 'group');
}

/**
 * A statement that allows this action alone and lacks only the resource gets it: smaller than a new statement, and its
 * conditions go on to hold.
 */
function widen(
  request: AuthorizationRequest,
  { layer, sources, traces }: Blocked,
  usable: readonly NamedPolicy[],
): Suggestion | undefined {
  for (const [at, policy] of sources.entries()) {
    const { document } = policy.policy;
    const value = escapeWildcards(request.resource);
    if (!usable.includes(policy) || (document.version !== '2012-10-17' && value !== request.resource))
      continue;
    const trace = traces[at]?.find(
      one => lacksOnlyResource(one) && document.statements[one.index]?.action.not === false,
    );
    const statement = document.statements[trace?.index ?? -1];
    const actions = statement?.action.values.map(word => word.value.toLowerCase());
    if (!statement || actions?.length !== 1 || actions[0] !== request.action.toLowerCase()) continue;
    if (statement.principal && statement.principal.entries.length !== 1) continue;
    if (statement.index >= [parsed(policy).Statement].flat().length) continue;
    const { path, statement: before } = statementAt(policy, statement.index);
    const resources = `${path}/Resource`;
    const patch: PatchStep = Array.isArray(before['Resource'])
      ? { op: 'add', path: `${resources}/-`, value }
      : { op: 'replace', path: resources, value: [before['Resource'], value] };
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
