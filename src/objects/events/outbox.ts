import type { Clock } from '../../core/clock.js';
import { Slices } from '../../core/slices.js';
import type { SpaceOf } from '../../store/keyspace.js';
import { type Check, END, type Key, type Kv, type Range, ValueDamaged, type Write } from '../../store/kv.js';
import { RecordUnreadable, recordType } from '../../store/records.js';
import type { Bucket } from '../records.js';
import { sequenceAt } from '../versions/version-id.js';
import { destinationsOf, type ObjectEvent } from './events.js';

/** An event that waits to be delivered. */
export interface Pending {
  readonly destination: string;
  /** Events of one subject are delivered in their order. */
  readonly subject: string;
  /** Of the bucket that it happened in. */
  readonly bucketId: string;
  /** Of two events of one subject, the later has the greater. */
  readonly sequence: number;
  readonly event: ObjectEvent;
  readonly row: Key;
}

/** What a commit checks and writes so that its events are sent, if it succeeds and only then. */
export interface Announcement {
  readonly checks: readonly Check[];
  readonly writes: readonly Write[];
}

const rows = recordType<ObjectEvent>({ version: 1 });
const COUNTED_AT_ONCE = 1000;

/** Undefined for what cannot be read. */
function readable(value: Uint8Array): ObjectEvent | undefined {
  try {
    return rows.decode(value);
  } catch (error) {
    if (error instanceof RecordUnreadable) return undefined;
    throw error;
  }
}

/** Events on their way out: each is written by the commit that it tells of, and goes once it was delivered. */
export class Outbox {
  readonly #kv: Kv;
  readonly #clock: Clock;
  readonly #table: SpaceOf<'objects'>;
  readonly #listeners = new Set<() => void>();

  /** `table`: what its rows are called by; those of several do not mix. */
  constructor(kv: Kv, clock: Clock, table: SpaceOf<'objects'> = 'outbox') {
    this.#kv = kv;
    this.#clock = clock;
    this.#table = table;
  }

  /**
   * What the commit of a change adds for those whom the bucket tells of it. It
   * comes after every event of the key that still waits and after the sequence `previous`. Undefined where it has no
   * destination.
   */
  async announce(
    bucket: Bucket,
    event: Omit<ObjectEvent, 'bucket' | 'time'>,
    previous: number,
  ): Promise<Announcement | undefined> {
    if (!bucket.notifications) return undefined;
    const targets = destinationsOf(bucket.notifications, `s3:${event.event}`, event.key);
    return targets.length === 0 ? undefined : this.announceTo(bucket, event, targets, previous);
  }

  /** As `announce`, for the event that tells destinations that they were configured. */
  test(
    bucket: Bucket,
    event: Pick<ObjectEvent, 'origin'>,
    destinations: readonly string[],
  ): Promise<Announcement> {
    const targets = destinations.map(destination => ({ destination }));
    return this.announceTo(bucket, { ...event, event: 'TestEvent', key: '' }, targets, 0);
  }

  /** As `announce`, for destinations that the caller has chosen. */
  async announceTo(
    bucket: Bucket,
    event: Omit<ObjectEvent, 'bucket' | 'time'>,
    targets: readonly { readonly destination: string; readonly ruleId?: string }[],
    after: number,
  ): Promise<Announcement> {
    const time = this.#clock.now();
    let previous = after;
    for (const { destination } of targets) {
      previous = Math.max(previous, await this.#lastOf(this.#subject(destination, bucket.id, event.key)));
    }
    const sequence = sequenceAt(time, previous);
    const { name, owner, partition, region } = bucket;
    const written = targets.map(({ destination, ruleId }) => ({
      key: [...this.#subject(destination, bucket.id, event.key), sequence],
      value: rows.encode({ ...event, ruleId, time, bucket: { name, owner, partition, region } }),
    }));
    return { writes: written, checks: written.map(({ key }) => ({ key, version: undefined })) };
  }

  #subject(destination: string, bucket: string, key: string): Key {
    return [this.#table, destination, bucket, key];
  }

  /** The sequence of the last event of a subject that still waits. */
  async #lastOf(subject: Key): Promise<number> {
    const last = await this.#firstKey({ start: subject, end: [...subject, END], reverse: true });
    return (last?.at(-1) as number | undefined) ?? -1;
  }

  /** Tells the listeners that a commit has written events. */
  committed(): void {
    for (const listener of this.#listeners) listener();
  }

  /**
   * `listener` hears of events that this process has written; those of others are found by looking. Answers the
   * function that ends it.
   */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The destinations that events wait for. */
  async destinations(): Promise<string[]> {
    const found: string[] = [];
    let start: Key = [this.#table];
    for (;;) {
      const first = await this.#firstKey({ start, end: [this.#table, END] });
      if (!first) return found;
      const destination = first[1] as string;
      found.push(destination);
      start = [this.#table, destination, END];
    }
  }

  /** The key of a range's first row, be its value damaged or not. Throws `ValueDamaged` where the key itself is. */
  async #firstKey(range: Range): Promise<Key | undefined> {
    let key: Key | undefined;
    const damaged = (of: Key) => {
      if (of.length === 0) throw new ValueDamaged('the key of an event is damaged');
      key = of;
    };
    const [first] = await this.#kv.list({ ...range, limit: 1, damaged });
    return first?.key ?? key;
  }

  /**
   * Events that wait for a destination, by subject, each subject's in their order. `after`: the row of the last one
   * seen. `damaged` hears of rows that cannot be read: they stay where they are, and the others go past them.
   */
  async waiting(
    destination: string,
    after: Key | undefined,
    limit: number,
    damaged: (row: Key) => void,
  ): Promise<Pending[]> {
    const start = after ? [...after, 0] : [this.#table, destination];
    const found = await this.#kv.list({ start, end: [this.#table, destination, END], limit, damaged });
    return found.flatMap(({ key, value }) => {
      const event = readable(value);
      if (!event) damaged(key);
      const [, , bucketId, name, sequence] = key as [string, string, string, string, number];
      const subject = `${bucketId}/${name}`;
      return event ? [{ destination, subject, bucketId, sequence, event, row: key }] : [];
    });
  }

  /** How many events wait for a destination; not more than `most` are counted. */
  async count(destination: string, most: number): Promise<number> {
    const end: Key = [this.#table, destination, END];
    let start: Key = [this.#table, destination];
    const slices = new Slices();
    let found = 0;
    let damaged = 0;
    while (found + damaged < most) {
      await slices.pause();
      const limit = Math.min(COUNTED_AT_ONCE, most - found - damaged);
      const page = await this.#kv.list({ start, end, limit, damaged: () => damaged++ });
      found += page.length;
      const last = page.at(-1);
      if (last === undefined) break;
      start = [...last.key, 0];
    }
    return found + damaged;
  }

  /** Takes events out, delivered or given up. */
  async remove(events: readonly Pending[]): Promise<void> {
    if (events.length > 0)
      await this.#kv.commit(
        [],
        events.map(({ row }) => ({ key: row, value: undefined })),
      );
  }
}
