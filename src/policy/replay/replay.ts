/** Holds recorded calls against proposed policies. */

import { isCall, type RecordedCall, type RecordedCheck, readCall, type Unread } from '../recorded/index.js';
import type { Decision, NamedPolicy } from '../types.js';
import { type CallVerdict, decideAgain } from './decide.js';
import { keysIn } from './unknown-keys.js';
import type { World } from './world.js';

/** What becomes of a call. */
export type Outcome = 'newly-denied' | 'newly-allowed' | 'unknown' | 'same';

/** Calls of one principal that come to the same for the same reason. */
export interface ReplayGroup {
  readonly outcome: Outcome;
  /** ARN of the user or role; for others what the record names. */
  readonly principal: string;
  readonly operation: string;
  readonly action: string;
  /** An ARN; of objects that of the first, where there are several. */
  readonly resource: string;
  /** How many different resources, counted up to a thousand. */
  readonly resources: number;
  readonly count: number;
  /** ISO 8601. */
  readonly first: string;
  readonly last: string;
  /** How the calls were answered when they were recorded. */
  readonly recorded: 'allowed' | 'denied';
  /** What decides now. */
  readonly layer: Decision['layer'];
  readonly effect: Decision['effect'];
  /** The policy and statement, where one decides. */
  readonly policy?: string;
  readonly statement?: string;
  /** What would have to be known. */
  readonly missing: readonly string[];
  /** A request of the group. */
  readonly requestId?: string;
}

export interface ReplayReport {
  readonly records: number;
  readonly calls: number;
  readonly counts: Readonly<Record<Outcome, number>>;
  /** Newly denied first; those that stay the same are counted alone. */
  readonly groups: readonly ReplayGroup[];
  /** Records that no policy was held against, by operation and reason. */
  readonly unread: readonly (Unread & { readonly count: number })[];
  /** Calls that the policies before the change would not have answered as recorded: other policies were in force. */
  readonly disagreeing: number;
}

/** Decisions that are remembered: as many as fit into some hundred megabytes. */
const REMEMBERED = 200_000;

const COUNTED_RESOURCES = 1000;

const RANK: readonly Outcome[] = ['newly-denied', 'unknown', 'newly-allowed', 'same'];

interface Group extends Omit<ReplayGroup, 'count' | 'first' | 'last' | 'resources'> {
  count: number;
  first: string;
  last: string;
  readonly seen: Set<string>;
}

interface Answer {
  readonly outcome: Outcome;
  readonly now: CallVerdict;
  readonly disagrees: boolean;
}

export class Replay {
  readonly #proposed: World;
  readonly #base: World | undefined;
  readonly #keys: ReadonlySet<string>;
  /** Whether policies ask for a key, by its spelling. */
  readonly #asked = new Map<string, boolean>();
  readonly #bySession: boolean;
  readonly #answers = new Map<string, Answer>();
  readonly #groups = new Map<string, Group>();
  readonly #unread = new Map<string, Unread & { count: number }>();
  readonly #counts: Record<Outcome, number> = { 'newly-denied': 0, 'newly-allowed': 0, unknown: 0, same: 0 };
  #records = 0;
  #disagreeing = 0;

  /** `base`: the policies before the change. Where there are none, calls are compared with how they were answered. */
  constructor(proposed: World, base?: World) {
    this.#proposed = proposed;
    this.#base = base;
    const policies = [...allPolicies(proposed), ...(base ? allPolicies(base) : [])];
    this.#keys = keysIn(policies);
    this.#bySession = policies.some(({ policy }) => /:assumed-role\/|:federated-user\//.test(policy.text));
  }

