/** Whether a bucket policy is public ("The meaning of 'public'", S3 User Guide). */

import type { ConditionElement, PolicyDocument, Statement } from './parse/document.js';

/** Condition keys whose fixed values keep a grant to everyone from being public. */
const FIXING_KEYS = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceip',
  'aws:sourceorgid',
  'aws:sourceorgpaths',
  'aws:sourceowner',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:userid',
  's3:dataaccesspointaccount',
  's3:dataaccesspointarn',
]);

const FIXING_OPERATORS =
  /^(ForAnyValue:)?(String(Equals|EqualsIgnoreCase|Like)|Arn(Equals|Like)|IpAddress)$/i;

/**
 * Whether a bucket policy is public: whether it allows something to everyone without pinning the caller or the
 * way to fixed values ("The meaning of 'public'", S3 User Guide).
 */
export function isPublicPolicy(document: PolicyDocument): boolean {
  return document.statements.some(isPublicStatement);
}

function isPublicStatement({ effect, principal, conditions }: Statement): boolean {
  if (effect !== 'Allow' || !principal) return false;
  const everyone = principal.not || principal.entries.some(({ word }) => word.value === '*');
  return everyone && !conditions.some(isFixing);
}

function isFixing({ operator, key, values }: ConditionElement): boolean {
  if (!FIXING_OPERATORS.test(operator.value) || !FIXING_KEYS.has(key.value.toLowerCase())) return false;
  return values.every(({ value }) => isFixedValue(key.value.toLowerCase(), value));
}

function isFixedValue(key: string, value: string): boolean {
  if (key === 'aws:sourceip') return !isWideRange(value);
  // An ARN is fixed by its account; everything else must not have wildcards or variables at all.
  if (key.endsWith('arn') && value.startsWith('arn:')) return !/[*?$]/.test(value.split(':')[4] ?? '*');
  return !/[*?]|\$\{/.test(value);
}

/** IPv4 ranges wider than /8 and IPv6 ranges wider than /32 count as the public. */
function isWideRange(range: string): boolean {
  const [address = '', length] = range.split('/');
  if (length === undefined) return false;
  return Number(length) < (address.includes(':') ? 32 : 8);
}
