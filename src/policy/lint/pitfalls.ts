/** Mistakes that keep statements from ever doing what they are meant to do, though AWS stores them. */

import { parseArn, splitPattern } from '../evaluate/arn.js';
import { lowerGlob } from '../evaluate/glob.js';
import { type OperatorUse, readOperator } from '../evaluate/operators.js';
import { accountOf } from '../evaluate/principals.js';
import { isConditionKey, type KnownAction, type ServiceKnowledge } from '../knowledge.js';
import type { ConditionElement, Statement, Word } from '../parse/document.js';
import { coversAction, type LintContext } from './context.js';
import { PLACEHOLDER } from './placeholders.js';

export async function checkPitfalls(lint: LintContext, knowledge: ServiceKnowledge): Promise<void> {
  checkMultipart(lint);
  for (const statement of lint.statements) {
    checkBlanks(lint, statement);
    checkNotPrincipal(lint, statement);
    for (const element of statement.conditions) {
      await lint.pause();
      const use = readOperator(element.operator.value) as OperatorUse;
      checkMfa(lint, statement, element, use);
      checkMfaDeny(lint, statement, element, use);
      await checkClaim(lint, knowledge, statement, element);
      await checkRareKey(lint, knowledge, statement, element, use);
    }
  }
}

const ARN_KEYS = /^aws:(?:principalarn|sourcearn)$/;

/** Blanks where no ARN has any: names of buckets and of what IAM holds have none, nor has any ARN at its edges. */
function checkBlanks(lint: LintContext, { resource, conditions }: Statement): void {
  const arns = conditions.flatMap(({ operator, key, values }) =>
    readOperator(operator.value)?.operator.comparison === 'arn' || ARN_KEYS.test(key.value.toLowerCase())
      ? values
      : [],
  );
  for (const word of [...(resource?.values ?? []), ...arns]) {
    if (!hasMisplacedBlank(word.value) || PLACEHOLDER.test(word.value)) continue;
    lint.report(
      'BLANK_IN_ARN',
      `There is a blank in "${word.value}" where no ARN has one: it matches nothing.`,
      word,
    );
  }
}

function hasMisplacedBlank(value: string): boolean {
  // Blanks in "${key, 'default'}" are no part of the ARN.
  const bare = value.replace(/\$\{[^}]*\}/g, '*');
  if (!/\s/.test(bare) || !/^\s*arn\s*:/.test(bare)) return false;
  const parts = splitPattern(bare);
  const rest = parts.slice(5).join(':');
  if (parts.slice(0, 5).some(part => /\s/.test(part)) || /^\s|\s$/.test(rest)) return true;
  if (parts[2] === 's3' && /\s/.test(rest.split('/', 1)[0] as string)) return true;
  return parts[2] === 'iam' && parts[4] !== 'cloudfront' && /\s/.test(rest);
}

/**
 * `NotPrincipal` spares a caller only where account, role and session, or account and user, are all listed (IAM User
 * Guide, "NotPrincipal"; AWS Knowledge Center, "explicit deny principle elements").
 */
function checkNotPrincipal(lint: LintContext, { effect, principal }: Statement): void {
  if (effect !== 'Deny' || !principal?.not) return;
  const entries = principal.entries.filter(({ type }) => type === 'AWS').map(({ word }) => word);
  const accounts = new Set(entries.map(({ value }) => accountOf(value)).filter(one => one !== undefined));
  if (entries.some(({ value }) => value === '*')) return;
  for (const word of entries) {
    const arn = parseArn(word.value);
    const [kind, name] = [arn?.resource.split('/', 1)[0], arn?.resource.split('/').at(-1)];
    if (
      !arn ||
      accountOf(word.value) !== undefined ||
      (kind !== 'user' && kind !== 'role' && kind !== 'assumed-role')
    )
      continue;
    const lacking = accounts.has(arn.account) ? [] : [`arn:${arn.partition}:iam::${arn.account}:root`];
    if (kind === 'role') {
      const session = `arn:${arn.partition}:sts::${arn.account}:assumed-role/${name}/`;
      if (!entries.some(({ value }) => value.startsWith(session))) lacking.push(`${session}SESSION`);
    }
    if (kind === 'assumed-role') {
      const role = arn.resource.split('/')[1];
      const isRole = ({ value }: Word) =>
        value.startsWith(`arn:${arn.partition}:iam::${arn.account}:role/`) && value.endsWith(`/${role}`);
      if (!entries.some(isRole)) lacking.push(`arn:${arn.partition}:iam::${arn.account}:role/${role}`);
    }
    if (lacking.length === 0) continue;
    const message = `"${word.value}" is denied all the same: NotPrincipal spares it only with ${lacking.join(' and ')} beside it. Better: "Principal": "*" and ArnNotLike on aws:PrincipalArn.`;
    lint.report('NOTPRINCIPAL_WITHOUT_ALL_PRINCIPALS', message, word);
  }
}

/**
 * Sessions of roles never carry what was proven when the role was assumed: "the key is not present" in requests with
 * AssumeRole's credentials (IAM User Guide, "Configuring MFA-protected API access").
 */
