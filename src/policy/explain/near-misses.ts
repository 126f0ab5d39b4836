/** Finds what nearly allowed a denied request, and says it in the terms of the mistake behind it. */

import { matchesArn, parseArn, splitArn, splitPattern } from '../evaluate/arn.js';
import { isSameAccount, wouldAllow } from '../evaluate/evaluate.js';
import { type Facts, keyName } from '../evaluate/facts.js';
import { namesTakenFor } from '../operation-names.js';
import { componentKind, REMARKS } from './arn-differences.js';
import { whyDenied } from './deny-reasons.js';
import { at, type Finding, type View } from './finding.js';
import { neverHolds } from './never.js';
import { otherPrincipals, principalFinding } from './principal-findings.js';
import type { TracedLayer, TracedPolicy } from './trace.js';
import type { LayerTrace, Mismatch, NearMiss, NearMissKind, StatementTrace } from './types.js';

/** The distance of what is said where nothing else can be. */
const LAST = Number.MAX_SAFE_INTEGER;

/** Near misses of the layers that block, the likeliest first: those of statements with the fewest mismatches. */
export function nearMisses(
  view: View,
  layers: readonly TracedLayer[],
  standings: readonly LayerTrace[],
): NearMiss[] {
  const found: { misses: NearMiss[]; distance: number }[] = [];
  const mistaken = namesTakenFor(view.facts.request.action);
  const explain = (policy: TracedPolicy) => (mismatch: Mismatch) =>
    explainMismatch(view, policy, mismatch, mistaken);
  standings.forEach(standing => {
    if (!standing.blocks) return;
    const layer = layers.find(one => one.layer === standing.layer && one.level === standing.level);
    if (standing.evaluatedEffect === 'EXPLICIT_DENY')
      found.push({ misses: whyDenied(view, layer), distance: 0 });
    else {
      found.push({ misses: resourceFindings(view, standing), distance: 0 });
      found.push({ misses: layerFindings(view, layers, standing), distance: LAST });
      found.push({ misses: callerAloneIsEnough(view, standing, standings), distance: LAST });
      for (const policy of layer?.policies ?? []) {
        for (const statement of policy.statements) {
          const misses = statementFindings(policy, statement, explain(policy));
          if (misses.length > 0) found.push({ misses, distance: distanceOf(misses, statement) });
        }
      }
    }
  });
  return found.sort((a, b) => a.distance - b.distance).flatMap(({ misses }) => misses);
}

/** Whom else a policy names says least, where anything else can be said. */
function distanceOf(misses: readonly NearMiss[], { mismatches }: StatementTrace): number {
  return misses.every(({ kind }) => kind === 'other-principal') ? LAST - 1 : mismatches.length;
}

/** What is to be said of an Allow that does not apply; nothing unless each of its mismatches is a near one. */
function statementFindings(
  policy: TracedPolicy,
  statement: StatementTrace,
  explain: (mismatch: Mismatch) => Finding | undefined,
): NearMiss[] {
  const misses: NearMiss[] = [];
  if (statement.effect === 'DENY') return misses;
  for (const mismatch of statement.mismatches) {
    const finding = explain(mismatch);
    if (!finding) return [];
    misses.push(at(finding, policy, statement));
  }
  return misses;
}

function explainMismatch(
  { facts, options }: View,
  policy: TracedPolicy,
  mismatch: Mismatch,
  mistaken: ReadonlyMap<string, string>,
): Finding | undefined {
  const { action, resource, principal } = facts.request;
  switch (mismatch.element) {
    case 'Action':
      return actionFinding(mismatch.wanted, action, mistaken);
    case 'Resource':
      return (
        first(mismatch.wanted, wanted => variableFinding(wanted, facts)) ??
        first(mismatch.wanted, wanted => resourceFinding(wanted, resource, action))
      );
    case 'Principal':
      return (
        first(mismatch.wanted, wanted => principalFinding(wanted, principal, options.idsAreGone ?? false)) ??
        otherPrincipals(mismatch.wanted, principal)
      );
    case 'Condition':
      return conditionFinding(mismatch, policy, facts);
    default:
      return undefined;
  }
}

