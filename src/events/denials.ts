import { DAY_MS } from '../core/time.js';
import type { Explanation } from '../policy/index.js';
import type { Context } from '../policy/types.js';
import type { KeyOf } from '../store/keyspace.js';
import { type Kv, under, type Write } from '../store/kv.js';
import type { PackedChecks } from './denied-checks.js';

/** Everything that a refused request was decided on, so that its request id finds why. */
export interface Denial {
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Accounts whose administrators may read it: the caller's and the resource's. None: those of the server. */
  readonly accounts: readonly string[];
  /** `s3:GetObject`: service and operation; absent where that was not known. */
  readonly operation?: string | undefined;
  /** One for each check of policies that was refused; an operation may ask more than one. */
  readonly checks?: PackedChecks;
  /** Set where no policy decided. */
  readonly refusal?: Refusal | undefined;
  /** Of records written before the checks themselves were stored. */
  readonly explanations?: readonly Explanation[];
}

/** A refusal that no policy decided: by a rule of the service, a setting, or for want of valid credentials. */
export interface Refusal {
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  readonly message: string;
  /** ARN of who asked, as far as it is known. */
  readonly principal?: string | undefined;
  /** What would let the request through. */
  readonly advice?: string | undefined;
  /** What the server knows beyond its answer: for `owners`, or where there are none for all who read the trace. */
  readonly reason?: string | undefined;
  /** Accounts whose resources were asked for. */
  readonly owners: readonly string[];
}

interface DenialLimits {
  /** At most so many are kept, and at most so many bytes of them; the oldest go first. */
  readonly count: number;
  readonly bytes: number;
  /** None older than this is kept, milliseconds. */
  readonly age: number;
}

/** Trimming reads the whole index, so it is done once in so many denials, or in such a part of all bytes. */
const TRIM_EVERY = 1000;
const TRIM_PART = 1 / 8;

/** Denials in memory at once, for a disk that is slow to take them. */
const MOST_WAITING = 2000;

/** What a denial from before sizes were kept counts, bytes. */
const USUAL_SIZE = 4096;

const text = new TextEncoder();
const plain = new TextDecoder();

const DEFAULT_LIMITS: DenialLimits = { count: 20_000, bytes: 128 * 1024 * 1024, age: 7 * DAY_MS };

const denialKey = (requestId: string): KeyOf<'events'> => ['denial', requestId];
const timeKey = (time: number, requestId: string): KeyOf<'events'> => ['denial-time', time, requestId];

/** A denial as it is written. */
interface Stored extends Denial {
  /** Of records from before the checks themselves were stored: what their explanations know alike. */
  readonly context?: Context;
}

interface Waiting {
  readonly requestId: string;
  readonly time: number;
  readonly bytes: Uint8Array;
}

/**
 * The traces of denied requests. They are written behind the reply in batches, so that a flood of refused
 * requests costs few commits, and bounded in number and age.
 */
export class Denials {
  readonly #kv: Kv;
  readonly #limits: DenialLimits;
  #waiting = new Map<string, Waiting>();
  #writing: Promise<void> | undefined;
  /** Starts full, so that a restarted server trims with its first denials. */
  #sinceTrim = TRIM_EVERY;
  #bytesSinceTrim = 0;

  constructor(kv: Kv, limits: DenialLimits = DEFAULT_LIMITS) {
    this.#kv = kv;
    this.#limits = limits;
  }

  /** Takes note of a denial; answers the bytes that it takes. */
  record(denial: Denial): number {
    if (this.#waiting.size >= MOST_WAITING) return 0;
    const { requestId, time } = denial;
    const bytes = encode(denial);
    this.#waiting.set(requestId, { requestId, time, bytes });
    this.#writing ??= this.#write();
    return bytes.length;
  }

  /** The trace of a request, if it was denied and is still kept. */
  async find(requestId: string): Promise<Denial | undefined> {
    const waiting = this.#waiting.get(requestId);
    if (waiting) return decode(waiting.bytes);
    const entry = await this.#kv.get(denialKey(requestId));
    return entry && decode(entry.value);
  }

  /** The latest traces that a reader may read, newest first; at most `limit` of the last thousand. */
  async recent(mayRead: (denial: Denial) => boolean | Promise<boolean>, limit: number): Promise<Denial[]> {
    await this.#writing;
    const rows = await this.#kv.list({ ...under(['denial-time']), reverse: true, limit: 1000 });
    const found: Denial[] = [];
    for (const { key } of rows) {
      if (found.length >= limit) break;
      const denial = await this.find(key[2] as string);
      if (denial && (await mayRead(denial))) found.push(denial);
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
    const writes: Write[] = batch.flatMap(({ requestId, time, bytes }) => [
      { key: denialKey(requestId), value: bytes },
      { key: timeKey(time, requestId), value: text.encode(String(bytes.length)) },
    ]);
    try {
      await this.#kv.commit([], writes);
      this.#sinceTrim += batch.length;
      for (const { bytes } of batch) this.#bytesSinceTrim += bytes.length;
      const due = this.#sinceTrim >= TRIM_EVERY || this.#bytesSinceTrim >= this.#limits.bytes * TRIM_PART;
      if (due) await this.#trim(batch[0]!.time - this.#limits.age);
    } catch {
      // A trace is no reason to fail: the disk that refuses it refuses the next acknowledged write aloud.
    }
    for (const written of batch) {
      const { requestId } = written;
      if (this.#waiting.get(requestId) === written) this.#waiting.delete(requestId);
    }
    this.#writing = this.#waiting.size > 0 ? this.#write() : undefined;
  }

  async #trim(oldest: number): Promise<void> {
    this.#sinceTrim = 0;
    this.#bytesSinceTrim = 0;
    const { count, bytes } = this.#limits;
    const kept = await this.#kv.list({ ...under(['denial-time']), reverse: true });
    let size = 0;
    const gone = kept.filter(({ key, value }, newer) => {
      size += Number(plain.decode(value)) || USUAL_SIZE;
      return newer >= count || size > bytes || (key[1] as number) < oldest;
    });
    const writes = gone.flatMap(({ key }) => [
      { key, value: undefined },
      { key: denialKey(key[2] as string), value: undefined },
    ]);
    if (writes.length > 0) await this.#kv.commit([], writes);
  }
}

function encode(denial: Denial): Uint8Array {
  return text.encode(JSON.stringify(denial));
}

function decode(bytes: Uint8Array): Denial {
  const { context, explanations, ...rest } = JSON.parse(plain.decode(bytes)) as Stored;
  if (!explanations) return rest;
  if (!context) return { ...rest, explanations };
  return {
    ...rest,
    explanations: explanations.map(explanation => ({
      ...explanation,
      requestContext: { ...context, ...explanation.requestContext },
    })),
  };
}
