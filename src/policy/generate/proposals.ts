/** Conditions that every recorded call meets: for the policy's owner to take or leave. */

import type { RecordedCall } from '../recorded/index.js';
import { KeyTree } from './fold.js';
import type { ProposedCondition } from './types.js';

/** Different values of a key that make a condition. */
const FEW = 4;

/** Keys that hold for all calls or for none, with what a condition on them would say. */
const KEYS = [
  { key: 'aws:SourceVpce', operator: 'StringEquals', reason: 'every call came through these VPC endpoints' },
  { key: 'aws:SourceIp', operator: 'IpAddress', reason: 'every call came from these addresses' },
  { key: 'aws:MultiFactorAuthPresent', operator: 'Bool', reason: 'every call was made with a second factor' },
  { key: 'aws:SecureTransport', operator: 'Bool', reason: 'every call came over TLS' },
  { key: 'aws:RequestedRegion', operator: 'StringEquals', reason: 'every call was made in these regions' },
] as const;

export class Proposals {
  readonly #values = new Map<string, Set<string>>(KEYS.map(({ key }) => [key, new Set<string>()]));
  /** Prefixes that were listed, by bucket; `undefined` for one that was listed as a whole. */
  readonly #lists = new Map<string, KeyTree | undefined>();

  constructor(private readonly foldAt: number) {}

  add({ context, checks }: RecordedCall): void {
    for (const [key, values] of this.#values) {
      const value = context[key];
      // A call without it, or with a value too many, ends the matter.
      if (typeof value === 'string' && values.size <= FEW) values.add(value);
      else this.#values.delete(key);
    }
    for (const { action, resource, context: own } of checks) {
      if (action !== 's3:ListBucket' && action !== 's3:ListBucketVersions') continue;
      const prefix = own['s3:prefix'];
      if (typeof prefix !== 'string' || prefix === '') this.#lists.set(resource, undefined);
      else {
        if (!this.#lists.has(resource)) this.#lists.set(resource, new KeyTree(this.foldAt));
        this.#lists.get(resource)?.add(prefix);
      }
    }
  }

  found(): ProposedCondition[] {
    const shared = KEYS.flatMap(({ key, operator, reason }) => {
      const values = [...(this.#values.get(key) ?? [])].sort();
      const says = operator === 'Bool' ? values.length === 1 && values[0] === 'true' : values.length > 0;
      return says && values.length <= FEW
        ? [{ actions: [], condition: { [operator]: { [key]: values } }, reason }]
        : [];
    });
    const lists = [...this.#lists].flatMap(([resource, tree]) => {
      if (!tree) return [];
      const prefixes = tree.patterns();
      return [
        {
          actions: ['s3:ListBucket', 's3:ListBucketVersions'],
          condition: { StringLike: { 's3:prefix': prefixes } },
          reason: `${resource} was listed below these prefixes alone`,
        },
      ];
    });
    return [...shared, ...lists];
  }
}
