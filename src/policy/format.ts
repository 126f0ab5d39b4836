/** Writes a policy in one layout: elements in the order of the grammar, two spaces, short lists on one line. */

import { type JsonMember, type JsonNode, parseJson } from './parse/json.js';

const ORDER = [
  'Version',
  'Id',
  'Statement',
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];
const WIDTH = 100;

/**
 * The same policy, laid out; values, their order and the spelling of numbers stay. Ends with a line break. Throws
 * `JsonError` where the text is no JSON.
 */
export function formatPolicy(text: string): string {
  return `${print(parseJson(text), '', 0, true)}\n`;
}

/** `used`: columns already taken on the line. `ordered`: whether the members are elements of the grammar. */
function print(node: JsonNode, indent: string, used: number, ordered: boolean): string {
  switch (node.kind) {
    case 'object':
      return block(
        '{',
        '}',
        inOrder(node.members, ordered).map(member => printMember(member, `${indent}  `)),
        indent,
      );
    case 'array': {
      const scalars = node.items.every(({ kind }) => kind !== 'object' && kind !== 'array');
      const line = scalars ? `[${node.items.map(item => print(item, '', 0, false)).join(', ')}]` : undefined;
      if (line !== undefined && used + line.length <= WIDTH) return line;
      const inner = `${indent}  `;
      return block(
        '[',
        ']',
        node.items.map(item => inner + print(item, inner, inner.length, ordered)),
        indent,
      );
    }
    case 'string':
      return JSON.stringify(node.value);
    case 'null':
      return 'null';
    default:
      return node.value;
  }
}

function printMember({ name, value }: JsonMember, indent: string): string {
  const start = `${indent}${JSON.stringify(name)}: `;
  return start + print(value, indent, start.length, name === 'Statement');
}

function block(open: string, close: string, lines: readonly string[], indent: string): string {
  return lines.length === 0 ? open + close : `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

/** Elements in the grammar's order, others after them as they stand. */
function inOrder(members: readonly JsonMember[], ordered: boolean): readonly JsonMember[] {
  if (!ordered) return members;
  const rank = ({ name }: JsonMember) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return members.toSorted((a, b) => rank(a) - rank(b));
}
