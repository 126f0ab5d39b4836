import { encodeBound, MAX_KEY_BYTES } from '../../store/keys.js';
import type { Key, Range } from '../../store/kv.js';

/** Keys that have the delimiter behind the prefix are shown as one common prefix, which ends with it. */
export interface Fold {
  readonly prefix: string;
  /** Not empty. */
  readonly delimiter: string;
}

/**
 * For `Range.skipTo`: goes from the second key of a common prefix behind all of it. It looks at keys as they are
 * stored, where a text is its UTF-8 with every byte raised by one, and then 0: making texts of them would take as long
 * as reading them. `table`: the parts of the keys before the client's.
 */
export function skipFolded(table: Key, { prefix, delimiter }: Fold): NonNullable<Range['skipTo']> {
  // Without the byte that ends a text.
  const from = encodeBound([...table, prefix]).length - 1;
  const mark = Buffer.from(delimiter).map(byte => byte + 1);
  /** The common prefix of the key before, if it has one. */
  const last = Buffer.allocUnsafe(MAX_KEY_BYTES);
  let length = 0;
  return (bytes, start, end) => {
    if (length > 0 && begins(bytes, start, end, last, length)) return behind(last, length);
    length = lengthOfPrefix(bytes, start, start + from, end, mark);
    for (let at = 0; at < length; at++) last[at] = bytes[start + at]!;
    return undefined;
  };
}

function begins(bytes: Buffer, start: number, end: number, prefix: Uint8Array, length: number): boolean {
  if (end - start < length) return false;
  for (let at = 0; at < length; at++) if (bytes[start + at] !== prefix[at]) return false;
  return true;
}

/** The first key behind all that begin so. No byte of a text is the highest. */
function behind(prefix: Buffer, length: number): Buffer {
  const next = Buffer.from(prefix.subarray(0, length));
  next[length - 1]! += 1;
  return next;
}

/** Of a key, the bytes up to the end of the first `mark` from `from` on; 0 where there is none. */
function lengthOfPrefix(bytes: Buffer, start: number, from: number, end: number, mark: Uint8Array): number {
  // Behind the text there may be an id.
  for (let at = from; at < end && bytes[at] !== 0; at++) {
    if (begins(bytes, at, end, mark, mark.length)) return at + mark.length - start;
  }
  return 0;
}
