/** What is said of one statement. */

import type { Facts } from '../evaluate/facts.js';
import type { PolicySet } from '../types.js';
import type { ExplainOptions } from './options.js';
import type { TracedPolicy } from './trace.js';
import type { NearMiss, NearMissKind, StatementTrace } from './types.js';

/** A near miss before it is known where it stands. */
export interface Finding {
  readonly kind: NearMissKind;
  readonly message: string;
}

/** What is looked at. */
export interface View {
  readonly facts: Facts;
  readonly policies: PolicySet;
  readonly options: ExplainOptions;
}

export function at({ kind, message }: Finding, policy: TracedPolicy, { index }: StatementTrace): NearMiss {
  return { kind, message, layer: policy.layer, uri: policy.uri, statement: index };
}
