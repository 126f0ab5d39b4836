/** Policy documents on their way in, checked, and on their way to a decision, compiled once. */

import { BoundedCache } from '../../core/bounded-cache.js';
import {
  type CompiledPolicy,
  compilePolicy,
  type PolicyDocument,
  type PolicyKind,
  PolicySyntaxError,
  policySize,
  type ValidateOptions,
  validatePolicy,
} from '../../policy/index.js';
import { errors } from '../errors.js';

const compiled = new Map<PolicyKind, BoundedCache<string, CompiledPolicy>>();
const COMPILED_PER_KIND = 2048;

/** The policy ready for decisions; a text that was compiled lately is not compiled again. */
export function compiledPolicy(text: string, kind: PolicyKind): CompiledPolicy {
  let known = compiled.get(kind);
  if (known === undefined) compiled.set(kind, (known = new BoundedCache(COMPILED_PER_KIND)));
  let policy = known.get(text);
  if (policy === undefined) known.set(text, (policy = compilePolicy(text, kind)));
  return policy;
}

/** Throws `MalformedPolicyDocument` where IAM would not store the document in an account of that partition. */
export function checkDocument(text: string, kind: PolicyKind, options: ValidateOptions): PolicyDocument {
  try {
    return validatePolicy(text, kind, options);
  } catch (error) {
    throw malformed(error);
  }
}

/** IAM's error for what the policy engine refuses; any other error as it is. */
export function malformed(error: unknown): unknown {
  if (!(error instanceof PolicySyntaxError)) return error;
  return errors.MalformedPolicyDocument(error.message, { cause: error });
}

/** Characters that count against a size quota, of several documents together. */
export function totalSize(documents: readonly string[]): number {
  return documents.reduce((sum, document) => sum + policySize(document), 0);
}