function first<T>(values: readonly T[], find: (value: T) => Finding | undefined): Finding | undefined {
  for (const value of values) {
    const finding = find(value);
    if (finding) return finding;
  }
  return undefined;
}

/** A variable without a value matches nothing: `aws:username` of a role's session. */
function variableFinding(wanted: string, facts: Facts): Finding | undefined {
  for (const [whole, name = ''] of wanted.matchAll(/\$\{([^},*?$]+)\}/g)) {
    const key = keyName(name.trim());
    if (facts.value(key) !== undefined) continue;
    const hint =
      key.lower === 'aws:username'
        ? ': only IAM users have one; use ${aws:userid} or a tag, ${aws:PrincipalTag/…}'
        : '';
    return {
      kind: 'variable',
      message: `${wanted} matches nothing, as ${whole} has no value for this caller${hint}`,
    };
  }
  return undefined;
}

function actionFinding(
  wanted: readonly string[],
  action: string,
  mistaken: ReadonlyMap<string, string>,
): Finding | undefined {
  if (mistaken.size === 0) return undefined;
  return first(wanted, name => {
    const reason = mistaken.get(name.toLowerCase());
    if (reason === undefined) return undefined;
    return {
      kind: 'action-name',
      message: `the statement grants ${name}, the call needs ${action}: ${reason}`,
    };
  });
}

/** Names the one way in which a resource pattern misses the ARN that the call needs. */
function resourceFinding(wanted: string, needed: string, action: string): Finding | undefined {
  const message = `the statement grants ${action} on ${wanted}, the call needs ${needed}`;
  const kind = resourceKind(wanted, needed);
  return kind && { kind, message: `${message}${REMARKS[kind] ?? ''}` };
}

function resourceKind(wanted: string, needed: string): NearMissKind | undefined {
  if (!isAkin(wanted, needed)) return undefined;
  if (matchesArn(wanted.toLowerCase(), needed.toLowerCase())) return 'case';
  if (isOtherLevel(wanted, needed)) return 'resource-level';
  return componentKind(splitPattern(wanted), splitArn(needed));
}

/** A quick look whether two ARNs can be about the same thing at all: most of a policy's are not. */
function isAkin(wanted: string, needed: string): boolean {
  const name = resourcePart(wanted).toLowerCase();
  const end = name.search(/[*?$/]/);
  return (
    name.startsWith('alias/') ||
    resourcePart(needed)
      .toLowerCase()
      .startsWith(end === -1 ? name : name.slice(0, end))
  );
}

/** What follows the fifth colon. */
function resourcePart(arn: string): string {
  let at = -1;
  for (let i = 0; i < 5; i++) {
    at = arn.indexOf(':', at + 1);
    if (at === -1) return '';
  }
  return arn.slice(at + 1);
}

/** A bucket's ARN against that of objects in it, or a KMS alias against its key. */
function isOtherLevel(wanted: string, needed: string): boolean {
  const arn = parseArn(needed);
  if (arn?.service === 's3') {
    const wantedBucket = wanted.replace(/\/.*$/s, '');
    const neededBucket = needed.replace(/\/.*$/s, '');
    return wanted.includes('/') !== needed.includes('/') && matchesArn(wantedBucket, neededBucket);
  }
  return arn?.service === 'kms' && arn.resource.startsWith('key/') && wanted.includes(':alias/');
}

