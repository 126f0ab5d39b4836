/**
 * Reading ahead, for a store that is a network away: what a request will look at is read with what it looks at first,
 * in one round trip.
 *
 * Which rows those are is only a guess: the rows that the last two requests of its kind both looked at, and those that
 * the caller expects. A wrong guess costs a row that was read for nothing, or a round trip; it never changes what a
 * request is answered. Each row is read after the request began, so that what was acknowledged before it is seen: a
 * revoked session, a changed policy. Each is handed out once, since who looks at a row again wants to know how it is by
 * then; but for those that are the same for a whole request, because they say who sends it. From the first commit of
 * the request on, and later than `FRESH_MS`, everything is read from the store.
 *
 * A request is followed through `AsyncLocalStorage`: the rooms between a door and the store need not know of this.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { BoundedCache } from '../core/bounded-cache.js';
import { type Entry, type Key, type Kv, StoreClosed, StoreUnavailable } from './kv.js';

/** Milliseconds for which a row that was read ahead is handed out: an upload may take hours. */
const FRESH_MS = 1000;
/** Kinds of requests that are remembered, and the rows of each: how many, and how long their keys are together. */
const KINDS = 10_000;
const ROWS = 32;
const CHARACTERS = 4096;
/** A longer name of a kind is not remembered. */
const LONGEST_KIND = 2048;

/** What is known of a request before it looks at anything. */
export interface Expected {
  /** Its kinds, from the general to the particular: what requests of a kind look at is expected of the next. */
  readonly kinds: readonly string[];
  /** Further rows that it may look at. */
  readonly keys?: readonly Key[];
}

interface ReadAheadOptions {
  /** Of rows that are the same for a whole request. Default: none. */
  readonly isSteady?: (key: Key) => boolean;
  /** Milliseconds for which a row that was read ahead is handed out. Default: 1000. */
  readonly fresh?: number;
}

interface Guess {
  readonly key: Key;
  /** Whether the last two requests of the kind looked at it, not the last one alone. */
  readonly isLikely: boolean;
}

/** By the name of a key. */
type Guesses = ReadonlyMap<string, Guess>;

export class ReadAhead {
  /** The store, through which requests read ahead. */
  readonly kv: Kv;
  readonly #store: Kv;
  readonly #requests = new AsyncLocalStorage<Request>();
  readonly #known = new BoundedCache<string, Guesses>(KINDS);
  readonly #options: Required<ReadAheadOptions>;

  constructor(store: Kv, options: ReadAheadOptions = {}) {
    this.#store = store;
    this.#options = { isSteady: () => false, fresh: FRESH_MS, ...options };
    this.kv = {
      skips: store.skips ?? false,
      get: async key => (await this.#getMany([key]))[0],
      getMany: keys => this.#getMany(keys),
      list: range => store.list(range),
      commit: (checks, writes) => {
        this.#requests.getStore()?.end();
        return store.commit(checks, writes);
      },
      close: () => store.close(),
    };
  }

  /** Runs what a request does. `expected` is asked when it first looks at something. */
  async run<T>(expected: () => Expected, work: () => Promise<T>): Promise<T> {
    const request = new Request(this.#store, this.#known, this.#options, expected);
    try {
      return await this.#requests.run(request, work);
    } finally {
      request.end();
      request.learn();
    }
  }

  #getMany(keys: readonly Key[]): Promise<(Entry | undefined)[]> {
    return this.#requests.getStore()?.getMany(keys) ?? this.#store.getMany(keys);
  }
}

/** No two keys have the same. */
const nameOf = (key: Key): string => JSON.stringify(key);

class Request {
  readonly #store: Kv;
  readonly #known: BoundedCache<string, Guesses>;
  readonly #options: Required<ReadAheadOptions>;
  readonly #expected: () => Expected;
  #kinds: readonly string[] = [];
  /** What it looked at. */
  readonly #looked = new Map<string, Key>();
  #characters = 0;
  /** What was read ahead and is to be handed out, by the place among the rows. */
  readonly #ahead = new Map<string, number>();
  #rows: Promise<(Entry | undefined)[]> | undefined;
  /** Of the monotonic clock, milliseconds; `undefined` while the rows are on their way. */
  #arrived: number | undefined;
  #ended = false;

