/** Checks of the document as a whole and of its plain elements. */

import { splitPattern } from '../evaluate/arn.js';
import { coverage } from '../evaluate/pattern-sets.js';
import { policySize, type Statement, type Word } from '../parse/document.js';
import type { Span } from '../parse/json.js';
import { type LintContext, removeItem } from './context.js';
import { PLACEHOLDER } from './placeholders.js';

export function checkElements(lint: LintContext): void {
  checkVersion(lint);
  checkCharacters(lint);
  checkSize(lint);
  checkRedundantStatements(lint);
  checkSids(lint);
  for (const statement of lint.statements) {
    if (statement.sid?.value === '')
      lint.report('EMPTY_SID_VALUE', 'The Sid is empty: name the statement or leave it out.', statement.sid);
    if (statement.condition && statement.conditions.length === 0)
      lint.report('EMPTY_OBJECT_CONDITION', 'The Condition is empty and has no effect.', statement.condition);
    checkIneffective(lint, statement);
    checkVariables(lint, statement);
    checkPlaceholders(lint, statement);
    checkRedundantWords(lint, 'REDUNDANT_ACTION', statement.action.values, value => value.toLowerCase());
    checkRedundantWords(lint, 'REDUNDANT_RESOURCE', statement.resource?.values ?? [], value => value);
  }
  checkPartitions(lint);
}

/** Where a Sid may stand twice it still names no one statement in reasons and denials. */
function checkSids(lint: LintContext): void {
  if (lint.kind !== 'resource' && lint.kind !== 'key') return;
  const seen = new Set<string>();
  for (const { sid } of lint.statements) {
    if (!sid?.value) continue;
    if (seen.has(sid.value))
      lint.report('UNIQUE_SIDS_RECOMMENDED', `The Sid "${sid.value}" names two statements.`, sid);
    seen.add(sid.value);
  }
}

/** KMS stores statements that lack an element, and they do nothing (KMS API Reference, PutKeyPolicy). */
function checkIneffective(lint: LintContext, { action, resource, start }: Statement): void {
  if (lint.kind !== 'key') return;
  const at = { start, end: start + 1 };
  if (action.values.length === 0)
    lint.report('MISSING_ACTION', 'The statement has no "Action": KMS stores it, and it does nothing.', at);
  if (resource?.values.length === 0)
    lint.report(
      'MISSING_RESOURCE',
      'The statement has no "Resource": KMS stores it, and it does nothing.',
      at,
    );
}

function checkVersion(lint: LintContext): void {
  if (lint.version || lint.statements.length === 0) return;
  const brace = lint.text.indexOf('{');
  const at = { start: brace, end: brace + 1 };
  // With a variable in the text the fix would change what the policy means.
  const fix = lint.text.includes('${')
    ? undefined
    : {
        description: 'Add the Version',
        edits: [{ start: brace + 1, end: brace + 1, text: '"Version": "2012-10-17",' }],
      };
  const message =
    'Without "Version": "2012-10-17" the policy is read by the rules of 2008: no policy variables.';
  lint.report('MISSING_VERSION', message, at, fix);
}

/** IAM takes tab, line feed, carriage return and U+0020 to U+00FF in documents. */
function checkCharacters(lint: LintContext): void {
  if (lint.kind === 'resource' || lint.kind === 'key') return;
  const found = /[^\t\n\r\u0020-\u00ff]+/.exec(lint.text);
  if (!found) return;
  const span = { start: found.index, end: found.index + found[0].length };
  lint.report(
    'INVALID_CHARACTER',
    `IAM refuses documents with characters beyond U+00FF, as "${found[0]}".`,
    span,
  );
}

const SIZES = {
  identity: ['POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA', 6144],
  boundary: ['POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA', 6144],
  session: ['POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA', 2048],
  trust: ['POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA', 2048],
  resource: ['POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA', 20_480],
  key: ['POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA', 32_768],
  'service-control': ['POLICY_SIZE_EXCEEDS_SCP_QUOTA', 5120],
  'resource-control': ['POLICY_SIZE_EXCEEDS_RCP_QUOTA', 5120],
} as const;

function checkSize(lint: LintContext): void {
  const [code, quota] = SIZES[lint.kind];
  const size = policySize(lint.text);
  if (size <= quota) return;
  const message = `The policy has ${size} characters without white space; at most ${quota} are taken.`;
  lint.report(code, message, { start: 0, end: lint.text.length });
}

