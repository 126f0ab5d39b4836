/** Ranges of keys whose last part is a string. */
import { END, type Key, type Range } from '../../store/kv.js';

const LAST_CODE_POINT = 0x10ffff;

/** The first string after all that begin with `prefix`; undefined where there is none. */
export function successor(prefix: string): string | undefined {
  for (let end = prefix.length; end > 0; ) {
    // A character beyond U+FFFF takes two places.
    const start = end > 1 && prefix.codePointAt(end - 2)! > 0xffff ? end - 2 : end - 1;
    const last = prefix.codePointAt(start)!;
    if (last !== LAST_CODE_POINT) {
      // Surrogates are no characters: what follows U+D7FF is U+E000.
      const next = last === 0xd7ff ? 0xe000 : last + 1;
      return prefix.slice(0, start) + String.fromCodePoint(next);
    }
    end = start;
  }
  return undefined;
}

/** All keys `[...base, name]` whose name begins with `prefix`. */
export function prefixRange(base: Key, prefix: string): Range {
  const end = prefix === '' ? undefined : successor(prefix);
  return { start: prefix === '' ? base : [...base, prefix], end: [...base, end ?? END] };
}

/** The later of `start` and the first key behind `[...base, name]`, those that extend that key included. */
export function after(base: Key, name: string, start: Key): Key {
  const next = `${name}\0`;
  const given = start[base.length];
  return typeof given === 'string' && compareNames(given, next) > 0 ? start : [...base, next];
}

/** Order of UTF-8 bytes, which is that of code points. */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    // Halves of characters beyond U+FFFF sort above everything else.
    const leftHigh = left >= 0xd800 && left <= 0xdfff;
    const rightHigh = right >= 0xd800 && right <= 0xdfff;
    if (leftHigh !== rightHigh) return leftHigh ? 1 : -1;
    return left - right;
  }
  return a.length - b.length;
}
