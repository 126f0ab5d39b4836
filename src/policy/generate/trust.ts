/** A trust policy from who really assumed the role. */

import { formatPolicy } from '../format.js';
import type { RecordedCall, RecordedCheck } from '../recorded/index.js';
import type { Principal } from '../request.js';

interface Assumer {
  readonly principal: { readonly AWS?: string; readonly Service?: string; readonly Federated?: string };
  readonly actions: Set<string>;
  /** External ids; empty text for a call without one. */
  readonly externalIds: Set<string>;
  /** Claims `provider:aud` and `provider:sub` of federated callers. */
  readonly claims: Map<string, Set<string>>;
}

/** Values of a claim that are listed; more are for their owner to describe. */
const LISTED = 20;

export class Assumers {
  readonly #assumers = new Map<string, Assumer>();

  add({ principal, context }: RecordedCall, check: RecordedCheck): void {
    const named = nameOf(principal);
    if (!named) return;
    const key = JSON.stringify(named);
    let assumer = this.#assumers.get(key);
    if (!assumer) {
      assumer = { principal: named, actions: new Set(), externalIds: new Set(), claims: new Map() };
      this.#assumers.set(key, assumer);
    }
    assumer.actions.add(check.action);
    if (check.action === 'sts:AssumeRole') {
      const id = check.context['sts:ExternalId'];
      assumer.externalIds.add(typeof id === 'string' ? id : '');
    }
    if (named.Federated === undefined) return;
    for (const [name, value] of Object.entries(context)) {
      if (!/^[^/:]+.*:(?:aud|sub)$/.test(name) || typeof value !== 'string') continue;
      assumer.claims.set(name, (assumer.claims.get(name) ?? new Set()).add(value));
    }
  }

  /** The policy, laid out; `undefined` where no call assumed the role. */
  policy(): string | undefined {
    if (this.#assumers.size === 0) return undefined;
    const statements = [...this.#assumers.values()].map(assumer => {
      const condition = conditionOf(assumer);
      return {
        Effect: 'Allow',
        Principal: assumer.principal,
        Action: [...assumer.actions].sort(),
        ...(condition && { Condition: condition }),
      };
    });
    return formatPolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }));
  }
}

/** Sessions come back under other names: their role is meant. */
function nameOf({
  type,
  arn,
  roleArn,
  federatingArn,
  federatedProvider,
}: Principal): Assumer['principal'] | undefined {
  if (type === 'service') return { Service: arn };
  if (federatedProvider !== undefined) return { Federated: federatedProvider };
  if (type === 'anonymous') return undefined;
  return { AWS: roleArn ?? federatingArn ?? arn };
}

/**
 * An external ID that every call brought, and what a provider vouched for: without these every customer of a shared
 * provider is trusted ("AWS JSON policy elements: Principal").
 */
function conditionOf({ externalIds, claims }: Assumer): object | undefined {
  const equal: Record<string, string[]> = {};
  const ids = [...externalIds];
  if (ids.length > 0 && ids.length <= LISTED && !ids.includes('')) equal['sts:ExternalId'] = ids.sort();
  for (const [name, values] of claims) if (values.size <= LISTED) equal[name] = [...values].sort();
  return Object.keys(equal).length > 0 ? { StringEquals: equal } : undefined;
}
