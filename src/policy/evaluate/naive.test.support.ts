/**
 * A second evaluator, slow and plain: it interprets the JSON of the policies anew for each request, one rule after
 * the other as the reference states them, and shares no code with the engine. The tests hold the engine against it.
 */

import type { AuthorizationRequest, Principal } from '../types.js';

type Values = string | string[];
export interface NaiveStatement {
  Effect: 'Allow' | 'Deny';
  Action?: Values;
  NotAction?: Values;
  Resource?: Values;
  NotResource?: Values;
  Principal?: '*' | Record<string, Values>;
  NotPrincipal?: '*' | Record<string, Values>;
  Condition?: Record<string, Record<string, Values>>;
}
export interface NaivePolicy {
  Version: string;
  Statement: NaiveStatement[];
}
export interface NaiveSet {
  identity: NaivePolicy[];
  boundary?: NaivePolicy;
  session?: NaivePolicy[];
  resource?: NaivePolicy;
  resourceKind?: 'resource' | 'trust' | 'key';
  serviceControl?: NaivePolicy[][];
  resourceControl?: NaivePolicy[][];
}

const list = (values: Values | undefined): string[] => (values === undefined ? [] : [values].flat());

/** `*` and `?` from their definition, by recursion; `\` in front makes a character plain. */
function like(pattern: string, value: string): boolean {
  if (pattern === '') return value === '';
  if (pattern[0] === '*')
    return like(pattern.slice(1), value) || (value !== '' && like(pattern, value.slice(1)));
  if (value === '') return false;
  if (pattern[0] === '?') return like(pattern.slice(1), value.slice(1));
  const plain = pattern[0] === '\\' ? pattern.slice(1) : pattern;
  return plain[0] === value[0] && like(plain.slice(1), value.slice(1));
}

const plain = (text: string) => text.replace(/[\\*?]/g, '\\$&');

function contextValue(request: AuthorizationRequest, key: string): string | readonly string[] | undefined {
  const found = Object.entries(request.context).find(
    ([name]) => name.toLowerCase() === key.toLowerCase(),
  )?.[1];
  return Array.isArray(found) && found.length === 0 ? undefined : found;
}

/** Fills variables; `undefined` where one has no value. */
function filled(text: string, version: string, request: AuthorizationRequest): string | undefined {
  if (version !== '2012-10-17') return text;
  let missing = false;
  const out = text.replace(/\$\{([^}]*)\}/g, (whole, inside: string) => {
    if (['*', '?', '$'].includes(inside)) return plain(inside);
    const [, key, fallback] = /^([^,]+?)(?:, *'(.*)')?$/.exec(inside) ?? [];
    if (key === undefined) return whole;
    const value = contextValue(request, key);
    const text = typeof value === 'string' ? value : fallback;
    if (text === undefined) missing = true;
    return plain(text ?? '');
  });
  return missing ? undefined : out;
}

function arnLike(pattern: string, value: string): boolean {
  const wanted = pattern.split(':');
  const has = value.split(':');
  if (wanted.length < 6) return like(pattern, value);
  const six = (parts: string[]) => [...parts.slice(0, 5), parts.slice(5).join(':')];
  return has.length >= 6 && six(wanted).every((part, i) => like(part, six(has)[i] as string));
}

/** The names under which a principal element may list the caller, and what being listed so overcomes. */
function listedAs(principal: Principal, element: '*' | Record<string, Values>): Set<string>[] {
  const entries =
    element === '*'
      ? [['AWS', '*']]
      : Object.entries(element).flatMap(([type, values]) =>
          list(values as Values).map(value => [type, value]),
        );
  const has = (type: string, value: string | undefined) =>
    entries.some(([t, v]) => t === type && v === value);
  const rows: Set<string>[] = [];
  const { type, arn, account } = principal;
  if (has('AWS', '*')) rows.push(new Set(['identity', 'boundary', 'session']));
  if (type === 'service' && has('Service', arn)) rows.push(new Set(['identity', 'boundary', 'session']));
  if (principal.federatedProvider && has('Federated', principal.federatedProvider))
    rows.push(new Set(['identity', 'boundary', 'session']));
  if (type === 'user' && (has('AWS', arn) || has('AWS', principal.uniqueId)))
    rows.push(new Set(['identity', 'boundary']));
  if ((type === 'assumed-role' || type === 'federated-user') && has('AWS', arn))
    rows.push(new Set(['identity', 'boundary', 'session']));
  if (type === 'assumed-role' && (has('AWS', principal.roleArn) || has('AWS', principal.uniqueId)))
    rows.push(new Set(['identity']));
  if (
    type === 'federated-user' &&
    (has('AWS', principal.federatingArn) || has('AWS', principal.federatingId))
  )
    rows.push(new Set(['identity']));
  if (account && (has('AWS', account) || has('AWS', `arn:aws:iam::${account}:root`))) rows.push(new Set());
  return rows;
}

/** For NotPrincipal: each principal that the caller is stands in the list, or everyone does. */
function spared(principal: Principal, element: '*' | Record<string, Values>): boolean {
  const { type, arn, account } = principal;
  const names: Record<Principal['type'], (string | undefined)[][]> = {
    anonymous: [[principal.federatedProvider]],
    service: [[arn]],
    root: [],
    user: [[arn, principal.uniqueId]],
    'assumed-role': [[arn], [principal.roleArn, principal.uniqueId]],
    'federated-user': [[arn], [principal.federatingArn, principal.federatingId]],
  };
  const all = [...names[type]];
  if (account) all.push([account, `arn:aws:iam::${account}:root`]);
  if (element === '*') return true;
  const listed = Object.values(element).flatMap(list);
  return listed.includes('*') || all.every(one => one.some(name => name && listed.includes(name)));
}