function checkRedundantStatements(lint: LintContext): void {
  const seen = new Map<string, Statement>();
  for (const statement of lint.statements) {
    const { index: _, sid: __, start, end, ...rest } = statement;
    const key = JSON.stringify(rest, (name, value) =>
      name === 'start' || name === 'end' ? undefined : value,
    );
    const first = seen.get(key);
    if (first) {
      const message = `The statement says the same as statement ${first.index + 1}.`;
      const edits = [removeItem(lint.text, { start, end })];
      lint.report(
        'REDUNDANT_STATEMENT',
        message,
        { start, end },
        { description: 'Remove the statement', edits },
      );
    } else seen.set(key, statement);
  }
}

/** Longer lists are in no policy that IAM stores. */
const MOST_COMPARED = 1000;

/** A word is redundant if another of the list covers it. */
function checkRedundantWords(
  lint: LintContext,
  code: string,
  words: readonly Word[],
  normal: (value: string) => string,
): void {
  // Each is compared with all that have wildcards.
  if (words.length > MOST_COMPARED) return;
  const first = new Map<string, Word>();
  for (const word of words) if (!first.has(normal(word.value))) first.set(normal(word.value), word);
  const wide = [...first].flatMap(([value, word]) =>
    /[*?]/.test(value) ? { word, covers: coverage(value) } : [],
  );
  for (const word of words) {
    const value = normal(word.value);
    const same = first.get(value);
    const covering = same === word ? wide.find(one => one.word !== word && one.covers(value))?.word : same;
    if (!covering) continue;
    const message = `"${word.value}" is redundant: "${covering.value}" covers it.`;
    lint.report(code, message, word, {
      description: `Remove "${word.value}"`,
      edits: [removeItem(lint.text, word)],
    });
  }
}

const VARIABLE = /\$\{[^}"]*\}?/g;

function checkVariables(lint: LintContext, statement: Statement): void {
  const plain: readonly (Word | undefined)[] = [
    ...statement.action.values,
    ...(statement.principal?.entries.map(({ word }) => word) ?? []),
    statement.sid,
  ];
  for (const word of plain) {
    if (word?.value.includes('${'))
      lint.report(
        'VARIABLE_UNSUPPORTED_IN_ELEMENT',
        'Policy variables work in Resource and Condition only.',
        word,
      );
  }
  const values = [...(statement.resource?.values ?? []), ...statement.conditions.flatMap(one => one.values)];
  for (const word of values) {
    const found = word.value.match(VARIABLE);
    if (!found) continue;
    if (!lint.variables) {
      const message = 'Policy variables need "Version": "2012-10-17"; here they are plain text.';
      lint.report('VARIABLE_UNSUPPORTED_IN_VERSION', message, word);
    }
    for (const variable of found) checkVariable(lint, variable, word);
  }
}

function checkVariable(lint: LintContext, variable: string, at: Span): void {
  const inside = variable.slice(2, -1);
  const [name = '', ...rest] = inside.split(',');
  const fallback = rest.join(',').trim();
  if (!variable.endsWith('}')) {
    lint.report('MISSING_BRACE_IN_VARIABLE', `"${variable}" lacks its closing "}".`, at);
  } else if (inside.trim() === '') {
    lint.report('EMPTY_VARIABLE', '"${}" names no key.', at);
  } else if (rest.length > 0 && !/^'[^']*'$/.test(fallback)) {
    lint.report(
      'MISSING_QUOTE_IN_VARIABLE',
      `The default of "${variable}" needs single quotes on both sides.`,
      at,
    );
  } else if (/\s/.test(name)) {
    lint.report('UNSUPPORTED_SPACE_IN_VARIABLE', `"${variable}" has a space in the name of its key.`, at);
  }
}

function checkPlaceholders(lint: LintContext, statement: Statement): void {
  const principals = statement.principal?.entries.map(({ word }) => word) ?? [];
  for (const word of [...(statement.resource?.values ?? []), ...principals]) {
    const found = PLACEHOLDER.exec(word.value);
    if (found)
      lint.report('PLACEHOLDER', `"${found[0]}" looks like a placeholder that was never filled in.`, word);
  }
}

/** One account belongs to one partition, and policies name what its account can reach. */
function checkPartitions(lint: LintContext): void {
  const first = new Map<string, Word>();
  for (const statement of lint.statements) {
    const principals = statement.principal?.entries.map(({ word }) => word) ?? [];
    for (const word of [...(statement.resource?.values ?? []), ...principals]) {
      const [prefix, partition = ''] = splitPattern(word.value);
      if (prefix === 'arn' && !/[*?$]/.test(partition) && !first.has(partition)) first.set(partition, word);
    }
  }
  const [, other] = [...first.entries()];
  if (!other || first.size < 2) return;
  const message = `The policy mixes partitions (${quotedKeys(first)}): one account reaches one only.`;
  lint.report('MIXED_PARTITIONS', message, other[1]);
}

const quotedKeys = (map: ReadonlyMap<string, unknown>) => [...map.keys()].map(key => `"${key}"`).join(', ');
