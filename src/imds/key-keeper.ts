/** Keys of an instance's role, fetched before anyone asks for them. */

import type { Clock } from '../core/clock.js';
import { type Cancel, type Scheduler, systemScheduler } from '../core/scheduler.js';
import { MINUTE_MS } from '../core/time.js';
import { within } from '../core/within.js';
import {
  type Delivery,
  type InstanceApi,
  type InstanceKeys,
  isAnswer,
  type RegisteredInstance,
  type Registration,
} from './instance.js';

interface KeyKeeperOptions {
  readonly api: InstanceApi;
  readonly clock: Clock;
  /** Registers the instance, as soon as its profile is there; absent: it is registered. */
  readonly registration?: Registration | undefined;
  readonly instanceId: string;
  readonly deliveries: readonly Delivery[];
  /** Seconds between looks at what the profile holds; default 15. */
  readonly every?: number | undefined;
  /** Default: the machine's time. */
  readonly scheduler?: Scheduler | undefined;
  /** Hears of what goes wrong, once for each change. */
  readonly onTrouble?: ((message: string | undefined) => void) | undefined;
}

/** What the endpoint answers with at this moment. */
export interface KeyState {
  readonly instance?: RegisteredInstance;
  readonly keys: ReadonlyMap<Delivery, InstanceKeys>;
  /** Why EC2 may not assume the role, where there are no keys. */
  readonly refused?: { readonly code: string; readonly message: string; readonly time: number };
}

/**
 * Life that keys have at least when they are handed out, milliseconds: botocore writes a date of its own into keys that
 * live shorter than 15 to 20 minutes (`_evaluate_expiration`), and SDKs renew up to 15 minutes ahead.
 */
const LEAST_LIFE = 35 * MINUTE_MS;
/** Milliseconds that a reader waits for keys where those in hand are too old: SDKs give up after a second. */
const LONGEST_WAIT = 800;
const DEFAULT_EVERY = 15;

/**
 * Looks at the server at intervals: fetches keys when half of their life is over, at the latest 35 minutes before their
 * end, and drops them as soon as the role leaves the profile or its sessions are revoked. While the server is away,
 * what is still good stays.
 */
export class KeyKeeper {
  readonly #options: KeyKeeperOptions;
  readonly #clock: Clock;
  #instance: RegisteredInstance | undefined;
  #keys = new Map<Delivery, InstanceKeys>();
  #refused: KeyState['refused'];
  #registered = false;
  #running: Promise<void> | undefined;
  #cancel: Cancel = () => {};
  #trouble: string | undefined;

  constructor(options: KeyKeeperOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** Looks once, then at intervals. Never throws: `onTrouble` hears what is wrong. */
  async start(): Promise<void> {
    await this.look();
    const every = (this.#options.every ?? DEFAULT_EVERY) * 1000;
    const { scheduler = systemScheduler } = this.#options;
    this.#cancel = scheduler.every(every, () => void this.look());
  }

  /** What is known, at once. */
  get state(): KeyState {
    return {
      ...(this.#instance && { instance: this.#instance }),
      ...(this.#refused && { refused: this.#refused }),
      keys: this.#keys,
    };
  }

  /** Good keys of that delivery, or nothing. At once, unless they are older than they should ever get. */
  async keysFor(delivery: Delivery): Promise<InstanceKeys | undefined> {
    if (this.#life(delivery) <= LEAST_LIFE) {
      await within(LONGEST_WAIT, this.look());
    }
    return this.#life(delivery) > 0 ? this.#keys.get(delivery) : undefined;
  }

  /** Asks the server for what has changed. Never throws. */
  look(): Promise<void> {
    this.#running ??= this.#look()
      .then(() => this.#report(this.#refused?.message))
      .catch(error => this.#failed(error))
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async close(): Promise<void> {
    this.#cancel();
    await this.#running;
  }

  async #look(): Promise<void> {
    const instance = await this.#current();
    if (this.#outdated(instance)) this.#keys.clear();
    this.#instance = instance;
    this.#refused = undefined;
    if (instance?.RoleName === undefined) return;
    for (const delivery of this.#options.deliveries) {
      if (this.#isDue(delivery)) await this.#fetch(delivery);
    }
  }

  async #current(): Promise<RegisteredInstance | undefined> {
    const { api, instanceId, registration } = this.#options;
    if (registration === undefined || this.#registered) return await api.get(instanceId);
    const instance = await api.register(registration);
    this.#registered = true;
    return instance;
  }

  /** Whether the keys in hand are of another role, or of sessions that were revoked. */
  #outdated(now: RegisteredInstance | undefined): boolean {
    if (now?.RoleId !== this.#instance?.RoleId) return true;
    const revoked = (now?.SessionsRevokedBefore ?? 0) * 1000;
    return [...this.#keys.values()].some(({ issued }) => issued < revoked);
  }

  #isDue(delivery: Delivery): boolean {
    const keys = this.#keys.get(delivery);
    if (keys === undefined) return true;
    const half = (keys.credentials.expiration.getTime() - keys.issued) / 2;
    return this.#life(delivery) < Math.max(half, LEAST_LIFE);
  }

  async #fetch(delivery: Delivery): Promise<void> {
    const issued = this.#clock.now();
    try {
      const { credentials, role } = await this.#options.api.assume(this.#options.instanceId, delivery);
      this.#keys.set(delivery, { credentials, role, issued });
    } catch (error) {
      if (!isAnswer(error, 'AssumeRoleUnauthorizedAccess')) throw error;
      this.#refused = { code: error.code, message: error.message, time: issued };
    }
  }

  /** Milliseconds. */
  #life(delivery: Delivery): number {
    const keys = this.#keys.get(delivery);
    return keys === undefined ? 0 : keys.credentials.expiration.getTime() - this.#clock.now();
  }

  /** What the server says is believed; what it does not say leaves everything as it was. */
  #failed(error: unknown): void {
    if (isAnswer(error, 'ResourceNotFoundException', 'InstanceProfileNotFound', 'NoRoleInInstanceProfile')) {
      this.#instance = undefined;
      this.#keys.clear();
    }
    this.#report(error instanceof Error ? messageOf(error) : String(error));
  }

  #report(trouble: string | undefined): void {
    if (trouble !== this.#trouble) this.#options.onTrouble?.(trouble);
    this.#trouble = trouble;
  }
}

/** `fetch failed` alone says nothing. */
function messageOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${cause.message || cause.name}` : message;
}
