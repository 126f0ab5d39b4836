/** Checks of condition blocks: keys against operators, and against each other. */

import { type OperatorUse, readOperator } from '../evaluate/operators.js';
import type { KnownKey, ServiceKnowledge } from '../knowledge.js';
import type { ConditionElement, Statement, Word } from '../parse/document.js';
import { COMPLETE, conditionKeys, type LintContext, severityOfUnknown } from './context.js';
import { nearest } from './nearest.js';
import { checkValues } from './values.js';

export async function checkConditions(lint: LintContext, knowledge: ServiceKnowledge): Promise<void> {
  for (const statement of lint.statements) {
    checkDuplicates(lint, statement);
    checkPairs(lint, statement);
    for (const element of statement.conditions) {
      await lint.pause();
      const use = readOperator(element.operator.value) as OperatorUse;
      checkEmpty(lint, element, use);
      checkValues(lint, element, use);
      const known = await checkKey(lint, knowledge, element);
      if (known) {
        checkType(lint, element, use, known);
        checkQualifier(lint, element, use, known);
        await checkActionsOfKey(lint, knowledge, statement, element, known);
      }
      await checkTagSupport(lint, knowledge, statement, element);
    }
  }
}

/** Key names differ in case only, under one operator: they are one key, given twice. */
function checkDuplicates(lint: LintContext, { conditions }: Statement): void {
  const seen = new Set<string>();
  for (const { operator, key } of conditions) {
    const name = `${operator.value.toLowerCase()} ${key.value.toLowerCase()}`;
    if (seen.has(name)) {
      const message = `"${key.value}" stands twice under ${operator.value}: key names are read without case.`;
      lint.report('DUPLICATE_KEYS_WITH_DIFFERENT_CASE', message, key);
    }
    seen.add(name);
  }
}

function checkPairs(lint: LintContext, statement: Statement): void {
  const keys = conditionKeys(statement);
  const address = statement.conditions.find(({ key }) => key.value.toLowerCase() === 'aws:vpcsourceip');
  if (statement.effect === 'Allow' && address && !keys.has('aws:sourcevpc') && !keys.has('aws:sourcevpce')) {
    const message =
      'Private addresses repeat from VPC to VPC: pair aws:VpcSourceIp with aws:SourceVpc or aws:SourceVpce.';
    lint.report('MISSING_PAIRED_CONDITION_KEYS', message, address.key);
  }
  if (lint.kind !== 'resource') return;
  for (const { key } of statement.conditions) {
    if (/^(?:s3|aws):resourceaccount$/i.test(key.value)) {
      const message = `${key.value} says nothing in the policy of the resource itself: use it in identity policies.`;
      lint.report('IRRELEVANT_CONDITION_KEY_IN_POLICY', message, key);
    }
  }
}

function checkEmpty(lint: LintContext, { operator, key, values }: ConditionElement, use: OperatorUse): void {
  if (values.length > 0) return;
  const kind = use.qualifier?.toUpperCase() ?? (use.ifExists ? 'IFEXISTS' : undefined);
  const code = kind ? `EMPTY_ARRAY_CONDITION_${kind}` : 'EMPTY_ARRAY_CONDITION';
  lint.report(
    code,
    `${operator.value} has no values for ${key.value}; to ask whether the key is there, use Null.`,
    key,
  );
}