function checkMfa(
  lint: LintContext,
  { effect }: Statement,
  { key, values, operator }: ConditionElement,
  use: OperatorUse,
): void {
  const name = key.value.toLowerCase();
  if (name !== 'aws:multifactorauthpresent' && name !== 'aws:multifactorauthage') return;
  if (lint.options.attachedTo !== 'role' || lint.kind === 'trust') return;
  const wantsAbsent =
    values.every(({ value }) => value.toLowerCase() === 'false') || use.operator.comparison === 'null';
  if (effect === 'Allow' && (use.ifExists || wantsAbsent)) return;
  if (effect === 'Deny' && !use.ifExists && !wantsAbsent) return;
  const what =
    effect === 'Allow'
      ? 'this Allow never applies'
      : `this ${operator.value} takes every session for one without MFA`;
  const message = `A role's session has no ${key.value}, however the role was assumed: ${what}. Ask for MFA in the role's trust policy.`;
  lint.report('MFA_IN_ROLE_POLICY', message, key);
}

/**
 * "This statement does not deny access to requests that are made using long-term credentials" (IAM User Guide,
 * aws:MultiFactorAuthPresent): those carry no such key.
 */
function checkMfaDeny(
  lint: LintContext,
  { effect }: Statement,
  { key, values }: ConditionElement,
  { operator, ifExists }: OperatorUse,
): void {
  if (key.value.toLowerCase() !== 'aws:multifactorauthpresent' || operator.comparison !== 'bool' || ifExists)
    return;
  if (effect !== 'Deny' || !values.every(({ value }) => /^false$/i.test(value))) return;
  const message = `Requests with a user's access key carry no ${key.value}, and this Deny lets them pass: BoolIfExists denies them too.`;
  lint.report('MFA_DENY_SPARES_ACCESS_KEYS', message, key);
}

/** The claims that STS hands to policies for any provider ("Available keys for AWS OIDC federation"). */
const CLAIMS = new Set(['amr', 'aud', 'azp', 'email', 'oaud', 'sub']);

async function checkClaim(
  lint: LintContext,
  knowledge: ServiceKnowledge,
  { principal }: Statement,
  { key }: ConditionElement,
): Promise<void> {
  if (lint.kind !== 'trust') return;
  const name = key.value.toLowerCase();
  const colon = name.lastIndexOf(':');
  const [host, claim] = [name.slice(0, colon), name.slice(colon + 1)];
  const federated = principal?.entries.filter(({ type }) => type === 'Federated') ?? [];
  const provider = federated.find(
    ({ word }) => host === word.value.replace(/^.*:oidc-provider\//, '').toLowerCase(),
  );
  if (!provider || !host.includes('.') || CLAIMS.has(claim)) return;
  const known = (await knowledge.service('sts'))?.conditionKeys ?? [];
  const isKnown = known.some(one => lowerGlob(one.replace(/\$\{[^}]*\}/g, '*')).matches(name));
  if (isKnown) return;
  const message = `STS hands no claim "${claim}" of ${host} to policies, so the condition never holds: use ${[...CLAIMS].join(', ')}.`;
  lint.report('CLAIM_NOT_IN_REQUEST', message, key);
}

/**
 * A key of one service that most of the actions behind a wildcard do not carry: the statement is silent about those.
 */
async function checkRareKey(
  lint: LintContext,
  knowledge: ServiceKnowledge,
  { action, effect }: Statement,
  { key, operator }: ConditionElement,
  use: OperatorUse,
): Promise<void> {
  const name = key.value.toLowerCase();
  const [prefix = ''] = name.split(':');
  if (
    action.not ||
    prefix === 'aws' ||
    use.ifExists ||
    use.operator.negated ||
    use.operator.comparison === 'null'
  )
    return;
  if (use.qualifier === 'ForAllValues' || lint.kind === 'trust') return;
  const service = await knowledge.service(prefix);
  if (!service) return;
  const carries = ({ conditionKeys }: KnownAction) => conditionKeys.some(one => isConditionKey(name, one));
  const carrying = new Set([...service.actions.values()].filter(carries));
  for (const word of new Map(action.values.map(one => [one.value.toLowerCase(), one])).values()) {
    if (!/[*?]/.test(word.value)) continue;
    if (word.value !== '*' && word.value.slice(0, word.value.indexOf(':')).toLowerCase() !== prefix) continue;
    const meant = lint.meant(service, prefix, word.value);
    const having = meant.filter(one => carrying.has(one)).map(one => one.name);
    if (meant.length === 0 || having.length * 2 >= meant.length) continue;
    const which = having.length === 0 ? 'none' : having.length > 4 ? `${having.length}` : having.join(', ');
    const effectWord = effect === 'Allow' ? 'allows' : 'denies';
    const message = `Of the ${meant.length} actions of ${prefix} that "${word.value}" means, ${which} ${having.length === 1 ? 'carries' : 'carry'} ${key.value}: ${operator.value} never ${effectWord} the others.`;
    lint.report('CONDITION_KEY_OF_FEW_ACTIONS', message, key);
  }
}

/**
 * "To perform a multipart upload with encryption using an AWS KMS key, the requester must have permission to the
 * kms:Decrypt and kms:GenerateDataKey actions" (Amazon S3 User Guide, "Uploading and copying objects using multipart
 * upload").
 */
function checkMultipart(lint: LintContext): void {
  if (lint.kind !== 'identity') return;
  const allows = (name: string) =>
    lint.statements.find(one => one.effect === 'Allow' && coversAction(one, name));
  const generating = allows('kms:GenerateDataKey');
  if (!generating || !allows('s3:PutObject') || allows('kms:Decrypt')) return;
  const at = generating.action.values.find(({ value }) => /^kms:/i.test(value)) ?? generating.action;
  const message = 'Uploads in parts to a bucket with SSE-KMS need kms:Decrypt beside kms:GenerateDataKey.';
  lint.report('MULTIPART_WITHOUT_DECRYPT', message, at);
}
