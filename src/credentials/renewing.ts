/** One owner of a set of keys: fetches it once for all, and again before it ends. */
import { type Clock, systemClock } from '../core/clock.js';
import { CredentialsError } from './errors.js';
import type { Credentials, CredentialsProvider } from './types.js';

/** Keys and when they were fetched. */
export interface Fetched<C extends Credentials = Credentials> {
  readonly credentials: C;
  /** Milliseconds since the epoch, by the clock of who fetched. */
  readonly fetched: number;
}

/** Where keys wait for the next process. See `SharedCache`. */
export interface CredentialsCache<C extends Credentials = Credentials> {
  /** What was stored last; `undefined` where there is none that can be read. */
  read(): Promise<Fetched<C> | undefined>;
  write(entry: Fetched<C>): Promise<void>;
  /** Runs `work` while no other process does; waits for one that does. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

export interface RenewingOptions<C extends Credentials = Credentials> {
  readonly clock?: Clock | undefined;
  /** Shares the keys with other processes; default: every process has its own. */
  readonly cache?: CredentialsCache<C> | undefined;
  /** Keys with less life than this are renewed in the background, seconds; default: see `renewalTimes`. */
  readonly ahead?: number | undefined;
  /** Hears of every failure to renew, also of those that no caller meets. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

/** When keys are renewed, milliseconds since the epoch. */
export interface RenewalTimes {
  /** From here on new keys are fetched, while the old ones are still handed out. */
  readonly background: number;
  /** From here on callers wait for new keys, and get the old ones only if there are none to be had. */
  readonly waiting: number;
}

/** Seconds before the end at which botocore renews in the background and must renew (`credentials.py`). */
const BACKGROUND = 15 * 60;
const WAITING = 10 * 60;
/** Milliseconds before the next try after one that failed, while the old keys are still good. */
const RETRY_AFTER = 5_000;

/**
 * As early as the SDKs' own windows ask for (15 and 10 minutes), but never before half and two thirds of the life are
 * over: keys of 900 seconds would else be fetched all the time.
 */
export function renewalTimes(expiration: number, fetched: number, ahead = BACKGROUND): RenewalTimes {
  const life = Math.max(0, expiration - fetched);
  return {
    background: expiration - Math.min(ahead * 1000, life / 2),
    waiting: expiration - Math.min(WAITING * 1000, life / 3),
  };
}

/**
 * Hands out keys that are always good. One fetch at a time, also across processes where there is a cache.
 * While who issues keys is away, the old ones are handed out for as long as they are good.
 */
export class RenewingCredentials<C extends Credentials = Credentials> {
  readonly #fetch: CredentialsProvider<C>;
  readonly #clock: Clock;
  readonly #options: RenewingOptions<C>;
  #current: Fetched<C> | undefined;
  #rejected: string | undefined;
  #running: Promise<Fetched<C>> | undefined;
  #retryAt = 0;

  /**
   * For the `credentials` of any AWS SDK client. The client asks on every request and keeps nothing of its own, so that
   * `renew` acts at once.
   */
  readonly provider: CredentialsProvider<C>;

  constructor(fetch: CredentialsProvider<C>, options: RenewingOptions<C> = {}) {
    this.#fetch = fetch;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    // `memoized` keeps the SDK from a cache of its own, which would hold on to keys that were renewed early.
    this.provider = Object.assign(() => this.get(), { memoized: true });
  }

  /** The keys in hand, good or not; `undefined` before the first fetch. */
  get current(): C | undefined {
    return this.#current?.credentials;
  }

