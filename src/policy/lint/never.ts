/** Conditions on keys that no request of the statement carries, and where they belong. */

import { type OperatorUse, readOperator } from '../evaluate/operators.js';
import type { ServiceKnowledge } from '../knowledge.js';
import type { ConditionElement, Statement, Word } from '../parse/document.js';
import { COMPLETE, coversAction, type LintContext, quoted } from './context.js';

/** What is looked at: a key of a statement's conditions, in lower case and as it is written. */
interface Key {
  readonly lower: string;
  readonly written: string;
}

/** Why no request carries the key, and the words whose requests are meant where not all are. */
interface Reason {
  readonly why: string;
  readonly of?: readonly string[];
}

type Rule = (
  lint: LintContext,
  statement: Statement,
  key: Key,
  knowledge: ServiceKnowledge,
) => Reason | undefined | Promise<Reason | undefined>;

const RULES: readonly Rule[] = [ofAnotherService, ofServices, ofUsers, ofSaml, ofProvider];

export async function checkNever(lint: LintContext, knowledge: ServiceKnowledge): Promise<void> {
  for (const statement of lint.statements) {
    for (const element of statement.conditions) {
      await lint.pause();
      const outcome = withoutKey(statement, element);
      if (outcome === undefined) continue;
      const key = { lower: element.key.value.toLowerCase(), written: element.key.value };
      for (const rule of RULES) {
        const reason = await rule(lint, statement, key, knowledge);
        if (reason === undefined) continue;
        const whom = reason.of === undefined ? '' : ` for ${reason.of.join(', ')}`;
        lint.report('CONDITION_KEY_NEVER_PRESENT', `${reason.why}: ${outcome}${whom}.`, element.key);
        break;
      }
    }
    checkUserNames(lint, statement);
  }
}

/** What a statement does for requests that lack the key; `undefined` where it is written for those. */
function withoutKey({ effect }: Statement, { operator, values }: ConditionElement): string | undefined {
  const { operator: kind, ifExists, qualifier } = readOperator(operator.value) as OperatorUse;
  if (ifExists || qualifier === 'ForAllValues') return undefined;
  const asksForAbsence = kind.comparison === 'null' && values.some(({ value }) => /^true$/i.test(value));
  if (asksForAbsence) return undefined;
  if (!kind.negated) return `this ${effect} never applies`;
  return effect === 'Deny' ? `this ${operator.value} always denies` : `this ${operator.value} limits nothing`;
}

/** Keys of IAM, KMS, S3 and STS come with requests to those alone (Service Authorization Reference). */
async function ofAnotherService(
  lint: LintContext,
  { action }: Statement,
  { lower, written }: Key,
  knowledge: ServiceKnowledge,
): Promise<Reason | undefined> {
  const [owner = ''] = lower.split(':', 1);
  if (action.not || !COMPLETE.has(owner) || !(await knowledge.conditionKey(written))) return undefined;
  const of: string[] = [];
  for (const word of action.values) {
    if (await neverCarries(lint, word, owner, lower, knowledge)) of.push(word.value);
  }
  if (of.length === 0) return undefined;
  const place =
    lower === 'sts:externalid' && lint.kind !== 'trust'
      ? ', and an external ID is asked for in the trust policy of the role'
      : '';
  return { why: `Only requests to ${owner} carry ${written}${place}`, of };
}

/** Whether a word of `Action` means actions of another service alone, none of which has the key. */
async function neverCarries(
  lint: LintContext,
  { value }: Word,
  owner: string,
  key: string,
  knowledge: ServiceKnowledge,
): Promise<boolean> {
  const [prefix = ''] = value.toLowerCase().split(':', 1);
  if (value === '*' || prefix === owner) return false;
  const service = await knowledge.service(prefix);
  const keys = service && lint.keysOfMeant(service, prefix, value);
  return keys !== undefined && !keys.has(key);
}

/**
 * "This key is included in the request context only when the call to your resource is made directly by an AWS service
 * principal" (AWS global condition context keys, aws:SourceArn): what users and roles do never has it.
 */
function ofServices({ kind }: LintContext, _: Statement, { lower, written }: Key): Reason | undefined {
  const attached = kind === 'identity' || kind === 'boundary' || kind === 'session';
  if (!attached || !/^aws:source(?:arn|account|orgid|orgpaths)$/.test(lower)) return undefined;
  return {
    why: `Only calls that a service of AWS makes carry ${written}, so that it belongs into the policy of a resource`,
  };
}

/** In requests of IAM users (AWS global condition context keys, aws:username). */
function ofUsers({ kind, options }: LintContext, _: Statement, { lower, written }: Key): Reason | undefined {
  if (lower !== 'aws:username' || options.attachedTo !== 'role' || kind === 'trust') return undefined;
  return { why: `Sessions of roles carry no ${written}; they have aws:userid and aws:PrincipalArn` };
}

/** The variable `${aws:username}` without a default, in a role's own policy: what has no value matches nothing. */
function checkUserNames(lint: LintContext, { resource }: Statement): void {
  if (lint.options.attachedTo !== 'role' || lint.kind === 'trust' || !lint.variables) return;
  for (const word of resource?.values ?? []) {
    if (!/\$\{aws:username\}/i.test(word.value)) continue;
    const message = `Sessions of roles have no aws:username, so that "${word.value}" matches nothing: use \${aws:userid} or a tag (\${aws:PrincipalTag/…}).`;
    lint.report('CONDITION_KEY_NEVER_PRESENT', message, word);
  }
}

/** Keys that only an assertion brings ("Available keys for SAML-based AWS STS federation"). */
const OF_ASSERTIONS = /^saml:(?!namequalifier$|sub$|sub_type$)/;

function ofSaml({ kind }: LintContext, statement: Statement, { lower, written }: Key): Reason | undefined {
  if (kind !== 'trust' || !OF_ASSERTIONS.test(lower)) return undefined;
  if (coversAction(statement, 'sts:AssumeRoleWithSAML')) return undefined;
  return { why: `Only sts:AssumeRoleWithSAML carries ${written}` };
}

/** The claims of a token bear the name of the provider that signed it ("Available keys for AWS OIDC federation"). */
function ofProvider({ kind }: LintContext, { principal }: Statement, { lower }: Key): Reason | undefined {
  const host = lower.slice(0, lower.lastIndexOf(':'));
  const isHost = /^[\w-]+(?:\.[\w-]+)+(?:\/|$)/.test(host);
  if (kind !== 'trust' || !principal || principal.not || !isHost) return undefined;
  const named = principal.entries
    .filter(({ type }) => type === 'Federated')
    .map(({ word }) => word.value.replace(/^.*:oidc-provider\//, '').toLowerCase());
  // What a template leaves open names no provider that one could compare with.
  const isOpen = (one: string) => !/^[\w-]+(?:\.[\w-]+)+/.test(one);
  if (
    named.some(one => isOpen(one) || one === host || one.startsWith(`${host}/`) || host.startsWith(`${one}/`))
  )
    return undefined;
  const whom = named.length > 0 ? quoted(named) : 'no provider';
  return { why: `Only tokens of ${host} bring its claims, and the statement trusts ${whom}` };
}
