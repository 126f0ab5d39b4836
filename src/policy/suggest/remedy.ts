/** The smallest change that would have allowed a request, as documents, diffs and commands. */

import { evaluate } from '../evaluate/evaluate.js';
import { formatPolicy } from '../format.js';
import type { AuthorizationRequest, NamedPolicy, PolicySet } from '../types.js';
import { commandForChange, commandForNew } from './command.js';
import { applyPatch, isSame, patched, textOf } from './patch.js';
import { steps } from './suggest.js';
import type { Change, PatchStep, Remedy, Suggestion } from './types.js';
import { unifiedDiff } from './unified-diff.js';

/**
 * What would have allowed a denied request, one change for each policy; none for a request that is allowed. Costs
 * several explanations: for people, not for requests.
 */
export function remedyFor(request: AuthorizationRequest, policies: PolicySet): Remedy {
  const { suggestions, after } = steps(request, policies);
  const changes = byPolicy(suggestions).map(group => changeOf(request, group));
  return { changes, suffices: evaluate(request, after).allowed };
}

/** What happens to one policy: each suggestion is made on what the one before it left. */
interface Group {
  readonly suggestions: Suggestion[];
  /** As it was, and as it is after the last of them. */
  readonly before: NamedPolicy | undefined;
  last: NamedPolicy | undefined;
}

function byPolicy(suggestions: readonly Suggestion[]): Group[] {
  const groups: Group[] = [];
  for (const suggestion of suggestions) {
    const { policy, patch } = suggestion;
    let group = policy && groups.find(({ last, before }) => isSame(last ?? before, policy));
    if (group) group.suggestions.push(suggestion);
    else groups.push((group = { suggestions: [suggestion], before: policy, last: undefined }));
    if (policy && patch) group.last = patched(policy, patch);
  }
  return groups;
}

function changeOf(request: AuthorizationRequest, { suggestions, before }: Group): Change {
  const [first] = suggestions as [Suggestion];
  const { layer, level, document } = first;
  const wider = join(suggestions.map(one => one.wider));
  const shared = {
    layer,
    ...(level !== undefined && { level }),
    message: join(suggestions.map(one => one.message)) as string,
    ...(wider !== undefined && { wider }),
    ...(before && { policy: before.name }),
    ...(before?.arn !== undefined && { arn: before.arn }),
  };
  const patch = suggestions.flatMap(one => one.patch ?? []);
  if (before && patch.length > 0) return { ...shared, patch, ...applied(before, patch) };
  if (!document) return shared;
  const text = formatPolicy(JSON.stringify(document));
  const command = commandForNew(layer, request);
  const diff = unifiedDiff('', text, ['/dev/null', 'policy.json']);
  return { ...shared, document: text, diff, ...(command !== undefined && { command }) };
}

function applied(
  before: NamedPolicy,
  patch: readonly PatchStep[],
): Pick<Change, 'document' | 'diff' | 'command'> {
  const text = formatPolicy(JSON.stringify(applyPatch(textOf(before), patch)));
  const diff = unifiedDiff(formatPolicy(textOf(before)), text, [before.name, 'policy.json']);
  const command = commandForChange(before);
  return { document: text, diff, ...(command !== undefined && { command }) };
}

/** The sentences, each once. */
function join(sentences: readonly (string | undefined)[]): string | undefined {
  const all = new Set(sentences.filter(one => one !== undefined));
  return all.size === 0 ? undefined : [...all].join(' ');
}