  /** Seconds that the keys in hand still live: 0 where there are none, Infinity for keys that do not end. */
  get secondsLeft(): number {
    if (this.#current === undefined) return 0;
    return Math.max(0, (endOf(this.#current) - this.#clock.now()) / 1000);
  }

  /**
   * Good keys. `atLeast`: seconds of life that they need, for work that cannot change its keys midway; renewed where
   * they have less. A session shorter than that cannot give it: look at `expiration`. Throws what the provider throws,
   * once no good keys are left.
   */
  async get({ atLeast = 0 }: { readonly atLeast?: number } = {}): Promise<C> {
    this.#current ??= await this.#shared();
    const now = this.#clock.now();
    const state = this.#stateOf(this.#current, now, atLeast);
    if (state === 'fresh') return this.#current!.credentials;
    if (state === 'aging') {
      if (now >= this.#retryAt) this.#renewed().catch(() => undefined);
      return this.#current!.credentials;
    }
    if (state === 'usable' && now < this.#retryAt) return this.#current!.credentials;
    return await this.#renewedOrUsable();
  }

  /**
   * Fetches new keys although the old ones have life left: after `ExpiredToken`, or a change of policies. `rejected`:
   * the access key id that was refused; where the keys in hand are others by now, they are returned, so that many parts
   * of one job renew once. Throws what the provider throws.
   */
  async renew(rejected?: string): Promise<C> {
    const inHand = this.#current?.credentials;
    if (rejected !== undefined && inHand !== undefined && inHand.accessKeyId !== rejected)
      return await this.get();
    this.#rejected = inHand?.accessKeyId ?? rejected;
    return (await this.#renewed()).credentials;
  }

  /** Resolves once no fetch is on its way. Never throws. */
  async settled(): Promise<void> {
    await this.#running?.catch(() => undefined);
  }

  /** `usable`: not expired, though it should have been renewed, or lives shorter than asked. */
  #stateOf(entry: Fetched<C> | undefined, now: number, atLeast = 0): 'fresh' | 'aging' | 'usable' | 'gone' {
    if (entry === undefined || entry.credentials.accessKeyId === this.#rejected) return 'gone';
    const end = endOf(entry);
    if (end === Infinity) return 'fresh';
    if (now >= end) return 'gone';
    const { background, waiting } = renewalTimes(end, entry.fetched, this.#options.ahead);
    if (now >= waiting || end - now < atLeast * 1000) return 'usable';
    return now >= background ? 'aging' : 'fresh';
  }

  async #renewedOrUsable(): Promise<C> {
    try {
      return (await this.#renewed()).credentials;
    } catch (error) {
      const left = this.#current;
      if (left !== undefined && this.#stateOf(left, this.#clock.now()) !== 'gone') return left.credentials;
      throw error;
    }
  }

  #renewed(): Promise<Fetched<C>> {
    this.#running ??= this.#renewNow().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #renewNow(): Promise<Fetched<C>> {
    const { cache, onFailure } = this.#options;
    try {
      this.#current = cache === undefined ? await this.#fetched() : await this.#fetchedOnce(cache);
      this.#rejected = undefined;
      this.#retryAt = 0;
      return this.#current;
    } catch (error) {
      this.#retryAt = this.#clock.now() + RETRY_AFTER;
      onFailure?.(error);
      throw error;
    }
  }

  /** What another process fetched meanwhile counts as well. */
  #fetchedOnce(cache: CredentialsCache<C>): Promise<Fetched<C>> {
    return cache.exclusively(async () => {
      const shared = await cache.read();
      if (shared !== undefined && this.#stateOf(shared, this.#clock.now()) === 'fresh') {
        if (shared.credentials.accessKeyId !== this.#current?.credentials.accessKeyId) return shared;
      }
      const fetched = await this.#fetched();
      // Keys without an end are long-term ones: they are in a file of their owner's already, and may change there.
      if (fetched.credentials.expiration !== undefined) await cache.write(fetched);
      return fetched;
    });
  }

  async #fetched(): Promise<Fetched<C>> {
    const fetched = this.#clock.now();
    const credentials = await this.#fetch();
    const end = credentials.expiration?.getTime() ?? Infinity;
    if (end > this.#clock.now()) return { credentials, fetched };
    throw new CredentialsError(
      'Invalid',
      `the keys that were issued ended at ${credentials.expiration!.toISOString()} by this machine's clock: compare the clocks`,
    );
  }

  async #shared(): Promise<Fetched<C> | undefined> {
    const shared = await this.#options.cache?.read();
    return shared && this.#stateOf(shared, this.#clock.now()) !== 'gone' ? shared : undefined;
  }
}

function endOf({ credentials: { expiration } }: Fetched): number {
  return expiration?.getTime() ?? Infinity;
}

/** Keys of a provider, renewed ahead. */
export function renewing<C extends Credentials>(
  provider: CredentialsProvider<C>,
  options: RenewingOptions<C> = {},
): RenewingCredentials<C> {
  return new RenewingCredentials(provider, options);
}
