const BASIC = /^\d{8}T\d{6}Z$/;
/** As in HTTP, or with the zone that botocore writes: RFC 5322's `-0000`, universal time. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (GMT|[+-]0000)$/;

/** `20130524T000000Z` in milliseconds since the epoch; `undefined` where the text is no such time. */
export function parseTimestamp(text: string): number | undefined {
  if (!BASIC.test(text)) return undefined;
  const number = (from: number, to: number): number => Number(text.slice(from, to));
  const month = number(4, 6);
  const day = number(6, 8);
  const [hour, minute, second] = [number(9, 11), number(11, 13), number(13, 15)];
  const midnight = Date.UTC(number(0, 4), month - 1, day);
  // Date.UTC carries a 13th month or a 30th of February over: such a text is not a time.
  const date = new Date(midnight);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** A `Date` header: ISO 8601 basic format, or that of HTTP and mail, in universal time. */
export function parseDateHeader(text: string): number | undefined {
  if (!HTTP_DATE.test(text)) return parseTimestamp(text);
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** Milliseconds since the epoch as `20130524T000000Z`. */
export function formatTimestamp(time: number): string {
  return isoSeconds(time).replace(/[-:]/g, '');
}

/** Milliseconds since the epoch as `2013-05-24T00:00:00Z`. */
export function isoSeconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
