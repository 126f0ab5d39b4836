/** What a denial was decided on, as it is stored: enough to explain it later, within bounds. */
import { compilePolicy, type PolicyKind } from '../policy/index.js';
import type { AuthorizationRequest, Context, NamedPolicy, PolicySet, SetAside } from '../policy/types.js';

/** A check that was refused. */
export interface DeniedCheck {
  readonly request: AuthorizationRequest;
  readonly policies: PolicySet;
  /** Whether there is no such resource. */
  readonly absent?: boolean | undefined;
}

/** The checks of a request as JSON: what they have alike stands there once. */
export interface PackedChecks {
  /** The policies that the checks were decided by, as they were compiled. */
  readonly texts: readonly string[];
  /** The condition keys that have the same value in all checks. */
  readonly context: Context;
  readonly checks: readonly PackedCheck[];
}

/** A policy without its text, of which `text` is the place among `texts`. */
type PackedPolicy = Omit<NamedPolicy, 'policy'> & { readonly text: number; readonly kind: PolicyKind };

interface PackedCheck {
  /** Its context has what is not alike in all checks. */
  readonly request: AuthorizationRequest;
  readonly absent?: boolean | undefined;
  readonly policies: PoliciesOf<PackedPolicy>;
}

/** `PolicySet`, of any form of policies. */
interface PoliciesOf<T> {
  readonly identity: readonly T[];
  readonly boundary?: T | undefined;
  readonly session?: readonly T[] | undefined;
  readonly resource?: T | undefined;
  readonly resourceKind?: PolicySet['resourceKind'];
  readonly setAside?: readonly (Omit<SetAside, 'policy'> & { readonly policy: T })[] | undefined;
  readonly acl?: T | undefined;
  readonly serviceControl?: readonly (readonly T[])[] | undefined;
  readonly resourceControl?: readonly (readonly T[])[] | undefined;
}

/** Of the policies of one request, characters: checks whose policies do not go in are left out. */
export const LONGEST_POLICIES = 128 * 1024;
/** Of one value of the request, characters. */
const LONGEST_VALUE = 2048;

/** Those of the checks whose policies are together within the bound. Values that are too long are cut. */
export function packChecks(denied: readonly DeniedCheck[]): PackedChecks {
  const texts: string[] = [];
  const places = new Map<string, number>();
  const checks: PackedCheck[] = [];
  let size = 0;
  for (const { request, policies, absent } of denied) {
    const added = new Set<string>();
    const packed = mapped(policies, ({ policy, ...named }: NamedPolicy): PackedPolicy => {
      const place = places.get(policy.text) ?? texts.length + added.size;
      if (!places.has(policy.text)) added.add(policy.text);
      places.set(policy.text, place);
      return { ...named, text: place, kind: policy.kind };
    });
    for (const text of added) size += text.length;
    if (size > LONGEST_POLICIES) break;
    texts.push(...added);
    checks.push({ request: plainRequest(request), policies: packed, ...(absent && { absent }) });
  }
  const context = sharedContext(checks);
  return { texts, context, checks: checks.map(check => withOwnContext(check, context)) };
}

/** Throws `PolicySyntaxError` where a policy no longer compiles. */
export function unpackChecks({ texts, context, checks }: PackedChecks): DeniedCheck[] {
  return checks.map(({ request, policies, absent }) => ({
    request: { ...request, context: { ...context, ...request.context } },
    policies: mapped(policies, ({ text, kind, ...named }: PackedPolicy): NamedPolicy => {
      return { ...named, policy: compilePolicy(texts[text] as string, kind) };
    }),
    absent,
  }));
}

/** The text with what is beyond the bound of one value cut off. */
export function shortened(text: string): string {
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}...`;
}

/** Its own members alone: requests gather their context when it is looked at. */
function plainRequest(request: AuthorizationRequest): AuthorizationRequest {
  const { principal, action, resource, resourceAccount, objectOwner, context } = request;
  const values = Object.entries(context).map(([key, value]) => [
    key,
    typeof value === 'string' ? shortened(value) : value.map(shortened),
  ]);
  return { principal, action, resource, resourceAccount, objectOwner, context: Object.fromEntries(values) };
}

function sharedContext(checks: readonly PackedCheck[]): Context {
  const [first, ...others] = checks.map(({ request }) => request.context);
  if (!first) return {};
  return Object.fromEntries(
    Object.entries(first).filter(([key, value]) => others.every(other => other[key] === value)),
  );
}

function withOwnContext(check: PackedCheck, shared: Context): PackedCheck {
  const own = Object.entries(check.request.context).filter(([key]) => !(key in shared));
  return { ...check, request: { ...check.request, context: Object.fromEntries(own) } };
}

function mapped<A, B>(set: PoliciesOf<A>, map: (policy: A) => B): PoliciesOf<B> {
  const one = (policy: A | undefined) => policy && map(policy);
  const list = (policies: readonly A[]) => policies.map(map);
  const { setAside } = set;
  return {
    identity: list(set.identity),
    boundary: one(set.boundary),
    session: set.session && list(set.session),
    resource: one(set.resource),
    resourceKind: set.resourceKind,
    // A record from before grants could be set aside has one policy here, in no list.
    setAside:
      setAside &&
      [setAside].flat().map(aside => ({ ...aside, as: aside.as ?? 'resource', policy: map(aside.policy) })),
    acl: one(set.acl),
    serviceControl: set.serviceControl?.map(list),
    resourceControl: set.resourceControl?.map(list),
  };
}
