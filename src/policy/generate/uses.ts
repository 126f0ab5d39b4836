/** What a principal used: actions on resources, folded, and the statements that allow exactly that. */

import { coverage } from '../evaluate/pattern-sets.js';
import { KeyTree } from './fold.js';

/** The Allow of the present policies that let a call in, as far as the new one keeps to it. */
export interface Source {
  /** The resource as the policy writes it; `undefined` where the present policies are not known. */
  readonly pattern: string | undefined;
  /** JSON of the condition block; empty without one. */
  readonly condition: string;
}

interface Used {
  readonly action: string;
  readonly source: Source;
  /** By the ARN of the bucket. */
  readonly objects: Map<string, KeyTree>;
  readonly others: Set<string>;
}

/** A statement in the form of JSON. */
export interface StatementText {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: unknown;
}

const OBJECT = /^(arn:[^:]*:s3:::[^/]+)\/(.+)$/s;

export class Uses {
  readonly #used = new Map<string, Used>();

  /** See `GenerateOptions.foldAt`. */
  constructor(private readonly foldAt: number) {}

  add(action: string, resource: string, source: Source): void {
    const key = [action, source.condition, source.pattern].join('\n');
    let used = this.#used.get(key);
    if (!used) this.#used.set(key, (used = { action, source, objects: new Map(), others: new Set() }));
    const { pattern } = source;
    // What a variable stands for is another thing for each caller.
    if (pattern?.includes('${')) {
      used.others.add(pattern);
      return;
    }
    const object = OBJECT.exec(resource);
    if (!object) {
      used.others.add(resource);
      return;
    }
    const [, bucket = '', name = ''] = object;
    let tree = used.objects.get(bucket);
    if (!tree) {
      const within = pattern === undefined ? undefined : coverage(pattern);
      tree = new KeyTree(this.foldAt, keys => within === undefined || within(`${bucket}/${keys}`));
      used.objects.set(bucket, tree);
    }
    tree.add(name);
  }

  /** Takes in what another one has. */
  take(other: Uses): void {
    for (const [key, used] of other.#used) {
      const known = this.#used.get(key);
      if (!known) this.#used.set(key, used);
      else for (const resource of other.#resources(used)) known.others.add(resource);
    }
  }

  /** Resources of an action. */
  resourcesOf(action: string): string[] {
    return [...this.#used.values()]
      .filter(used => used.action === action)
      .flatMap(used => this.#resources(used));
  }

  get actions(): string[] {
    return [...new Set([...this.#used.values()].map(({ action }) => action))].sort();
  }

  /** The statements: exact actions, those with the same resources and condition together. */
  statements(): StatementText[] {
    const byAction = new Map<string, { action: string; condition: string; resources: Set<string> }>();
    for (const used of this.#used.values()) {
      const key = `${used.action}\n${used.source.condition}`;
      const known = byAction.get(key) ?? {
        action: used.action,
        condition: used.source.condition,
        resources: new Set(),
      };
      byAction.set(key, known);
      for (const resource of this.#resources(used)) known.resources.add(resource);
    }
    const groups = new Map<string, { actions: string[]; resources: string[]; condition: string }>();
    for (const { action, condition, resources } of byAction.values()) {
      const minimal = withoutCovered([...resources]);
      const key = [action.split(':')[0], condition, ...minimal].join('\n');
      const known = groups.get(key);
      if (known) known.actions.push(action);
      else groups.set(key, { actions: [action], resources: minimal, condition });
    }
    return [...groups.values()]
      .map(({ actions, resources, condition }) => ({
        Effect: 'Allow' as const,
        Action: actions.sort(),
        Resource: resources,
        ...(condition !== '' && { Condition: JSON.parse(condition) as unknown }),
      }))
      .sort((a, b) => (a.Action.join() < b.Action.join() ? -1 : 1));
  }

  #resources({ source: { pattern }, objects, others }: Used): string[] {
    const found = [...objects].flatMap(([bucket, tree]) => tree.patterns().map(keys => `${bucket}/${keys}`));
    // Keys that may not be folded, since the present policy is narrower: its own pattern stands for many of them.
    const single = found.filter(resource => !resource.endsWith('*'));
    if (pattern !== undefined && pattern !== '*' && single.length >= this.foldAt) return [...others, pattern];
    return [...others, ...found].sort();
  }
}

/** Without what another of them takes in. */
function withoutCovered(resources: readonly string[]): string[] {
  const wide = resources.filter(resource => resource.endsWith('*'));
  const tests = wide.map(resource => [resource, coverage(resource)] as const);
  return resources
    .filter(resource => !tests.some(([other, covers]) => other !== resource && covers(resource)))
    .sort();
}
