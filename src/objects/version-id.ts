import { randomBytes } from 'node:crypto';

/**
 * Ids of versions sort the newest first, so that the versions of a key lie in a store in the order in which
 * S3 lists them: ten digits that count down, then random ones, so that no id is ever given twice.
 */
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUV';
const COUNT_DIGITS = 11;
const RANDOM_BYTES = 13;
/** Steps within a millisecond: a key may get so many versions in one before their times run ahead. */
const STEPS = 2048;

const form = /^[0-9A-V]{11}[0-9A-V]{21}$/;

/** Where a version stands in the order of its key's versions: greater is newer. */
export function sequenceAt(now: number, previous = 0): number {
  return Math.max(now * STEPS, previous + 1);
}

/** The id of the version that stands at `sequence`. 32 characters, safe in URLs. */
export function versionId(sequence: number): string {
  let rest = Number.MAX_SAFE_INTEGER - sequence;
  let count = '';
  for (let digit = 0; digit < COUNT_DIGITS; digit++) {
    count = DIGITS[rest % 32]! + count;
    rest = Math.floor(rest / 32);
  }
  return count + randomDigits();
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

function randomDigits(): string {
  let digits = '';
  let bits = 0;
  let held = 0;
  for (const byte of randomBytes(RANDOM_BYTES + 1)) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5 && digits.length < 21) {
      bits -= 5;
      digits += DIGITS[(held >>> bits) & 31]!;
    }
    held &= (1 << bits) - 1;
  }
  return digits;
}
