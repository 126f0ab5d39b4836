/** Where in a policy something stands, as Access Analyzer says it. */

import type { PathElement, Position } from '@aws-sdk/client-accessanalyzer';
import { JsonError, type JsonNode, parseJson, position } from '../../policy/parse/json.js';

/** Lines from 1, columns and offsets from 0 (Access Analyzer API Reference, Position). */
export function positionOf(text: string, offset: number): Position {
  const { line, column } = position(text, offset);
  return { line, column: column - 1, offset };
}

/** The path to the innermost key or value that a place of a policy is within; empty where the text is no JSON. */
export function pathsIn(text: string): (start: number, end: number) => PathElement[] {
  const root = rootOf(text);
  return (start, end) => (root ? pathTo(root, start, end) : []);
}

function rootOf(text: string): JsonNode | undefined {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

function pathTo(root: JsonNode, start: number, end: number): PathElement[] {
  const path: PathElement[] = [];
  let node: JsonNode | undefined = root;
  while (node !== undefined) {
    const step: Step | undefined = stepInto(node, start, end);
    if (step) path.push(step.element);
    node = step?.node;
  }
  return path;
}

interface Step {
  readonly element: PathElement;
  /** Absent at a key, in which nothing stands. */
  readonly node?: JsonNode;
}

function stepInto(node: JsonNode, start: number, end: number): Step | undefined {
  const holds = (span: { start: number; end: number }) => span.start <= start && end <= span.end;
  if (node.kind === 'array') {
    const index = node.items.findIndex(holds);
    return index === -1 ? undefined : { element: { index }, node: node.items[index]! };
  }
  if (node.kind !== 'object') return undefined;
  const member = node.members.find(({ nameSpan, value }) => holds(nameSpan) || holds(value));
  if (!member) return undefined;
  if (holds(member.nameSpan)) return { element: { key: member.name } };
  return { element: { value: member.name }, node: member.value };
}
