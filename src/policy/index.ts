/** The policy engine: reads, decides and explains IAM policies. No I/O, no clock; it runs in a browser. */

export { type DiffOptions, diffPolicies, type PolicyChange } from './diff.js';
export { type Arn, matchesArn, parseArn } from './evaluate/arn.js';
export { type CompiledPolicy, type CompiledStatement, compilePolicy } from './evaluate/compile.js';
export { evaluate } from './evaluate/evaluate.js';
export { explain } from './explain/explain.js';
export type { ExplainOptions } from './explain/options.js';
export { renderExplanation } from './explain/render.js';
export type * from './explain/types.js';
export { visibleTo } from './explain/visible.js';
export { formatPolicy } from './format.js';
export { PolicyGenerator } from './generate/index.js';
export type { KnownAction, KnownKey, KnownService, ServiceKnowledge } from './knowledge.js';
export type { Edit, Finding, LintOptions, Severity } from './lint/finding.js';
export { applyFixes, lint } from './lint/lint.js';
export { denialMessage } from './message.js';
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
} from './parse/document.js';
export { guessKind } from './parse/guess-kind.js';
export { JsonError, position, type Span } from './parse/json.js';
export { invalidPrincipal, mapPrincipals, principalsOf } from './parse/map-principals.js';
export { parsePolicy, type ReadResult, readPolicy } from './parse/parse.js';
export { contextOfPrincipal, principalOfArn } from './parse/principal-of-arn.js';
export type { ParseOptions } from './parse/reader.js';
export { principalIds, withNames } from './parse/with-names.js';
export { isPublicPolicy } from './public.js';
export { isCall, readCall } from './recorded/index.js';
export { Replay, withChange, worldOf } from './replay/index.js';
export { remedyFor } from './suggest/remedy.js';
export { suggest } from './suggest/suggest.js';
export type { Change, PatchStep, Remedy, Suggestion } from './suggest/types.js';
export type * from './types.js';
export { type BucketRules, bucketRules } from './validate/bucket.js';
export { readValid, type ValidateOptions, validatePolicy } from './validate/validate.js';
