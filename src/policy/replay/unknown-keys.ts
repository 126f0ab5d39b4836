/**
 * Decisions where some condition keys are not known: each is made twice, once as if every condition on such a key kept
 * the caller out, once as if it let the caller in. Where both agree, the keys do not matter.
 */

import { matchesArn } from '../evaluate/arn.js';
import type { CompiledPolicy, CompiledStatement } from '../evaluate/compile.js';
import type { CompiledCondition } from '../evaluate/conditions.js';
import { evaluate } from '../evaluate/evaluate.js';
import type { Facts } from '../evaluate/facts.js';
import type { AuthorizationRequest, Context, Principal } from '../request.js';
import type { Decision, NamedPolicy, PolicySet } from '../types.js';

/** A request of which not all condition keys are known. */
export class RecordedRequest implements AuthorizationRequest {
  readonly principal: Principal;
  readonly action: string;
  readonly resource: string;
  readonly resourceAccount: string | undefined;
  readonly context: Context;
  /** Keys that conditions asked for in vain, as they spell them. */
  readonly missed = new Set<string>();
  #known: Set<string> | undefined;

  /** `isAbsent`: whether a key, in lower case, is known not to be there. */
  constructor(
    request: AuthorizationRequest,
    private readonly isAbsent: (key: string) => boolean,
  ) {
    this.principal = request.principal;
    this.action = request.action;
    this.resource = request.resource;
    this.resourceAccount = request.resourceAccount;
    this.context = request.context;
  }

  /** `key`: in lower case. */
  knows(key: string): boolean {
    this.#known ??= new Set(Object.keys(this.context).map(name => name.toLowerCase()));
    return this.#known.has(key) || this.isAbsent(key);
  }
}

/** What comes of a request, `unknown` where that hangs on keys that are not known. */
export interface Verdict {
  readonly effect: 'allowed' | 'denied' | 'unknown';
  /** The less favorable one where the effect is not known. */
  readonly decision: Decision;
  readonly missing: readonly string[];
}

/** Policies as both decisions take them; made once for many requests. */
export interface Views {
  readonly worst: PolicySet;
  readonly best: PolicySet;
}

export function viewsOf(policies: PolicySet): Views {
  return { worst: viewOf(policies, 'worst'), best: viewOf(policies, 'best') };
}

export function decideWithUnknown(request: RecordedRequest, views: Views): Verdict {
  const worst = evaluate(request, views.worst);
  if (worst.allowed) return { effect: 'allowed', decision: worst, missing: [] };
  if (request.missed.size === 0) return { effect: 'denied', decision: worst, missing: [] };
  const best = evaluate(request, views.best);
  if (!best.allowed) return { effect: 'denied', decision: best, missing: [] };
  return { effect: 'unknown', decision: worst, missing: [...request.missed].sort() };
}

type View = 'worst' | 'best';

function viewOf(policies: PolicySet, view: View): PolicySet {
  const one = (policy: NamedPolicy) => viewed(policy, view);
  const all = (list: readonly NamedPolicy[]) => list.map(one);
  const levels = (list: readonly (readonly NamedPolicy[])[] | undefined) => list?.map(all);
  return {
    ...policies,
    identity: all(policies.identity),
    boundary: policies.boundary && one(policies.boundary),
    session: policies.session && all(policies.session),
    resource: policies.resource && one(policies.resource),
    serviceControl: levels(policies.serviceControl),
    resourceControl: levels(policies.resourceControl),
  };
}

const views = {
  worst: new WeakMap<NamedPolicy, NamedPolicy>(),
  best: new WeakMap<NamedPolicy, NamedPolicy>(),
};

function viewed(policy: NamedPolicy, view: View): NamedPolicy {
  const known = views[view].get(policy);
  if (known) return known;
  const made = hasKeys(policy.policy) ? { ...policy, policy: new Viewed(policy.policy, view) } : policy;
  views[view].set(policy, made);
  return made;
}

/** Whether the policy looks at any key: most do not. */
function hasKeys({ statements }: CompiledPolicy): boolean {
  return statements.some(statement => statement.conditions.length > 0 || variablesOf(statement).length > 0);
}

