/** Says why a Deny applies: the conditions that held, with the request's values, and what it spares instead. */

import type { CompiledStatement } from '../evaluate/compile.js';
import { heldWords, requestAdvice } from './condition-words.js';
import { at, type Finding, type View } from './finding.js';
import { neverHolds } from './never.js';
import type { TracedLayer } from './trace.js';
import type { NearMiss } from './types.js';

export function whyDenied(view: View, layer: TracedLayer | undefined): NearMiss[] {
  return (layer?.policies ?? []).flatMap(policy =>
    policy.statements
      .filter(({ effect, matched }) => matched && effect === 'DENY')
      .flatMap(trace => {
        const compiled = policy.source.policy.statements[trace.index];
        return compiled ? reasons(view, policy.layer, compiled).map(one => at(one, policy, trace)) : [];
      }),
  );
}

function reasons(view: View, layer: NearMiss['layer'], statement: CompiledStatement): Finding[] {
  return [
    ...absentKeys(view, layer, statement),
    ...heldConditions(view, statement),
    ...exceptions(view, statement),
  ];
}

/** A Deny with a negated operator holds where the key is absent: the usual surprise. */
function absentKeys({ facts }: View, layer: NearMiss['layer'], { conditions }: CompiledStatement): Finding[] {
  return conditions
    .filter(({ key, use }) => use.operator.comparison !== 'null' && facts.value(key) === undefined)
    .map(condition => {
      const { element, key } = condition;
      const wanted = element.values.map(({ value }) => value);
      const never = neverHolds({ key, layer, wanted }, facts);
      const advice = requestAdvice(facts, [condition]);
      const end = never ?? advice;
      return {
        kind: 'absent-key',
        message: `the Deny holds because this request carries no ${element.key.value} (${element.operator.value} is true of an absent key)${end === undefined ? '' : `: ${end}`}`,
      };
    });
}

function heldConditions({ facts }: View, { conditions }: CompiledStatement): Finding[] {
  const held = conditions.filter(
    ({ key, use }) => use.operator.comparison === 'null' || facts.value(key) !== undefined,
  );
  if (held.length === 0) return [];
  const words = held.map(one => heldWords(facts, one)).join(', and ');
  const advice = requestAdvice(facts, held);
  const message = `the Deny holds because ${words}${advice === undefined ? '' : `; ${advice}`}`;
  return [{ kind: 'deny-condition', message }];
}

/** What the Deny spares, where it denies all but that. */
function exceptions({ facts, policies }: View, { source, principal, actions }: CompiledStatement): Finding[] {
  const { action, resource } = facts.request;
  const found: string[] = [];
  if (source.action.not)
    found.push(`the Deny covers every action but ${actions.join(', ')}, and ${action} is none of them`);
  if (source.resource?.not) {
    const spared = source.resource.values.map(({ value }) => value).join(', ');
    found.push(`the Deny covers every resource but ${spared}, and ${resource} is none of them`);
  }
  if (principal?.not) {
    found.push(
      policies.boundary
        ? 'NotPrincipal with Deny denies every user and role that has a permissions boundary, listed or not'
        : `NotPrincipal spares a caller only where account, role and session (or account and user) are all listed: ${principal.missing(facts.request.principal).join(', ') || 'the caller'} is not`,
    );
  }
  return found.map(message => ({ kind: 'deny-exception', message }));
}
