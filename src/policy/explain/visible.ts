/** Takes out of an explanation what a reader's account must not see. */

import type { Remedy } from '../suggest/types.js';
import type { Layer } from '../types.js';
import { nearestSentence } from './summary.js';
import type { Explanation } from './types.js';

/** The layers whose policies belong to the owner of the resource. */
const OWNERS: readonly Layer[] = ['resource', 'trust', 'key', 'acl', 'resource-control'];

/**
 * The explanation as an administrator of these accounts may read it. The policies of the resource (with external IDs
 * and the like) are the business of its owner, the caller's policies that of the caller's account; a reader who is both
 * sees everything.
 */
export function visibleTo(explanation: Explanation, ...accounts: readonly string[]): Explanation {
  const { principal, evaluations } = explanation;
  const [evaluation] = evaluations;
  const owner = evaluation.resourceAccount ?? principal.account;
  const reads = (account: string | undefined) => account !== undefined && accounts.includes(account);
  const isOwner = reads(owner);
  // Callers of no account have nothing to hide from the owner.
  const isCaller = reads(principal.account ?? owner);
  const isObjectOwner = reads(evaluation.objectOwner ?? owner);
  if (isOwner && isCaller && isObjectOwner) return explanation;
  const mine = (layer: Layer) => {
    if (layer === 'acl') return isObjectOwner;
    return OWNERS.includes(layer) ? isOwner : isCaller;
  };
  const policies = explanation.policies.filter(({ layer }) => mine(layer));
  const uris = new Set(policies.map(({ uri }) => uri));
  const nearMisses = explanation.nearMisses.filter(
    ({ layer, uri }) => mine(layer) && (uri === undefined ? layer !== 'identity' || isOwner : uris.has(uri)),
  );
  const [nearest] = nearMisses;
  const { action, resource, evaluatedEffect, decidedBy } = evaluation;
  const effect = evaluatedEffect === 'ALLOW' ? 'Allowed' : 'Denied';
  const side =
    decidedBy !== 'root' && OWNERS.includes(decidedBy) ? "the resource's side" : "the caller's side";
  return {
    ...explanation,
    summary: `${effect}: ${action} on ${resource} by ${principal.arn}. Decided on ${side}; policies of the other account are not shown.${nearest ? ` ${nearestSentence(nearest, policies)}` : ''}`,
    evaluations: [
      { ...evaluation, matchedPolicies: evaluation.matchedPolicies.filter(({ uri }) => uris.has(uri)) },
    ],
    policies,
    nearMisses,
    layers: explanation.layers.filter(({ layer }) => mine(layer)),
    ...(explanation.remedy && { remedy: visibleRemedy(explanation.remedy, mine) }),
  };
}

function visibleRemedy({ changes, suffices }: Remedy, mine: (layer: Layer) => boolean): Remedy {
  const own = changes.filter(({ layer }) => mine(layer));
  // Which layers of the other side stand in the way is theirs to know.
  return { changes: own, suffices: suffices && own.length === changes.length, elsewhere: true };
}
