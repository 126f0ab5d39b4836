/** Tells what a policy is for from what it says. */

import type { PolicyKind } from './document.js';
import { type JsonNode, parseJson } from './json.js';

/**
 * `trust`, `key` or `resource` for a policy that names principals, `identity` for any other, and for text that cannot
 * be read. Boundaries, session policies and service control policies look like identity policies.
 */
export function guessKind(text: string): PolicyKind {
  let root: JsonNode;
  try {
    root = parseJson(text);
  } catch {
    return /"(?:Not)?Principal"/.test(text) ? (/"sts:/i.test(text) ? 'trust' : 'resource') : 'identity';
  }
  const statements = membersOf(root)
    .filter(({ name }) => name === 'Statement')
    .flatMap(({ value }) => (value.kind === 'array' ? value.items : [value]));
  const members = statements.flatMap(membersOf);
  if (!members.some(({ name }) => /^(?:Not)?Principal$/.test(name))) return 'identity';
  const actions = members
    .filter(({ name }) => /^(?:Not)?Action$/.test(name))
    .flatMap(({ value }) => (value.kind === 'array' ? value.items : [value]))
    .map(node => (node.kind === 'string' ? node.value.toLowerCase() : ''));
  const all = (prefix: string) => actions.length > 0 && actions.every(action => action.startsWith(prefix));
  if (all('sts:') && !members.some(({ name }) => /^(?:Not)?Resource$/.test(name))) return 'trust';
  return all('kms:') ? 'key' : 'resource';
}

function membersOf(node: JsonNode) {
  return node.kind === 'object' ? node.members : [];
}
