import { createHash } from 'node:crypto';
import { randomForId } from '../../core/random.js';

/**
 * Ids of versions sort the newest first, so that the versions of a key lie in a store in the order in which
 * S3 lists them: digits that count down, then random ones, so that no id is ever given twice.
 */
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUV';
const COUNT_DIGITS = 11;
/** Steps within a millisecond: a key may get so many versions in one before their times run ahead. */
const STEPS = 2048;

/** What of an upload's id follows from its key. */
const MARK_DIGITS = 6;

const form = /^[0-9A-V]{32}$/;
const uploadForm = /^[0-9A-V]{64}$/;
/** Ids as S3 makes them: what has this form may be one of a store elsewhere. */
const foreignForm = /^[\w.-]{32}$/;

/** Where a version stands in the order of its key's versions: greater is newer. */
export function sequenceAt(now: number, previous = 0): number {
  return Math.max(now * STEPS, previous + 1);
}

/** The id of the version that stands at `sequence`. 32 characters, safe in URLs. */
export function versionId(sequence: number): string {
  return counted(Number.MAX_SAFE_INTEGER - sequence) + randomDigits(21);
}

/**
 * The id of a multipart upload: the ids of one key sort by when they were made, and tell which key they are of. 64
 * characters, safe in URLs.
 */
export function uploadId(now: number, key: string): string {
  return counted(now) + markOf(key) + randomDigits(53 - MARK_DIGITS);
}

/** Whether an upload of that key, over or not, may have the id. */
export function isUploadIdOf(key: string, id: string): boolean {
  return uploadForm.test(id) && id.startsWith(markOf(key), COUNT_DIGITS);
}

function markOf(key: string): string {
  const number = createHash('sha256').update(key).digest().readUInt32BE() >>> 2;
  return counted(number).slice(-MARK_DIGITS);
}

function counted(number: number): string {
  let rest = number;
  let digits = '';
  for (let digit = 0; digit < COUNT_DIGITS; digit++) {
    digits = DIGITS[rest % 32]! + digits;
    rest = Math.floor(rest / 32);
  }
  return digits;
}

/** The `sequence` that an id was made from. */
export function sequenceOf(id: string): number {
  let count = 0;
  for (let digit = 0; digit < COUNT_DIGITS; digit++) count = count * 32 + DIGITS.indexOf(id[digit]!);
  return Number.MAX_SAFE_INTEGER - count;
}

export function isVersionId(id: string): boolean {
  return form.test(id);
}

/** Whether an id may be one that another store made. */
export function isForeignVersionId(id: string): boolean {
  return foreignForm.test(id) && !form.test(id);
}

function randomDigits(count: number): string {
  let digits = '';
  let bits = 0;
  let held = 0;
  for (const byte of randomForId(Math.ceil((count * 5) / 8))) {
    held = (held << 8) | byte;
    bits += 8;
    for (; bits >= 5 && digits.length < count; bits -= 5) digits += DIGITS[(held >>> (bits - 5)) & 31]!;
    held &= (1 << bits) - 1;
  }
  return digits;
}
