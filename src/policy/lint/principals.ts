/** Checks of whom a policy names. */

import { parseArn } from '../evaluate/arn.js';
import type { PrincipalEntry, Statement, Word } from '../parse/document.js';
import { requiredKey } from '../validate/shared-providers.js';
import { conditionKeys, coversAction, type LintContext, quoted } from './context.js';

const SOURCE_KEYS = ['aws:sourcearn', 'aws:sourceaccount', 'aws:sourceorgid', 'aws:sourceorgpaths'];

export function checkPrincipals(lint: LintContext): void {
  if (lint.kind === 'trust') checkDuration(lint);
  for (const statement of lint.statements) {
    if (!statement.principal) continue;
    for (const { word } of statement.principal.entries) checkReference(lint, word);
    if (lint.kind === 'trust') checkTrust(lint, statement, statement.principal.entries);
    else if (lint.kind !== 'resource-control') checkAttached(lint, statement, statement.principal.entries);
    checkPublic(lint, statement);
  }
}

/** What any role's maximum can be, and how long a session may last that a session of another role asked for. */
const SESSION_SECONDS = { least: 900, most: 43_200, chained: 3600 };

/**
 * "Requesting temporary security credentials": role chaining limits the session to one hour, whatever the role allows.
 */
function checkDuration(lint: LintContext): void {
  const { sessionDuration } = lint.options;
  if (sessionDuration === undefined) return;
  const { least, most, chained } = SESSION_SECONDS;
  if (sessionDuration < least || sessionDuration > most) {
    const message = `A role's session lasts ${least} to ${most} seconds, not ${sessionDuration}.`;
    lint.report('INVALID_SESSION_DURATION', message, { start: 0, end: 1 });
  }
  if (sessionDuration <= chained) return;
  for (const { effect, principal } of lint.statements) {
    const role = principal?.entries.find(({ word }) => /:(?:role|assumed-role)\/|^AROA/.test(word.value));
    if (effect !== 'Allow' || !role) continue;
    const message = `"${role.word.value}" is a role: a session that it asks for (role chaining) lasts ${chained} seconds at most, and asking for ${sessionDuration} fails.`;
    lint.report('SESSION_DURATION_EXCEEDS_ROLE_CHAINING_LIMIT', message, role.word);
  }
}

/** An id stays where the entity was deleted: it names no principal, or none once the policy is saved. */
function checkReference(lint: LintContext, word: Word): void {
  for (const [prefix, code, what] of [
    ['AROA', 'INVALID_ROLE_REFERENCE', 'role'],
    ['AIDA', 'INVALID_USER_REFERENCE', 'user'],
  ] as const) {
    if (word.value.startsWith(prefix))
      lint.report(
        code,
        `"${word.value}" is the id of a ${what}, perhaps a deleted one: name the ${what}'s ARN.`,
        word,
      );
  }
}

function checkPublic(lint: LintContext, { effect, principal, conditions, sid, start }: Statement): void {
  if (effect !== 'Allow' || principal?.not || conditions.length > 0) return;
  const everyone = principal?.entries.find(({ type, word }) => type === 'AWS' && word.value === '*');
  if (!everyone || lint.kind === 'resource-control') return;
  const whom = lint.kind === 'trust' ? 'everyone with an AWS account' : 'everyone, without signing';
  const message = `The statement allows ${whom}: name principals, or add a condition.`;
  lint.report('PUBLIC_ACCESS', message, everyone.word ?? sid ?? { start, end: start + 1 });
}

function checkAttached(lint: LintContext, statement: Statement, entries: readonly PrincipalEntry[]): void {
  const keys = conditionKeys(statement);
  for (const { type, word } of entries) {
    if (type === 'Federated')
      lint.report(
        'FEDERATED_PRINCIPAL_NOT_SUPPORTED',
        'This kind of policy takes no identity provider as principal.',
        word,
      );
  }
  const services = entries.filter(({ type }) => type === 'Service');
  if (services.length === 0 || statement.effect !== 'Allow') return;
  const at = (services[0] as PrincipalEntry).word;
  if (!SOURCE_KEYS.some(key => keys.has(key))) {
    const message = `${quoted(services.map(({ word }) => word.value))} may act for anybody's resources: add aws:SourceArn or aws:SourceAccount.`;
    lint.report('RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL', message, at);
    if (keys.has('aws:referer'))
      lint.report(
        'RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL',
        'aws:SourceArn or aws:SourceAccount says this better than aws:Referer.',
        at,
      );
  }
  const missing = ['aws:PrincipalOrgID', 'aws:PrincipalOrgPaths', 'aws:PrincipalAccount'].filter(key =>
    keys.has(key.toLowerCase()),
  );
  if (missing.length > 0 && services.length === entries.length)
    lint.report(
      'UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL',
      `A service's request carries no ${missing.join(', ')}.`,
      at,
    );
}

const GITHUB = 'token.actions.githubusercontent.com';
/** Providers whose audience is known to be one value. */
const SINGLE_AUDIENCE = [
  GITHUB,
  'accounts.google.com',
  'cognito-identity.amazonaws.com',
  'www.amazon.com',
  'graph.facebook.com',
];
const PROVIDER =
  /^(?:arn:[\w-]+:iam::\d{12}:(?:saml-provider|oidc-provider)\/[\w./:%-]+|[\w-]+(?:\.[\w-]+)+(?:\/[\w./-]*)?)$/;

