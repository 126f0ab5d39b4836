/** What may be done in a copy of accounts: can X do Y on Z, and who can. */
import {
  type Context,
  contextOfPrincipal,
  type Principal,
  parseArn,
  principalOfArn,
} from '../policy/index.js';
import { type AccountCopy, decideCheck, worldOf } from '../policy/replay/index.js';

interface CheckInput {
  /** An ARN, the name of a service, or `*`; where absent, every user and role of the copies. */
  readonly principal?: string | undefined;
  readonly action: string;
  readonly resource: string;
  /** Condition keys of the request; the others are not known. */
  readonly context: Context;
}

interface CheckResult {
  readonly principal: string;
  readonly effect: 'allowed' | 'denied' | 'unknown';
  readonly layer: string;
  readonly policy?: string;
  /** What it hangs on, where it is not known. */
  readonly missing: readonly string[];
}

/** Throws `RangeError` for a principal that is none. */
export function checkCopies(copies: readonly AccountCopy[], input: CheckInput): CheckResult[] {
  const world = worldOf(copies);
  const principals = input.principal === undefined ? everyone(copies) : [named(input.principal, copies)];
  const { action, resource } = input;
  const kind = /^sts:(?:AssumeRole|TagSession|SetSourceIdentity)/.test(action)
    ? 'trust'
    : resource.includes(':key/')
      ? 'key'
      : 'resource';
  return principals.map(principal => {
    const call = {
      ...{ operation: action, time: '', principal, outcome: 'denied' as const, checks: [] },
      ...{ hasParameters: false, account: principal.account, requestId: undefined },
      context: { ...contextOfPrincipal(principal), ...userId(principal), ...input.context },
    };
    const account = parseArn(resource)?.account || undefined;
    const { effect, verdict, missing } = decideCheck(
      call,
      { action, resource, kind, account, context: {} },
      world,
    );
    const { layer, policy } = verdict.decision;
    return {
      principal: principal.roleArn ?? principal.arn,
      effect,
      layer,
      ...(policy && { policy: policy.name }),
      missing,
    };
  });
}

function everyone(copies: readonly AccountCopy[]): Principal[] {
  return copies.flatMap(({ users, roles }) => [...users, ...roles].map(({ arn }) => named(arn, copies)));
}

/** With the unique id, where the copies have it. */
function named(text: string, copies: readonly AccountCopy[]): Principal {
  const principal = principalOfArn(text);
  const arn = principal.roleArn ?? principal.arn;
  const found = copies.flatMap(({ users, roles }) => [...users, ...roles]).find(one => one.arn === arn);
  return found && found.id !== '' ? { ...principal, uniqueId: found.id } : principal;
}

function userId({ type, uniqueId, arn, account }: Principal): Context {
  if (type === 'root' && account !== undefined) return { 'aws:userid': account };
  if (uniqueId === undefined) return {};
  return {
    'aws:userid': type === 'assumed-role' ? `${uniqueId}:${arn.slice(arn.lastIndexOf('/') + 1)}` : uniqueId,
  };
}
