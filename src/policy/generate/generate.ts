/** The least policy that allows what a principal really did. */

import { diffPolicies } from '../diff.js';
import { formatPolicy } from '../format.js';
import type { ServiceKnowledge } from '../knowledge.js';
import { policySize } from '../parse/document.js';
import { needsNothing, type RecordedCall, type RecordedCheck } from '../recorded/index.js';
import type { World } from '../replay/index.js';
import type { Context } from '../request.js';
import { Present } from './present.js';
import { Proposals } from './proposals.js';
import { Assumers } from './trust.js';
import type { AddedPair, GeneratedPolicy, GenerateOptions } from './types.js';
import { type Source, Uses } from './uses.js';

const FOLD_AT = 5;

/** Calls of uploads in parts, and what goes with them: an upload that fails is looked at and given up. */
const IN_PARTS = /^s3:(?:Create|Complete)MultipartUpload$|^s3:UploadPart(?:Copy)?$/;
const PAIRS = ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];
const PAIR_REASON = 'an upload in parts that fails must be looked at and given up, or its parts are paid for';

/**
 * Takes the calls of a principal one by one and makes the policy that allows them: exact actions, on the resources that
 * were named or, of objects, prefixes by the rule of `KeyTree`. Where the present policies are known, the new one stays
 * within them: it keeps their conditions and their Denies, and no pattern goes beyond the pattern that allowed.
 */
export class PolicyGenerator {
  readonly #principal: string;
  readonly #uses: Uses;
  readonly #pairs: Uses;
  readonly #proposals: Proposals;
  readonly #assumers = new Assumers();
  readonly #present: Present | undefined;
  readonly #unusedSince: string | undefined;
  #calls = 0;
  #refused = 0;
  #first: string | undefined;
  #last: string | undefined;

  /** Throws `RangeError` for a `foldAt` below 2. */
  constructor({ principal, foldAt = FOLD_AT, unusedSince }: GenerateOptions, world?: World) {
    if (!Number.isInteger(foldAt) || foldAt < 2) throw new RangeError('names are folded from 2 on');
    this.#principal = principal;
    this.#uses = new Uses(foldAt);
    this.#pairs = new Uses(foldAt);
    this.#proposals = new Proposals(foldAt);
    this.#unusedSince = unusedSince;
    const entity = world?.entities.get(principal);
    this.#present = world && entity?.identity ? new Present(world, entity) : undefined;
  }

  /** Whether the call says something about the principal: it made it, or assumed it. */
  add(call: RecordedCall): boolean {
    if (call.outcome === 'allowed') {
      for (const check of call.checks)
        if (check.kind === 'trust' && check.resource === this.#principal) this.#assumers.add(call, check);
    }
    const { roleArn, arn } = call.principal;
    if ((roleArn ?? arn) !== this.#principal) return false;
    if (call.outcome === 'denied') this.#refused++;
    else this.#take(call);
    return true;
  }

  #take(call: RecordedCall): void {
    const { time } = call;
    this.#calls++;
    if (this.#first === undefined || time < this.#first) this.#first = time;
    if (this.#last === undefined || time > this.#last) this.#last = time;
    if (needsNothing(call.operation)) return;
    this.#proposals.add(call);
    for (const check of call.checks) {
      const source = this.#sourceOf(call, check);
      if (source) this.#uses.add(check.action, check.resource, source);
    }
    if (!IN_PARTS.test(call.operation)) return;
    const put = call.checks.find(({ action }) => action === 's3:PutObject');
    for (const action of put ? PAIRS : []) {
      const source = this.#sourceOf(call, { ...(put as RecordedCheck), action, context: {} }, true);
      if (source) this.#pairs.add(action, (put as RecordedCheck).resource, source);
    }
  }

  /** `isPair`: it was not called, and comes along only as far as it is allowed. */
  #sourceOf(call: RecordedCall, check: RecordedCheck, isPair = false): Source | undefined {
    const own = { pattern: undefined, condition: scopeOf(check.context) };
    if (!this.#present) return own;
    const allow = this.#present.allowOf(call, check);
    if (allow === 'none') return isPair ? undefined : own;
    if (allow === 'not needed') return undefined;
    return allow.condition === '' ? { ...allow, condition: own.condition } : allow;
  }

  /** The policy, compared with the present one where that is known. `knowledge`: for the actions behind wildcards. */
  async finish(knowledge?: ServiceKnowledge): Promise<Omit<GeneratedPolicy, 'verified'>> {
    const pairs = this.#added();
    const statements = [...(this.#present?.denies() ?? []), ...this.#merged().statements()];
    const text = JSON.stringify({ Version: '2012-10-17', Statement: statements });
    const isEmpty = this.#uses.actions.length === 0;
    const policy = isEmpty ? undefined : formatPolicy(text);
    const nothing = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Action: 'none:none', Resource: '*' }],
    });
    const before = this.#present && JSON.stringify(this.#present.document());
    const diff =
      before === undefined || before.includes('"Statement":[]')
        ? undefined
        : await diffPolicies(before, policy ?? nothing, 'identity', knowledge ? { knowledge } : {});
    return {
      principal: this.#principal,
      policy,
      trust: this.#assumers.policy(),
      size: policy === undefined ? 0 : policySize(policy),
      calls: this.#calls,
      refused: this.#refused,
      first: this.#first,
      last: this.#last,
      pairs,
      proposals: this.#calls === 0 ? [] : this.#proposals.found(),
      unused: this.#present?.unused(this.#unusedSince ?? '') ?? [],
      diff,
    };
  }

  #merged(): Uses {
    this.#uses.take(this.#pairs);
    return this.#uses;
  }

  /** Pairs of which no call was recorded. */
  #added(): AddedPair[] {
    const called = new Set(this.#uses.actions);
    return this.#pairs.actions
      .filter(action => !called.has(action))
      .map(action => ({ action, resources: this.#pairs.resourcesOf(action), reason: PAIR_REASON }));
  }
}

/** What the calls of a check always say, and a policy should: for which service a key is used or a role passed. */
function scopeOf(context: Context): string {
  for (const key of ['kms:ViaService', 'iam:PassedToService']) {
    const value = context[key];
    if (typeof value === 'string') return JSON.stringify({ StringEquals: { [key]: value } });
  }
  return '';
}