function conditionFinding(
  { key = '', operator = '', wanted, actual }: Mismatch,
  policy: TracedPolicy,
  facts: Facts,
): Finding {
  const never = neverHolds({ key: keyName(key), layer: policy.layer, wanted }, facts);
  if (never !== undefined) return { kind: 'never', message: `the statement requires ${key}: ${never}` };
  const values = wanted.map(value => JSON.stringify(value)).join(' or ');
  const given =
    actual === null
      ? undefined
      : [actual]
          .flat()
          .map(value => JSON.stringify(value))
          .join(', ');
  if (key.toLowerCase() === 'sts:externalid') {
    const passed = given === undefined ? 'the call passes none' : `the call passes ${given}`;
    const owner = policy.layer === 'trust' ? 'the trust policy' : 'the statement';
    return { kind: 'external-id', message: `${owner} requires the external ID ${values}, ${passed}` };
  }
  if (given === undefined) {
    const message = `the statement requires ${key} (${operator} ${values}), and this request carries no such key`;
    return { kind: 'absent-key', message };
  }
  const differs = wanted.some(value => value.toLowerCase() === [actual].flat().join().toLowerCase());
  const isCase = differs && operator.startsWith('String');
  return {
    kind: isCase ? 'case' : 'condition-value',
    message: `the statement requires ${key} (${operator} ${values}), the request has ${given}${isCase ? ' (upper and lower case differ)' : ''}`,
  };
}

/** What stands before any statement: a resource that is not there, a policy that is set aside. */
function resourceFindings(view: View, { layer }: LayerTrace): NearMiss[] {
  const { facts, policies, options } = view;
  const { request } = facts;
  if (!['resource', 'trust', 'key', 'acl'].includes(layer)) return [];
  if (options.absent) {
    const { nearest } = options.absent;
    const others = nearest.length === 0 ? '' : `; nearest by name: ${nearest.join(', ')}`;
    return [{ kind: 'no-such-resource', message: `${request.resource} does not exist${others}`, layer }];
  }
  const aside = policies.setAside?.find(one => wouldAllow(request, policies, one));
  if (!aside) return [];
  const message = `${aside.policy.name} allows the request, and ${aside.by} sets it aside: ${aside.advice}`;
  return [{ kind: 'set-aside', message, layer }];
}

/**
 * Within an account, a trust policy that names the caller needs no policy of the caller beside it ("Policy evaluation
 * logic"): said where both are missing.
 */
function callerAloneIsEnough(
  { facts, policies }: View,
  { layer }: LayerTrace,
  standings: readonly LayerTrace[],
): NearMiss[] {
  const { principal, action } = facts.request;
  const needed = standings.some(one => one.layer === 'identity' && one.blocks);
  if (layer !== 'trust' || !needed || !policies.resource || !isSameAccount(facts.request)) return [];
  if (
    (principal.type !== 'user' && principal.type !== 'assumed-role') ||
    policies.boundary ||
    policies.session
  )
    return [];
  const caller = principal.roleArn ?? principal.arn;
  const message = `the role is of the caller’s account: naming ${caller} for ${action} in its trust policy is enough, and the caller needs no policy of its own`;
  return [{ kind: 'enough-alone', message, layer }];
}

/** What the layers say together: a boundary or session that cuts, an account that delegates. */
function layerFindings({ facts }: View, layers: readonly TracedLayer[], { layer }: LayerTrace): NearMiss[] {
  const { action, resource } = facts.request;
  const identity = allowOf(layers, 'identity');
  if ((layer === 'boundary' || layer === 'session') && identity) {
    const what = layer === 'boundary' ? 'the permissions boundary' : 'the session policy';
    const message = `${identity.uri} allows ${action} on ${resource}, but ${what} does not, and both must`;
    return [{ kind: layer, message, layer }];
  }
  const owner =
    layer === 'identity' && ['resource', 'trust', 'key'].map(one => allowOf(layers, one)).find(Boolean);
  if (!owner) return [];
  const message = `${owner.uri} allows the account as a whole, which leaves it to the caller's identity policies, and none allows ${action} on ${resource}`;
  return [{ kind: 'delegation', message, layer: 'identity' }];
}

function allowOf(layers: readonly TracedLayer[], layer: string): TracedPolicy | undefined {
  return layers
    .find(one => one.layer === layer)
    ?.policies.find(({ statements }) =>
      statements.some(({ effect, matched }) => matched && effect === 'ALLOW'),
    );
}
