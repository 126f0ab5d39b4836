/** Walks every policy of a request and notes what each statement does with it. */

import type { CompiledStatement } from '../evaluate/compile.js';
import type { CompiledCondition } from '../evaluate/conditions.js';
import { boundByServiceControl, denyNames, resourceLayer, sessionPolicies } from '../evaluate/evaluate.js';
import type { Facts } from '../evaluate/facts.js';
import { NOT_NAMED } from '../evaluate/principals.js';
import { show } from '../evaluate/template.js';
import type { Layer, NamedPolicy, PolicySet } from '../types.js';
import type { Mismatch, PolicyTrace, StatementTrace } from './types.js';

/** A policy in force, its place, and its compiled statements beside their traces. */
export interface TracedPolicy extends PolicyTrace {
  readonly source: NamedPolicy;
}

/** A layer with its policies; service and resource control policies have one per level. */
export interface TracedLayer {
  readonly layer: Layer;
  readonly level?: number;
  readonly policies: readonly TracedPolicy[];
}

/** All layers in force, in the order of evaluation. */
export function traceLayers(facts: Facts, policies: PolicySet): TracedLayer[] {
  const session = sessionPolicies(facts.request.principal, policies);
  const plain: [Layer, readonly NamedPolicy[] | undefined][] = [
    [resourceLayer(policies), policies.resource && [policies.resource]],
    ['acl', policies.acl && [policies.acl]],
    ['identity', policies.identity],
    ['boundary', policies.boundary && [policies.boundary]],
    ['session', session],
  ];
  const action = facts.request.action.toLowerCase();
  const uris = new Set<string>();
  const layers: TracedLayer[] = [];
  for (const layer of ['resource-control', 'service-control'] as const) {
    const levels = layer === 'resource-control' ? policies.resourceControl : policies.serviceControl;
    if (layer === 'service-control' && !boundByServiceControl(facts.request.principal)) continue;
    levels?.forEach((level, index) => {
      layers.push({ layer, level: index, ...traced(layer, level, index) });
    });
  }
  for (const [layer, list] of plain) if (list) layers.push({ layer, ...traced(layer, list) });
  return layers;

  function traced(layer: Layer, list: readonly NamedPolicy[], level?: number) {
    return {
      policies: list.map(source => ({
        uri: uniqueUri(uris, source, layer),
        name: source.name,
        layer,
        ...(level !== undefined && { level }),
        statements: source.policy.statements.map(statement =>
          traceStatement(facts, policies, layer, action, statement),
        ),
        source,
      })),
    };
  }
}

function uniqueUri(taken: Set<string>, { arn, name }: NamedPolicy, layer: Layer): string {
  let uri = arn ?? name;
  if (taken.has(uri)) uri = `${layer}: ${uri}`;
  for (let copy = 2; taken.has(uri); copy++) uri = `${layer}: ${arn ?? name} (${copy})`;
  taken.add(uri);
  return uri;
}

function traceStatement(
  facts: Facts,
  policies: PolicySet,
  layer: Layer,
  /** In lower case. */
  action: string,
  statement: CompiledStatement,
): StatementTrace {
  const { source, ref } = statement;
  const mismatches = statement.coversAction(action)
    ? elementMismatches(facts, policies, layer, statement)
    : [actionMismatch(facts, statement)];
  const effect = source.effect === 'Allow' ? 'ALLOW' : 'DENY';
  const matched = mismatches.length === 0;
  const held = matched && effect === 'DENY' && statement.conditions.length > 0;
  return {
    index: ref.index,
    ...(ref.sid !== undefined && { sid: ref.sid }),
    effect,
    matched,
    mismatches,
    ...(held && { held: statement.conditions.map(one => conditionMismatch(facts, statement, one)) }),
  };
}

function actionMismatch(facts: Facts, { source: { action }, actions }: CompiledStatement): Mismatch {
  return { element: action.not ? 'NotAction' : 'Action', wanted: actions, actual: facts.request.action };
}

function elementMismatches(
  facts: Facts,
  policies: PolicySet,
  layer: Layer,
  statement: CompiledStatement,
): Mismatch[] {
  const { resource, principal, effect } = statement.source;
  const { request } = facts;
  const mismatches: Mismatch[] = [];
  if (principal && !names(facts, policies, layer, statement, effect)) {
    mismatches.push({
      element: principal.not ? 'NotPrincipal' : 'Principal',
      wanted: principal.entries.map(({ word }) => word.value),
      actual: request.principal.arn,
    });
  }
  if (resource && !statement.coversResource(facts)) {
    mismatches.push({
      element: resource.not ? 'NotResource' : 'Resource',
      wanted: resource.values.map(({ value }) => shown(value, facts, statement)),
      actual: request.resource,
    });
  }
  for (const condition of statement.conditions) {
    if (!condition.holds(facts)) mismatches.push(conditionMismatch(facts, statement, condition));
  }
  return mismatches;
}

function names(
  facts: Facts,
  policies: PolicySet,
  layer: Layer,
  statement: CompiledStatement,
  effect: 'Allow' | 'Deny',
): boolean {
  if (effect === 'Deny' && layer !== 'resource-control') return denyNames(facts, policies, statement);
  return statement.principal?.names(facts.request.principal) !== NOT_NAMED;
}

function conditionMismatch(
  facts: Facts,
  statement: CompiledStatement,
  { element, key }: CompiledCondition,
): Mismatch {
  return {
    element: 'Condition',
    operator: element.operator.value,
    key: element.key.value,
    wanted: element.values.map(({ value }) => shown(value, facts, statement)),
    actual: facts.value(key) ?? null,
  };
}

function shown(text: string, facts: Facts, { variables }: CompiledStatement): string {
  return variables && text.includes('${') ? show(text, { variables, wildcards: true }, facts) : text;
}
