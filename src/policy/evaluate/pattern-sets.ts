/** Patterns compared as sets of texts: whether two can match one text, whether one takes in the other. */

import { completeArn, splitPattern } from './arn.js';
import { Glob, readGlob } from './glob.js';

/** `\0`: any run of characters; `\u0001`: any run without a slash; `\u0002`: one character. */
const ANY = '\0';
const NO_SLASH = '\u0001';
const ONE = '\u0002';

/** A pattern of a policy: variables may be anything. */
function policyTokens(pattern: string): string {
  return pattern.replace(/\$\{[^}]*\}|\*+/g, ANY).replace(/\?/g, ONE);
}

/** An ARN format of the Service Authorization Reference: a bucket's name has no slash, other parts may. */
function formatTokens(format: string): string {
  return format.replace(/\$\{([^}]*)\}/g, (_, name: string) => (name === 'BucketName' ? NO_SLASH : ANY));
}

/** Characters: no ARN has more (2,048 are the most that IAM takes of one). */
const LONGEST_COMPARED = 2048;

/**
 * Whether a resource pattern can match ARNs of this format, component by component; one too long to compare is taken
 * to.
 */
export function overlapsFormat(pattern: string, format: string): boolean {
  if (pattern.length > LONGEST_COMPARED) return true;
  const wanted = splitPattern(completeArn(pattern));
  const known = splitPattern(format);
  if (wanted.length < 6) return overlap(policyTokens(pattern), formatTokens(format));
  return [...wanted.slice(0, 5), wanted.slice(5).join(':')].every((part, i) => {
    const other = i < 5 ? (known[i] as string) : known.slice(5).join(':');
    return overlap(policyTokens(part), formatTokens(other));
  });
}

/** Whether some text matches both patterns of a policy. */
export function overlaps(a: string, b: string): boolean {
  return overlap(policyTokens(a), policyTokens(b));
}

/**
 * A test whether a pattern surely matches all that another does; for patterns with variables only where they are the
 * same.
 */
export function coverage(wide: string): (narrow: string) => boolean {
  if (wide === '*') return () => true;
  if (wide.includes('${')) return narrow => narrow === wide;
  const glob = new Glob(readGlob(wide));
  // A "?" would take the other's "*" for one character.
  const single = wide.includes('?');
  return narrow => {
    if (narrow === wide) return true;
    return !narrow.includes('${') && !(single && /[*?]/.test(narrow)) && glob.matches(narrow);
  };
}

/** Whether a pattern surely matches all that another does: `coverage` for once. */
export function covers(wide: string, narrow: string): boolean {
  return coverage(wide)(narrow);
}

/** Whether some text matches both: reachability in the product of the two patterns. */
function overlap(a: string, b: string): boolean {
  const width = b.length + 1;
  const reached = new Uint8Array((a.length + 1) * width);
  reached[0] = 1;
  for (let i = 0; i <= a.length; i++) {
    for (let j = 0; j <= b.length; j++) {
      if (!reached[i * width + j]) continue;
      const one = a[i];
      const other = b[j];
      if (isRun(one)) reached[(i + 1) * width + j] = 1;
      if (isRun(other)) reached[i * width + j + 1] = 1;
      if (one === undefined || other === undefined || !meets(one, other)) continue;
      reached[(i + (isRun(one) ? 0 : 1)) * width + j + (isRun(other) ? 0 : 1)] = 1;
    }
  }
  return reached[reached.length - 1] === 1;
}

function isRun(token: string | undefined): boolean {
  return token === ANY || token === NO_SLASH;
}

/** Whether one character can be of both tokens. */
function meets(a: string, b: string): boolean {
  if (a === NO_SLASH) return b !== '/';
  if (b === NO_SLASH) return a !== '/';
  return a === b || a === ANY || b === ANY || a === ONE || b === ONE;
}
