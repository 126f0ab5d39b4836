/** A set of policies with a suggestion followed. */

import { compilePolicy } from '../evaluate/compile.js';
import type { NamedPolicy, PolicySet } from '../types.js';
import { isSame, patched } from './patch.js';
import type { Suggestion } from './types.js';

/** The set once the suggestion is followed; `undefined` where it changes no policy. */
export function withChange(set: PolicySet, one: Suggestion): PolicySet | undefined {
  if (!one.patch && !one.document) return undefined;
  const list = (policies: readonly NamedPolicy[] = []): NamedPolicy[] => [
    ...policies.map(policy =>
      isSame(policy, one.policy) && one.patch ? patched(policy, one.patch) : policy,
    ),
    ...(one.document ? [made(one)] : []),
  ];
  const levels = (all: readonly (readonly NamedPolicy[])[] = []) =>
    all.map((level, i) => (i === one.level ? list(level) : level));
  switch (one.layer) {
    case 'identity':
      return { ...set, identity: list(set.identity) };
    case 'session':
      return { ...set, session: list(set.session) };
    case 'boundary':
      return { ...set, boundary: list(set.boundary && [set.boundary]).at(-1) };
    case 'service-control':
      return { ...set, serviceControl: levels(set.serviceControl) };
    case 'resource-control':
      return { ...set, resourceControl: levels(set.resourceControl) };
    default:
      return { ...set, resource: list(set.resource && [set.resource]).at(-1) };
  }
}

function made({ layer, document }: Suggestion): NamedPolicy {
  const kind = layer === 'acl' ? 'resource' : layer;
  return { name: `new ${layer} policy`, policy: compilePolicy(JSON.stringify(document), kind) };
}
