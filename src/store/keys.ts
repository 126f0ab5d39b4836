/**
 * Keys as bytes whose byte order is the order of the tuples, and back.
 *
 * Each part is a tag followed by its content:
 * - number: tag `0x10 + n`, then the value in `n` bytes (0 to 7), highest first, without leading zeros;
 * - string: tag `0x20`, then its UTF-8 with every byte raised by one, then `0x00`. UTF-8 has no byte above
 *   `0xf4`, so raising costs no room, NUL stays apart from the terminator, and the order is kept;
 * - `END`: `0xff`, above every tag.
 */
import { toUSVString } from 'node:util';
import { END, type Key } from './kv.js';

/**
 * The longest encoded key in bytes: LMDB's limit with pages of 4 KiB. A string takes its UTF-8 and 2 bytes,
 * a number at most 8. An S3 key of 1,024 bytes thus leaves 952 bytes for the other parts.
 */
export const MAX_KEY_BYTES = 1978;

const NUMBER = 0x10;
const STRING = 0x20;
const LAST = 0xff;
const LONGEST_NUMBER = 7;

/** The encoded key would be longer than `MAX_KEY_BYTES`. */
export class KeyTooLong extends Error {
  override readonly name = 'KeyTooLong';
}

/** Every key is first written here, then copied out at its length. A part may overrun the limit by its own length. */
const scratch = Buffer.allocUnsafeSlow(MAX_KEY_BYTES + 16);
const decoded = Buffer.allocUnsafeSlow(MAX_KEY_BYTES);

/**
 * Encodes a key to store under. The result is the caller's own.
 * Throws as `encodeBound` does; `RangeError` for an empty key or one with `END`, which only bounds may have.
 */
export function encodeKey(key: Key): Buffer {
  if (key.length === 0 || key.includes(END)) throw new RangeError('nothing can be stored under a bound');
  return encodeBound(key);
}

/**
 * Encodes a bound of a range. The result is the caller's own.
 * Throws `KeyTooLong`; `RangeError` for a number that is negative or no safe integer; `TypeError` for a string
 * with a lone surrogate, which has no UTF-8.
 */
export function encodeBound(key: Key): Buffer {
  const length = writeKey(key, scratch, 0);
  const bytes = Buffer.allocUnsafe(length);
  scratch.copy(bytes, 0, 0, length);
  return bytes;
}

/**
 * Writes a key into `target`, which must hold `MAX_KEY_BYTES + 16` bytes from `start`, and answers where it ends.
 * Throws as `encodeBound` does.
 */
export function writeKey(key: Key, target: Buffer, start: number): number {
  let at = start;
  const limit = start + MAX_KEY_BYTES;
  for (const part of key) {
    if (typeof part === 'string') at = writeString(part, target, at, limit);
    else if (typeof part === 'number') at = writeNumber(part, target, at);
    else target[at++] = LAST;
    if (at > limit) throw new KeyTooLong(`a key may take ${MAX_KEY_BYTES} bytes`);
  }
  return at;
}

function writeNumber(value: number, target: Buffer, start: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} cannot be part of a key`);
  let size = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) size++;
  target[start] = NUMBER + size;
  let rest = value;
  for (let at = start + size; at > start; at--) {
    target[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return start + 1 + size;
}

function writeString(text: string, target: Buffer, start: number, limit: number): number {
  // Fewer characters than bytes: what passes here may still be too long, but its ASCII part fits.
  if (start + text.length + 2 > limit) throw new KeyTooLong(`a key may take ${MAX_KEY_BYTES} bytes`);
  target[start] = STRING;
  let at = start + 1;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return writeBeyondAscii(text, target, start, limit);
    target[at++] = code + 1;
  }
  target[at++] = 0;
  return at;
}

function writeBeyondAscii(text: string, target: Buffer, start: number, limit: number): number {
  if (toUSVString(text) !== text) throw new TypeError('a lone surrogate cannot be part of a key');
  const size = Buffer.byteLength(text);
  const end = start + 1 + size;
  if (end + 1 > limit) throw new KeyTooLong(`a key may take ${MAX_KEY_BYTES} bytes`);
  target.write(text, start + 1, size, 'utf8');
  for (let at = start + 1; at < end; at++) target[at]! += 1;
  target[end] = 0;
  return end + 1;
}

/** The order of two keys: negative, 0 or positive. Throws as `encodeBound` does. */
export function compareKeys(a: Key, b: Key): number {
  return Buffer.compare(encodeBound(a), encodeBound(b));
}

/**
 * Decodes an encoded key or bound, within `bytes` from `start` to `end`. `key`: the parts before these, which are added
 * to it. Throws `RangeError` on anything else.
 */
export function decodeKey(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
  key: (string | number | typeof END)[] = [],
): Key {
  let at = start;
  while (at < end) {
    const tag = bytes[at++]!;
    if (tag === STRING) {
      const stop = bytes.indexOf(0, at);
      if (stop < 0 || stop >= end) throw new RangeError('a string in a stored key does not end');
      key.push(readString(bytes, at, stop));
      at = stop + 1;
    } else if (tag >= NUMBER && tag <= NUMBER + LONGEST_NUMBER && at + tag - NUMBER <= end) {
      let value = 0;
      for (const stop = at + tag - NUMBER; at < stop; at++) value = value * 256 + bytes[at]!;
      key.push(value);
    } else if (tag === LAST) key.push(END);
    else throw new RangeError('a stored key is damaged');
  }
  return key;
}

function readString(bytes: Uint8Array, start: number, end: number): string {
  const size = end - start;
  if (size > decoded.length) throw new RangeError('a stored key is damaged');
  for (let index = 0; index < size; index++) decoded[index] = bytes[start + index]! - 1;
  return decoded.toString('utf8', 0, size);
}