class Viewed implements CompiledPolicy {
  readonly text: CompiledPolicy['text'];
  readonly kind: CompiledPolicy['kind'];
  readonly document: CompiledPolicy['document'];
  readonly statements: readonly CompiledStatement[];
  readonly #policy: CompiledPolicy;
  readonly #byStatement: ReadonlyMap<CompiledStatement, CompiledStatement>;

  constructor(policy: CompiledPolicy, view: View) {
    this.#policy = policy;
    this.text = policy.text;
    this.kind = policy.kind;
    this.document = policy.document;
    this.statements = policy.statements.map(statement => viewedStatement(statement, view));
    this.#byStatement = new Map(policy.statements.map((statement, at) => [statement, this.statements[at]!]));
  }

  candidates(action: string) {
    const { allow, deny } = this.#policy.candidates(action);
    const own = (list: readonly CompiledStatement[]) => list.map(one => this.#byStatement.get(one)!);
    return { allow: own(allow), deny: own(deny) };
  }
}

function viewedStatement(statement: CompiledStatement, view: View): CompiledStatement {
  // What is unknown counts for the caller in the best case: an Allow applies, a Deny does not.
  const outcome = (statement.source.effect === 'Allow') === (view === 'best');
  const variables = variablesOf(statement);
  const { conditions } = statement;
  if (conditions.length === 0 && variables.length === 0) return statement;
  const unknownVariables = (facts: Facts) => variables.filter(name => isUnknown(facts, name));
  return {
    ...statement,
    coversAction: action => statement.coversAction(action),
    // Where a variable's value is not known, the condition below decides whether a resource is covered that may be.
    coversResource: facts =>
      unknownVariables(facts).length > 0 ? mayCover(statement, facts) : statement.coversResource(facts),
    conditions: [
      {
        ...(conditions[0] as CompiledCondition),
        holds: facts => {
          const unknown = conditions.filter(condition => isOnUnknown(facts, condition));
          for (const condition of conditions)
            if (!unknown.includes(condition) && !condition.holds(facts)) return false;
          const missing = [...unknownVariables(facts), ...unknown.flatMap(one => keysOf(facts, one))];
          if (missing.length === 0) return true;
          note(facts, missing);
          return outcome;
        },
      },
    ],
  };
}

/** Whether some values of its variables let the statement cover the resource. */
function mayCover({ source: { resource } }: CompiledStatement, { request }: Facts): boolean {
  if (!resource || resource.not) return true;
  return resource.values.some(({ value }) => matchesArn(value.replace(PATTERN, '*'), request.resource));
}

function note({ request }: Facts, keys: readonly string[]): void {
  if (request instanceof RecordedRequest) for (const key of keys) request.missed.add(key);
}

function isUnknown({ request }: Facts, name: string): boolean {
  return request instanceof RecordedRequest && !request.knows(name.toLowerCase());
}

function isOnUnknown(facts: Facts, condition: CompiledCondition): boolean {
  return keysOf(facts, condition).length > 0;
}

/** The keys of a condition that are not known: its own, and those that its values take. */
function keysOf(facts: Facts, { key, element }: CompiledCondition): string[] {
  const names = [key.name, ...element.values.flatMap(({ value }) => variablesIn(value))];
  return names.filter(name => isUnknown(facts, name));
}

const PATTERN = /\$\{([A-Za-z][^},$]*?)(?:\s*,[^}]*)?\}/g;

function variablesIn(text: string): string[] {
  return text.includes('${') ? [...text.matchAll(PATTERN)].map(match => match[1] as string) : [];
}

/** Keys that the resources of a statement take. */
function variablesOf({ variables, source }: CompiledStatement): string[] {
  if (!variables) return [];
  return source.resource?.values.flatMap(({ value }) => variablesIn(value)) ?? [];
}

/** The condition keys that policies look at, in lower case. */
export function keysIn(policies: Iterable<NamedPolicy>): Set<string> {
  const keys = new Set<string>();
  for (const { policy } of policies) {
    for (const statement of policy.statements) {
      const named = statement.conditions.flatMap(({ key, element }) => [
        key.name,
        ...element.values.flatMap(({ value }) => variablesIn(value)),
      ]);
      for (const name of [...named, ...variablesOf(statement)]) keys.add(name.toLowerCase());
    }
  }
  return keys;
}
