/** Finds what is wrong with a policy, or may be. */

import { defaultKnowledge } from '../knowledge.js';
import type { PolicyKind, Problem, Statement } from '../parse/document.js';
import { JsonError, type JsonNode, parseJson, position } from '../parse/json.js';
import { type ReadResult, readPolicy } from '../parse/parse.js';
import { PolicyReader } from '../parse/reader.js';
import { bucketRules } from '../validate/bucket.js';
import { readValid, readValidDocument, type ValidateOptions } from '../validate/validate.js';
import { checkActions } from './actions.js';
import { checkArns } from './arns.js';
import { checkConditions } from './conditions.js';
import { LintContext } from './context.js';
import { checkElements } from './elements.js';
import type { Edit, Finding, LintOptions } from './finding.js';
import { checkNever } from './never.js';
import { checkPitfalls } from './pitfalls.js';
import { checkPrincipals } from './principals.js';

/**
 * All findings about a policy, in the order of the text. Text that is no JSON is still read as far as it goes. Never
 * throws for what stands in the text.
 */
export async function lint(text: string, kind: PolicyKind, options: LintOptions = {}): Promise<Finding[]> {
  const knowledge = options.knowledge ?? (await defaultKnowledge());
  const bucket =
    options.bucket ?? (isBucketPolicy(text, kind) ? await bucketRules(undefined, knowledge) : undefined);
  const { text: read, shift, result } = readLeniently(text, kind, { ...options, ...(bucket && { bucket }) });
  const context = new LintContext(read, kind, result.statements, result.version, options);
  checkElements(context);
  await context.pause();
  checkPrincipals(context);
  await checkActions(context, knowledge);
  await checkArns(context, knowledge);
  await checkConditions(context, knowledge);
  await checkPitfalls(context, knowledge);
  await checkNever(context, knowledge);
  // Where a check finds what AWS refuses, its words are the better ones: they may bring a fix.
  const at = ({ code, start }: Finding) => `${code} ${start}`;
  const problems = result.problems
    .filter(problem => !isOfRepository(problem, result.statements))
    .map(problem => ofProblem(read, problem));
  const found = new Map(context.findings.map(finding => [at(finding), finding]));
  const refused = problems.map(problem => ({
    ...(found.get(at(problem)) ?? problem),
    severity: problem.severity,
  }));
  const taken = new Set(problems.map(at));
  const rest = context.findings.filter(finding => !taken.has(at(finding)));
  return [...refused, ...rest]
    .map(finding => shifted(text, finding, shift))
    .sort((a, b) => a.start - b.start);
}

/** Applies the fixes of findings that do not touch each other; the first of the text goes first. */
export function applyFixes(text: string, findings: readonly Finding[]): string {
  const edits = findings
    .flatMap(({ fix }) => fix?.edits ?? [])
    .sort((a, b) => a.start - b.start || a.end - b.end);
  let out = '';
  let from = 0;
  for (const { start, end, text: replacement } of withoutOverlaps(edits)) {
    out += text.slice(from, start) + replacement;
    from = end;
  }
  return out + text.slice(from);
}

function withoutOverlaps(edits: readonly Edit[]): Edit[] {
  let reached = -1;
  return edits.filter(({ start, end }) => {
    if (start < reached || (start === reached && start === end)) return false;
    reached = Math.max(end, reached);
    return true;
  });
}

/**
 * The policy of a repository in ECR names no resource: it is the repository (ECR User Guide, "Private repository
 * policies").
 */
function isOfRepository({ code, start }: Problem, statements: readonly Statement[]): boolean {
  if (code !== 'MISSING_RESOURCE') return false;
  const words = statements.find(statement => statement.start === start)?.action.values ?? [];
  return words.length > 0 && words.every(({ value }) => /^ecr:/i.test(value));
}

/** What AWS refuses is an error, whatever it would be in a policy that AWS stores. */
function ofProblem(text: string, { code, message, start, end }: Problem): Finding {
  return { code, severity: 'ERROR', message, start, end, ...position(text, start) };
}

/** Positions back into the text as given, where something was put in front of it. */
function shifted(text: string, finding: Finding, by: number): Finding {
  if (by === 0) return finding;
  const at = (offset: number) => Math.min(Math.max(0, offset - by), text.length);
  const { fix: _, ...rest } = finding;
  const start = at(finding.start);
  return { ...rest, start, end: at(finding.end), ...position(text, start) };
}

interface LenientReading {
  /** The text that was read: a fragment gets its braces. */
  readonly text: string;
  /** How many characters were put in front. */
  readonly shift: number;
  readonly result: ReadResult;
}

/**
 * People paste fragments of policies and close one brace too many. The mistake is reported, and the rest is checked all
 * the same.
 */
function readLeniently(text: string, kind: PolicyKind, options: ValidateOptions): LenientReading {
  const failure = jsonFailure(text);
  if (failure?.partial && failure.partial.kind !== 'string') {
    return { text, shift: 0, result: afterFailure(text, kind, options, failure, failure.partial) };
  }
  if (failure?.partial) {
    const braced = `{${text}}`;
    const root = jsonFailure(braced) ? undefined : parseJson(braced);
    if (root) {
      const moved = new JsonError(failure.message, failure.offset + 1);
      return { text: braced, shift: 1, result: afterFailure(braced, kind, options, moved, root) };
    }
  }
  return { text, shift: 0, result: readValid(text, kind, options) };
}

/** Whether all that a resource policy is about are buckets, or one bucket, and objects in them. */
function isBucketPolicy(text: string, kind: PolicyKind): boolean {
  if (kind !== 'resource') return false;
  const words = readPolicy(text, kind).statements.flatMap(({ resource }) => resource?.values ?? []);
  const buckets = new Set(words.map(({ value }) => /^arn:[^:]*:s3:::([^/]+)/.exec(value)?.[1]));
  const named = [...buckets].filter(name => name !== undefined && !/[*?$]/.test(name));
  return words.length > 0 && !buckets.has(undefined) && named.length <= 1;
}

function jsonFailure(text: string): JsonError | undefined {
  try {
    parseJson(text);
    return undefined;
  } catch (error) {
    if (error instanceof JsonError) return error;
    throw error;
  }
}

function afterFailure(
  text: string,
  kind: PolicyKind,
  options: ValidateOptions,
  failure: JsonError,
  root: JsonNode,
): ReadResult {
  const reader = new PolicyReader(kind, options);
  const at = { start: failure.offset, end: Math.min(failure.offset + 1, text.length) };
  reader.refuse('json', 'JSON_SYNTAX_ERROR', failure.message, at);
  return readValidDocument(reader, root, text, options);
}
