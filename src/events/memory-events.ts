import type { AuditEvent } from '../core/cloudtrail.js';
import type { AuditLog } from './audit.js';
import type { FeedSource } from './feed.js';
import { bodiesOf, type Gathered, type Selections } from './gather.js';
import { type EventPage, type EventQuery, matches, newerFirst, pageOf } from './query.js';

/** Events in memory at most: the oldest go. */
const MOST = 10_000;

const SOURCE = 'memory';

/** The latest events, for a server whose data lives in memory. */
export class MemoryEvents implements AuditLog {
  #events: AuditEvent[] = [];
  /** Events that are gone. */
  #gone = 0;

  record(event: AuditEvent): void {
    this.#events.push(event);
    // Now and then, so that a request costs no copy of all.
    if (this.#events.length < 2 * MOST) return;
    this.#gone += this.#events.length - MOST;
    this.#events = this.#events.slice(-MOST);
  }

  /** Its measure is the number of events. */
  async sources(): Promise<FeedSource[]> {
    return [{ name: SOURCE, end: this.#gone + this.#events.length, isOver: false }];
  }

  async gather(
    _source: string,
    from: number,
    to = this.#gone + this.#events.length,
    selections: Selections,
  ): Promise<Gathered> {
    const events = this.#events.slice(Math.max(0, from - this.#gone), Math.max(0, to - this.#gone));
    // Members that are undefined are absent, as in what is read from files.
    return { to, bodies: bodiesOf(JSON.parse(JSON.stringify(events)) as AuditEvent[], selections) };
  }

  async drop(): Promise<void> {}

  async search(query: EventQuery): Promise<EventPage> {
    const found = this.#events.slice(-MOST).filter(event => matches(event, query));
    // Members that are undefined are absent, as in what is read from files.
    const plain = found.sort(newerFirst).slice(0, query.limit + 1);
    return pageOf(JSON.parse(JSON.stringify(plain)) as AuditEvent[], query.limit);
  }

  async close(): Promise<void> {}
}
