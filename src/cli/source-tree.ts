/** A template as a tree that knows where each part stands, and policies taken out of it as text. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
} from 'yaml';
import type { JsonMember, JsonNode, Span } from '../policy/parse/json.js';

/** CloudFormation's short forms: `!Sub` stands for `Fn::Sub`, and two for themselves. */
const longForm = (tag: string) =>
  tag === '!Ref' || tag === '!Condition' ? tag.slice(1) : `Fn::${tag.slice(1)}`;

/**
 * Reads YAML (and so JSON) into the tree that JSON is read into; tags become the functions that they are short for.
 * Throws `Error` with the first fault of the text, and for more aliases than templates have.
 */
export function readYaml(text: string): JsonNode {
  const document = parseDocument(text, {
    lineCounter: new LineCounter(),
    logLevel: 'silent',
    merge: true,
    uniqueKeys: false,
  });
  const [fault] = document.errors;
  if (fault) throw fault;
  let left = 100_000;
  return convert(document.contents);

  function convert(node: Node | null): JsonNode {
    if (--left < 0) throw new Error('The file is larger than templates are.');
    const [start, end] = node?.range ?? [0, 0];
    const span = { start, end };
    if (isAlias(node)) return convert(node.resolve(document) ?? null);
    const value = untagged(node, span);
    const tag = node?.tag;
    if (tag === undefined || !/^![A-Za-z]/.test(tag)) return value;
    const argument = tag === '!GetAtt' ? attribute(value) : value;
    return { kind: 'object', members: [{ name: longForm(tag), nameSpan: span, value: argument }], ...span };
  }

  function untagged(node: Node | null, span: Span): JsonNode {
    if (isMap(node))
      return { kind: 'object', members: node.items.map(item => member(item as Item)), ...span };
    if (isSeq(node)) return { kind: 'array', items: node.items.map(item => convert(item as Node)), ...span };
    const value = isScalar(node) ? node.value : null;
    if (value === null || value === undefined) return { kind: 'null', ...span };
    if (typeof value === 'number' || typeof value === 'boolean')
      return { kind: typeof value, value: String(value), ...span } as JsonNode;
    return { kind: 'string', value: String(value), ...span };
  }

  function member({ key, value }: Item): JsonMember {
    const [start, end] = (key as ParsedNode | null)?.range ?? [0, 0];
    return { name: isScalar(key) ? String(key.value) : '', nameSpan: { start, end }, value: convert(value) };
  }
}

interface Item {
  readonly key: Node | null;
  readonly value: Node | null;
}

/** `!GetAtt Bucket.Arn` is short for a list of two. */
function attribute(node: JsonNode): JsonNode {
  if (node.kind !== 'string') return node;
  const dot = node.value.indexOf('.');
  const { start, end } = node;
  const parts = dot === -1 ? [node.value] : [node.value.slice(0, dot), node.value.slice(dot + 1)];
  return { kind: 'array', items: parts.map(value => ({ kind: 'string', value, start, end })), start, end };
}

/** The member of that name, where the node is an object that has it. */
export function memberOf(node: JsonNode | undefined, name: string): JsonNode | undefined {
  return node?.kind === 'object' ? node.members.find(member => member.name === name)?.value : undefined;
}

export function membersOf(node: JsonNode | undefined): readonly JsonMember[] {
  return node?.kind === 'object' ? node.members : [];
}

export function stringOf(node: JsonNode | undefined): string | undefined {
  return node?.kind === 'string' ? node.value : undefined;
}

/** Whether the node is a policy document, however its parts are given. */
export function isPolicy(node: JsonNode): boolean {
  const statement = memberOf(node, 'Statement');
  const items = statement?.kind === 'array' ? statement.items : statement ? [statement] : [];
  return items.some(item => membersOf(item).some(({ name }) => name === 'Effect'));
}

/** Text of a policy and where in its file each part of it comes from. */
export interface PlacedText {
  readonly text: string;
  /** The place in the file of an offset into the text. */
  sourceOf(offset: number): Span;
  /** The words of the text, quotes included, that a span touches. */
  touched(span: Span): string[];
}

/** Writes a tree as JSON that remembers where it came from. */
export function printPlaced(root: JsonNode): PlacedText {
  const pieces: { readonly at: number; readonly text: string; readonly source: Span }[] = [];
  let text = '';
  const put = (piece: string, source: Span) => {
    pieces.push({ at: text.length, text: piece, source });
    text += piece;
  };
  print(root);
  const last = (offset: number) => pieces.findLastIndex(({ at }) => at <= offset);
  return {
    text,
    sourceOf: offset => (pieces[last(offset)] ?? { source: { start: 0, end: 0 } }).source,
    touched: ({ start, end }) =>
      pieces.filter(({ at, text }) => at < end && at + text.length > start).map(piece => piece.text),
  };

  function print(node: JsonNode): void {
    const { start, end } = node;
    if (node.kind === 'object') {
      put('{', { start, end });
      for (const [index, { name, nameSpan, value }] of node.members.entries()) {
        if (index > 0) text += ',';
        put(JSON.stringify(name), nameSpan);
        text += ':';
        print(value);
      }
      put('}', { start: Math.max(start, end - 1), end });
    } else if (node.kind === 'array') {
      put('[', { start, end });
      for (const [index, item] of node.items.entries()) {
        if (index > 0) text += ',';
        print(item);
      }
      put(']', { start: Math.max(start, end - 1), end });
    } else
      put(
        node.kind === 'null' ? 'null' : node.kind === 'string' ? JSON.stringify(node.value) : node.value,
        node,
      );
  }
}
