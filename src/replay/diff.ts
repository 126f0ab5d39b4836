/** What differs between two copies: files, and for policies what became allowed and denied. */
import { diffPolicies, type PolicyChange, type PolicyKind } from '../policy/index.js';
import type { Files } from '../policy/replay/index.js';

interface CopyDifference {
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Of a policy: what became allowed and denied; absent for other files. */
  readonly effect?: readonly PolicyChange[];
}

/** What a file is, by its path. */
function kindOf(path: string): PolicyKind | undefined {
  if (/\/trust\.json$/.test(path)) return 'trust';
  if (/\/buckets\/[^/]+\/policy\.json$/.test(path)) return 'resource';
  if (/\/keys\/[^/]+\/[^/]+\/policy\.json$/.test(path)) return 'key';
  if (/\/organization\/policies\/.+\.document\.json$/.test(path)) return 'service-control';
  return /\/(?:policies\/[^/]+\.json|document\.json)$/.test(path) ? 'identity' : undefined;
}

/** Sorted by path. */
export async function diffCopies(before: Files, after: Files): Promise<CopyDifference[]> {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  const found: CopyDifference[] = [];
  for (const path of paths) {
    const [old, now] = [before.get(path), after.get(path)];
    if (old === now) continue;
    const change = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed';
    const kind = kindOf(path);
    const both = kind !== undefined && old !== undefined && now !== undefined;
    found.push({ path, change, ...(both && { effect: await effectOf(old, now, kind) }) });
  }
  return found;
}

async function effectOf(old: string, now: string, kind: PolicyKind): Promise<readonly PolicyChange[]> {
  try {
    return await diffPolicies(old, now, kind);
  } catch {
    // A document that is no policy differs as text alone.
    return [];
  }
}

export function renderDifferences(differences: readonly CopyDifference[]): string {
  if (differences.length === 0) return 'The copies are the same.';
  const signs = { added: '+', removed: '-', changed: '~' } as const;
  return differences
    .flatMap(({ path, change, effect = [] }) => [
      `${signs[change]} ${path}`,
      ...effect.map(one => `    ${changeText(one)}`),
    ])
    .join('\n');
}

/** One line. */
export function changeText({ change, action, resource, principal, condition }: PolicyChange): string {
  const rest = [
    resource && `on ${resource}`,
    principal && `for ${principal}`,
    condition && `if ${condition}`,
  ];
  return [`${change}:`, action, ...rest.filter(Boolean)].join(' ');
}
