/** Explains a decision: the same rules as `evaluate`, with every step written down. */

import { evaluate, isOwnedApart, resourceLayer, type Standing, standing } from '../evaluate/evaluate.js';
import { Facts } from '../evaluate/facts.js';
import {
  DELEGATED,
  OVERCOMES_BOUNDARY,
  OVERCOMES_IDENTITY,
  OVERCOMES_SESSION,
} from '../evaluate/principals.js';
import { DECISION_STEPS, TooManySteps } from '../evaluate/steps.js';
import { denialMessage } from '../message.js';
import type { AuthorizationRequest, Decision, Layer, PolicySet } from '../types.js';
import { nearMisses } from './near-misses.js';
import type { ExplainOptions } from './options.js';
import { summarise } from './summary.js';
import { type TracedLayer, traceLayers } from './trace.js';
import type {
  EvaluatedEffect,
  Explanation,
  LayerTrace,
  MatchedPolicy,
  NearMiss,
  PolicyTrace,
} from './types.js';

const EFFECTS: Readonly<Record<Decision['effect'], EvaluatedEffect>> = {
  Allow: 'ALLOW',
  ExplicitDeny: 'EXPLICIT_DENY',
  ImplicitDeny: 'IMPLICIT_DENY',
};

/**
 * The whole reasoning of a decision, as plain JSON. It holds what the policies say: `visibleTo` takes out what
 * another account must not see. Costs far more than `evaluate`: meant for denials and for people.
 */
export function explain(
  request: AuthorizationRequest,
  policies: PolicySet,
  options: ExplainOptions = {},
): Explanation {
  const decision = evaluate(request, policies);
  const { traced, layers, misses } = trace(request, policies, decision, options);
  const { principal, action, resource, resourceAccount, objectOwner, context } = request;
  const list = traced.flatMap(layer => layer.policies.map(({ source: _, ...trace }): PolicyTrace => trace));
  return {
    summary: summarise(request, decision, layers, list, misses, {
      absent: options.absent !== undefined && resourceBlocks(layers),
      setAside: policies.setAside?.map(({ policy, by }) => `${policy.name} is set aside by ${by}.`).join(' '),
    }),
    ...(!decision.allowed && { message: denialMessage(decision, request) }),
    principal,
    requestContext: context,
    evaluations: [
      {
        action,
        resource,
        ...(resourceAccount !== undefined && { resourceAccount }),
        ...(objectOwner !== undefined && { objectOwner }),
        evaluatedEffect: EFFECTS[decision.effect],
        decidedBy: decision.layer,
        matchedPolicies: matchedPolicies(list),
      },
    ],
    policies: list,
    layers,
    nearMisses: misses,
  };
}

interface Trace {
  readonly traced: readonly TracedLayer[];
  readonly layers: readonly LayerTrace[];
  readonly misses: readonly NearMiss[];
}

const UNTRACED: Trace = { traced: [], layers: [], misses: [] };

/** Walks all statements and more than once, where a decision stops at the first that settles it. */
const TRACE_STEPS = 4 * DECISION_STEPS;

/** Empty where it would take too long. */
function trace(
  request: AuthorizationRequest,
  policies: PolicySet,
  decision: Decision,
  options: ExplainOptions,
): Trace {
  if (decision.exceeded) return UNTRACED;
  const facts = new Facts(request, TRACE_STEPS);
  try {
    const traced = traceLayers(facts, policies);
    const layers = layerTraces(facts, policies, traced, options);
    const misses = decision.allowed ? [] : nearMisses({ facts, policies, options }, traced, layers);
    return { traced, layers, misses };
  } catch (error) {
    if (!(error instanceof TooManySteps)) throw error;
    return UNTRACED;
  }
}

/** Whether the resource's side stands in the way. */
function resourceBlocks(layers: readonly LayerTrace[]): boolean {
  return layers.some(({ layer, blocks }) => blocks && ['resource', 'trust', 'key'].includes(layer));
}

function matchedPolicies(policies: readonly PolicyTrace[]): MatchedPolicy[] {
  return policies.flatMap(({ uri, statements }) => {
    const matched = statements.filter(statement => statement.matched);
    if (matched.length === 0) return [];
    return {
      uri,
      matchedStatements: matched.map(({ sid, index, effect }) => ({
        sid: sid ?? `Statement${index + 1}`,
        evaluatedEffect: effect,
      })),
    };
  });
}

