/** Applies changes to policies. */

import { compilePolicy } from '../evaluate/compile.js';
import type { NamedPolicy } from '../types.js';
import type { PatchStep } from './types.js';

type Node = Record<string, unknown>;

/** The text of a policy as its owner stores it. */
export function textOf(policy: NamedPolicy): string {
  return policy.source ?? policy.policy.text;
}

/** Whether both are one policy, as it stands. */
export function isSame(one: NamedPolicy | undefined, other: NamedPolicy | undefined): boolean {
  return one !== undefined && one.name === other?.name && textOf(one) === textOf(other);
}

/** A policy's JSON as it stands. */
export function parsed(policy: NamedPolicy): { readonly Statement: unknown } {
  return JSON.parse(textOf(policy)) as { readonly Statement: unknown };
}

/** The path of a statement, and the statement. */
export function statementAt(policy: NamedPolicy, index: number): { path: string; statement: Node } {
  const { Statement } = parsed(policy);
  return Array.isArray(Statement)
    ? { path: `/Statement/${index}`, statement: Statement[index] as Node }
    : { path: '/Statement', statement: Statement as Node };
}

/** A step that adds a statement behind the others. */
export function addStatement(policy: NamedPolicy, statement: unknown): PatchStep {
  const { Statement } = parsed(policy);
  if (Array.isArray(Statement)) return { op: 'add', path: '/Statement/-', value: statement };
  return { op: 'replace', path: '/Statement', value: [Statement, statement] };
}

/** A name as a part of a JSON Pointer (RFC 6901). */
export function pointerPart(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The document once the steps are taken; `text` is JSON. Throws where a path leads nowhere. */
export function applyPatch(text: string, patch: readonly PatchStep[]): unknown {
  const root = { document: JSON.parse(text) as unknown };
  for (const { op, path, value } of patch) {
    const keys = ['document', ...path.split('/').slice(1).map(partOf)];
    const last = keys.pop() as string;
    const parent = keys.reduce<Node>((node, key) => node[key] as Node, root);
    if (Array.isArray(parent)) applyToList(parent, op, last, value);
    else if (op === 'remove') delete parent[last];
    else parent[last] = value;
  }
  return root.document;
}

/** What `pointerPart` made the part of. */
function partOf(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

function applyToList(list: unknown[], op: PatchStep['op'], last: string, value: unknown): void {
  const at = last === '-' ? list.length : Number(last);
  if (op === 'add') list.splice(at, 0, value);
  else if (op === 'remove') list.splice(at, 1);
  else list[at] = value;
}

/** The policy once the steps are taken. What is compiled beside the source (grants) stays behind it. */
export function patched(policy: NamedPolicy, patch: readonly PatchStep[]): NamedPolicy {
  const { source, policy: compiled } = policy;
  const text = JSON.stringify(applyPatch(textOf(policy), patch));
  if (source === undefined) return { ...policy, policy: compilePolicy(text, compiled.kind) };
  const before = [JSON.parse(source) as Node].flatMap(({ Statement }) => Statement).length;
  const all = [JSON.parse(compiled.text) as Node].flatMap(({ Statement }) => Statement);
  const after = JSON.parse(text) as Node;
  const whole = { ...after, Statement: [[after['Statement']].flat(), all.slice(before)].flat() };
  return { ...policy, source: text, policy: compilePolicy(JSON.stringify(whole), compiled.kind) };
}
