/** Compares what two policies allow and deny, not how they say it. */

import { lowerGlob } from './evaluate/glob.js';
import { covers, overlaps } from './evaluate/pattern-sets.js';
import { defaultKnowledge, type ServiceKnowledge } from './knowledge.js';
import type { ListElement, PolicyKind, Statement } from './parse/document.js';
import { parsePolicy } from './parse/parse.js';
import type { ParseOptions } from './parse/reader.js';

export interface PolicyChange {
  readonly change: 'allowed' | 'no longer allowed' | 'denied' | 'no longer denied';
  /** An action or a pattern of actions. */
  readonly action: string;
  /** A resource or a pattern; absent in trust policies. */
  readonly resource?: string;
  /** JSON of the `Principal` element, where there is one. */
  readonly principal?: string;
  /** JSON of the `Condition` block under which it holds; absent where it always does. */
  readonly condition?: string;
}

export interface DiffOptions extends ParseOptions {
  readonly knowledge?: ServiceKnowledge;
}

/** An action with a resource, each as a pattern: what is compared. */
interface Cell {
  readonly action: string;
  readonly resource: string;
}

/** To whom and under which condition a statement says something. */
interface Terms {
  readonly principal: string;
  readonly condition: string;
}

/**
 * What became allowed and denied from one policy to the other, by action and resource. The patterns that the policies
 * name are compared, wildcards in action names also by the actions they stand for; where a change holds for a pattern,
 * what the pattern covers is not listed again. Conditions and principals are compared as they are written. Throws
 * `PolicySyntaxError`.
 */
export async function diffPolicies(
  before: string,
  after: string,
  kind: PolicyKind,
  options: DiffOptions = {},
): Promise<PolicyChange[]> {
  const [old, now] = [before, after].map(text => parsePolicy(text, kind, options).statements) as [
    readonly Statement[],
    readonly Statement[],
  ];
  const knowledge = options.knowledge ?? (await defaultKnowledge());
  const both = [...old, ...now];
  const actions = await expand(patterns(both.map(({ action }) => action)), knowledge);
  const resources = patterns(both.map(({ resource }) => resource));
  const changes = actions.flatMap(action =>
    resources.flatMap(resource => changesOf({ action, resource }, old, now)),
  );
  return changes
    .filter(change => !changes.some(wider => isCoveredBy(change, wider)))
    .map(change => present(change, kind));
}

type RawChange = Cell & Terms & { readonly change: PolicyChange['change'] };

/** The patterns that elements name; `*` beside those that a negated one leaves out. */
function patterns(elements: readonly (ListElement | undefined)[]): string[] {
  const all = elements.flatMap(element => [
    ...(element?.values.map(({ value }) => value) ?? ['*']),
    ...(element?.not ? ['*'] : []),
  ]);
  return [...new Set(all)];
}

/** Adds to each `service:Pre*` the actions it stands for, so that part of them may differ. */
async function expand(names: readonly string[], knowledge: ServiceKnowledge): Promise<string[]> {
  const found = new Map(names.map(name => [name.toLowerCase(), name]));
  for (const name of names) {
    const [prefix = '', pattern = ''] = name.split(':');
    if (!/[*?]/.test(pattern)) continue;
    const glob = lowerGlob(pattern);
    for (const [key, action] of (await knowledge.service(prefix))?.actions ?? []) {
      const full = `${prefix.toLowerCase()}:${key}`;
      if (glob.matches(key) && !found.has(full)) found.set(full, `${prefix.toLowerCase()}:${action.name}`);
    }
  }
  return [...found.values()];
}

function changesOf(cell: Cell, old: readonly Statement[], now: readonly Statement[]): RawChange[] {
  const allowedBefore = effectiveAllows(cell, old);
  const allowedNow = effectiveAllows(cell, now);
  const deniedBefore = termsOf(cell, old, 'Deny');
  const deniedNow = termsOf(cell, now, 'Deny');
  const as = (change: PolicyChange['change']) => (terms: Terms) => ({ change, ...cell, ...terms });
  return [
    ...without(allowedNow, allowedBefore).map(as('allowed')),
    ...without(allowedBefore, allowedNow).map(as('no longer allowed')),
    ...without(deniedNow, deniedBefore).map(as('denied')),
    ...without(deniedBefore, deniedNow).map(as('no longer denied')),
  ];
}

/** What the Allows say, where no Deny takes back all of it. */
function effectiveAllows(cell: Cell, statements: readonly Statement[]): Terms[] {
  const denied = termsOf(cell, statements, 'Deny');
  return termsOf(cell, statements, 'Allow').filter(terms => !denied.some(deny => includes(deny, terms)));
}

function termsOf(cell: Cell, statements: readonly Statement[], effect: 'Allow' | 'Deny'): Terms[] {
  return statements
    .filter(statement => statement.effect === effect && says(statement, cell))
    .map(({ principal, conditions }) => ({
      principal: principal ? principalText(principal.not, principal.entries) : '',
      condition: conditionText(conditions),
    }));
}

function says({ action, resource }: Statement, cell: Cell): boolean {
  return takesIn(action, cell.action, true) && (!resource || takesIn(resource, cell.resource, false));
}

function takesIn({ not, values }: ListElement, pattern: string, ignoreCase: boolean): boolean {
  const normal = (text: string) => (ignoreCase ? text.toLowerCase() : text);
  if (not) return !values.some(({ value }) => overlaps(normal(value), normal(pattern)));
  return values.some(({ value }) => covers(normal(value), normal(pattern)));
}

function principalText(not: boolean, entries: readonly { type: string; word: { value: string } }[]): string {
  const names = entries.map(({ type, word }) => `${type}:${word.value}`).sort();
  return JSON.stringify({ [not ? 'NotPrincipal' : 'Principal']: names });
}

function conditionText(conditions: Statement['conditions']): string {
  const block: Record<string, Record<string, string[]>> = {};
  for (const { operator, key, values } of conditions) {
    (block[operator.value] ??= {})[key.value] = values.map(({ value }) => value).sort();
  }
  return conditions.length === 0 ? '' : JSON.stringify(block);
}

const EVERYONE = JSON.stringify({ Principal: ['AWS:*'] });

/** Whether what is said under one's terms is said under the other's too. */
function includes(wide: Terms, narrow: Terms): boolean {
  const forAll = wide.principal === narrow.principal || wide.principal === EVERYONE;
  return forAll && (wide.condition === '' || wide.condition === narrow.condition);
}

function without(some: readonly Terms[], others: readonly Terms[]): Terms[] {
  const unique = new Map(some.map(terms => [`${terms.principal} ${terms.condition}`, terms]));
  return [...unique.values()].filter(terms => !others.some(other => includes(other, terms)));
}

function isCoveredBy(change: RawChange, wider: RawChange): boolean {
  return (
    change !== wider &&
    change.change === wider.change &&
    change.principal === wider.principal &&
    change.condition === wider.condition &&
    covers(wider.action.toLowerCase(), change.action.toLowerCase()) &&
    covers(wider.resource, change.resource)
  );
}

function present(
  { change, action, resource, principal, condition }: RawChange,
  kind: PolicyKind,
): PolicyChange {
  return {
    change,
    action,
    ...(kind !== 'trust' && { resource }),
    ...(principal !== '' && { principal }),
    ...(condition !== '' && { condition }),
  };
}
