/** Prints an explanation for a terminal: plain text, no colours. */

import type { Change, Remedy } from '../suggest/types.js';
import { LAYER_NAMES, statementName } from './summary.js';
import type { Explanation, LayerTrace, Mismatch, PolicyTrace, StatementTrace } from './types.js';

/**
 * Lines of text without a final line break; last what would have allowed the request, where that was asked for.
 * `before`: how many changes stand before those, where several explanations are printed.
 */
export function renderExplanation(explanation: Explanation, before = 0): string {
  const [evaluation] = explanation.evaluations;
  const lines = [
    explanation.summary,
    '',
    `  action     ${evaluation.action}`,
    `  resource   ${evaluation.resource}${evaluation.resourceAccount ? ` (account ${evaluation.resourceAccount})` : ''}`,
    `  principal  ${explanation.principal.arn}`,
    `  decision   ${evaluation.evaluatedEffect} by ${evaluation.decidedBy}`,
  ];
  if (explanation.nearMisses.length > 0) {
    lines.push('', 'Reasons');
    for (const { message, uri, statement } of explanation.nearMisses) {
      const where =
        uri === undefined ? '' : ` [${uri}${statement === undefined ? '' : `, statement ${statement + 1}`}]`;
      lines.push(`  - ${message}${where}`);
    }
  }
  for (const layer of explanation.layers) lines.push('', ...layerLines(layer, explanation.policies));
  lines.push('', 'Condition keys of the request', ...contextLines(explanation));
  if (explanation.remedy) lines.push('', 'To allow it', ...remedyLines(explanation.remedy, before));
  return lines.join('\n');
}

/** Each change by its number, as `karikagi why --document` counts them. */
function remedyLines({ changes, suffices, elsewhere }: Remedy, before: number): string[] {
  const lines = changes.flatMap((change, at) => changeLines(change, before + at + 1));
  if (changes.length === 0 && !elsewhere) lines.push('  No change of a policy allows it.');
  if (elsewhere)
    lines.push("  What the other account's policies lack is not shown here: its administrators see it.");
  else if (changes.length > 0 && !suffices) lines.push('  No change of a policy beside that allows it.');
  return lines;
}

function changeLines({ message, wider, patch, document, diff, command }: Change, number: number): string[] {
  const lines = [`  ${number}. ${message}`];
  if (wider !== undefined) lines.push(`     Mind: ${wider.charAt(0).toLowerCase()}${wider.slice(1)}`);
  // Of a new policy every line is new.
  const text = patch ? diff : document?.trimEnd();
  if (text !== undefined) lines.push('', ...text.split('\n').map(line => `     ${line}`.trimEnd()));
  if (command !== undefined) lines.push('', `     $ ${command}`);
  return [...lines, ''];
}

function layerLines(layer: LayerTrace, policies: readonly PolicyTrace[]): string[] {
  const level = layer.level === undefined ? '' : `, level ${layer.level + 1}`;
  const name = LAYER_NAMES[layer.layer];
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}${level}: ${layer.evaluatedEffect}${layer.blocks ? ' (blocks)' : ''}`;
  const own = policies.filter(policy => policy.layer === layer.layer && policy.level === layer.level);
  return [
    title,
    `  ${layer.note}`,
    ...(own.length === 0
      ? ['  (no policy)']
      : own.flatMap(policy => [`  ${policy.uri}`, ...policy.statements.flatMap(statementLines)])),
  ];
}

function statementLines(statement: StatementTrace): string[] {
  const { index, sid, effect, matched, mismatches, held = [] } = statement;
  const head = `    ${matched ? '✓' : '·'} ${statementName(index, sid)}, ${effect === 'ALLOW' ? 'Allow' : 'Deny'}: ${matched ? 'applies' : 'does not apply'}`;
  return [head, ...[...mismatches, ...held].map(mismatch => `        ${mismatchLine(mismatch)}`)];
}

/** `Resource: arn:aws:s3:::b/* is not arn:aws:s3:::b`. */
function mismatchLine({ element, wanted, actual, operator, key }: Mismatch): string {
  const has = actual === null ? 'not in the request' : `request has ${[actual].flat().join(', ')}`;
  const wants =
    wanted.length > 6 ? `${wanted.slice(0, 6).join(', ')} and ${wanted.length - 6} more` : wanted.join(', ');
  if (element === 'Condition') return `Condition ${operator} ${key}: ${wants}; ${has}`;
  return `${element}: ${wants}; ${has}`;
}

function contextLines({ requestContext }: Explanation): string[] {
  const entries = Object.entries(requestContext).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return ['  (none)'];
  return entries.map(([key, value]) => `  ${key} = ${[value].flat().join(', ')}`);
}