async function checkKey(
  lint: LintContext,
  knowledge: ServiceKnowledge,
  { key }: ConditionElement,
): Promise<KnownKey | undefined> {
  const name = key.value.toLowerCase();
  const [prefix = ''] = name.split(':');
  if (!/^[^:\s]+:./.test(name)) {
    const message = `"${key.value}" is no condition key: it needs its service in front, as in "aws:SourceIp".`;
    lint.report('INVALID_CONDITION_KEY_FORMAT', message, key);
    return undefined;
  }
  if (name === 'aws:arn') {
    lint.report(
      'UNSUPPORTED_GLOBAL_CONDITION_KEY',
      'aws:ARN is out of use: write aws:PrincipalArn or aws:SourceArn.',
      key,
    );
    return undefined;
  }
  if (
    /^(?:aws:(?:request|resource|principal)tag|s3:(?:existing|request)objecttag|iam:resourcetag)\/?$/.test(
      name,
    )
  ) {
    lint.report(
      'MISSING_TAG_KEY_IN_CONDITION',
      `"${key.value}" needs the key of a tag, as in "${key.value.replace(/\/?$/, '')}/team".`,
      key,
    );
    return undefined;
  }
  const known = await knowledge.conditionKey(key.value);
  if (known) return known;
  if (prefix === 'aws') {
    if (!UNLISTED_KEYS.has(name)) await reportGlobalKey(lint, knowledge, key);
  } else if (await knowledge.service(prefix)) {
    if (!OPEN_ENDED.test(name)) await reportUnknownKey(lint, knowledge, prefix, key);
  } else if (!prefix.includes('.') && !FOREIGN_PREFIXES.has(prefix)) {
    // Keys of identity providers bear the provider's host name: any is possible.
    lint.report(
      'INVALID_SERVICE_CONDITION_KEY',
      `There is no condition key "${key.value}".`,
      key,
      undefined,
      severityOfUnknown(prefix, undefined),
    );
  }
  return undefined;
}

/** Global keys that AWS's own policies use and its documentation no longer lists (AWSSSOServiceRolePolicy). */
const UNLISTED_KEYS = new Set(['aws:principalorgmasteraccountid']);
/**
 * Keys that the reference data gives several values and AWS one (CloudTrailEventContext; IAM User Guide, "AWS Data
 * Pipeline: Denies access to pipelines that a user did not create").
 */
const SINGLE_VALUED = new Set(['events:detail-type', 'datapipeline:pipelinecreator']);

async function reportGlobalKey(lint: LintContext, knowledge: ServiceKnowledge, key: Word): Promise<void> {
  const meant = await sameNameElsewhere(knowledge, key);
  const hint = meant ? `: did you mean "${meant}"?` : '.';
  lint.report('INVALID_GLOBAL_CONDITION_KEY', `There is no condition key "${key.value}"${hint}`, key);
}

/** The key of that name which another service has, or all have (`aws:ExternalId` for `sts:ExternalId`). */
async function sameNameElsewhere(knowledge: ServiceKnowledge, { value }: Word): Promise<string | undefined> {
  const name = value.slice(value.indexOf(':') + 1);
  for (const prefix of ['aws', ...COMPLETE]) {
    const known = await knowledge.conditionKey(`${prefix}:${name}`);
    if (known) return known.key;
  }
  return undefined;
}

async function reportUnknownKey(
  lint: LintContext,
  knowledge: ServiceKnowledge,
  service: string,
  key: Word,
): Promise<void> {
  const known = (await knowledge.service(service))?.conditionKeys ?? [];
  const near = nearest(
    key.value.toLowerCase(),
    known.map(one => one.toLowerCase()),
    lower => known.find(one => one.toLowerCase() === lower),
  );
  const meant = near ?? (await sameNameElsewhere(knowledge, key));
  const message = `${service} has no condition key "${key.value}"${meant ? `: did you mean "${meant}"?` : '.'}`;
  lint.report('INVALID_SERVICE_CONDITION_KEY', message, key, undefined, severityOfUnknown(service, near));
}

/** Keys with a part that users choose, which the reference spells otherwise or not at all. */
const OPEN_ENDED =
  /^(?:kms:encryptioncontext:|s3:(?:existing|request)objecttag\/|iam:resourcetag\/|ec2:resourcetag\/|\w+:resourcetag\/)/;
const FOREIGN_PREFIXES = new Set(['saml', 'sso', 'identitycenter', 'identitystore']);

/** What an operator compares, and the types of keys it suits. */
const SUITABLE: Readonly<Record<string, readonly string[]>> = {
  string: ['String', 'ARN', 'Bool', 'Date', 'Numeric', 'IPAddress', 'Binary'],
  'string-ignore-case': ['String', 'ARN', 'Bool'],
  'string-like': ['String', 'ARN', 'IPAddress'],
  numeric: ['Numeric', 'Date'],
  date: ['Date', 'Numeric'],
  bool: ['Bool', 'String'],
  binary: ['Binary', 'String'],
  ip: ['IPAddress'],
  arn: ['ARN', 'String'],
};

