/** The events of an account, read page by page through the API. */
import type { CloudTrailRecord, FoundEvent } from '../core/cloudtrail.js';
import { type ApiTarget, callKarikagi } from './karikagi-api.js';

/** What is looked for; times in seconds since the epoch. */
export interface EventFilter {
  readonly Principal?: string | undefined;
  readonly Action?: string | undefined;
  readonly RequestId?: string | undefined;
  readonly Resource?: string | undefined;
  readonly ErrorCode?: string | undefined;
  readonly StartTime?: number | undefined;
  readonly EndTime?: number | undefined;
}

/** Events of one request. */
const PAGE = 1000;

/** Newest first, at most `most`. Throws what `callKarikagi` throws. */
export async function* findEvents(
  target: ApiTarget,
  filter: EventFilter,
  most: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<FoundEvent> {
  let left = most;
  let token: string | undefined;
  do {
    const input = {
      ...filter,
      MaxItems: Math.min(left, PAGE),
      ...(token !== undefined && { NextToken: token }),
    };
    const page = (await callKarikagi(target, 'SearchEvents', input)) as {
      Events: FoundEvent[];
      NextToken?: string;
    };
    yield* page.Events;
    left -= page.Events.length;
    token = page.NextToken;
  } while (token !== undefined && left > 0);
}

/** The record as CloudTrail has it; `undefined` for a request that could not be understood. */
export function recordOf(event: FoundEvent): CloudTrailRecord | undefined {
  const { arrived: _, httpStatus: _status, durationMs: _duration, eventSource, eventName, ...rest } = event;
  return eventSource === undefined || eventName === undefined
    ? undefined
    : { ...rest, eventSource, eventName };
}
