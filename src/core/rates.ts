/** How fast each of many sources may do something: a bucket of tokens for each, filled at a steady rate. */
import type { Clock } from './clock.js';

export interface RateLimit {
  /** Tokens that a source has that took none for a while. */
  readonly burst: number;
  /** Tokens a second. */
  readonly rate: number;
}

interface Bucket {
  tokens: number;
  /** When that was, milliseconds since the epoch. */
  at: number;
}

/** Sources that are known at once; beyond, those that have taken nothing of late are forgotten. */
const MOST_SOURCES = 10_000;

export class Rates {
  readonly #limit: RateLimit;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: RateLimit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Takes so many tokens, if the source has any left: it may overdraw once. */
  take(source: string, tokens: number): boolean {
    const { burst } = this.#limit;
    const bucket = this.#bucketOf(source);
    if (bucket.tokens <= 0) return false;
    bucket.tokens = Math.max(bucket.tokens - tokens, -burst);
    return true;
  }

  #bucketOf(source: string): Bucket {
    const { burst, rate } = this.#limit;
    const now = this.#clock.now();
    const known = this.#buckets.get(source);
    if (known) {
      const elapsed = Math.max(0, now - known.at) / 1000;
      known.tokens = Math.min(burst, known.tokens + elapsed * rate);
      known.at = now;
      return known;
    }
    if (this.#buckets.size >= MOST_SOURCES) this.#forget(now);
    const fresh = { tokens: burst, at: now };
    this.#buckets.set(source, fresh);
    return fresh;
  }

  /** The oldest half: sources are in the order in which they first came. */
  #forget(now: number): void {
    const { burst, rate } = this.#limit;
    for (const [source, { tokens, at }] of this.#buckets) {
      if (tokens + ((now - at) / 1000) * rate >= burst) this.#buckets.delete(source);
    }
    for (const source of this.#buckets.keys()) {
      if (this.#buckets.size < MOST_SOURCES / 2) break;
      this.#buckets.delete(source);
    }
  }
}
