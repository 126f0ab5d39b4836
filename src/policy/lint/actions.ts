/** Checks of actions, and of the resources they work on. */

import { splitPattern } from '../evaluate/arn.js';
import { Glob, lowerGlob, readGlob } from '../evaluate/glob.js';
import type { KnownAction, ServiceKnowledge } from '../knowledge.js';
import { actionOfOperation } from '../operation-names.js';
import type { Statement, Word } from '../parse/document.js';
import { COMPLETE, coversAction, type LintContext, replaceWord, severityOfUnknown } from './context.js';
import { nearest } from './nearest.js';

export async function checkActions(lint: LintContext, knowledge: ServiceKnowledge): Promise<void> {
  for (const statement of lint.statements) {
    for (const word of statement.action.values) {
      await lint.pause();
      const known = await checkAction(lint, knowledge, word);
      if (known) checkResources(lint, statement, word, known);
    }
    checkServiceOfPolicy(lint, statement);
    if (lint.kind === 'identity' && statement.effect === 'Allow') {
      checkRisky(lint, statement, 'PASS_ROLE', 'iam:PassRole', 'lets the caller give any role to a service');
      checkRisky(
        lint,
        statement,
        'CREATE_SLR',
        'iam:CreateServiceLinkedRole',
        'lets the caller create any service-linked role',
      );
    }
  }
}

/** Services that AWS closed and dropped from its reference, but still names in its managed policies. */
const RETIRED = new Set(['deepcomposer', 'deepracer', 'iot1click']);

/** The action, where it is one and the word has no wildcard. */
async function checkAction(
  lint: LintContext,
  knowledge: ServiceKnowledge,
  word: Word,
): Promise<KnownAction | undefined> {
  const [prefix = '', name = ''] = word.value.split(':');
  if (word.value === '*' || prefix === '' || name === '' || word.value.includes('${')) return undefined;
  const service = await knowledge.service(prefix);
  if (RETIRED.has(prefix.toLowerCase())) {
    lint.report(
      'RETIRED_SERVICE',
      `The service "${prefix}" is retired: "${word.value}" has no effect.`,
      word,
    );
    return undefined;
  }
  if (!service) {
    const near = nearest(prefix.toLowerCase(), await knowledge.services());
    const message = `There is no service "${prefix}"${near ? `: did you mean "${near}"?` : '.'}`;
    lint.report('INVALID_SERVICE_IN_ACTION', message, word, undefined, severityOfUnknown(prefix, near));
    return undefined;
  }
  if (/[*?]/.test(name)) {
    const glob = lowerGlob(name);
    if (![...service.actions.keys()].some(action => glob.matches(action)))
      lint.report(
        'INVALID_ACTION',
        `"${word.value}" matches no action of ${prefix}.`,
        word,
        undefined,
        severityOfUnknown(prefix, undefined),
      );
    return undefined;
  }
  const known = service.actions.get(name.toLowerCase());
  if (!known)
    reportUnknown(
      lint,
      word,
      prefix,
      nearest(
        name.toLowerCase(),
        [...service.actions.keys()],
        known => service.actions.get(known)?.name,
        COMPLETE.has(prefix.toLowerCase()) ? 3 : 2,
      ),
    );
  return known;
}

function reportUnknown(lint: LintContext, word: Word, prefix: string, near: string | undefined): void {
  const meant = actionOfOperation(word.value);
  if (meant) {
    const message = `"${word.value}" is an operation, not an action: the action that allows it is "${meant}".`;
    const fix = { description: `Write "${meant}"`, edits: [replaceWord(word, meant)] };
    lint.report('INVALID_ACTION', message, word, fix);
  } else {
    lint.report(
      'INVALID_ACTION',
      `There is no action "${word.value}"${near ? `: did you mean "${prefix}:${near}"?` : '.'}`,
      word,
      undefined,
      severityOfUnknown(prefix, near),
    );
  }
}

/** An action whose resources none of the statement's ARNs can be is never allowed, nor denied, by it. */
function checkResources(lint: LintContext, { resource }: Statement, word: Word, { arns }: KnownAction): void {
  if (!resource || resource.not || resource.values.length === 0) return;
  const patterns = resource.values.map(({ value }) => value);
  if (patterns.some(pattern => pattern === '*' || pattern.startsWith('${'))) return;
  const at = (resource.values[0] as Word).start;
  const span = { start: at, end: (resource.values.at(-1) as Word).end };
  if (arns.length === 0 && isTakenAll(word.value, patterns)) return;
  if (arns.length === 0) {
    const message = `${word.value} works on no particular resource: it needs "Resource": "*".`;
    lint.report('ACTION_WITHOUT_MATCHING_RESOURCE', message, span);
  } else if (!arns.some(arn => patterns.some(pattern => lint.canBe(pattern, arn)))) {
    const message = `${word.value} works on ${arns.map(readable).join(' or ')}; none of the statement's resources is one (${patterns.join(', ')}), so it never matches.`;
    lint.report(
      'ACTION_WITHOUT_MATCHING_RESOURCE',
      message,
      span,
      bucketFix(lint, word, resource.values, arns),
    );
  }
}