function compare(
  operator: string,
  value: string,
  wanted: string,
  version: string,
  request: AuthorizationRequest,
): boolean {
  const text = filled(wanted, version, request);
  const ordered = (a: number, b: number) => {
    if (operator.endsWith('LessThan')) return a < b;
    if (operator.endsWith('LessThanEquals')) return a <= b;
    if (operator.endsWith('GreaterThan')) return a > b;
    if (operator.endsWith('GreaterThanEquals')) return a >= b;
    return a === b;
  };
  if (operator.startsWith('Numeric')) return ordered(Number(value), Number(wanted));
  if (operator.startsWith('Date')) return ordered(Date.parse(value), Date.parse(wanted));
  if (operator === 'Bool') return value === wanted;
  if (operator.endsWith('IpAddress')) {
    const bits = (ip: string) =>
      ip
        .split('.')
        .map(part => Number(part).toString(2).padStart(8, '0'))
        .join('');
    const [net = '', length = '32'] = wanted.split('/');
    return bits(value).slice(0, Number(length)) === bits(net).slice(0, Number(length));
  }
  if (text === undefined) return false;
  if (operator.startsWith('Arn')) return value.split(':').length >= 6 && arnLike(text, value);
  if (operator.endsWith('Like')) return like(text, value);
  // Here wildcards are plain text, and what variables brought was made plain already.
  const exact = text.replace(/\\(.)/g, '$1');
  return operator.endsWith('IgnoreCase') ? exact.toLowerCase() === value.toLowerCase() : exact === value;
}

function holds(
  name: string,
  key: string,
  wanted: string[],
  version: string,
  request: AuthorizationRequest,
): boolean {
  const value = contextValue(request, key);
  const ifExists = name.endsWith('IfExists');
  const [qualifier, bare] = name.includes(':') ? (name.split(':') as [string, string]) : [undefined, name];
  const operator = bare.replace(/IfExists$/, '');
  const negated = /Not/.test(operator);
  if (operator === 'Null') return wanted.includes(String(value === undefined));
  const one = (single: string) =>
    wanted.some(text => compare(operator, single, text, version, request)) !== negated;
  if (qualifier === 'ForAllValues') {
    if (value === undefined || list(value as Values).join('') === '') return true;
    return list(value as Values).every(one);
  }
  if (qualifier === 'ForAnyValue') return value === undefined ? ifExists : list(value as Values).some(one);
  if (value === undefined) return ifExists || negated;
  return negated ? list(value as Values).every(one) : list(value as Values).some(one);
}

function covers(statement: NaiveStatement, version: string, request: AuthorizationRequest): boolean {
  const action = (pattern: string) => like(pattern.toLowerCase(), request.action.toLowerCase());
  const resource = (pattern: string) => {
    const text = filled(pattern, version, request);
    return text !== undefined && arnLike(text, request.resource);
  };
  if (statement.Action !== undefined && !list(statement.Action).some(action)) return false;
  if (statement.NotAction !== undefined && list(statement.NotAction).some(action)) return false;
  if (statement.Resource !== undefined && !list(statement.Resource).some(resource)) return false;
  if (statement.NotResource !== undefined && list(statement.NotResource).some(resource)) return false;
  return Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => holds(operator, key, list(wanted), version, request)),
  );
}

function says(policies: NaivePolicy[], effect: 'Allow' | 'Deny', request: AuthorizationRequest): boolean {
  return policies.some(policy =>
    policy.Statement.some(
      statement =>
        statement.Effect === effect &&
        covers(statement, policy.Version, request) &&
        (!statement.Principal || listedAs(request.principal, statement.Principal).length > 0),
    ),
  );
}

/** Whether the request is allowed. */
export function naive(request: AuthorizationRequest, set: NaiveSet): boolean {
  const { principal } = request;
  const kind = set.resourceKind ?? 'resource';
  const bySCP =
    principal.type === 'service' || principal.type === 'anonymous' ? [] : (set.serviceControl ?? []);
  const levels = [...(set.resourceControl ?? []), ...bySCP];
  const own = [...set.identity, ...(set.boundary ? [set.boundary] : []), ...(set.session ?? [])];
  if (says([...levels.flat(), ...own], 'Deny', request)) return false;
  const ofResource =
    set.resource?.Statement.filter(one => covers(one, set.resource?.Version ?? '', request)) ?? [];
  const denied = ofResource.some(one => {
    if (one.Effect !== 'Deny') return false;
    if (one.NotPrincipal) return set.boundary !== undefined || !spared(principal, one.NotPrincipal);
    return listedAs(principal, one.Principal ?? {}).length > 0;
  });
  if (denied || !levels.every(level => says(level, 'Allow', request))) return false;

  const rows = ofResource
    .filter(one => one.Effect === 'Allow')
    .flatMap(one => listedAs(principal, one.Principal ?? {}));
  const allowsResource = rows.length > 0;
  const same =
    principal.account !== undefined && (request.resourceAccount ?? principal.account) === principal.account;
  if ((kind !== 'resource' || !same) && !allowsResource) return false;
  if (principal.account === undefined || principal.type === 'root') return true;
  const overcomes = (layer: string) =>
    same && rows.some(row => row.has(layer)) && !(kind === 'trust' && layer === 'boundary');
  const session = set.session ?? (principal.type === 'federated-user' ? [] : undefined);
  return (
    (says(set.identity, 'Allow', request) || overcomes('identity')) &&
    (!set.boundary || says([set.boundary], 'Allow', request) || overcomes('boundary')) &&
    (!session || says(session, 'Allow', request) || overcomes('session'))
  );
}