function checkTrust(lint: LintContext, statement: Statement, entries: readonly PrincipalEntry[]): void {
  checkRedundantSessions(lint, entries);
  checkRequiredActions(lint, statement, entries);
  if (statement.effect !== 'Allow') return;
  for (const { type, word } of entries) {
    const provider =
      type === 'Federated' ? (PROVIDER.test(word.value) ? providerKind(word.value) : undefined) : type;
    if (provider === undefined) {
      const message = `"${word.value}" is no provider: an ARN of a SAML or OIDC provider, or a domain name.`;
      lint.report('INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY', message, word);
      continue;
    }
    checkAssumeAction(lint, statement, provider, word);
    if (provider === 'OIDC') checkOidc(lint, statement, word);
  }
}

function providerKind(value: string): 'SAML' | 'OIDC' {
  return value.includes(':saml-provider/') ? 'SAML' : 'OIDC';
}

/** Which way of assuming a role each kind of principal has. */
const ASSUME_ACTION = {
  AWS: 'sts:AssumeRole',
  Service: 'sts:AssumeRole',
  SAML: 'sts:AssumeRoleWithSAML',
  OIDC: 'sts:AssumeRoleWithWebIdentity',
} as const;

function checkAssumeAction(lint: LintContext, statement: Statement, provider: string, word: Word): void {
  const wanted = ASSUME_ACTION[provider as keyof typeof ASSUME_ACTION];
  const named = statement.action.values.filter(({ value }) => /^sts:AssumeRole(?:With\w+)?$/i.test(value));
  if (!wanted || statement.action.not || named.length === 0 || coversAction(statement, wanted)) return;
  const message = `"${word.value}" assumes roles with ${wanted}, not with ${quoted(named.map(({ value }) => value))}.`;
  lint.report('MISMATCHED_ACTION_FOR_PRINCIPAL', message, named[0] as Word);
}

function checkOidc(lint: LintContext, statement: Statement, word: Word): void {
  const host = word.value.replace(/^.*:oidc-provider\//, '');
  const keys = [...conditionKeys(statement)].filter(key => key.startsWith(host.toLowerCase()));
  const isShared = requiredKey(word.value) !== undefined;
  if (keys.length === 0 && !isShared) {
    const message = `Every identity of ${host} may assume the role: add a condition on one of its keys (${host}:sub).`;
    lint.report('MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL', message, word);
  }
  if (host.startsWith(GITHUB)) checkGithub(lint, statement, word, isShared);
  for (const { operator, key } of statement.conditions) {
    if (
      !key.value.toLowerCase().endsWith(':aud') ||
      SINGLE_AUDIENCE.some(known => key.value.startsWith(known))
    )
      continue;
    if (!/^For(?:All|Any)Value/i.test(operator.value)) {
      const message = `If "${key.value}" can hold several audiences, the operator needs ForAnyValue or ForAllValues.`;
      lint.report('CONFIRM_AUDIENCE_CLAIM_TYPE', message, key);
    }
  }
}

function checkGithub(lint: LintContext, { conditions }: Statement, word: Word, isShared: boolean): void {
  const subjects = conditions.filter(({ key }) => key.value.toLowerCase() === `${GITHUB}:sub`);
  if (subjects.length === 0 && !isShared) {
    lint.report(
      'MISSING_GITHUB_REPO_CONDITION_KEY',
      `Any repository of GitHub may assume the role: add ${GITHUB}:sub.`,
      word,
    );
  }
  for (const value of subjects.flatMap(({ values }) => values)) {
    if (/^\*|^repo:\*|^repo:[^/:]*\*/.test(value.value))
      lint.report(
        'SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED',
        `"${value.value}" lets in other people's repositories.`,
        value,
      );
  }
}

function checkRedundantSessions(lint: LintContext, entries: readonly PrincipalEntry[]): void {
  const names = new Set(entries.map(({ word }) => word.value));
  for (const { word } of entries) {
    const arn = parseArn(word.value);
    const [kind, role] = arn?.resource.split('/') ?? [];
    if (kind !== 'assumed-role' || !arn) continue;
    const parent = `arn:${arn.partition}:iam::${arn.account}:role/${role}`;
    if (names.has(parent))
      lint.report(
        'REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY',
        `"${word.value}" is redundant: "${parent}" covers it.`,
        word,
      );
  }
}

/** Keys that carry a value only where the statement also allows the action that sets it. */
const SETTING_ACTIONS: readonly (readonly [key: RegExp, action: string])[] = [
  [/^sts:sourceidentity$/, 'sts:SetSourceIdentity'],
  [/^(?:aws:requesttag\/|aws:tagkeys$|sts:transitivetagkeys$)/, 'sts:TagSession'],
];

function checkRequiredActions(
  lint: LintContext,
  statement: Statement,
  entries: readonly PrincipalEntry[],
): void {
  if (statement.effect !== 'Allow') return;
  const granting = lint.statements.filter(({ effect }) => effect === 'Allow');
  for (const { key } of statement.conditions) {
    for (const [pattern, action] of SETTING_ACTIONS) {
      if (!pattern.test(key.value.toLowerCase()) || granting.some(one => coversAction(one, action))) continue;
      const message = `A condition on ${key.value} needs ${action} among the actions.`;
      lint.report('MISSING_ACTION_FOR_CONDITION_KEY', message, key);
    }
  }
  const anywhere = entries.find(({ word }) => word.value.startsWith('rolesanywhere.amazonaws.com'));
  const lacking = ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'].filter(
    one => !coversAction(statement, one),
  );
  if (anywhere && lacking.length > 0)
    lint.report(
      'MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY',
      `IAM Roles Anywhere needs ${lacking.join(', ')} as well.`,
      anywhere.word,
    );
}
