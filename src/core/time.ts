/** Lengths of time in milliseconds, and how times are written. */
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const DAY_SECONDS = DAY_MS / 1000;
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

/** The last ones made: a listing has a thousand times, most of few days, many of one second, and so have events. */
let shownDay = { day: Number.NaN, text: '' };
let shownSecond = { second: Number.NaN, text: '' };

/** Milliseconds since the epoch as `2026-01-31T12:00:00`. Throws `RangeError` beyond the calendar. */
export function secondOf(time: number): string {
  const second = Math.floor(time / 1000);
  if (second !== shownSecond.second) shownSecond = { second, text: writtenSecond(second) };
  return shownSecond.text;
}

function writtenSecond(time: number): string {
  const day = Math.floor(time / DAY_SECONDS);
  if (day !== shownDay.day) {
    shownDay = { day, text: new Date(time * 1000).toISOString().slice(0, -'00:00:00.000Z'.length) };
  }
  const second = time - day * DAY_SECONDS;
  const minute = Math.floor(second / 60);
  return `${shownDay.text}${TWO_DIGITS[Math.floor(minute / 60)]}:${TWO_DIGITS[minute % 60]}:${TWO_DIGITS[second % 60]}`;
}
