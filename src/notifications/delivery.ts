import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Cancel, Scheduler } from '../core/scheduler.js';
import { DAY_MS } from '../core/time.js';
import type { Outbox, Pending } from '../objects/index.js';
import type { Key } from '../store/kv.js';
import type { DeliveryCounts } from './delivery-counts.js';
import { type Message, messageOf } from './message.js';
import type { Delivery, Target } from './target.js';

/**
 * How long an event is tried, milliseconds. As EventBridge does: "24 hours", then it is dropped (EventBridge User
 * Guide, "Retrying event delivery").
 */
export const LIFETIME = DAY_MS;
/** Between looks for events that other processes have written, milliseconds. */
const LOOK = 1000;
/** After the first round that failed; twice as long after each further one. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 5 * 60 * 1000;
/** Events read and sent at once. */
const PAGE = 500;

interface DeliveryOptions {
  readonly outbox: Outbox;
  /** What they are called in the log. Default: events. */
  readonly what?: string;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Logger;
  /** By name, `eventbridge` among them. */
  readonly targets: ReadonlyMap<string, Target>;
  /** The name of a destination's target. */
  readonly nameOf: (destination: string) => string;
  readonly counts?: DeliveryCounts | undefined;
  /** How long they are tried, milliseconds. Default: a day. */
  readonly lifetime?: number;
  /** Hears of events before they are dropped because they were not taken for so long. */
  readonly givenUp?: (events: readonly Pending[]) => Promise<void>;
}

/**
 * Delivers events until it is ended: at least once, those of one key in their order, each destination apart from the
 * others. One process of those that share a store may do it. Answers the function that ends it, which resolves when
 * nothing is sent any more; what was not delivered waits for the next start.
 */
export function startDelivery(options: DeliveryOptions): () => Promise<void> {
  const stop = new AbortController();
  const couriers = new Map<string, Courier>();
  const courierOf = (destination: string) => {
    let courier = couriers.get(destination);
    if (!courier)
      couriers.set(destination, (courier = new Courier(destination, options, stop.signal, () => look())));
    return courier;
  };
  let looking: Promise<void> | undefined;
  let isReadable = true;
  let again = false;
  const look = () => {
    if (stop.signal.aborted) return;
    again = true;
    looking ??= lookNow().finally(() => (looking = undefined));
  };
  const lookNow = async () => {
    while (again && !stop.signal.aborted) {
      again = false;
      try {
        for (const destination of await options.outbox.destinations()) courierOf(destination).start();
        isReadable = true;
      } catch (error) {
        if (!isReadable) continue;
        isReadable = false;
        options.log.error('events waiting to be delivered cannot be read', { error: String(error) });
      }
    }
  };
  const unlisten = options.outbox.listen(look);
  const cancel = options.scheduler.every(LOOK, look);
  look();
  return async () => {
    stop.abort();
    unlisten();
    cancel();
    await looking;
    await Promise.all([...couriers.values()].map(courier => courier.end()));
  };
}

/** Delivers what waits for one destination, one round at a time. */
class Courier {
  readonly #destination: string;
  readonly #options: DeliveryOptions;
  readonly #signal: AbortSignal;
  readonly #look: () => void;
  #round: Promise<void> | undefined;
  /** Calls the end of a pause off, while there is one. */
  #pause: Cancel | undefined;
  /** Rounds in a row in which something failed and nothing was taken. */
  #failures = 0;
  /** Rows that it was said of that they are damaged. */
  readonly #damaged = new Set<string>();
  /** Events may have come since the round began. */
  #more = false;

  constructor(destination: string, options: DeliveryOptions, signal: AbortSignal, look: () => void) {
    this.#destination = destination;
    this.#options = options;
    this.#signal = signal;
    this.#look = look;
  }

  /** Begins a round, unless one is under way or the destination is left alone for a while. */
  start(): void {
    this.#more = true;
    if (this.#pause || this.#round || this.#signal.aborted) return;
    this.#more = false;
    this.#round = this.#deliver().finally(() => {
      this.#round = undefined;
      if (this.#more) this.start();
    });
  }

  async end(): Promise<void> {
    this.#pause?.();
    await this.#round;
  }

