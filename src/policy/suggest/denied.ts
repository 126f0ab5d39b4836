/** What to change where a Deny stands in the way: the request where it can be met, else the Deny. */

import type { CompiledCondition } from '../evaluate/conditions.js';
import { Facts } from '../evaluate/facts.js';
import { requestAdvice } from '../explain/condition-words.js';
import { statementName } from '../explain/summary.js';
import type { StatementTrace } from '../explain/types.js';
import type { AuthorizationRequest, NamedPolicy, PolicySet, Principal } from '../types.js';
import { type Blocked, escapeWildcards, isOfAws, where } from './blocked.js';
import { pointerPart, statementAt } from './patch.js';
import type { PatchStep, Suggestion } from './types.js';

interface Deny {
  readonly policy: NamedPolicy;
  readonly index: number;
  readonly sid: string | undefined;
  /** The path of the statement in the document, and the statement as it stands. */
  readonly path: string;
  readonly statement: Readonly<Record<string, unknown>>;
  readonly conditions: readonly CompiledCondition[];
}

/** A way to limit a Deny. */
type Way = Pick<Suggestion, 'message' | 'wider'> & { readonly patch: readonly PatchStep[] };

/** Words of a Deny that lead past it, the smallest first; each answers only where it applies. */
const WAYS: readonly ((request: AuthorizationRequest, deny: Deny, facts: Facts) => Way | undefined)[] = [
  lessOfList,
  withoutThis,
  listedInNegation,
  listedAsValue,
  sparedByArn,
];

/** `policies`: all that are in force. */
export function denied(request: AuthorizationRequest, blocked: Blocked, policies: PolicySet): Suggestion {
  const { layer, sources, traces } = blocked;
  const at = traces.findIndex(statements => statements.some(isDeny));
  const policy = sources[at] as NamedPolicy;
  const trace = traces[at]?.find(isDeny) as StatementTrace;
  const deny: Deny = {
    policy,
    index: trace.index,
    sid: trace.sid,
    ...statementAt(policy, trace.index),
    conditions: policy.policy.statements[trace.index]?.conditions ?? [],
  };
  const name = `${statementName(deny.index, deny.sid)} of ${policy.name}`;
  const start = `${name.charAt(0).toUpperCase()}${name.slice(1)} denies the request, and no Allow outweighs it.`;
  const facts = new Facts(request);
  const advice = requestAdvice(facts, deny.conditions);
  if (advice !== undefined)
    return { ...where(layer), policy, message: `${start} Change the request: ${advice}.` };
  if (isOfAws(policy)) {
    return { ...where(layer), policy, message: `${start} AWS manages the policy: detach it, or leave it.` };
  }
  const way =
    notPrincipal(request.principal, deny, policies) ??
    WAYS.map(one => one(request, deny, facts)).find(found => found !== undefined);
  if (!way) return { ...where(layer), policy, message: `${start} Limit it, if its author agrees.` };
  return { ...where(layer), policy, ...way, message: `${start} ${way.message}` };
}

const isDeny = ({ effect, matched }: StatementTrace) => matched && effect === 'DENY';

/** `NotPrincipal`: every principal that the caller is must be listed; a boundary is denied in any case. */
function notPrincipal(principal: Principal, { path, statement, policy, index }: Deny, policies: PolicySet) {
  const element = policy.policy.statements[index]?.principal;
  if (!element?.not || policies.boundary || principal.account === undefined) return undefined;
  const listed = statement['NotPrincipal'] as Readonly<Record<string, unknown>>;
  const missing = element.missing(principal);
  if (missing.length === 0) return undefined;
  const before = [listed['AWS'] ?? []].flat() as string[];
  const value = { ...listed, AWS: [...before, ...missing] };
  return {
    message: `Its NotPrincipal spares a caller only where every principal of the caller is listed: add ${missing.join(', ')}.`,
    wider: 'It spares the caller from the whole statement.',
    patch: [{ op: 'replace', path: `${path}/NotPrincipal`, value }],
  } satisfies Way;
}

/**
 * One of several actions or resources, where the other element is this one alone: it is taken out, and nothing else.
 */
function lessOfList({ action, resource }: AuthorizationRequest, { path, statement }: Deny): Way | undefined {
  const actions = wordsOf(statement, 'Action');
  const resources = wordsOf(statement, 'Resource');
  const thisAction = (word: string) => word.toLowerCase() === action.toLowerCase();
  const thisResource = (word: string) => word === escapeWildcards(resource);
  if (actions.length > 1 && actions.some(thisAction) && resources.every(thisResource) && resources.length > 0)
    return without(
      'Action',
      actions.filter(word => !thisAction(word)),
    );
  if (resources.length > 1 && resources.some(thisResource) && actions.every(thisAction) && actions.length > 0)
    return without(
      'Resource',
      resources.filter(word => !thisResource(word)),
    );
  return undefined;

  function without(element: string, value: string[]): Way {
    const what = element === 'Action' ? action : resource;
    return {
      message: `Take ${what} out of it.`,
      patch: [{ op: 'replace', path: `${path}/${element}`, value }],
    };
  }
}

