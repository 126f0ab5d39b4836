/** What is asked of the events, and which event answers it. */
import type { AuditEvent } from '../core/cloudtrail.js';
import { termsOf } from './terms.js';

/** A place among the events: they are in the order of time, then of their ids. */
export interface EventPosition {
  /** Milliseconds since the epoch. */
  readonly arrived: number;
  readonly eventID: string;
}

export interface EventQuery {
  /** Of each list one term must hold (`terms.ts`). */
  readonly terms: readonly (readonly string[])[];
  /** Milliseconds since the epoch, both included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Goes on behind that event, towards older ones. */
  readonly after?: EventPosition | undefined;
  /** Events on a page. */
  readonly limit: number;
}

/** Newest first. */
export interface EventPage {
  readonly events: readonly AuditEvent[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: EventPosition | undefined;
}

/** Negative where `one` is the newer. */
export function newerFirst(one: EventPosition, other: EventPosition): number {
  if (one.arrived !== other.arrived) return other.arrived - one.arrived;
  return one.eventID < other.eventID ? 1 : one.eventID > other.eventID ? -1 : 0;
}

export function matches(event: AuditEvent, { terms, from, to, after }: EventQuery): boolean {
  if (from !== undefined && event.arrived < from) return false;
  if (to !== undefined && event.arrived > to) return false;
  if (after && newerFirst(after, event) >= 0) return false;
  if (terms.length === 0) return true;
  const own = termsOf(event);
  return terms.every(some => some.some(term => own.has(term)));
}

/** The page that the events, newest first, begin with: one more than fits says that there is another. */
export function pageOf(events: readonly AuditEvent[], limit: number): EventPage {
  const shown = events.slice(0, limit);
  const last = shown.at(-1);
  if (events.length <= limit || !last) return { events: shown };
  return { events: shown, next: { arrived: last.arrived, eventID: last.eventID } };
}