/**
 * Lists that the reference gives no resource, and that AWS limits nonetheless: IAM's to a path, S3's to all buckets,
 * as AWS's own examples write them (`s3:ListAllMyBuckets` on `arn:aws:s3:::*`).
 */
function isTakenAll(action: string, patterns: readonly string[]): boolean {
  if (/^iam:list/i.test(action)) return true;
  return /^s3:/i.test(action) && patterns.some(pattern => /^arn:[^:]+:s3:::\*$/.test(pattern));
}

function readable(arn: string): string {
  return arn.replace(/\$\{(\w+)\}/g, '<$1>');
}

/** `arn:aws:s3:::b/*` where the bucket is needed: name the bucket as well. */
function bucketFix(lint: LintContext, word: Word, resources: readonly Word[], arns: readonly string[]) {
  const [only] = resources;
  if (resources.length !== 1 || !only || !/^s3:/i.test(word.value)) return undefined;
  const [, arn, rest] = /^(arn:[^:]*:s3:::[^/*?]+)(\/\*)?$/.exec(only.value) ?? [];
  if (arn === undefined) return undefined;
  const needsBucket = arns.some(one => one.endsWith('s3:::${BucketName}'));
  if (needsBucket !== (rest !== undefined)) return undefined;
  const other = needsBucket ? arn : `${arn}/*`;
  const pair = `${JSON.stringify(other)}, ${JSON.stringify(only.value)}`;
  const inList = /\[\s*$/.test(lint.text.slice(0, only.start));
  return {
    description: `Add "${other}"`,
    edits: [{ start: only.start, end: only.end, text: inList ? pair : `[${pair}]` }],
  };
}

/** A key policy speaks of KMS, a bucket's policy of S3. */
function checkServiceOfPolicy(lint: LintContext, { action, resource }: Statement): void {
  const resources = resource?.values ?? [];
  const services = new Set(resources.map(({ value }) => splitPattern(value)[2]));
  const service = lint.kind === 'key' ? 'kms' : services.size === 1 && services.has('s3') ? 's3' : undefined;
  if ((lint.kind !== 'resource' && lint.kind !== 'key') || !service) return;
  for (const word of action.values) {
    if (word.value !== '*' && !word.value.toLowerCase().startsWith(`${service}:`))
      lint.report(
        'UNSUPPORTED_ACTION_IN_POLICY',
        `"${word.value}" is no action of ${service}, whose policy this is.`,
        word,
      );
  }
  for (const word of resources) {
    const named = splitPattern(word.value)[2];
    if (word.value !== '*' && named !== service)
      lint.report(
        'UNSUPPORTED_RESOURCE_ARN_IN_POLICY',
        `"${word.value}" is no resource of ${service}, whose policy this is.`,
        word,
      );
  }
}

/** The twelve checks on iam:PassRole and iam:CreateServiceLinkedRole: by how action and resource are left open. */
function checkRisky(
  lint: LintContext,
  statement: Statement,
  code: string,
  action: string,
  harm: string,
): void {
  const { resource, conditions } = statement;
  const restricting = ['iam:passedtoservice', 'iam:awsservicename', 'iam:associatedresourcearn'];
  if (conditions.some(({ key }) => restricting.includes(key.value.toLowerCase()))) return;
  if (!resource || !coversAction(statement, action)) return;
  const exact = statement.action.values.find(({ value }) => value.toLowerCase() === action.toLowerCase());
  const how = statement.action.not ? 'NOTACTION' : exact ? '' : 'STAR_IN_ACTION';
  const open = resource.not ? 'NOTRESOURCE' : resource.values.some(isWide) ? 'STAR_IN_RESOURCE' : undefined;
  if (open === undefined) return;
  const at = exact ?? statement.action.values[0] ?? statement;
  lint.report(
    `${code}_WITH_${nameOf(how, open)}`,
    `The statement ${harm}: name the roles, or add a condition on the service.`,
    at,
  );
}

function nameOf(how: string, open: string): string {
  if (how === '') return open;
  if (how === 'NOTACTION')
    return open === 'NOTRESOURCE' ? 'NOTACTION_AND_NOTRESOURCE' : 'STAR_IN_RESOURCE_AND_NOTACTION';
  return open === 'NOTRESOURCE' ? 'STAR_IN_ACTION_AND_NOTRESOURCE' : 'STAR_IN_ACTION_AND_RESOURCE';
}

/** Whether a resource pattern takes in every role of an account. */
function isWide({ value }: Word): boolean {
  return new Glob(readGlob(value)).matches('arn:aws:iam::111122223333:role/any') || /:role\/\*$/.test(value);
}