  /** Takes a record of CloudTrail; answers the call that it was, if any. */
  addRecord(record: object): RecordedCall | undefined {
    this.#records++;
    const read = readCall(record, this.#proposed.lookups);
    if (isCall(read)) {
      this.add(read);
      return read;
    }
    const key = `${read.operation} ${read.reason}`;
    const known = this.#unread.get(key);
    if (known) known.count++;
    else this.#unread.set(key, { ...read, count: 1 });
    return undefined;
  }

  add(call: RecordedCall): Answer {
    const facts = this.#factsOf(call);
    let answer = this.#answers.get(facts);
    if (!answer) {
      answer = this.#answer(call);
      if (this.#answers.size >= REMEMBERED) this.#answers.clear();
      this.#answers.set(facts, answer);
    }
    this.#counts[answer.outcome]++;
    if (answer.disagrees) this.#disagreeing++;
    if (answer.outcome !== 'same') this.#note(call, answer);
    return answer;
  }

  report(): ReplayReport {
    const groups = [...this.#groups.values()].map(({ seen, ...group }) => ({
      ...group,
      resources: seen.size,
    }));
    groups.sort((a, b) => RANK.indexOf(a.outcome) - RANK.indexOf(b.outcome) || b.count - a.count);
    return {
      records: this.#records,
      calls: Object.values(this.#counts).reduce((sum, count) => sum + count, 0),
      counts: { ...this.#counts },
      groups,
      unread: [...this.#unread.values()].sort((a, b) => b.count - a.count),
      disagreeing: this.#disagreeing,
    };
  }

  #answer(call: RecordedCall): Answer {
    const now = decideAgain(call, this.#proposed);
    const before = this.#base && decideAgain(call, this.#base).effect;
    const known = before === undefined || before === 'unknown' ? call.outcome : before;
    return {
      outcome: outcomeOf(known, before, now.effect),
      now,
      disagrees: before !== undefined && before !== 'unknown' && before !== call.outcome,
    };
  }

  /** What a decision hangs on: calls with the same facts come to the same. */
  #factsOf(call: RecordedCall): string {
    const { principal, context, outcome, hasParameters } = call;
    const who = this.#bySession ? principal.arn : (principal.roleArn ?? principal.arn);
    const parts = [who, principal.type, outcome, String(hasParameters), this.#relevant(context)];
    for (const check of call.checks) parts.push(check.action, check.resource, this.#relevant(check.context));
    return parts.join('\n');
  }

  #relevant(context: RecordedCall['context']): string {
    let text = '';
    for (const name in context) {
      let isAsked = this.#asked.get(name);
      if (isAsked === undefined) {
        isAsked = this.#keys.has(name.toLowerCase());
        if (this.#asked.size < REMEMBERED) this.#asked.set(name, isAsked);
      }
      if (isAsked) text += `${name}=${String(context[name])}\t`;
    }
    return text;
  }

  #note(call: RecordedCall, { outcome, now }: Answer): void {
    const { check, verdict, missing } = now;
    const { decision } = verdict;
    const principal = call.principal.roleArn ?? call.principal.arn;
    const statement =
      decision.statement && (decision.statement.sid ?? `statement ${decision.statement.index + 1}`);
    const key = [
      ...[outcome, principal, call.operation, check.action, placeOf(check), call.outcome],
      ...[decision.layer, decision.policy?.name, statement, ...missing],
    ].join('\n');
    const known = this.#groups.get(key);
    if (known) {
      known.count++;
      if (call.time < known.first) known.first = call.time;
      if (call.time > known.last) known.last = call.time;
      if (known.seen.size < COUNTED_RESOURCES) known.seen.add(check.resource);
      return;
    }
    this.#groups.set(key, {
      outcome,
      principal,
      operation: call.operation,
      action: check.action,
      resource: check.resource,
      seen: new Set([check.resource]),
      count: 1,
      first: call.time,
      last: call.time,
      recorded: call.outcome,
      layer: decision.layer,
      effect: decision.effect,
      ...(decision.policy && { policy: decision.policy.name }),
      ...(statement !== undefined && { statement }),
      missing,
      ...(call.requestId !== undefined && { requestId: call.requestId }),
    });
  }
}

/** Where the policies before the change are known, a change is what differs between the two. */
function outcomeOf(
  known: 'allowed' | 'denied',
  before: CallVerdict['effect'] | undefined,
  now: CallVerdict['effect'],
): Outcome {
  if (before === now) return 'same';
  if (now === 'unknown') return 'unknown';
  if (now === known) return 'same';
  return now === 'denied' ? 'newly-denied' : 'newly-allowed';
}

/** Objects count with their bucket. */
function placeOf({ resource }: RecordedCheck): string {
  const isObject = resource.includes(':s3:::');
  return isObject ? (resource.split('/', 1)[0] as string) : resource;
}

function* allPolicies({ entities, buckets, keys, accounts }: World): Generator<NamedPolicy> {
  for (const { identity, boundary, trust } of entities.values()) {
    yield* identity ?? [];
    if (boundary) yield boundary;
    if (trust) yield trust;
  }
  for (const { policy } of buckets.values()) if (policy) yield policy;
  yield* keys.values();
  for (const { controls } of accounts.values()) {
    for (const level of controls?.serviceControl ?? []) yield* level;
    for (const level of controls?.resourceControl ?? []) yield* level;
  }
}
