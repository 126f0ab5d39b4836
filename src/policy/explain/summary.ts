/** Puts an explanation into one paragraph. */

import { isOwnedApart, isSameAccount } from '../evaluate/evaluate.js';
import { DECISION_STEPS } from '../evaluate/steps.js';
import type { AuthorizationRequest, Decision, Layer } from '../types.js';
import type { LayerTrace, NearMiss, PolicyTrace } from './types.js';

/** How people call the policies of a layer. */
export const LAYER_NAMES: Readonly<Record<Layer, string>> = {
  identity: 'identity-based policy',
  resource: 'resource-based policy',
  trust: 'role trust policy',
  key: 'key policy',
  acl: 'access control list',
  boundary: 'permissions boundary',
  session: 'session policy',
  'service-control': 'service control policy',
  'resource-control': 'resource control policy',
};

const TOO_LONG = `The policies take more than ${DECISION_STEPS} steps to evaluate, and what takes longer is denied: they hold too many patterns, or patterns too long, for a request like this.`;

export function summarise(
  request: AuthorizationRequest,
  decision: Decision,
  layers: readonly LayerTrace[],
  policies: readonly PolicyTrace[],
  misses: readonly NearMiss[],
  blocked: { readonly absent: boolean; readonly setAside: string | undefined },
): string {
  const { principal, action, resource } = request;
  const call = `${action} on ${resource} by ${principal.arn === '*' ? 'an anonymous caller' : principal.arn}`;
  if (decision.allowed) return `Allowed: ${call}. ${allowedBy(decision)}`;
  if (decision.exceeded) return `Denied: ${call}. ${TOO_LONG}`;
  if (blocked.absent) return `Denied: ${call}. There is no such ${nounOf(resource)}${nearestNames(misses)}.`;
  const parts = [`Denied: ${call}.`, deniedBy(decision, request)];
  const others = layers.filter(({ blocks, layer }) => blocks && layer !== decision.layer);
  const alone = misses.some(({ kind }) => kind === 'enough-alone');
  if (others.length > 0 && !alone) {
    const names = [...new Set(others.map(({ layer }) => LAYER_NAMES[layer]))];
    parts.push(`Refused too by: ${names.join(', ')}.`);
  }
  if (decision.effect === 'ImplicitDeny') parts.push(considered(policies, decision.layer, blocked.setAside));
  const [nearest] = misses;
  if (nearest) parts.push(nearestSentence(nearest, policies));
  return parts.join(' ');
}

function allowedBy({ layer, policy, statement }: Decision): string {
  if (layer === 'root') return 'The root user of an account needs no policy in it.';
  return `The ${LAYER_NAMES[layer]} ${policy?.name} allows it in ${statementName(statement?.index ?? 0, statement?.sid)}.`;
}

function deniedBy({ effect, layer, policy, statement }: Decision, request: AuthorizationRequest): string {
  const name = LAYER_NAMES[layer as Layer];
  if (effect === 'ExplicitDeny') {
    return `The ${name} ${policy?.name} denies it in ${statementName(statement?.index ?? 0, statement?.sid)}, and a Deny outweighs every Allow.`;
  }
  if (layer === 'acl' && isOwnedApart(request)) {
    return `No ${name} allows it; the object belongs to ${request.objectOwner}, not to its bucket's account, whose policy can only deny.`;
  }
  const ofResource = layer === 'resource' || layer === 'trust' || layer === 'key';
  const foreign = ofResource && request.principal.account !== undefined && !isSameAccount(request);
  return `No ${name} allows it${foreign ? '; the caller is of another account, so the resource must allow it too' : ''}.`;
}

function considered(
  policies: readonly PolicyTrace[],
  layer: Layer | 'root',
  setAside: string | undefined,
): string {
  const own = policies.filter(policy => policy.layer === layer);
  const statements = own.reduce((sum, policy) => sum + policy.statements.length, 0);
  if (own.length === 0 && setAside && (layer === 'resource' || layer === 'acl')) return setAside;
  if (own.length === 0) return 'There is none.';
  return `Considered: ${count(own.length, 'policy', 'policies')} with ${count(statements, 'statement', 'statements')}.`;
}

/** `role` of a role's ARN. */
function nounOf(arn: string): string {
  const [, , service, , , resource = ''] = arn.split(':');
  const [kind = ''] = resource.split('/', 1);
  if (service === 'kms') return kind === 'alias' ? 'alias' : 'key';
  return /^[a-z]+$/.test(kind) ? kind : 'resource';
}

function nearestNames(misses: readonly NearMiss[]): string {
  const message = misses.find(({ kind }) => kind === 'no-such-resource')?.message;
  const at = message?.indexOf('; nearest by name: ') ?? -1;
  return at === -1 ? '' : (message as string).slice(at);
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}

export function nearestSentence(
  { message, uri, statement }: NearMiss,
  policies: readonly PolicyTrace[],
): string {
  if (uri === undefined || statement === undefined) return `Note: ${message.replace(/\.$/, '')}.`;
  const sid = policies.find(policy => policy.uri === uri)?.statements[statement]?.sid;
  return `Nearest: ${statementName(statement, sid)} of ${uri}: ${message}.`;
}

/** `statement 2`, or `statement 2 ("AllowList")`. */
export function statementName(index: number, sid: string | undefined): string {
  return `statement ${index + 1}${sid ? ` ("${sid}")` : ''}`;
}