  constructor(
    store: Kv,
    known: BoundedCache<string, Guesses>,
    options: Required<ReadAheadOptions>,
    expected: () => Expected,
  ) {
    this.#store = store;
    this.#known = known;
    this.#options = options;
    this.#expected = expected;
  }

  /** As that of the store. */
  async getMany(keys: readonly Key[]): Promise<(Entry | undefined)[]> {
    if (this.#ended) return this.#store.getMany(keys);
    const names = keys.map(nameOf);
    if (this.#rows === undefined) this.#begin(keys, names);
    for (const [index, name] of names.entries()) this.#look(name, keys[index]!);
    const places = names.map((name, index) => this.#take(name, keys[index]!));
    const others = keys.filter((_, index) => places[index] === undefined);
    const [ahead, read] = await Promise.all([
      others.length < keys.length ? this.#landed() : undefined,
      others.length > 0 ? this.#store.getMany(others) : [],
    ]);
    // What was read ahead may have failed over a row that this request never looks at.
    if (others.length < keys.length && ahead === undefined) return this.#store.getMany(keys);
    const rest = read.values();
    return places.map(place => (place === undefined ? rest.next().value : ahead![place]));
  }

  /** From now on, everything is read from the store. */
  end(): void {
    this.#ended = true;
    this.#ahead.clear();
  }

  /** Remembers what it looked at, for the next of its kinds. */
  learn(): void {
    for (const kind of this.#kinds) {
      const before = this.#known.get(kind);
      const guesses = new Map<string, Guess>();
      for (const [name, key] of this.#looked)
        guesses.set(name, { key, isLikely: before?.has(name) ?? false });
      this.#known.set(kind, guesses);
    }
  }

  #look(name: string, key: Key): void {
    this.#characters += name.length;
    if (this.#looked.size < ROWS && this.#characters <= CHARACTERS) this.#looked.set(name, key);
  }

  /** Reads what it looks at first together with what it is expected to look at. */
  #begin(keys: readonly Key[], names: readonly string[]): void {
    const { kinds, keys: further = [] } = this.#expected();
    // What is looked at first says who sends the request.
    this.#kinds = [...kinds, `${kinds[0]} ${names.join()}`].filter(({ length }) => length <= LONGEST_KIND);
    const wanted = new Map<string, Key>();
    for (const [index, name] of names.entries()) wanted.set(name, keys[index]!);
    for (const key of further) wanted.set(nameOf(key), key);
    for (const kind of this.#kinds)
      for (const [name, { key, isLikely }] of this.#known.get(kind) ?? [])
        if (isLikely) wanted.set(name, key);
    for (const name of wanted.keys()) this.#ahead.set(name, this.#ahead.size);
    this.#rows = this.#store.getMany([...wanted.values()]);
    const arrived = () => {
      this.#arrived = performance.now();
    };
    this.#rows.then(arrived, arrived);
  }

  /** The place of a row that was read ahead; once it has arrived, it is handed out once. */
  #take(name: string, key: Key): number | undefined {
    const place = this.#ahead.get(name);
    if (place === undefined || this.#arrived === undefined) return place;
    const { isSteady, fresh } = this.#options;
    const isFresh = performance.now() - this.#arrived < fresh;
    if (!isFresh || !isSteady(key)) this.#ahead.delete(name);
    return isFresh ? place : undefined;
  }

  /** What was read ahead; `undefined` where that failed for a reason of its own. Throws `StoreUnavailable`. */
  async #landed(): Promise<(Entry | undefined)[] | undefined> {
    try {
      return await this.#rows!;
    } catch (error) {
      if (error instanceof StoreUnavailable || error instanceof StoreClosed) throw error;
      return undefined;
    }
  }
}