function checkType(
  lint: LintContext,
  element: ConditionElement,
  { operator }: OperatorUse,
  known: KnownKey,
): void {
  const suitable = SUITABLE[operator.comparison];
  const type = known.type.replace(/^ArrayOf/, '');
  if (!suitable || suitable.includes(type)) return;
  const message = `${known.key} holds ${type} values; ${operator.name} compares others.`;
  lint.report('TYPE_MISMATCH', message, element.operator);
}

function checkQualifier(
  lint: LintContext,
  element: ConditionElement,
  use: OperatorUse,
  known: KnownKey,
): void {
  if (SINGLE_VALUED.has(known.key.toLowerCase())) return;
  const many = known.type.startsWith('ArrayOf');
  if (use.operator.comparison === 'null') {
    if (use.qualifier)
      lint.report(
        'NULL_WITH_QUALIFIER',
        `${use.qualifier}:Null is always ${use.qualifier === 'ForAllValues'}: leave the qualifier out.`,
        element.operator,
      );
  } else if (many && !use.qualifier) {
    const message = `${known.key} holds several values: ${element.operator.value} needs ForAnyValue: or ForAllValues: in front.`;
    lint.report('MISSING_QUALIFIER', message, element.operator);
  } else if (!many && use.qualifier === 'ForAllValues' && !use.operator.negated) {
    const message = `ForAllValues holds where the request carries no ${known.key} at all, and the key has one value: leave the qualifier out.`;
    lint.report('FORALLVALUES_WITH_SINGLE_VALUED_KEY', message, element.operator);
  }
}

/** A key of a service that none of the statement's actions carries; actions with wildcards are not judged. */
async function checkActionsOfKey(
  lint: LintContext,
  knowledge: ServiceKnowledge,
  { action }: Statement,
  { key, operator }: ConditionElement,
  known: KnownKey,
): Promise<void> {
  if (
    action.not ||
    known.key.toLowerCase().startsWith('aws:') ||
    /ifexists$|^null$|not/i.test(operator.value)
  )
    return;
  const [prefix = ''] = known.key.split(':');
  const without: string[] = [];
  for (const { value } of action.values) {
    const [service = '', name = ''] = value.toLowerCase().split(':');
    if (service !== prefix.toLowerCase()) continue;
    const details = (await knowledge.service(service))?.actions.get(name);
    if (details && !details.conditionKeys.some(one => one.toLowerCase() === known.key.toLowerCase()))
      without.push(value);
  }
  if (without.length === 0) return;
  const message = `${without.join(', ')} ${without.length === 1 ? 'carries' : 'carry'} no ${key.value}: give ${without.length === 1 ? 'it' : 'them'} a statement without this condition.`;
  lint.report('UNSUPPORTED_ACTION_FOR_CONDITION_KEY', message, key);
}

const TAG_KEY = /^aws:(?:resource|request)tag\//;

/** Tag conditions on services that know no such tags: an Allow then never applies, a Deny neither. */
async function checkTagSupport(
  lint: LintContext,
  knowledge: ServiceKnowledge,
  { action, effect }: Statement,
  { key, operator }: ConditionElement,
): Promise<void> {
  const name = key.value.toLowerCase();
  if (!TAG_KEY.test(name) || lint.kind === 'trust' || /ifexists$|^null$|not/i.test(operator.value)) return;
  const start = effect === 'Allow' ? 'ALLOW' : 'DENY';
  if (action.not) {
    const message = `${key.value} exists for some services only; the others' actions are untouched by this statement.`;
    lint.report(`${start}_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE`, message, key);
    return;
  }
  const kind = name.slice(0, name.indexOf('/'));
  const prefixes = new Set(action.values.map(({ value }) => value.split(':')[0]?.toLowerCase() ?? ''));
  const without: string[] = [];
  for (const prefix of prefixes) {
    const service = await knowledge.service(prefix);
    if (service && !service.conditionKeys.some(one => one.toLowerCase().startsWith(kind)))
      without.push(prefix);
  }
  if (without.length > 0) {
    const message = `${without.join(', ')} has no ${key.value}: its actions are untouched by this statement.`;
    lint.report(`${start}_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE`, message, key);
  }
}
