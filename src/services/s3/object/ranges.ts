/** Which bytes of an object a request asks for. */

import { s3Errors } from '../../../core/s3-errors.js';
import type { ObjectRecord, Part } from '../../../objects/index.js';

/** `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The bytes of a `Range` header; undefined where there is none, or one that HTTP says to ignore: malformed, of
 * another unit, or several ranges, which S3 does not serve. Throws InvalidRange.
 */
export function spanOf(header: string | undefined, size: number): Span | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    if (length === 0) throw unsatisfiable(header!, size);
    return { start: size - length, end: size };
  }
  if (last !== '' && Number(last) < Number(first)) return undefined;
  if (Number(first) >= size) throw unsatisfiable(header!, size);
  return { start: Number(first), end: last === '' ? size : Math.min(Number(last) + 1, size) };
}

function unsatisfiable(header: string, size: number): Error {
  const members = { RangeRequested: header, ActualObjectSize: String(size) };
  return s3Errors.InvalidRange({ members });
}

/** The bytes of a part; an object that was not uploaded in parts is its own first. Throws InvalidPartNumber. */
export function spanOfPart(number: number, record: ObjectRecord, parts: readonly Part[] | undefined): Span {
  const count = parts?.length ?? 1;
  if (number < 1 || number > count) {
    const members = { ActualPartCount: String(count), PartNumberRequested: String(number) };
    throw s3Errors.InvalidPartNumber({ members });
  }
  if (!parts) return { start: 0, end: record.size };
  const start = parts.slice(0, number - 1).reduce((sum, part) => sum + part.size, 0);
  return { start, end: start + parts[number - 1]!.size };
}
