/** Finds what nearly allowed a denied request, and says it in the terms of the mistake behind it. */

import { matchesArn, parseArn, splitArn, splitPattern } from '../arn.js';
import type { Facts } from '../facts.js';
import { namesTakenFor } from '../operation-names.js';
import type { Principal } from '../types.js';
import type { TracedLayer, TracedPolicy } from './trace.js';
import type { LayerTrace, Mismatch, NearMiss, NearMissKind, StatementTrace } from './types.js';

/** A near miss before it is known where it stands. */
interface Finding {
  readonly kind: NearMissKind;
  readonly message: string;
}

/** Near misses of the layers that block, the likeliest first: those of statements with the fewest mismatches. */
export function nearMisses(
  facts: Facts,
  layers: readonly TracedLayer[],
  standings: readonly LayerTrace[],
): NearMiss[] {
  const found: { misses: NearMiss[]; distance: number }[] = [];
  const mistaken = namesTakenFor(facts.request.action);
  const explain = (policy: TracedPolicy) => (mismatch: Mismatch) =>
    explainMismatch(facts, policy, mismatch, mistaken);
  standings.forEach(standing => {
    if (!standing.blocks) return;
    const layer = layers.find(one => one.layer === standing.layer && one.level === standing.level);
    if (standing.evaluatedEffect === 'EXPLICIT_DENY')
      found.push({ misses: whyDenied(facts, layer), distance: 0 });
    else {
      found.push({ misses: layerFindings(facts, layers, standing), distance: Number.MAX_SAFE_INTEGER });
      for (const policy of layer?.policies ?? []) {
        for (const statement of policy.statements) {
          const misses = statementFindings(policy, statement, explain(policy));
          if (misses.length > 0) found.push({ misses, distance: statement.mismatches.length });
        }
      }
    }
  });
  return found.sort((a, b) => a.distance - b.distance).flatMap(({ misses }) => misses);
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

function at({ kind, message }: Finding, policy: TracedPolicy, { index }: StatementTrace): NearMiss {
  return { kind, message, layer: policy.layer, uri: policy.uri, statement: index };
}

function explainMismatch(
  facts: Facts,
  policy: TracedPolicy,
  mismatch: Mismatch,
  mistaken: ReadonlyMap<string, string>,
): Finding | undefined {
  const { action, resource, principal } = facts.request;
  switch (mismatch.element) {
    case 'Action':
      return actionFinding(mismatch.wanted, action, mistaken);
    case 'Resource':
      return first(mismatch.wanted, wanted => resourceFinding(wanted, resource, action));
    case 'Principal':
      return first(mismatch.wanted, wanted => principalFinding(wanted, principal));
    case 'Condition':
      return conditionFinding(mismatch, policy);
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
export function resourceFinding(wanted: string, needed: string, action: string): Finding | undefined {
  const message = `the statement grants ${action} on ${wanted}, the call needs ${needed}`;
  const kind = resourceKind(wanted, needed);
  return kind && { kind, message: `${message}${REMARKS[kind] ?? ''}` };
}

const REMARKS: Partial<Record<NearMissKind, string>> = {
  case: ' (upper and lower case differ)',
  partition: ' (another partition)',
  region: ' (another region)',
  account: ' (another account)',
  path: ' (the path differs)',
};

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

/** Which single component of two ARNs differs; a foreign partition brings its own regions. */
function componentKind(
  wanted: readonly string[],
  needed: readonly string[] | undefined,
): NearMissKind | undefined {
  if (!needed || wanted.length < 6) return undefined;
  const [, partition, service, region, account] = needed.map((part, i) =>
    matchesArn(wanted[i] as string, part),
  );
  const resource = wanted.slice(5).join(':');
  const sameResource = matchesArn(resource, needed[5] as string);
  if (!service) return undefined;
  if (sameResource) {
    if (!partition && account) return 'partition';
    if (partition && !region && account) return 'region';
    if (partition && region && !account) return 'account';
    return undefined;
  }
  return partition && account && needed[2] === 'iam' && sameName(resource, needed[5] as string)
    ? 'path'
    : undefined;
}

/** `role/app` and `role/team/app`: one kind and name, different paths. */
function sameName(one: string, other: string): boolean {
  const [kind, ...rest] = one.split('/');
  const [otherKind, ...otherRest] = other.split('/');
  return kind === otherKind && rest.length > 0 && rest.at(-1) === otherRest.at(-1);
}

/** An ARN without what follows its last slash. */
function upToName(arn: string): string {
  return arn.slice(0, arn.lastIndexOf('/') + 1);
}

const UNIQUE_ID = /^A(?:IDA|ROA)[A-Z0-9]{8,}$/;

/** Names the way in which a principal of a policy misses the caller. */
export function principalFinding(wanted: string, caller: Principal): Finding | undefined {
  const entity = caller.roleArn ?? caller.arn;
  if (UNIQUE_ID.test(wanted)) {
    if (caller.uniqueId?.slice(0, 4) !== wanted.slice(0, 4)) return undefined;
    return {
      kind: 'recreated',
      message: `the policy names the unique id ${wanted}, the caller's is ${caller.uniqueId}: if the caller was deleted and created again under its old name, save the policy with its ARN once more`,
    };
  }
  const message = `the policy names ${wanted}, the caller is ${entity}`;
  if (wanted !== entity && wanted.toLowerCase() === entity.toLowerCase())
    return { kind: 'case', message: `${message} (upper and lower case differ)` };
  if (caller.type === 'assumed-role' && upToName(wanted) === upToName(caller.arn))
    return {
      kind: 'session-name',
      message: `the policy names the session ${wanted}, the caller is ${caller.arn}`,
    };
  const kind = splitArn(wanted) && componentKind(splitPattern(wanted), splitArn(entity));
  return kind && { kind, message: `${message}${REMARKS[kind] ?? ''}` };
}

function conditionFinding(
  { key = '', operator = '', wanted, actual }: Mismatch,
  policy: TracedPolicy,
): Finding {
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

/** What the layers say together: a boundary or session that cuts, an account that delegates. */
function layerFindings(facts: Facts, layers: readonly TracedLayer[], { layer }: LayerTrace): NearMiss[] {
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

/** A Deny with a negated operator holds where the key is absent: the usual surprise. */
function whyDenied(facts: Facts, layer: TracedLayer | undefined): NearMiss[] {
  return (layer?.policies ?? []).flatMap(policy =>
    policy.statements
      .filter(({ effect, matched }) => matched && effect === 'DENY')
      .flatMap(trace => {
        const compiled = policy.source.policy.statements[trace.index];
        const absent = compiled?.conditions.filter(
          ({ key, use }) => use.operator.comparison !== 'null' && facts.value(key) === undefined,
        );
        return (absent ?? []).map(({ element }) => {
          const message = `the Deny holds because this request carries no ${element.key.value} (${element.operator.value} is true of an absent key)`;
          return at({ kind: 'absent-key', message }, policy, trace);
        });
      }),
  );
}
