/**
 * Principals of trust and resource policies: IAM keeps unique ids in their place, so that a deleted and recreated
 * user or role is not trusted ("AWS JSON policy elements: Principal").
 */

import {
  type PolicyDocument,
  PolicySyntaxError,
  type PrincipalEntry,
  type PrincipalKind,
} from './document.js';
import { type JsonMember, type JsonNode, parseJson } from './json.js';
import { quotePrincipal } from './names.js';
import { sentence } from './words.js';

/** Every principal a document names, without repetition, in the document's order. */
export function principalsOf(document: PolicyDocument): PrincipalEntry[] {
  const entries = new Map<string, PrincipalEntry>();
  for (const { principal } of document.statements) {
    for (const entry of principal?.entries ?? []) {
      const key = `${entry.type} ${entry.word.value}`;
      if (!entries.has(key)) entries.set(key, entry);
    }
  }
  return [...entries.values()];
}

/**
 * Puts other principals into the text of a policy and leaves all else as it stands, white space included.
 * `replace` answers with the new value, or `undefined` to keep the old one. Throws `JsonError` where the text is
 * no JSON.
 */
export function mapPrincipals(
  text: string,
  replace: (type: PrincipalKind, value: string) => string | undefined,
): string {
  let out = '';
  let from = 0;
  for (const { type, node } of principalNodes(parseJson(text))) {
    const value = replace(type, node.value);
    if (value === undefined || value === node.value) continue;
    out += text.slice(from, node.start) + JSON.stringify(value);
    from = node.end;
  }
  return out + text.slice(from);
}

/** The refusal of a policy that names somebody who does not exist. */
export function invalidPrincipal({ type, word }: PrincipalEntry): PolicySyntaxError {
  return new PolicySyntaxError([
    {
      code: 'INVALID_PRINCIPAL_FORMAT',
      words: sentence('principal', 'resource', quotePrincipal(type, word.value)),
      message: `There is no ${word.value}.`,
      order: 0,
      start: word.start,
      end: word.end,
    },
  ]);
}

type StringNode = JsonNode & { kind: 'string' };

function* principalNodes(root: JsonNode): Generator<{ type: PrincipalKind; node: StringNode }> {
  for (const { value } of membersOf(root, 'Statement')) {
    for (const statement of itemsOf(value)) {
      for (const { value: principal } of membersOf(statement, 'Principal', 'NotPrincipal')) {
        if (principal.kind !== 'object') continue;
        for (const { name, value: values } of principal.members) {
          for (const node of itemsOf(values)) {
            if (node.kind === 'string') yield { type: name as PrincipalKind, node };
          }
        }
      }
    }
  }
}

function membersOf(node: JsonNode, ...names: string[]): readonly JsonMember[] {
  return node.kind === 'object' ? node.members.filter(({ name }) => names.includes(name)) : [];
}

function itemsOf(node: JsonNode): readonly JsonNode[] {
  return node.kind === 'array' ? node.items : [node];
}
