/** What is known of one request while it is decided. */

import type { AuthorizationRequest, ContextValue } from '../request.js';
import { DECISION_STEPS, Steps } from './steps.js';

/** A condition key as a policy spells it, and in lower case. */
export interface KeyName {
  readonly name: string;
  readonly lower: string;
}

export function keyName(name: string): KeyName {
  return { name, lower: name.toLowerCase() };
}

export class Facts {
  /** What looking at the request may still take. */
  readonly steps: Steps;

  constructor(
    readonly request: AuthorizationRequest,
    limit = DECISION_STEPS,
  ) {
    this.steps = new Steps(limit);
  }

  /**
   * The value of a condition key, found without case; `undefined` where the request carries none. An empty
   * list counts as none.
   */
  value(key: KeyName): ContextValue | undefined {
    const context = this.request.context;
    // Callers write the keys in AWS's spelling, and so do most policies: one look-up decides, as a rule.
    const direct = context[key.name];
    if (isValue(direct)) return direct;
    const length = key.name.length;
    for (const name in context) {
      this.steps.take(1);
      if (name.length === length && name.toLowerCase() === key.lower) {
        const value = context[name];
        if (isValue(value)) return value;
      }
    }
    return undefined;
  }

  /** The value a policy variable takes. A key with a list of values is no variable. */
  variable(key: KeyName): string | undefined {
    const value = this.value(key);
    return typeof value === 'string' ? value : undefined;
  }
}

function isValue(value: unknown): value is ContextValue {
  return typeof value === 'string' || (Array.isArray(value) && value.length > 0);
}