function layerTraces(
  facts: Facts,
  policies: PolicySet,
  traced: readonly TracedLayer[],
  options: ExplainOptions,
): LayerTrace[] {
  const stands = standing(facts, policies);
  const layers = traced.map(layer => layerTrace(layer, need(layer.layer, stands, facts, policies)));
  const ofResource = resourceLayer(policies);
  if (!policies.resource && isRequired(ofResource, stands, facts)) {
    const missing = { layer: ofResource, policies: [] };
    layers.push(
      layerTrace(missing, {
        required: true,
        note: missingNote(policies, options),
      }),
    );
  }
  return layers;
}

function missingNote({ setAside, acl }: PolicySet, { absent }: ExplainOptions): string {
  if (absent) return 'The resource does not exist, so nothing lets anyone use it.';
  if (setAside?.[0]) return `${setAside[0].policy.name} is set aside: ${setAside[0].by} is on.`;
  return `The resource has no policy, and needs one that allows${acl ? ', or a grant' : ''}.`;
}

function layerTrace(
  { layer, level, policies }: TracedLayer,
  { required, onlyDenies, note }: Need,
): LayerTrace {
  const matched = policies.flatMap(({ statements }) =>
    statements.filter(({ matched, effect }) => matched && !(onlyDenies && effect === 'ALLOW')),
  );
  const evaluatedEffect = matched.some(({ effect }) => effect === 'DENY')
    ? 'EXPLICIT_DENY'
    : matched.length > 0
      ? 'ALLOW'
      : 'IMPLICIT_DENY';
  const blocks = evaluatedEffect === 'EXPLICIT_DENY' || (required && evaluatedEffect === 'IMPLICIT_DENY');
  return { layer, ...(level !== undefined && { level }), evaluatedEffect, required, blocks, note };
}

interface Need {
  readonly required: boolean;
  /** Its Allows do not count. */
  readonly onlyDenies?: boolean;
  readonly note: string;
}

/** Whether a layer of the resource's side must allow: one of them is enough. */
function isRequired(layer: Layer, { resource, resourceRequired }: Standing, { request }: Facts): boolean {
  if (layer === 'resource' && isOwnedApart(request)) return false;
  return resourceRequired && (resource === undefined || resource.layer === layer);
}

function need(layer: Layer, stands: Standing, facts: Facts, policies: PolicySet): Need {
  const { resource, exempt } = stands;
  const { principal } = facts.request;
  const flag = { identity: OVERCOMES_IDENTITY, boundary: OVERCOMES_BOUNDARY, session: OVERCOMES_SESSION }[
    layer as string
  ];
  if (flag !== undefined) {
    if (!(exempt & flag)) return { required: true, note: ownSideNote(resource?.overcomes) };
    if (principal.type === 'root')
      return { required: false, note: 'The root user of an account needs no policy of its own.' };
    if (principal.account === undefined)
      return { required: false, note: 'The caller belongs to no account.' };
    return { required: false, note: "The resource's policy names the caller itself, which is enough." };
  }
  switch (layer) {
    case 'trust':
      return { required: true, note: "A role's trust policy must always allow." };
    case 'key':
      return { required: true, note: 'A key policy must allow, or delegate to the account.' };
    case 'resource':
    case 'acl':
      return resourceSideNeed(layer, stands, facts, policies);
    default:
      return { required: true, note: "Each level of the organisation's policies must allow." };
  }
}

function resourceSideNeed(
  layer: 'resource' | 'acl',
  stands: Standing,
  facts: Facts,
  { acl }: PolicySet,
): Need {
  const required = isRequired(layer, stands, facts);
  const apart = isOwnedApart(facts.request);
  const [own, other] =
    layer === 'acl' ? ['access control list', 'policy'] : ['policy', 'access control list'];
  if (layer === 'resource' && apart) {
    const note = "The object belongs to another account than its bucket: the bucket's policy can only deny.";
    return { required, onlyDenies: true, note };
  }
  if (!stands.resourceRequired)
    return { required, note: `Inside the account the resource's ${own} may allow, but need not.` };
  if (!required) return { required, note: `The resource's ${other} allows, which is enough.` };
  const either = acl && !apart ? `${own} or ${other}` : own;
  return {
    required,
    note: `The caller is not of the resource's account: the resource's ${either} must allow.`,
  };
}

function ownSideNote(overcomes: number | undefined): string {
  if (overcomes === undefined) return 'Must allow.';
  return overcomes === DELEGATED
    ? "The resource's policy allows the account, not the caller itself: this must allow too."
    : "What the resource's policy allows does not replace this: it must allow too.";
}
