/** The recorded calls that an answer is made of. */
import type { FoundEvent } from '../../../src/core/cloudtrail.js';
import { karikagi } from '../api/karikagi.js';
import { now } from '../clock.js';

/** Seconds; of everything that is kept there is no number. */
export const PERIODS = { week: 604_800, month: 2_592_000, quarter: 7_776_000, all: undefined } as const;
export type Period = keyof typeof PERIODS;

/** Milliseconds since the epoch; `undefined` for all that is kept. */
export function beginOf(period: Period): number | undefined {
  const seconds = PERIODS[period];
  return seconds === undefined ? undefined : now() - seconds * 1000;
}

/** By whom, or on what. */
export type Asked = { readonly Principal: string } | { readonly Resource: string };

export interface Recorded {
  readonly events: readonly FoundEvent[];
  /** Whether there are no others: where there are, these are the newest. */
  readonly isWhole: boolean;
}

const MOST = 20_000;
const PAGE = 1000;

interface Found {
  readonly Events: readonly FoundEvent[];
  readonly NextToken?: string;
}

/** The events of all that is asked for together, each once; at most 20,000. */
export async function recorded(
  asked: readonly Asked[],
  period: Period,
  signal: AbortSignal,
): Promise<Recorded> {
  const begin = beginOf(period);
  const events = new Map<string, FoundEvent>();
  for (const one of asked) {
    let next: string | undefined;
    do {
      const input = {
        ...one,
        MaxItems: PAGE,
        ...(begin !== undefined && { StartTime: Math.floor(begin / 1000) }),
        ...(next !== undefined && { NextToken: next }),
      };
      const found = await karikagi<Found>('SearchEvents', input).send(signal);
      for (const event of found.Events) events.set(event.eventID, event);
      next = found.NextToken;
      if (events.size >= MOST && next !== undefined) return { events: [...events.values()], isWhole: false };
    } while (next !== undefined);
  }
  return { events: [...events.values()], isWhole: true };
}