  async #deliver(): Promise<void> {
    let failure: unknown;
    let taken = 0;
    try {
      const round = await this.#throughAll();
      ({ failure, taken } = round);
    } catch (error) {
      failure = error;
    }
    if (this.#signal.aborted) return;
    if (failure === undefined) {
      if (this.#failures > 0) this.#log('info', `${this.#what} are delivered again`);
      this.#failures = 0;
      return;
    }
    this.#count('failures', 1);
    this.#failures = taken > 0 ? 1 : this.#failures + 1;
    if (this.#failures === 1)
      this.#log('warn', `${this.#what} could not be delivered and are tried again`, failure);
    this.#rest();
  }

  /** Sends everything that waits, page by page; behind an event that failed, its subject's others wait. */
  async #throughAll(): Promise<{ failure: unknown; taken: number }> {
    const { outbox } = this.#options;
    const held = new Set<string>();
    let failure: unknown;
    let taken = 0;
    let down = false;
    let after: Key | undefined;
    while (!this.#signal.aborted) {
      const lost: Key[] = [];
      const page = await outbox.waiting(this.#destination, after, PAGE, row => lost.push(row));
      this.#tellDamaged(lost);
      const last = page.at(-1)?.row ?? lost.findLast(row => row.length > 0);
      if (!last) break;
      const messages = page.filter(({ subject }) => !held.has(subject)).map(messageOf);
      const idle = down || messages.length === 0;
      const delivery: Delivery = idle ? { taken: [] } : await this.#send(messages);
      down ||= delivery.down ?? false;
      const done = new Set(delivery.taken);
      await outbox.remove(delivery.taken.map(({ pending }) => pending));
      taken += done.size;
      this.#count('delivered', done.size);
      const failed = messages.filter(message => !done.has(message)).map(({ pending }) => pending);
      for (const { subject } of failed) held.add(subject);
      failure ??= delivery.failure;
      const dropped = this.#signal.aborted ? 0 : await this.#giveUpOld(failed);
      if (down && dropped === 0) break;
      after = last;
    }
    return { failure, taken };
  }

  async #send(messages: readonly Message[]): Promise<Delivery> {
    const { targets, nameOf } = this.#options;
    const target = targets.get(nameOf(this.#destination));
    if (!target) return { taken: [], failure: new Error('the settings name no target for it'), down: true };
    try {
      return await target.deliver(messages, this.#signal);
    } catch (failure) {
      return { taken: [], failure, down: true };
    }
  }

  /** Says once of each event that it cannot be read. */
  #tellDamaged(rows: readonly Key[]): void {
    for (const row of rows) {
      const name = JSON.stringify(row);
      if (this.#damaged.has(name)) continue;
      this.#damaged.add(name);
      this.#log('error', 'an event is damaged and cannot be delivered');
    }
  }

  /** Drops events that were tried long enough. Answers how many. */
  async #giveUpOld(failed: readonly Pending[]): Promise<number> {
    const { clock, lifetime = LIFETIME } = this.#options;
    const oldest = clock.now() - lifetime;
    const old = failed.filter(({ event }) => event.time < oldest);
    if (old.length === 0) return 0;
    await this.#options.givenUp?.(old);
    await this.#options.outbox.remove(old);
    this.#count('dropped', old.length);
    const days = lifetime === DAY_MS ? 'a day' : `${lifetime / DAY_MS} days`;
    this.#log('error', `${old.length} ${this.#what} could not be delivered for ${days} and are dropped`);
    return old.length;
  }

  /** Destinations that the settings name no target for count together: buckets may name any. */
  #count(what: 'delivered' | 'dropped' | 'failures', times: number): void {
    const { counts, targets, nameOf } = this.#options;
    const name = nameOf(this.#destination);
    counts?.add(what, targets.has(name) ? name : 'unknown', times);
  }

  #rest(): void {
    const pause = Math.min(FIRST_PAUSE * 2 ** (this.#failures - 1), LONGEST_PAUSE);
    this.#pause = this.#options.scheduler.after(pause, () => {
      this.#pause = undefined;
      this.#look();
    });
  }

  get #what(): string {
    return this.#options.what ?? 'events';
  }

  #log(level: 'info' | 'warn' | 'error', message: string, failure?: unknown): void {
    this.#options.log[level](message, {
      destination: this.#destination,
      ...(failure !== undefined && { error: String(failure) }),
    });
  }
}
