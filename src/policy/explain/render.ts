/** Prints an explanation for a terminal: plain text, no colours. */

import { LAYER_NAMES, statementName } from './summary.js';
import type { Explanation, LayerTrace, Mismatch, PolicyTrace, StatementTrace } from './types.js';

/** Lines of text without a final line break. */
export function renderExplanation(explanation: Explanation): string {
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
    lines.push('', 'Near misses');
    for (const { message, uri, statement } of explanation.nearMisses) {
      const where =
        uri === undefined ? '' : ` [${uri}${statement === undefined ? '' : `, statement ${statement + 1}`}]`;
      lines.push(`  - ${message}${where}`);
    }
  }
  for (const layer of explanation.layers) lines.push('', ...layerLines(layer, explanation.policies));
  lines.push('', 'Condition keys of the request', ...contextLines(explanation));
  return lines.join('\n');
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
  const { index, sid, effect, matched, mismatches } = statement;
  const head = `    ${matched ? '✓' : '·'} ${statementName(index, sid)}, ${effect === 'ALLOW' ? 'Allow' : 'Deny'}: ${matched ? 'applies' : 'does not apply'}`;
  return [head, ...mismatches.map(mismatch => `        ${mismatchLine(mismatch)}`)];
}

/** `Resource: arn:aws:s3:::b/* is not arn:aws:s3:::b`. */
export function mismatchLine({ element, wanted, actual, operator, key }: Mismatch): string {
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
