/** Tells why a request was refused, as far as the reader may know. */
import type { Denial, Refusal } from '../../events/denials.js';
import { type DeniedCheck, unpackChecks } from '../../events/denied-checks.js';
import { type Identity, similarRoles } from '../../identity/index.js';
import {
  type Explanation,
  explain,
  principalIds,
  remedyFor,
  visibleTo,
  withNames,
} from '../../policy/index.js';

/** A refusal that no policy decided, as a reader sees it. Members are named as the API names them. */
export interface RefusalDetails {
  readonly Code: string;
  readonly Status: number;
  readonly Message: string;
  /** ARN of who asked; absent where that was not known. */
  readonly Principal?: string;
  /** What would let the request through. */
  readonly Advice?: string;
  readonly Reason?: string;
}

/** Checks of a request for which changes are sought: each costs several explanations. */
const MOST_REMEDIES = 3;

/**
 * The reasoning of each check that was refused, as accounts may see it. `remedies`: what would have allowed the first
 * of them, too.
 */
export async function explanationsOf(
  denial: Denial,
  accounts: readonly string[],
  identity: Identity,
  remedies: boolean,
): Promise<Explanation[]> {
  const checks = denial.checks ? unpackChecks(denial.checks) : [];
  const explained = await Promise.all(
    checks.map((check, at) => explanationOf(check, identity, remedies && at < MOST_REMEDIES)),
  );
  return [...(denial.explanations ?? []), ...explained].map(one => visibleTo(one, ...accounts));
}

async function explanationOf(
  { request, policies, absent }: DeniedCheck,
  identity: Identity,
  remedies: boolean,
): Promise<Explanation> {
  const names = await identity.principals.arnsOf(principalIds(policies));
  const named = withNames(request, policies, names);
  const nearest = absent ? await similarRoles(identity, request.resource) : [];
  const explanation = explain(request, named, {
    idsAreGone: true,
    ...(absent && { absent: { nearest } }),
  });
  if (!remedies || absent) return explanation;
  return { ...explanation, remedy: remedyFor(request, named) };
}

/** What the server knows beyond its answer is for the owner of the resource, where there is one. */
export function refusalDetails(
  { code, status, message, principal, advice, reason, owners }: Refusal,
  accounts: readonly string[],
): RefusalDetails {
  const knows = owners.length === 0 || owners.every(owner => accounts.includes(owner));
  return {
    Code: code,
    Status: status,
    Message: message,
    ...(principal !== undefined && { Principal: principal }),
    ...(advice !== undefined && { Advice: advice }),
    ...(knows && reason !== undefined && { Reason: reason }),
  };
}
