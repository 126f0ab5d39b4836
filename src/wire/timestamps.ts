/** Timestamps on the wire: reading is strict, `undefined` stands for text that is no such timestamp. */
import { DAY_MS, secondOf } from '../core/time.js';

const dateTime = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/;

/** ISO 8601 as RFC 3339 profiles it; without an offset it is UTC, as AWS reads it. */
export function parseDateTime(text: string): Date | undefined {
  const match = dateTime.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', offset = 'Z'] = match;
  const fields = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (!isCalendarTime(...fields)) return undefined;
  const millis = Number(fraction.padEnd(3, '0').slice(0, 3));
  const shift = offsetMinutes(offset);
  const [y, mo, d, h, mi, s] = fields;
  return shift === undefined ? undefined : new Date(utc(y, mo, d, h, mi, s, millis) - shift * 60_000);
}

/** The date, or the date and time, of ISO 8601: what S3 accepts in a lifecycle rule. */
export function parseDate(text: string): Date | undefined {
  return parseDateTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const imfFixdate = /^[a-z]{3}, (\d{1,2}) ([a-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:gmt|utc|\+0000)$/i;
const rfc850 = /^[a-z]{6,9}, (\d\d)-([a-z]{3})-(\d\d) (\d\d):(\d\d):(\d\d) gmt$/i;
const asctime = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/i;

/** The three forms of RFC 9110, section 5.6.7. */
export function parseHttpDate(text: string): Date | undefined {
  const fixed = imfFixdate.exec(text);
  if (fixed) return httpDate(fixed[3], fixed[2], fixed[1], fixed.slice(4));
  const old = rfc850.exec(text);
  if (old) return httpDate(String(2000 + Number(old[3])), old[2], old[1], old.slice(4));
  const c = asctime.exec(text);
  return c ? httpDate(c[6], c[1], c[2], c.slice(3, 6)) : undefined;
}

function httpDate(year?: string, month?: string, day?: string, time: string[] = []): Date | undefined {
  const [hour, minute, second] = time.map(Number) as [number, number, number];
  const number = months.indexOf(month!.toLowerCase()) + 1;
  if (!isCalendarTime(Number(year), number, Number(day), hour, minute, second)) return undefined;
  return new Date(utc(Number(year), number, Number(day), hour, minute, second, 0));
}

/** Seconds since the epoch, a fraction allowed. */
export function parseEpochSeconds(text: string): Date | undefined {
  return /^-?\d+(?:\.\d+)?(?:[eE][+]?\d+)?$/.test(text) ? epochDate(Number(text)) : undefined;
}

/** The date of a number of seconds since the epoch; `undefined` out of the calendar. */
export function epochDate(seconds: number): Date | undefined {
  const millis = Math.round(seconds * 1000);
  return Math.abs(millis) <= 8.64e15 ? new Date(millis) : undefined;
}

/** `2011-07-15T23:28:33Z`, with milliseconds only where there are some: awsQuery. */
export function formatDateTime(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}

/** `2009-10-12T17:50:30.000Z`: S3 writes milliseconds, but its times have whole seconds, as in `Last-Modified`. */
export function formatDateTimeZeroMillis(date: Date): string {
  return `${secondOf(date.getTime())}.000Z`;
}

/** `Wed, 12 Oct 2009 17:50:00 GMT` */
export function formatHttpDate(date: Date): string {
  return date.toUTCString();
}

function isCalendarTime(y: number, mo: number, d: number, h: number, mi: number, s: number): boolean {
  if (mo < 1 || mo > 12 || h > 23 || mi > 59 || s > 59) return false;
  return d >= 1 && d <= daysIn(y, mo);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function utc(y: number, mo: number, d: number, h: number, mi: number, s: number, ms: number): number {
  // Date.UTC takes years below 100 for the 1900s.
  return y < 100
    ? Date.UTC(y + 400, mo - 1, d, h, mi, s, ms) - 146_097 * DAY_MS
    : Date.UTC(y, mo - 1, d, h, mi, s, ms);
}

function offsetMinutes(offset: string): number | undefined {
  if (offset === 'Z') return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(-2));
  if (hours > 23 || minutes > 59) return undefined;
  return (offset[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}
