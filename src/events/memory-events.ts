import type { AuditLog } from './audit.js';
import type { AuditEvent } from './event.js';
import { type EventPage, type EventQuery, matches, newerFirst, pageOf } from './query.js';

/** Events in memory at most: the oldest go. */
const MOST = 10_000;

/** The latest events, for a server whose data lives in memory. */
export class MemoryEvents implements AuditLog {
  #events: AuditEvent[] = [];

  record(event: AuditEvent): void {
    this.#events.push(event);
    // Now and then, so that a request costs no copy of all.
    if (this.#events.length >= 2 * MOST) this.#events = this.#events.slice(-MOST);
  }

  async search(query: EventQuery): Promise<EventPage> {
    const found = this.#events.slice(-MOST).filter(event => matches(event, query));
    // Members that are undefined are absent, as in what is read from files.
    const plain = found.sort(newerFirst).slice(0, query.limit + 1);
    return pageOf(JSON.parse(JSON.stringify(plain)) as AuditEvent[], query.limit);
  }

  async close(): Promise<void> {}
}
