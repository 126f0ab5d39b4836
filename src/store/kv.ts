/**
 * The ordered key-value store that holds everything but large bodies.
 * Small enough for LMDB, PostgreSQL and any ordered transactional store.
 */

/** Sorts after every string and number: `[...prefix, END]` bounds all keys under a prefix. */
export const END = Symbol('END');

/**
 * One component of a key. Order: numbers (safe, non-negative integers, by value) before strings
 * (by the bytes of their UTF-8) before `END` (allowed only in the bounds of a range).
 */
export type KeyPart = string | number | typeof END;

/** A tuple, ordered component by component; a prefix sorts before its extensions. */
export type Key = readonly KeyPart[];

/** Opaque; never the same again for a key once it was rewritten, deleted and recreated included. */
export type Version = number;

/** What is stored under a key is not what was written: damage, never handed out. */
export class ValueDamaged extends Error {
  override readonly name = 'ValueDamaged';

  /** `key` and `version`: of what is damaged, for those who replace or delete it without reading it. */
  constructor(
    message: string,
    readonly key: Key = [],
    readonly version?: Version,
  ) {
    super(message);
  }
}

/** What is stored under a key is damaged. */
export function damagedAt(key: Key, version: Version): ValueDamaged {
  return new ValueDamaged(`what is stored at ${JSON.stringify(key)} is damaged`, key, version);
}

/** The store cannot be reached, and nothing was done. It may work again soon. */
export class StoreUnavailable extends Error {
  override readonly name: string = 'StoreUnavailable';
  readonly code = 'STORE_UNAVAILABLE';
}

/**
 * The store went away while it was committing: whether it did is not known. What the commit would refer to must stay
 * where it is.
 */
export class CommitInDoubt extends StoreUnavailable {
  override readonly name = 'CommitInDoubt';
}

export class StoreClosed extends Error {
  override readonly name = 'StoreClosed';

  constructor() {
    super('the store is closed');
  }
}

export interface Entry {
  readonly value: Uint8Array;
  readonly version: Version;
}

export interface Item extends Entry {
  readonly key: Key;
  /** For who reads thousands. Absent of stores that do not have both there. */
  readonly place?: ItemPlace;
}

/** Where an item lies, in memory that is not written again. */
export interface ItemPlace {
  readonly bytes: Buffer;
  /** Its key, as keys.ts encodes it, is from here up to `keyEnd`, and its value behind it, up to `end`. */
  readonly start: number;
  readonly keyEnd: number;
  readonly end: number;
}

export interface Range {
  /** Inclusive. */
  readonly start: Key;
  /** Exclusive. */
  readonly end: Key;
  /** From `end` downwards. */
  readonly reverse?: boolean;
  /** At most so many items. */
  readonly limit?: number;
  /**
   * Hears of each item that is damaged, which is then left out; without it, such an item fails the whole list. An
   * empty key: that of the item is damaged itself.
   */
  readonly damaged?: (key: Key, version: Version) => void;
  /**
   * Hears of each item's key, upwards: where in `bytes` it is, as keys.ts encodes it. It may answer a later one,
   * encoded too: what lies before that is of no use, the item itself included. A store that can go there at once does
   * (`Kv.skips`), the others answer it all.
   */
  readonly skipTo?: (bytes: Buffer, start: number, end: number) => Buffer | undefined;
}

/** Holds if the key is at that version, or, where `version` is `undefined`, absent. */
export interface Check {
  readonly key: Key;
  readonly version: Version | undefined;
}

/** Stores `value`, or deletes the key where it is `undefined`. */
export interface Write {
  readonly key: Key;
  readonly value: Uint8Array | undefined;
}

export interface Kv {
  /** Whether `list` goes by `Range.skipTo`. Default: no. */
  readonly skips?: boolean;
  /** Reads the newest committed value: read-after-write for every client of the store. Throws `ValueDamaged`. */
  get(key: Key): Promise<Entry | undefined>;
  /**
   * As `get` for each of the keys, in their order, all from one snapshot: what does not depend on one another is read
   * together, since a store may be a network away. Throws `ValueDamaged` where any of them is damaged.
   */
  getMany(keys: readonly Key[]): Promise<(Entry | undefined)[]>;
  /** The items of a range in key order, all from one snapshot. Throws `ValueDamaged`. */
  list(range: Range): Promise<Item[]>;
  /**
   * Applies all writes if all checks hold, else nothing. Resolves with whether it did, after the data is
   * on disk. Rejects where the store failed (disk full, I/O error); then nothing is visible, but for `CommitInDoubt`.
   */
  commit(checks: readonly Check[], writes: readonly Write[]): Promise<boolean>;
  close(): Promise<void>;
}

/** What a store held at one moment. */
export interface Snapshot extends Pick<Kv, 'list' | 'close'> {}

/** The range of all keys under `prefix`. */
export function under(prefix: Key): Range {
  return { start: prefix, end: [...prefix, END] };
}
