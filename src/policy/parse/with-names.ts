/** Policies with the names of their principals in the place of the unique ids that are stored. */

import { compilePolicy } from '../evaluate/compile.js';
import { evaluate } from '../evaluate/evaluate.js';
import type { AuthorizationRequest, NamedPolicy, PolicySet } from '../types.js';
import { mapPrincipals, principalsOf } from './map-principals.js';

/** The unique ids (`AIDA…`, `AROA…`) that the resource's policy names. */
export function principalIds({ resource, setAside }: PolicySet): string[] {
  const aside = setAside?.map(({ policy }) => policy) ?? [];
  const documents = [resource, ...aside].flatMap(policy => policy?.policy.document ?? []);
  const values = documents.flatMap(principalsOf).map(({ word }) => word.value);
  return [...new Set(values.filter(value => /^A(?:IDA|ROA)[A-Z0-9]+$/.test(value)))];
}

/**
 * The policies as their authors know them: `names` has the ARNs of those who exist, by unique id. What is decided stays
 * the same; where a name has changed hands since, so that it would not, the ids stay.
 */
export function withNames(
  request: AuthorizationRequest,
  policies: PolicySet,
  names: ReadonlyMap<string, string>,
): PolicySet {
  if (names.size === 0) return policies;
  const { resource, setAside } = policies;
  const named = {
    ...policies,
    resource: resource && renamed(resource, names),
    setAside: setAside?.map(aside => ({ ...aside, policy: renamed(aside.policy, names) })),
  };
  return evaluate(request, named).effect === evaluate(request, policies).effect ? named : policies;
}

function renamed(policy: NamedPolicy, names: ReadonlyMap<string, string>): NamedPolicy {
  const shown = (text: string) => mapPrincipals(text, (_type, value) => names.get(value));
  return {
    ...policy,
    policy: compilePolicy(shown(policy.policy.text), policy.policy.kind),
    ...(policy.source !== undefined && { source: shown(policy.source) }),
  };
}
