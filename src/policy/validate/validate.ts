/** What AWS lets in: the grammar, and what its services refuse beyond it. Services and the linter both ask here. */

import type { PolicyDocument, PolicyKind, Problem } from '../parse/document.js';
import type { JsonNode } from '../parse/json.js';
import { type ReadResult, readDocument, readRoot, refusalOf } from '../parse/parse.js';
import { PolicyReader } from '../parse/reader.js';
import { orderOf } from '../parse/words.js';
import { type BucketRules, checkBucketPolicy } from './bucket.js';
import { checkResourceControl } from './control.js';
import { checkIdentityDates, checkIdentityResources } from './identity.js';
import { checkTrust } from './trust.js';

export interface ValidateOptions {
  /** The account's partition: ARNs of another are refused. Where absent, any known partition is accepted. */
  readonly partition?: string;
  /** A managed policy: its Version must be 2012-10-17. */
  readonly managed?: boolean;
  /** A policy of kind `resource` that belongs to an S3 bucket. */
  readonly bucket?: BucketRules;
}

/**
 * The document as AWS would store it. Throws `PolicySyntaxError` with AWS's sentence where it would not. Sizes are not
 * checked here (`policySize`), nor whether a principal exists (`mapPrincipals`).
 */
export function validatePolicy(
  text: string,
  kind: PolicyKind,
  options: ValidateOptions = {},
): PolicyDocument {
  const { document, problems } = readValid(text, kind, options);
  if (document) return document;
  throw refusalOf(problems);
}

/** All for which AWS would refuse the policy, in the order of the text. Never throws. */
export function readValid(text: string, kind: PolicyKind, options: ValidateOptions = {}): ReadResult {
  const reader = new PolicyReader(kind, options);
  const root = readRoot(reader, text);
  return root
    ? readValidDocument(reader, root, text, options)
    : { problems: reader.problems, statements: [] };
}

/** As `readValid`, of a text whose JSON is already parsed; problems noted before in the reader stay. */
export function readValidDocument(
  reader: PolicyReader,
  root: JsonNode,
  text: string,
  options: ValidateOptions,
): ReadResult {
  const { statements, document, version } = readDocument(reader, root);
  checkBeginning(reader, text);
  for (const statement of statements) {
    switch (reader.kind) {
      case 'identity':
      case 'boundary':
      case 'session':
        checkIdentityResources(reader, statement);
        checkIdentityDates(reader, statement);
        break;
      case 'trust':
        checkTrust(reader, statement);
        checkIdentityDates(reader, statement);
        break;
      case 'resource-control':
        checkResourceControl(reader, statement);
        break;
      case 'resource':
        if (options.bucket) checkBucketPolicy(reader, statement, options.bucket);
        break;
    }
  }
  const problems = inTurn(reader.problems).sort((a, b) => a.start - b.start);
  return {
    problems,
    statements,
    ...(document && problems.length === 0 && { document }),
    ...(version && { version }),
  };
}

/**
 * What IAM's old parser cannot read of an ARN is spoken of first, unless some ARN is wrong in another way. Source: the
 * documents with two faults in moto's table.
 */
function inTurn(problems: readonly Problem[]): Problem[] {
  const others = orderOf('resourceFormat', 'identity');
  const early = orderOf('legacyArn', 'identity');
  if (!problems.some(({ order }) => order === others)) return [...problems];
  return problems.map(problem => (problem.order === early ? { ...problem, order: others + 0.5 } : problem));
}

/**
 * IAM takes no blanks before the document: "JSON strings must not have leading spaces" of a trust policy
 * (terraform-provider-aws#12267), "The policy failed legacy parsing" of others (hashicorp/terraform#14652).
 */
function checkBeginning(reader: PolicyReader, text: string): void {
  if (!/^\s/.test(text) || !['identity', 'boundary', 'trust'].includes(reader.kind)) return;
  const message = 'There are blanks before the "{": IAM refuses a document that begins with any.';
  reader.refuse('leadingBlank', 'LEADING_BLANK', message, { start: 0, end: 1 });
}
