/** Turns a policy into functions, once, so that a decision only runs them. */

import type { ListElement, PolicyDocument, PolicyKind, Statement } from '../parse/document.js';
import { parsePolicy } from '../parse/parse.js';
import type { ParseOptions } from '../parse/reader.js';
import { ArnPattern, completeArn } from './arn.js';
import { type CompiledCondition, compileCondition } from './conditions.js';
import type { Facts } from './facts.js';
import { type Glob, lowerGlob } from './glob.js';
import { CompiledPrincipal } from './principals.js';
import { differsEarly, isFixed, readTemplate, resolver } from './template.js';

/** A parsed policy ready for decisions. */
export interface CompiledPolicy {
  readonly text: string;
  readonly kind: PolicyKind;
  readonly document: PolicyDocument;
  readonly statements: readonly CompiledStatement[];
  /** The statements whose `Action` or `NotAction` lets the action in; remembered per action. */
  candidates(action: string): Candidates;
}

interface Candidates {
  readonly allow: readonly CompiledStatement[];
  readonly deny: readonly CompiledStatement[];
}

export interface CompiledStatement {
  readonly source: Statement;
  /** How a decision names it. */
  readonly ref: { readonly index: number; readonly sid?: string };
  readonly principal: CompiledPrincipal | undefined;
  readonly conditions: readonly CompiledCondition[];
  /** Whether policy variables count in this policy: they do under Version 2012-10-17. */
  readonly variables: boolean;
  /** The words of `Action` or `NotAction`. */
  readonly actions: readonly string[];
  /** `action` in lower case. */
  coversAction(action: string): boolean;
  coversResource(facts: Facts): boolean;
}

/** Whether every condition of the statement holds. */
export function conditionsHold(statement: CompiledStatement, facts: Facts): boolean {
  for (const condition of statement.conditions) if (!condition.holds(facts)) return false;
  return true;
}

/** Parses and compiles. Throws `PolicySyntaxError` where the text is no policy (`parsePolicy`). */
export function compilePolicy(text: string, kind: PolicyKind, options: ParseOptions = {}): CompiledPolicy {
  return new Policy(text, parsePolicy(text, kind, options));
}

/** How many actions a policy remembers its candidates for: more than the actions of any one server. */
const REMEMBERED_ACTIONS = 2000;

class Policy implements CompiledPolicy {
  readonly kind: PolicyKind;
  readonly statements: readonly CompiledStatement[];
  readonly #candidates = new Map<string, Candidates>();

  constructor(
    readonly text: string,
    readonly document: PolicyDocument,
  ) {
    this.kind = document.kind;
    const variables = document.version === '2012-10-17';
    this.statements = document.statements.map(statement => compileStatement(statement, variables));
  }

  candidates(action: string): Candidates {
    const known = this.#candidates.get(action);
    if (known) return known;
    const lower = action.toLowerCase();
    const covering = this.statements.filter(statement => statement.coversAction(lower));
    const candidates = {
      allow: covering.filter(({ source }) => source.effect === 'Allow'),
      deny: covering.filter(({ source }) => source.effect === 'Deny'),
    };
    if (this.#candidates.size >= REMEMBERED_ACTIONS) this.#candidates.clear();
    this.#candidates.set(action, candidates);
    return candidates;
  }
}

function compileStatement(source: Statement, variables: boolean): CompiledStatement {
  const { index, sid, principal } = source;
  return {
    source,
    variables,
    actions: source.action.values.map(({ value }) => value),
    ref: sid?.value ? { index, sid: sid.value } : { index },
    principal: principal && new CompiledPrincipal(principal),
    conditions: source.conditions.map(condition => compileCondition(condition, variables)),
    coversAction: compileActions(source.action),
    coversResource: source.resource ? compileResources(source.resource, variables) : () => true,
  };
}

/** Actions are compared without case. */
function compileActions({ not, values }: ListElement): (action: string) => boolean {
  const exact = new Set<string>();
  const globs: Glob[] = [];
  for (const { value } of values) {
    const glob = lowerGlob(value);
    if (glob.exact === undefined) globs.push(glob);
    else exact.add(glob.exact);
  }
  return action => (exact.has(action) || globs.some(glob => glob.matches(action))) !== not;
}

/** Compiles `Resource` or `NotResource`. */
function compileResources({ not, values }: ListElement, variables: boolean): (facts: Facts) => boolean {
  const tests = values.map(({ value }) => compileResource(value, variables));
  const [only] = tests;
  if (tests.length === 1 && only && !not) return only;
  return facts => {
    for (const test of tests) if (test(facts)) return !not;
    return not;
  };
}

/** A test of the request's resource against one ARN pattern: by case, component by component. */
function compileResource(pattern: string, variables: boolean): (facts: Facts) => boolean {
  if (pattern === '*') return () => true;
  const template = readTemplate(completeArn(pattern), { variables, wildcards: true });
  if (isFixed(template)) {
    const arn = new ArnPattern(template);
    return facts => arn.matches(facts.request.resource, facts.steps);
  }
  const resolve = resolver(template, tokens => new ArnPattern(tokens));
  return facts => {
    const { resource } = facts.request;
    facts.steps.take(1);
    return !differsEarly(template, resource) && resolve(facts)?.matches(resource, facts.steps) === true;
  };
}
