/** The policy engine: reads, decides and explains IAM policies. No I/O, no clock; it runs in a browser. */

export { type Arn, matchesArn, parseArn } from './arn.js';
export { type CompiledPolicy, type CompiledStatement, compilePolicy } from './compile.js';
export { type DiffOptions, diffPolicies, type PolicyChange } from './diff.js';
export {
  type ConditionElement,
  type ListElement,
  type PolicyDocument,
  type PolicyKind,
  PolicySyntaxError,
  type PrincipalElement,
  type PrincipalEntry,
  type PrincipalKind,
  type Problem,
  policySize,
  type Statement,
  type Word,
} from './document.js';
export { evaluate } from './evaluate.js';
export { explain } from './explain/explain.js';
export type { ExplainOptions } from './explain/options.js';
export { renderExplanation } from './explain/render.js';
export type * from './explain/types.js';
export { visibleTo } from './explain/visible.js';
export { formatPolicy } from './format.js';
export { guessKind } from './guess-kind.js';
export { JsonError, position, type Span } from './json.js';
export type { KnownAction, KnownKey, KnownService, ServiceKnowledge } from './knowledge.js';
export type { Edit, Finding, LintOptions, Severity } from './lint/finding.js';
export { applyFixes, lint } from './lint/lint.js';
export { invalidPrincipal, mapPrincipals, principalsOf } from './map-principals.js';
export { denialMessage } from './message.js';
export { type ParseOptions, parsePolicy, type ReadResult, readPolicy } from './parse.js';
export { contextOfPrincipal, principalOfArn } from './principal-of-arn.js';
export { remedyFor } from './suggest/remedy.js';
export { suggest } from './suggest/suggest.js';
export type { Change, PatchStep, Remedy, Suggestion } from './suggest/types.js';
export type * from './types.js';
export { type BucketRules, bucketRules } from './validate/bucket.js';
export { readValid, type ValidateOptions, validatePolicy } from './validate/validate.js';
export { principalIds, withNames } from './with-names.js';
