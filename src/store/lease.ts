/**
 * What only one of several servers may do. A lease is a row that its holder writes again and again. No server compares
 * clocks: a server takes a lease whose version has not changed for as long as leases last, by its own monotonic clock,
 * and the holder takes itself to have lost it when it could not write it for less than that.
 */
import { randomUUID } from 'node:crypto';
import { type Cancel, type Scheduler, systemScheduler } from '../core/scheduler.js';
import type { KeyOf } from './keyspace.js';
import type { Kv, Version } from './kv.js';

/** Milliseconds that a lease outlives its last writing. */
const LEASE_MS = 10_000;
/** Of that time: between writings, and before others may take it, when what its holder began must have been ended. */
const RENEWAL = 0.2;
const MARGIN = 0.4;

interface LeaseOptions {
  /** What the lease is for. */
  readonly name: string;
  /** Called with each gain; its answer ends what it began. */
  readonly begin: () => () => Promise<void>;
  /** Hears of what fails; the lease is tried for again. */
  readonly failed: (error: unknown) => void;
  /** Milliseconds that the lease outlives its last writing, the same for all servers. Default: 10,000. */
  readonly length?: number;
  /** Default: the machine's time. */
  readonly scheduler?: Scheduler;
}

/** Tries for a lease, and holds it as long as it can. The answer gives it up. */
export function holdLease(kv: Kv, options: LeaseOptions): () => Promise<void> {
  const lease = new Lease(kv, options);
  let working = lease.look();
  const cancel = lease.scheduler.every(lease.length * RENEWAL, () => {
    working = working.then(() => lease.look());
  });
  return async () => {
    cancel();
    await working;
    await lease.giveUp();
  };
}

class Lease {
  readonly length: number;
  readonly scheduler: Scheduler;
  readonly #kv: Kv;
  readonly #options: LeaseOptions;
  readonly #key: KeyOf<'store'>;
  readonly #owner = Buffer.from(randomUUID());
  /** The row as it was seen last, and when it was first seen so; milliseconds of the monotonic clock. */
  #seen: { readonly version: Version | undefined; readonly since: number } | undefined;
  #end: (() => Promise<void>) | undefined;
  #ending: Promise<void> = Promise.resolve();
  #cut: Cancel = () => {};

  constructor(kv: Kv, options: LeaseOptions) {
    this.#kv = kv;
    this.#options = options;
    this.length = options.length ?? LEASE_MS;
    this.scheduler = options.scheduler ?? systemScheduler;
    this.#key = ['lease', options.name];
  }

  /** Never throws. */
  async look(): Promise<void> {
    try {
      const asked = this.scheduler.elapsed();
      const entry = await this.#kv.get(this.#key);
      const isMine = entry !== undefined && this.#owner.equals(entry.value);
      if (!isMine) await this.#lose();
      if (this.#seen === undefined || this.#seen.version !== entry?.version)
        this.#seen = { version: entry?.version, since: asked };
      if (!isMine && entry !== undefined && this.scheduler.elapsed() - this.#seen.since < this.length) return;
      const check = { key: this.#key, version: entry?.version };
      const began = this.scheduler.elapsed();
      await this.#ending;
      if (await this.#kv.commit([check], [{ key: this.#key, value: this.#owner }])) this.#won(began);
    } catch (error) {
      this.#options.failed(error);
    }
  }

  async giveUp(): Promise<void> {
    if (this.#end === undefined) return;
    await this.#lose();
    try {
      const entry = await this.#kv.get(this.#key);
      if (entry === undefined || !this.#owner.equals(entry.value)) return;
      await this.#kv.commit(
        [{ key: this.#key, version: entry.version }],
        [{ key: this.#key, value: undefined }],
      );
    } catch (error) {
      this.#options.failed(error);
    }
  }

  /** `since`: when the row was about to be written. */
  #won(since: number): void {
    this.#cut();
    const left = since + this.length * (1 - MARGIN) - this.scheduler.elapsed();
    if (left <= 0) {
      void this.#lose();
      return;
    }
    this.#cut = this.scheduler.after(left, () => void this.#lose());
    this.#end ??= this.#options.begin();
  }

  #lose(): Promise<void> {
    this.#cut();
    const end = this.#end;
    this.#end = undefined;
    if (end !== undefined) this.#ending = end().catch(this.#options.failed);
    return this.#ending;
  }
}
