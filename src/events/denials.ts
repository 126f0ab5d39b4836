import type { Explanation } from '../policy/index.js';
import { type Kv, under, type Write } from '../store/kv.js';

/** The whole reasoning of a denied request, kept so that its request id finds it. */
export interface Denial {
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Accounts whose administrators may read it: the caller's and the resource's. */
  readonly accounts: readonly string[];
  /** One for each check that was refused; an operation may ask more than one. */
  readonly explanations: readonly Explanation[];
}

export interface DenialLimits {
  /** At most so many are kept; the oldest go first. */
  readonly count: number;
  /** None older than this is kept, milliseconds. */
  readonly age: number;
}

/** Trimming reads the whole index, so it is done once in so many denials. */
const TRIM_EVERY = 1000;

const text = new TextEncoder();
const plain = new TextDecoder();

/**
 * The traces of denied requests. They are written behind the reply in batches, so that a flood of refused
 * requests costs few commits, and bounded in number and age.
 */
export class Denials {
  readonly #kv: Kv;
  readonly #limits: DenialLimits;
  #waiting = new Map<string, Denial>();
  #writing: Promise<void> | undefined;
  /** Starts full, so that a restarted server trims with its first denials. */
  #sinceTrim = TRIM_EVERY;

  constructor(kv: Kv, limits: DenialLimits = { count: 20_000, age: 7 * 86_400_000 }) {
    this.#kv = kv;
    this.#limits = limits;
  }

  record(denial: Denial): void {
    this.#waiting.set(denial.requestId, denial);
    this.#writing ??= this.#write();
  }

  /** The trace of a request, if it was denied and is still kept. */
  async find(requestId: string): Promise<Denial | undefined> {
    const waiting = this.#waiting.get(requestId);
    if (waiting) return waiting;
    const entry = await this.#kv.get(['denial', requestId]);
    return entry && (JSON.parse(plain.decode(entry.value)) as Denial);
  }

  /** The latest traces that an account may read, newest first; at most `limit` of the last thousand. */
  async recent(account: string, limit: number): Promise<Denial[]> {
    await this.#writing;
    const rows = await this.#kv.list({ ...under(['denial-time']), reverse: true, limit: 1000 });
    const found: Denial[] = [];
    for (const { key } of rows) {
      if (found.length >= limit) break;
      const denial = await this.find(key[2] as string);
      if (denial?.accounts.includes(account)) found.push(denial);
    }
    return found;
  }

  /** Resolves when everything recorded so far is on disk. */
  async close(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async #write(): Promise<void> {
    // Every denial that arrives in this pause shares the commit.
    await new Promise(resume => setTimeout(resume, 20));
    const batch = [...this.#waiting.values()];
    const writes: Write[] = batch.flatMap(denial => [
      { key: ['denial', denial.requestId], value: text.encode(JSON.stringify(denial)) },
      { key: ['denial-time', denial.time, denial.requestId], value: new Uint8Array() },
    ]);
    try {
      await this.#kv.commit([], writes);
      this.#sinceTrim += batch.length;
      if (this.#sinceTrim >= TRIM_EVERY) await this.#trim(batch[0]!.time - this.#limits.age);
    } catch {
      // A trace is no reason to fail: the disk that refuses it refuses the next acknowledged write aloud.
    }
    for (const denial of batch) {
      if (this.#waiting.get(denial.requestId) === denial) this.#waiting.delete(denial.requestId);
    }
    this.#writing = this.#waiting.size > 0 ? this.#write() : undefined;
  }

  async #trim(oldest: number): Promise<void> {
    this.#sinceTrim = 0;
    const kept = await this.#kv.list({ ...under(['denial-time']), reverse: true });
    const gone = kept.filter(({ key }, newer) => newer >= this.#limits.count || (key[1] as number) < oldest);
    const writes = gone.flatMap(({ key }) => [
      { key, value: undefined },
      { key: ['denial', key[2] as string], value: undefined },
    ]);
    if (writes.length > 0) await this.#kv.commit([], writes);
  }
}
