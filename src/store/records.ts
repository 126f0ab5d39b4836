/**
 * How values are stored: MessagePack of `[format version, value]`. MessagePack rather than JSON because it
 * holds bytes (inline bodies) as they are, and encodes and decodes an object's record faster than JSON does.
 */
import { Packr } from 'msgpackr';

/** Plain maps, so that every record can be read without any other. */
const packr = new Packr({ useRecords: false });

/** A stored record that cannot be read: damaged, or written by a newer version of Karikagi. */
export class RecordUnreadable extends Error {
  override readonly name = 'RecordUnreadable';
}

export interface RecordType<T> {
  encode(value: T): Uint8Array;
  /**
   * Reads a record of this or any earlier format version. Byte members of the result are views of `bytes`.
   * Throws `RecordUnreadable`.
   */
  decode(bytes: Uint8Array): T;
}

export interface RecordFormat {
  /** The format version written now; counts from 1. */
  readonly version: number;
  /** For each earlier version, what turns its value into that of the next version. */
  readonly upgrade?: Readonly<Record<number, (old: never) => unknown>>;
}

/**
 * Defines a type of stored record. Values are plain data: objects, arrays, strings, finite numbers, booleans,
 * null, undefined and `Uint8Array` (which comes back as `Buffer`). An object must not have a member named
 * `__proto__`: names that a client chooses (tags, metadata) are stored as pairs.
 * Throws `RangeError` where an earlier version has no upgrade.
 */
export function recordType<T>(format: RecordFormat): RecordType<T> {
  const { version, upgrade = {} } = format;
  for (let from = 1; from < version; from++) {
    if (upgrade[from] === undefined) throw new RangeError(`no upgrade from format version ${from}`);
  }
  return {
    encode: value => packr.pack([version, value]),
    decode(bytes) {
      const [from, stored] = unpack(bytes);
      if (from === version) return stored as T;
      if (from > version) throw new RecordUnreadable(`record of format ${from}, newer than ${version}`);
      let value = stored;
      for (let step = from; step < version; step++) value = upgrade[step]!(value as never);
      return value as T;
    },
  };
}

function unpack(bytes: Uint8Array): [version: number, value: unknown] {
  let record: unknown;
  try {
    record = packr.unpack(bytes);
  } catch (cause) {
    throw new RecordUnreadable('a stored record is damaged', { cause });
  }
  if (!Array.isArray(record) || record.length !== 2 || !Number.isInteger(record[0]) || record[0] < 1) {
    throw new RecordUnreadable('a stored record is damaged');
  }
  return record as [number, unknown];
}
