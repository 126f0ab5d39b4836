/** A layer that stands in the way of a request. */

import type { LayerTrace, StatementTrace } from '../explain/types.js';
import type { Layer, NamedPolicy } from '../types.js';

/** A layer that blocks, with its policies and what their statements do. */
export interface Blocked {
  readonly layer: LayerTrace;
  readonly sources: readonly NamedPolicy[];
  readonly traces: readonly (readonly StatementTrace[])[];
  /** Conditions of its Allows that no such request can meet, and where they belong: sentences. */
  readonly never: readonly string[];
}

/** Where a suggestion belongs. */
export function where({ layer, level }: LayerTrace): { readonly layer: Layer; readonly level?: number } {
  return { layer, ...(level !== undefined && { level }) };
}

/** The request's resource names one thing: its `*`, `?` and `$` are no pattern. */
export function escapeWildcards(resource: string): string {
  return resource === '*' ? resource : resource.replace(/\$(?=\{)|[*?]/g, '${$&}');
}

/** Whether AWS manages the policy, so that its customers cannot change it. */
export function isOfAws({ arn }: NamedPolicy): boolean {
  return arn !== undefined && /:aws:policy\//.test(arn);
}
