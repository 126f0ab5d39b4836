/** Delivers what trails take of the events of this server's own directory. */
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import { DAY_MS } from '../core/time.js';
import type { EventFeed, FeedSource } from '../events/feed.js';
import type { LogBody } from '../events/gather.js';
import { EVERY_MANAGEMENT_EVENT, type Selection } from '../events/selection.js';
import { logFileKey } from './file-names.js';
import { LogRefused, type LogStore } from './log-store.js';
import { isLogging, type Position, type Trail, tables, trailArn } from './records.js';
import { noteIn, type Trails } from './trails.js';

/** After the end of logging, how long a trail waits for calls that had begun before. Milliseconds. */
const LATEST = DAY_MS;

/** A trail on its way through one source. */
interface Reader {
  readonly trail: Trail;
  position: Position;
  /** Whether its position is not stored yet. */
  moved: boolean;
}

interface DeliveryPorts {
  readonly trails: Trails;
  readonly feed: EventFeed;
  readonly logs: LogStore;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Each event is delivered once. What is about to be written is noted first; a server that is killed before it has noted
 * the end writes the same files under the same names again. Each server delivers the events of its own directory.
 */
export class Delivery {
  readonly #ports: DeliveryPorts;

  constructor(ports: DeliveryPorts) {
    this.#ports = ports;
  }

  /** Delivers all that has been written. What fails is noted with its trail, and tried again by the next call. */
  async run(signal: AbortSignal): Promise<void> {
    const { trails, feed } = this.#ports;
    // In this order: a trail that is made later logs no event of a source that was seen to be over.
    const sources = await feed.sources();
    const now = this.#ports.clock.now();
    const all = (await trails.all()).filter(trail => isReading(trail, now));
    const failed = new Set<string>();
    const over: string[] = [];
    for (const source of sources) {
      if (signal.aborted) return;
      if ((await this.#read(source, all, failed, signal)) && source.isOver) over.push(source.name);
    }
    await feed.drop(over);
    for (const name of over) await this.#forget(name, all);
  }

  /** Lets go of what no trail waits for, which takes room: a server without trails keeps none of it. */
  async release(): Promise<void> {
    const { trails, feed, clock } = this.#ports;
    const over = (await feed.sources()).filter(({ isOver }) => isOver);
    if (over.length === 0) return;
    const now = clock.now();
    if ((await trails.all()).some(trail => isReading(trail, now))) return;
    await feed.drop(over.map(({ name }) => name));
  }

  /** Whether every trail has all of the source. */
  async #read(
    source: FeedSource,
    all: readonly Trail[],
    failed: Set<string>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const readers: Reader[] = [];
    for (const trail of all) {
      const position = await this.#ports.trails.store.get(tables.positions, trail.id, source.name);
      readers.push({ trail, position: position ?? { done: 0 }, moved: false });
    }
    let waiting = readers;
    while (!signal.aborted) {
      waiting = waiting.filter(({ trail, position }) => !failed.has(trail.id) && position.done < source.end);
      const group = together(waiting);
      if (group.length === 0) break;
      const { done, under } = group[0]!.position;
      const selections = new Map(group.map(({ trail }) => [trail.id, selectionOf(trail)]));
      const { to, bodies } = await this.#ports.feed.gather(source.name, done, under?.to, selections);
      // Half a line is left, of which the rest may follow.
      if (to === done) break;
      for (const reader of group) {
        const own = bodies.filter(({ selection }) => selection === reader.trail.id);
        await this.#deliver(reader, source.name, to, own).catch(error => {
          failed.add(reader.trail.id);
          return this.#failed(reader.trail, error);
        });
      }
    }
    for (const reader of readers) if (reader.moved) await this.#store(reader, source.name);
    return readers.every(({ trail }) => !failed.has(trail.id)) && !signal.aborted;
  }

  async #deliver(reader: Reader, source: string, to: number, bodies: readonly LogBody[]): Promise<void> {
    const { trails, logs, clock } = this.#ports;
    const { trail, position } = reader;
    if (bodies.length === 0) {
      reader.position = { done: to };
      reader.moved = true;
      return;
    }
    const { at } = position.under ?? { at: clock.now() };
    if (!position.under) {
      reader.position = { done: position.done, under: { to, at } };
      await this.#store(reader, source);
    }
    const delivered: [LogBody, string][] = [];
    for (const body of bodies) {
      const key = logFileKey(trail, body.region, at, `${source} ${position.done}`);
      const { bucket, keyArn } = trail;
      const of = { arn: trailArn(trail), account: trail.account, partition: trail.partition };
      await logs.put({ trail: of, bucket, key, body: body.bytes, keyId: keyArn });
      delivered.push([body, key]);
    }
    await trails.about(trail, async transaction => {
      transaction.put(tables.positions, [trail.id, source], { done: to });
      await noteIn(transaction, trail, { delivered: clock.now(), deliveryError: undefined });
      if (trail.validatedSince === undefined) return;
      for (const [{ region, sha256, oldest, newest }, key] of delivered) {
        const file = { bucket: trail.bucket, key, sha256, oldest, newest };
        transaction.put(tables.files, [trail.id, region, key], file);
      }
    });
    reader.position = { done: to };
    reader.moved = false;
  }

  async #store(reader: Reader, source: string): Promise<void> {
    const { trail, position } = reader;
    await this.#ports.trails.about(trail, transaction =>
      transaction.put(tables.positions, [trail.id, source], position),
    );
    reader.moved = false;
  }

  async #failed(trail: Trail, error: unknown): Promise<void> {
    const code = error instanceof LogRefused ? error.code : 'InternalError';
    this.#ports.log.warn('a trail could not deliver', { trail: trailArn(trail), error: String(error) });
    await this.#ports.trails.note(trail, { deliveryError: code });
  }

  async #forget(source: string, all: readonly Trail[]): Promise<void> {
    for (const trail of all) {
      await this.#ports.trails.about(trail, transaction =>
        transaction.delete(tables.positions, trail.id, source),
      );
    }
  }
}

function isReading(trail: Trail, now: number): boolean {
  const last = trail.times.at(-1);
  return isLogging(trail) || (last?.to !== undefined && now - last.to < LATEST);
}

/** Those that are at the same place and go on alike: one look at the lines is enough for all of them. */
function together(readers: readonly Reader[]): Reader[] {
  const first = readers.reduce<Reader | undefined>(
    (least, reader) => (least && least.position.done <= reader.position.done ? least : reader),
    undefined,
  );
  return readers.filter(
    ({ position }) =>
      position.done === first?.position.done && position.under?.to === first.position.under?.to,
  );
}

function selectionOf(trail: Trail): Selection {
  return {
    account: trail.account,
    ...(!trail.multiRegion && { region: trail.region }),
    globalServices: trail.globalServices,
    times: trail.times,
    selectors: trail.selectors ?? EVERY_MANAGEMENT_EVENT,
  };
}
