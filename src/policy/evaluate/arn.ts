/** Amazon Resource Names: `arn:partition:service:region:account:resource`. */

import { Glob, readGlob, type Token } from './glob.js';
import type { Steps } from './steps.js';

export interface Arn {
  readonly partition: string;
  readonly service: string;
  /** Empty where the service has none (IAM, S3). */
  readonly region: string;
  /** 12 digits; empty where the service has none (S3 buckets). */
  readonly account: string;
  /** Everything after the fifth colon, colons included. */
  readonly resource: string;
}

/** Splits an ARN; `undefined` where the text is none. Wildcards are left as they stand. */
export function parseArn(text: string): Arn | undefined {
  const parts = splitArn(text);
  if (parts?.[0] !== 'arn') return undefined;
  const [, partition, service, region, account, resource] = parts;
  if (!partition || !service || !resource) return undefined;
  return { partition, service, region: region as string, account: account as string, resource };
}

/**
 * A resource pattern with its missing components as `*`: "When you specify an incomplete ARN (one with fewer than the
 * standard six fields) in an identity-based policy, AWS automatically completes the ARN by adding wildcard characters
 * (*) to all missing fields" (IAM User Guide, "IAM ARNs"). What is no ARN comes back as it is.
 */
export function completeArn(pattern: string): string {
  const missing = pattern.startsWith('arn:') ? 6 - splitPattern(pattern).length : 0;
  return missing > 0 ? pattern + ':*'.repeat(missing) : pattern;
}

/** Splits at colons, but not inside `${…}`. */
export function splitPattern(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith('${', at)) {
      const close = text.indexOf('}', at);
      if (close === -1) break;
      at = close;
    } else if (text[at] === ':') {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

/** The six components of an ARN, the last one with its colons; `undefined` where there are fewer. */
export function splitArn(text: string): string[] | undefined {
  const parts: string[] = [];
  let from = 0;
  for (let count = 0; count < 5; count++) {
    const colon = text.indexOf(':', from);
    if (colon === -1) return undefined;
    parts.push(text.slice(from, colon));
    from = colon + 1;
  }
  parts.push(text.slice(from));
  return parts;
}

/**
 * Whether an ARN matches a pattern with `*` and `?`, component by component and by case, as the `Resource`
 * element and the `Arn…` operators do. For many values of one pattern compile it: `new ArnPattern`.
 */
export function matchesArn(pattern: string, arn: string): boolean {
  return new ArnPattern(readGlob(pattern)).matches(arn);
}

/**
 * An ARN with wildcards. A wildcard matches within its component ("Each of the six colon-delimited components
 * of the ARN is checked separately", IAM JSON policy elements: Condition operators); a pattern of fewer than
 * six components matches if its last one matches all that remains (`*`, `arn:aws:s3*`).
 */
export class ArnPattern {
  /** Set where one comparison of the whole text decides: no wildcard before the last component. */
  readonly #whole: Glob | undefined;
  readonly #parts: readonly Glob[];

  constructor(tokens: readonly Token[]) {
    const parts = splitTokens(tokens);
    const fixed = parts.slice(0, -1).every(part => part.every(token => typeof token === 'string'));
    this.#whole = fixed ? new Glob(tokens) : undefined;
    this.#parts = fixed ? [] : parts.map(part => new Glob(part));
  }

  /** `steps`: pays for the comparison; throws `TooManySteps` where it cannot. */
  matches(arn: string, steps?: Steps): boolean {
    if (this.#whole !== undefined) return this.#whole.matches(arn, steps);
    const last = this.#parts.length - 1;
    let from = 0;
    for (let i = 0; i < last; i++) {
      const colon = arn.indexOf(':', from);
      if (colon === -1 || !(this.#parts[i] as Glob).matches(arn.slice(from, colon), steps)) return false;
      from = colon + 1;
    }
    return (this.#parts[last] as Glob).matches(arn.slice(from), steps);
  }
}

/** Splits at the first five colons of literal text. */
function splitTokens(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (typeof token !== 'string') {
      (parts[parts.length - 1] as Token[]).push(token);
      continue;
    }
    let from = 0;
    while (parts.length < 6) {
      const colon = token.indexOf(':', from);
      if (colon === -1) break;
      if (colon > from) (parts[parts.length - 1] as Token[]).push(token.slice(from, colon));
      parts.push([]);
      from = colon + 1;
    }
    if (from < token.length) (parts[parts.length - 1] as Token[]).push(token.slice(from));
  }
  return parts;
}
