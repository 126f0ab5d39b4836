import type { AuditEvent } from '../../core/cloudtrail.js';
import type { Operation } from '../../core/operation.js';
import { eventNameOf } from '../../events/names.js';
import { positionIn, positionToken } from '../../events/position-token.js';
import { ANY_ERROR, NO_ACCOUNT, term } from '../../events/terms.js';
import type { Account } from '../../identity/index.js';
import { namesTakenFor } from '../../policy/operation-names.js';
import { invalid, type KarikagiPorts, onAccount } from './ports.js';

interface Input {
  /** An ARN, a name, a unique id or an access key; of a role or user: its sessions too. */
  readonly Principal?: string;
  /** `s3:ListBucket`, `ListObjects`. */
  readonly Action?: string;
  readonly RequestId?: string;
  /** An ARN, or a name. */
  readonly Resource?: string;
  /** `AccessDenied`; `*`: any. */
  readonly ErrorCode?: string;
  readonly StartTime?: Date;
  readonly EndTime?: Date;
  readonly MaxItems?: number;
  readonly NextToken?: string;
}

interface Output {
  readonly Events: readonly AuditEvent[];
  readonly NextToken?: string;
}

const DEFAULT_ITEMS = 50;

/**
 * The events of the caller's account, data events too, newest first. The first account, which administers the server,
 * has those of requests whose credentials did not hold beside its own. Throws `ValidationException` for a token of
 * another operation.
 */
export const SearchEvents: Operation<KarikagiPorts, Input, Output, Account> = {
  resolve: (_input, call) => onAccount(call),
  async run(home, input, _call, { events, firstAccount }) {
    const { StartTime, EndTime, MaxItems = DEFAULT_ITEMS, NextToken } = input;
    const after = NextToken === undefined ? undefined : positionIn(NextToken);
    if (NextToken !== undefined && !after) throw invalid('NextToken is not one of this operation.');
    const accounts = [term('account', home.id)];
    if (home.id === firstAccount) accounts.push(term('account', NO_ACCOUNT));
    const found = await events.search({
      terms: [accounts, ...askedTerms(input)],
      from: StartTime?.getTime(),
      to: EndTime?.getTime(),
      after,
      limit: MaxItems,
    });
    return { Events: found.events, ...(found.next && { NextToken: positionToken(found.next) }) };
  },
};

function askedTerms({ Principal, Action, RequestId, Resource, ErrorCode }: Input): string[][] {
  const terms: string[][] = [];
  if (Principal !== undefined) terms.push([term('principal', Principal)]);
  if (Action !== undefined) terms.push(...actionTerms(Action));
  if (RequestId !== undefined) terms.push([term('request', RequestId)]);
  if (Resource !== undefined) terms.push([term('resource', Resource)]);
  if (ErrorCode !== undefined) terms.push([term('error', ErrorCode === '*' ? ANY_ERROR : ErrorCode)]);
  return terms;
}

/** An action is found by the names of the calls that it allows: `s3:ListBucket` by ListObjects and HeadBucket. */
function actionTerms(action: string): string[][] {
  const colon = action.indexOf(':');
  if (colon < 0) return [[term('name', action)]];
  const service = action.slice(0, colon).toLowerCase();
  const operations = [...namesTakenFor(action).keys()].map(name => name.slice(name.indexOf(':') + 1));
  const names = [action.slice(colon + 1), ...operations].map(name =>
    term('name', eventNameOf(service, name)),
  );
  return [[term('source', `${service}.amazonaws.com`)], [...new Set(names)]];
}
