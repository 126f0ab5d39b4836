/** A change before it is made, on one page: what it breaks, what it opens, what the linter says of it. */
import { lowerGlob } from '../policy/evaluate/glob.js';
import {
  diffPolicies,
  type Finding,
  guessKind,
  isPublicPolicy,
  lint,
  type PolicyChange,
  type PolicyKind,
  parsePolicy,
  principalsOf,
} from '../policy/index.js';
import {
  type AccountCopy,
  documentAt,
  type ProposedPolicy,
  type ReplayReport,
} from '../policy/replay/index.js';
import { changeText } from './diff.js';
import { reasonOf, subjectOf } from './report.js';

interface Rehearsal {
  readonly report: ReplayReport;
  readonly changes: readonly RehearsedChange[];
}

interface RehearsedChange {
  readonly name: string;
  /** What became allowed and denied; of a policy that was not there, all. */
  readonly effect: readonly PolicyChange[];
  /** It lets everyone in, and did not. */
  readonly isPublic: boolean;
  /** Accounts that it newly names. */
  readonly accounts: readonly string[];
  /** Newly allowed actions by which one takes more rights than one has. */
  readonly escalations: readonly string[];
  readonly findings: readonly Finding[];
}

/**
 * Actions that give who may call them further rights: other policies, other identities, other trust ("Privilege
 * escalation" in IAM Access Analyzer's and the linter's sense).
 */
const ESCALATING = [
  ...[
    'AddRoleToInstanceProfile',
    'AddUserToGroup',
    'AttachGroupPolicy',
    'AttachRolePolicy',
    'AttachUserPolicy',
  ],
  ...['CreateAccessKey', 'CreateLoginProfile', 'CreatePolicyVersion', 'DeleteRolePermissionsBoundary'],
  ...[
    'DeleteUserPermissionsBoundary',
    'PassRole',
    'PutGroupPolicy',
    'PutRolePermissionsBoundary',
    'PutRolePolicy',
  ],
  ...['PutUserPermissionsBoundary', 'PutUserPolicy', 'SetDefaultPolicyVersion', 'UpdateAssumeRolePolicy'],
  'UpdateLoginProfile',
]
  .map(name => `iam:${name}`)
  .concat('sts:AssumeRole', 'kms:CreateGrant', 'kms:PutKeyPolicy', 's3:PutBucketPolicy')
  .concat('organizations:DetachPolicy', 'organizations:DisablePolicyType', 'organizations:UpdatePolicy')
  .map(action => action.toLowerCase());

/** Whether a pattern of actions covers one of them: `iam:Put*` does. */
function escalates(pattern: string): boolean {
  const glob = lowerGlob(pattern);
  return ESCALATING.some(action => glob.matches(action));
}

/** `document`: of an identity policy, where the place does not say the kind. */
export async function rehearseChange(
  copies: readonly AccountCopy[],
  change: ProposedPolicy,
): Promise<RehearsedChange> {
  const { document, name } = change;
  const kind = change.place?.startsWith('trust:') ? 'trust' : guessKind(document);
  const before = documentAt(copies, change);
  const effect = await diffPolicies(before ?? nothing(kind), document, kind);
  const grown = effect.filter(one => one.change === 'allowed' || one.change === 'no longer denied');
  const named = (text: string | undefined) =>
    text === undefined ? new Set<string>() : accountsIn(text, kind);
  const known = named(before);
  const own = new Set(copies.map(({ account }) => account));
  return {
    name,
    effect,
    isPublic: isPublic(document, kind) && !(before !== undefined && isPublic(before, kind)),
    accounts: [...named(document)].filter(account => !known.has(account) && !own.has(account)).sort(),
    escalations: kind === 'trust' ? [] : [...new Set(grown.map(({ action }) => action).filter(escalates))],
    findings: await lint(document, kind),
  };
}

function nothing(kind: PolicyKind): string {
  const Principal = { AWS: '000000000000' };
  const base = { Effect: 'Deny', Action: kind === 'trust' ? 'sts:None' : 'none:None' };
  const statement =
    kind === 'trust'
      ? { ...base, Principal }
      : kind === 'identity'
        ? { ...base, Resource: '*' }
        : { ...base, Principal, Resource: '*' };
  return JSON.stringify({ Version: '2012-10-17', Statement: statement });
}

function isPublic(document: string, kind: PolicyKind): boolean {
  return (
    (kind === 'resource' || kind === 'key' || kind === 'trust') && isPublicPolicy(parsePolicy(document, kind))
  );
}

function accountsIn(document: string, kind: PolicyKind): Set<string> {
  const values = principalsOf(parsePolicy(document, kind)).map(({ word }) => word.value);
  return new Set(values.flatMap(value => /(?:^|:)(\d{12})(?::|$)/.exec(value)?.[1] ?? []));
}

/** One page of GitHub-flavored Markdown; a terminal shows it as it is. */
export function renderRehearsal({ report, changes }: Rehearsal): string {
  const { counts, groups } = report;
  const number = (value: number) => value.toLocaleString('en-US');
  const lines = [
    `## ${counts['newly-denied'] > 0 ? `This change breaks ${number(counts['newly-denied'])} recorded calls` : 'This change breaks no recorded call'}`,
    '',
    `${number(report.calls)} calls: ${number(counts['newly-denied'])} newly denied, ${number(counts['newly-allowed'])} newly allowed, ${number(counts.unknown)} cannot be told, ${number(counts.same)} the same.`,
  ];
  const shown = groups.slice(0, 20);
  if (shown.length > 0) {
    lines.push('', '| outcome | who | what | calls | last | why |', '| --- | --- | --- | ---: | --- | --- |');
    for (const group of shown) {
      const cells = [
        group.outcome.replace('-', ' '),
        code(group.principal),
        code(subjectOf(group)),
        number(group.count),
        group.last,
        reasonOf(group),
      ];
      lines.push(`| ${cells.map(cell).join(' | ')} |`);
    }
    if (groups.length > shown.length)
      lines.push('', `… and ${number(groups.length - shown.length)} more groups.`);
  }
  for (const change of changes) lines.push('', ...changeLines(change));
  return lines.join('\n');
}

const code = (text: string) => `\`${text.replaceAll('`', "'")}\``;
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function changeLines({ name, effect, isPublic, accounts, escalations, findings }: RehearsedChange): string[] {
  const opens = [
    ...(isPublic ? ['- **public**: it lets everyone in'] : []),
    ...accounts.map(account => `- **another account**: ${account}`),
    ...escalations.map(action => `- **privilege escalation**: ${code(action)} is newly allowed`),
    ...effect
      .filter(one => one.change === 'allowed' || one.change === 'no longer denied')
      .slice(0, 20)
      .map(one => `- ${changeText(one)}`),
  ];
  const closes = effect
    .filter(one => one.change === 'no longer allowed' || one.change === 'denied')
    .slice(0, 20);
  return [
    `### ${name}`,
    '',
    ...(opens.length > 0 ? ['What it opens:', '', ...opens] : ['It opens nothing.']),
    ...(closes.length > 0 ? ['', 'What it closes:', '', ...closes.map(one => `- ${changeText(one)}`)] : []),
    '',
    ...(findings.length > 0
      ? [
          'What the linter says:',
          '',
          ...findings.map(({ severity, code: id, message }) => `- ${severity} ${id}: ${message}`),
        ]
      : ['The linter has nothing to say.']),
  ];
}