/** A Deny on every resource: on all but this one, and on this one for the other actions. */
function withoutThis(request: AuthorizationRequest, { path, statement, policy }: Deny): Way | undefined {
  const resource = escapeWildcards(request.resource);
  if (resource === '*' || !isAll(statement, 'Resource') || statement['Action'] === undefined)
    return undefined;
  if (policy.policy.document.version !== '2012-10-17' && resource !== request.resource) return undefined;
  const others = otherActions(wordsOf(statement, 'Action'), request.action);
  if (!others) return undefined;
  const { Resource: _all, ...rest } = statement;
  const { Sid: _sid, Action: _actions, ...unnamed } = rest;
  const elsewhere = { ...rest, NotResource: resource };
  const here = others === 'none' ? [] : [{ ...unnamed, ...others, Resource: resource }];
  const message = `Let it spare ${request.action} on ${request.resource}: it denies on all other resources${here.length > 0 ? ', and a second statement the other actions on this one' : ''}.`;
  // Beside a single statement there is no list to add to.
  const patch: PatchStep[] =
    path === '/Statement'
      ? [{ op: 'replace', path, value: here.length > 0 ? [elsewhere, ...here] : elsewhere }]
      : [
          { op: 'replace', path, value: elsewhere },
          ...here.map(value => ({ op: 'add', path: '/Statement/-', value }) as const),
        ];
  return { message, patch };
}

/** The element that covers what these words cover but for the action; `undefined` where no element can. */
function otherActions(
  words: readonly string[],
  action: string,
): 'none' | Record<string, unknown> | undefined {
  const [service] = action.split(':', 1);
  const [only = ''] = words;
  // On a resource of a service, the service's actions are all there are.
  if (words.length === 1 && (only === '*' || only.toLowerCase() === `${service}:*`))
    return { NotAction: action };
  if (words.some(word => /[*?]/.test(word))) return undefined;
  const others = words.filter(word => word.toLowerCase() !== action.toLowerCase());
  return others.length === 0 ? 'none' : { Action: others };
}

/** `NotAction` and `NotResource` list what the Deny spares. */
function listedInNegation(
  { action, resource }: AuthorizationRequest,
  { path, statement }: Deny,
): Way | undefined {
  if (statement['NotAction'] !== undefined) {
    const value = [...wordsOf(statement, 'NotAction'), action];
    return {
      message: `It denies all but its NotAction: add ${action}.`,
      ...(resource !== '*' && { wider: `It spares ${action} on every resource.` }),
      patch: [{ op: 'replace', path: `${path}/NotAction`, value }],
    };
  }
  if (statement['NotResource'] === undefined) return undefined;
  const value = [...wordsOf(statement, 'NotResource'), escapeWildcards(resource)];
  return {
    message: `It denies all but its NotResource: add ${resource}.`,
    wider: `It spares all that the statement denies on ${resource}.`,
    patch: [{ op: 'replace', path: `${path}/NotResource`, value }],
  };
}

/** A condition that lists what the Deny spares (`StringNotEquals`, `NotIpAddress`) gets the request's value. */
function listedAsValue(_: AuthorizationRequest, { path, conditions }: Deny, facts: Facts): Way | undefined {
  // Organizations are joined, not listed.
  const condition = conditions.find(
    ({ use, key }) =>
      use.operator.negated && typeof facts.value(key) === 'string' && !/org(id|paths)$/.test(key.lower),
  );
  if (!condition) return undefined;
  const { element, key } = condition;
  const value = facts.value(key) as string;
  const values = [...element.values.map(word => word.value), value];
  const at = `${path}/Condition/${pointerPart(element.operator.value)}/${pointerPart(element.key.value)}`;
  const own = key.lower === 'aws:principalarn';
  return {
    message: `Add ${JSON.stringify(value)} to the values of ${key.name} that it spares.`,
    wider: own
      ? 'It spares the caller from the whole statement.'
      : `It spares every request with this ${key.name} from the whole statement.`,
    patch: [{ op: 'replace', path: at, value: values }],
  };
}

/** The caller alone is spared, by a condition. */
function sparedByArn(
  { principal, context }: AuthorizationRequest,
  { path, statement }: Deny,
): Way | undefined {
  const arn = principal.roleArn ?? principal.arn;
  if (principal.account === undefined || context['aws:PrincipalArn'] !== arn) return undefined;
  const condition = (statement['Condition'] ?? {}) as Readonly<
    Record<string, Readonly<Record<string, unknown>>>
  >;
  const block = condition['ArnNotEquals'] ?? {};
  if (block['aws:PrincipalArn'] !== undefined) return undefined;
  const value = { ...condition, ArnNotEquals: { ...block, 'aws:PrincipalArn': [arn] } };
  return {
    message: `Spare the caller, ${arn}, by a condition.`,
    wider: 'It spares the caller from the whole statement.',
    patch: [{ op: 'add', path: `${path}/Condition`, value }],
  };
}

function wordsOf(statement: Readonly<Record<string, unknown>>, element: string): string[] {
  return [statement[element] ?? []].flat() as string[];
}

function isAll(statement: Readonly<Record<string, unknown>>, element: string): boolean {
  const words = wordsOf(statement, element);
  return words.length === 1 && words[0] === '*';
}
