/**
 * What a request may cost, before and after it is known who sends it. Every bound of the front door stands here, with
 * its unit and its reason; what a bound refuses is counted (`counters`).
 *
 * A stranger is a client that has not been authenticated yet: S3's requests are authenticated, and authorized, from
 * their head, before the body is read. The other services name the operation in the body and sign it whole, so theirs
 * is read of strangers.
 */

import { readFileSync } from 'node:fs';
import type { Clock } from '../core/clock.js';
import type { ApiError } from '../core/errors.js';
import { type RateLimit, Rates } from '../core/rates.js';
import { turns } from '../core/slices.js';
import { MINUTE_MS } from '../core/time.js';
import type { DocumentLimit } from '../wire/types.js';
import { Counters } from './counters.js';
import { httpErrors } from './errors.js';
import { shareOf } from './sources.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Of connections. Times in milliseconds, sizes in bytes. */
export interface HttpLimits {
  /** Request line and headers. AWS takes 8 KiB of each header section and 16 KiB of a presigned URL. */
  readonly headerBytes: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headerTime: number;
  /** Without a byte moving while a body is read or written. */
  readonly stall: number;
  /** Between requests of a connection. */
  readonly idle: number;
  /** How much of a refused request's body is still read, so that the client gets to see the refusal. */
  readonly drainBytes: number;
  /** For how long. */
  readonly drainTime: number;
  /** Connections at once. Beyond, the one that has waited longest without being answered makes room. */
  readonly connections: number;
  /** Of them from one address: the others keep their share. A proxy is one address. */
  readonly connectionsPerSource: number;
}

export const defaultHttpLimits: HttpLimits = {
  headerBytes: 32 * KIB,
  headerTime: 20_000,
  stall: MINUTE_MS,
  idle: 65_000,
  drainBytes: 64 * MIB,
  drainTime: 120_000,
  ...connectionLimits(openFiles()),
};

/**
 * Connections for a process that may have so many files open: files of bodies that are read, the store and the log
 * need some too.
 */
export function connectionLimits(files: number): Pick<HttpLimits, 'connections' | 'connectionsPerSource'> {
  const connections = Math.max(16, Math.min(8192, Math.floor(files / 2)));
  return { connections, connectionsPerSource: Math.floor(connections / 2) };
}

/** The limits of connections with those that the operator sets. */
export function httpLimits(settings: {
  readonly maxConnections: number | undefined;
  readonly maxConnectionsPerAddress: number | undefined;
}): HttpLimits {
  const connections = settings.maxConnections ?? defaultHttpLimits.connections;
  const connectionsPerSource = settings.maxConnectionsPerAddress ?? Math.ceil(connections / 2);
  return { ...defaultHttpLimits, connections, connectionsPerSource };
}

