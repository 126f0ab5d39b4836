/** Rows as PostgreSQL answers them, and what they mean. */
import type { QueryConfig } from 'pg';
import { decodeKey, encodeBound } from '../keys.js';
import { damagedAt, type Entry, type Item, type Key, type Range, type Version } from '../kv.js';
import { verifiedValue } from '../lmdb/value-checksum.js';

export interface Row {
  readonly k: Buffer;
  /** A bigint, which comes as text. */
  readonly ver: string;
  readonly v: Buffer;
}

/** Asks for the rows of a range; `undefined` where it can have none. */
export function rangeStatement({ start, end, reverse = false, limit }: Range): QueryConfig | undefined {
  const [low, high] = [encodeBound(start), encodeBound(end)];
  if ((limit ?? 1) <= 0 || Buffer.compare(low, high) >= 0) return undefined;
  return {
    name: reverse ? 'last' : 'first',
    text: `SELECT k, ver, v FROM kv WHERE k >= $1 AND k < $2 ORDER BY k ${reverse ? 'DESC' : ''} LIMIT $3`,
    values: [low, high, Number.isFinite(limit ?? Number.NaN) ? limit : null],
  };
}

/** Throws `ValueDamaged`. */
export function entryOf(key: Key, row: Row | undefined): Entry | undefined {
  if (row === undefined) return undefined;
  const value = verifiedValue(row.k, row.v);
  if (value === undefined) throw damagedAt(key, Number(row.ver));
  return { value, version: Number(row.ver) };
}

/** An item, or none where it is damaged and `damaged` hears of it. Throws `ValueDamaged` where nothing hears of it. */
export function itemOf(
  { k, ver, v }: Row,
  damaged: ((key: Key, version: Version) => void) | undefined,
): Item[] {
  const version = Number(ver);
  const value = verifiedValue(k, v);
  const key = keyOf(k);
  if (value !== undefined && key.length > 0) return [{ key, value, version }];
  if (damaged === undefined) throw damagedAt(key, version);
  damaged(key, version);
  return [];
}

/** Empty where the stored key is damaged: no key is. */
function keyOf(stored: Buffer): Key {
  try {
    return decodeKey(stored);
  } catch {
    return [];
  }
}