/** How many files the process may have open; 1,024, the common least, where the system does not say. */
function openFiles(): number {
  try {
    const limit = /^Max open files +(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return limit === undefined ? 1024 : limit === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(limit);
  } catch {
    return 1024;
  }
}

/** Of bodies that are collected in memory before they are understood; objects stream and are not among them. */
interface BodyLimits {
  /** Bytes of all strangers together, and of one address of theirs. */
  readonly strangers: number;
  readonly strangersPerSource: number;
  /** Bytes of all callers that are known and may do what they ask, and of one address of theirs. */
  readonly callers: number;
  readonly callersPerSource: number;
  /**
   * Bytes of answers that clients have not taken yet, of all strangers and of one address of theirs. What streams is
   * not among them.
   */
  readonly answers: number;
  readonly answersPerSource: number;
  /** The same of callers that are known. */
  readonly callersAnswers: number;
  readonly callersAnswersPerSource: number;
  /** A body has this long to arrive, milliseconds, and a second more for each `leastRate` bytes of it. */
  readonly time: number;
  /** Bytes a second: as slow as a poor mobile network. */
  readonly leastRate: number;
}

export const defaultBodyLimits: BodyLimits = {
  strangers: 32 * MIB,
  strangersPerSource: 16 * MIB,
  callers: 128 * MIB,
  callersPerSource: 64 * MIB,
  answers: 32 * MIB,
  answersPerSource: 16 * MIB,
  callersAnswers: 128 * MIB,
  callersAnswersPerSource: 64 * MIB,
  time: 20_000,
  leastRate: 16 * KIB,
};

/** S3's settings are small: the largest that AWS bounds in bytes are below. */
const SETTING: DocumentLimit = { bytes: 64 * KIB, nodes: 5000 };

/** By operation of S3: bytes of its document, and elements, comments and the like in it. */
const DOCUMENTS: Readonly<Record<string, DocumentLimit>> = {
  // 10,000 parts, each with number, tag and checksum, are 2 MiB, and twice that where a client indents them.
  CompleteMultipartUpload: { bytes: 8 * MIB, nodes: 100_000 },
  // 1,000 keys of 1,024 bytes, with their versions; of strangers, where the bucket lets anonymous callers in.
  DeleteObjects: { bytes: 2 * MIB, nodes: 8000 },
  // 1,000 rules ("PutBucketLifecycleConfiguration"), each with a prefix of up to 1,024 bytes.
  PutBucketLifecycleConfiguration: { bytes: 2 * MIB, nodes: 50_000 },
  // "The maximum size of a replication configuration is 2 MB" ("PutBucketReplication").
  PutBucketReplication: { bytes: 2 * MIB, nodes: 50_000 },
  // "The maximum request length is limited to 128 KB" ("PutBucketWebsite").
  PutBucketWebsite: { bytes: 128 * KIB, nodes: 5000 },
  // 100 destinations ("Amazon S3 Event Notifications"), each with a prefix and a suffix of up to 1,024 bytes.
  PutBucketNotificationConfiguration: { bytes: 512 * KIB, nodes: 5000 },
  // 50 tags of 128 and 256 characters, at most six bytes each where they are references.
  PutBucketTagging: { bytes: 128 * KIB, nodes: 5000 },
};

/** Bytes of a form or a JSON document that names its operation itself. */
const SIGNED_FORM = MIB;
/**
 * Without a signature there are AssumeRoleWithSAML (an assertion of 100,000 characters) and AssumeRoleWithWebIdentity.
 */
const UNSIGNED_FORM = 256 * KIB;

/** Bytes of a document that takes milliseconds to understand: one of them is looked at in a turn of the event loop. */
export const HEAVY = 16 * KIB;

/** The document that an operation of S3 takes. */
export function documentLimit(operation: string): DocumentLimit {
  return DOCUMENTS[operation] ?? SETTING;
}

/** Bytes of a body that must be read to know the operation. `signed`: whether the request says so. */
export function formLimit(signed: boolean): number {
  return signed ? SIGNED_FORM : UNSIGNED_FORM;
}

/** Milliseconds that a body of so many bytes has to arrive. */
export function timeFor(bytes: number, { time, leastRate }: BodyLimits): number {
  return time + (bytes / leastRate) * 1000;
}

function slowDown(headers: Readonly<Record<string, string>> = {}): ApiError {
  return httpErrors.SlowDown({ headers: { 'retry-after': '1', ...headers } });
}

/** The bytes of collected bodies in memory, of one kind of senders. */
class Pool {
  #all = 0;
  readonly #bySource = new Map<string, number>();

  constructor(
    private readonly most: number,
    private readonly mostPerSource: number,
  ) {}

  /** Whether so many more may come from there; if so, they count. */
  take(source: string, bytes: number): boolean {
    if (!this.has(source, bytes)) return false;
    this.#all += bytes;
    this.#bySource.set(source, (this.#bySource.get(source) ?? 0) + bytes);
    return true;
  }

  /** Whether so many more would fit. */
  has(source: string, bytes: number): boolean {
    const held = (this.#bySource.get(source) ?? 0) + bytes;
    return this.#all + bytes <= this.most && held <= this.mostPerSource;
  }

  release(source: string, bytes: number): void {
    this.#all -= bytes;
    const held = this.#bySource.get(source)! - bytes;
    if (held > 0) this.#bySource.set(source, held);
    else this.#bySource.delete(source);
  }
}

/** Bytes of an answer that a socket takes at once, as a rule. */
const SMALL_ANSWER = 64 * KIB;
/** Bytes of a large one: nothing is begun for a client where it would not fit. */
const LARGE_ANSWER = 512 * KIB;

/** What one request holds of the process's memory. */
export interface Allowance {
  /** Counts bytes of the body that have arrived. Throws SlowDown where there are too many in memory already. */
  take(bytes: number): void;
  /** From here on the request is a known caller's, who may do what it asks. */
  known(): void;
  /** Gives the body back. */
  releaseBody(): void;
  /**
   * Throws SlowDown, and ends the connection, where too much waits already for clients that do not read. `stranger`:
   * whether the caller is unknown.
   */
  demandReader(stranger: boolean): void;
  /** Counts the bytes of its answer, which waits for its client. Throws as `demandReader`. */
  answer(bytes: number, stranger: boolean): void;
  releaseAnswer(): void;
}

/** Bytes of the reasoning of denials that one address may leave on disk. A usual denial is 3 KiB. */
const DENIALS: RateLimit = { burst: 4 * MIB, rate: 32 * KIB };

/** Refused anonymous requests of one address that are logged. What an identity does is always logged. */
const EVENTS_OF_STRANGERS: RateLimit = { burst: 20_000, rate: 20 };

/** Characters of what a client says of itself: `User-Agent` in events ("CloudTrail record contents": 1 KB). */
export const LONGEST_AGENT = 1024;

/** The budgets of a process. */
export class Budgets {
  readonly counters = new Counters();
  readonly #denials: Rates;
  readonly #events: Rates;
  readonly #strangers: Pool;
  readonly #callers: Pool;
  readonly #answers: Pool;
  readonly #callersAnswers: Pool;

  constructor(
    clock: Clock,
    readonly bodies: BodyLimits = defaultBodyLimits,
  ) {
    this.#denials = new Rates(DENIALS, clock);
    this.#events = new Rates(EVENTS_OF_STRANGERS, clock);
    this.#strangers = new Pool(bodies.strangers, bodies.strangersPerSource);
    this.#callers = new Pool(bodies.callers, bodies.callersPerSource);
    this.#answers = new Pool(bodies.answers, bodies.answersPerSource);
    this.#callersAnswers = new Pool(bodies.callersAnswers, bodies.callersAnswersPerSource);
  }

  /** Whether the reasoning of a denial is still kept that comes from there. */
  keepsDenial(address: string): boolean {
    return this.#counted('denials not kept', this.#denials.take(shareOf(address), 0));
  }

  /** Counts the bytes of one that was kept. */
  keptDenial(address: string, bytes: number): void {
    this.#denials.take(shareOf(address), bytes);
  }

  /** Whether the refusal of a stranger from there is still logged. */
  logsStranger(address: string): boolean {
    return this.#counted('refusals not logged', this.#events.take(shareOf(address), 1));
  }

  #counted(name: string, granted: boolean): boolean {
    if (!granted) this.counters.add(name);
    return granted;
  }

  /** Resolves when a heavy document from there may be looked at: addresses take turns. */
  turn(address: string): Promise<void> {
    return turns.next(shareOf(address));
  }

  /** Does a longer piece of work for a request from there, when there is time for it: addresses take turns. */
  work<T>(address: string, work: () => T): T | Promise<T> {
    return turns.run(shareOf(address), work);
  }

  /** What a request from that address may hold in memory. */
  allowance(address: string): Allowance {
    const source = shareOf(address);
    let pool = this.#strangers;
    let held = 0;
    let release = () => {};
    const answers = (stranger: boolean) => (stranger ? this.#answers : this.#callersAnswers);
    const tooManyUnread = () => {
      this.counters.add('answers that wait for their clients');
      // What the client has asked beyond this is not answered either.
      return slowDown({ connection: 'close' });
    };
    return {
      take: bytes => {
        if (!pool.take(source, bytes)) {
          this.counters.add(pool === this.#strangers ? 'bodies of strangers' : 'bodies of callers');
          throw slowDown();
        }
        held += bytes;
      },
      known: () => {
        if (held === 0) pool = this.#callers;
      },
      releaseBody: () => {
        if (held > 0) pool.release(source, held);
        held = 0;
      },
      demandReader: stranger => {
        if (!answers(stranger).has(source, LARGE_ANSWER)) throw tooManyUnread();
      },
      answer: (bytes, stranger) => {
        if (bytes <= SMALL_ANSWER) return;
        const waiting = answers(stranger);
        if (!waiting.take(source, bytes)) throw tooManyUnread();
        release = () => waiting.release(source, bytes);
      },
      releaseAnswer: () => {
        release();
        release = () => {};
      },
    };
  }
}
